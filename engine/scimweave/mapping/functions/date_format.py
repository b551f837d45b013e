"""Custom date and time formats of .NET, in the invariant culture: read and written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it has no types

from scimweave.mapping.expression.fault import EvaluationError

MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MAX_FORMAT = 200
MAX_TEXT = 1_000

_STANDARD = {
    "d": "MM/dd/yyyy",
    "G": "MM/dd/yyyy HH:mm:ss",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
}
_TOKEN = re.compile(
    r"(?P<percent>%)|(?P<letter>[dfFghHKmMstyz])(?P=letter)*|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\""
    r"|\\(?P<escaped>.)|(?P<other>.)",
    re.DOTALL,
)
Write = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class _Specifier:
    """``read`` is a regular expression without groups."""

    read: str
    write: Write


def _number(name: str, width: int) -> _Specifier:
    return _Specifier(
        r"\d{1,2}" if width == 1 else rf"\d{{{width}}}", lambda at: f"{getattr(at, name):0{width}d}"
    )


def _names(names: list[str], length: int | None, index: Callable[[datetime], int]) -> _Specifier:
    shown = [name[:length] for name in names]
    return _Specifier("|".join(shown), lambda at: shown[index(at)])


def _half(at: datetime) -> int:
    return at.hour % 12 or 12


def _offset(at: datetime) -> int:
    offset = at.utcoffset() or timedelta(0)
    return int(offset.total_seconds()) // 60


def _hours(at: datetime, width: int) -> str:
    minutes = _offset(at)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:0{width}d}"


def _kind(at: datetime) -> str:
    if at.tzinfo is None:
        return ""
    return "Z" if at.tzinfo is UTC else f"{_hours(at, 2)}:{abs(_offset(at)) % 60:02d}"


def _fraction(at: datetime, digits: int) -> str:
    return f"{at.microsecond:06d}0"[:digits]


_SPECIFIERS: dict[str, _Specifier] = {
    "d": _number("day", 1),
    "dd": _number("day", 2),
    "ddd": _names(DAYS, 3, datetime.weekday),
    "dddd": _names(DAYS, None, datetime.weekday),
    "M": _number("month", 1),
    "MM": _number("month", 2),
    "MMM": _names(MONTHS, 3, lambda at: at.month - 1),
    "MMMM": _names(MONTHS, None, lambda at: at.month - 1),
    "y": _Specifier(r"\d{1,2}", lambda at: str(at.year % 100)),
    "yy": _Specifier(r"\d{2}", lambda at: f"{at.year % 100:02d}"),
    "yyyy": _number("year", 4),
    "H": _number("hour", 1),
    "HH": _number("hour", 2),
    "h": _Specifier(r"\d{1,2}", lambda at: str(_half(at))),
    "hh": _Specifier(r"\d{2}", lambda at: f"{_half(at):02d}"),
    "m": _number("minute", 1),
    "mm": _number("minute", 2),
    "s": _number("second", 1),
    "ss": _number("second", 2),
    "t": _Specifier("[AP]", lambda at: "AP"[at.hour // 12]),
    "tt": _Specifier("AM|PM", lambda at: f"{'AP'[at.hour // 12]}M"),
    "z": _Specifier(r"[+-]\d{1,2}", lambda at: _hours(at, 1)),
    "zz": _Specifier(r"[+-]\d{2}", lambda at: _hours(at, 2)),
    "zzz": _Specifier(
        r"[+-]\d{2}:?\d{2}", lambda at: f"{_hours(at, 2)}:{abs(_offset(at)) % 60:02d}"
    ),
    "K": _Specifier(r"Z|[+-]\d{2}:?\d{2}|", _kind),
}


def _fractions(digits: int) -> dict[str, _Specifier]:
    return {
        "f" * digits: _Specifier(rf"\d{{{digits}}}", lambda at: _fraction(at, digits)),
        "F" * digits: _Specifier(
            rf"\d{{0,{digits}}}", lambda at: _fraction(at, digits).rstrip("0")
        ),
    }


for _digits in range(1, 8):
    _SPECIFIERS |= _fractions(_digits)


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A compiled format."""

    reader: Any
    fields: tuple[str, ...]
    writers: tuple[str | Write, ...]

    def read(self, text: str) -> datetime:
        """The time that a text of this format spells; raises ``EvaluationError``.

        It is in UTC where the text has a zone, and without one where it has none.
        """
        text = text.strip()
        found = self.reader.fullmatch(text) if len(text) <= MAX_TEXT else None
        if found is None:
            raise EvaluationError("the date is not in the input format")
        try:
            return _made(dict(zip(self.fields, found.groups(), strict=True)))
        except (ValueError, OverflowError):
            raise EvaluationError("the date does not exist") from None

    def write(self, at: datetime) -> str:
        """The time in this format."""
        return "".join(each if isinstance(each, str) else each(at) for each in self.writers)


@lru_cache(maxsize=256)
def compile_format(text: str) -> DateFormat:
    """Compile a format such as ``yyyy-MM-dd``. Raises ``EvaluationError`` with an offset."""
    if len(text) > MAX_FORMAT:
        raise EvaluationError(f"the format is longer than {MAX_FORMAT} characters", MAX_FORMAT)
    if len(text) == 1 and text not in _STANDARD:
        raise EvaluationError(f"there is no standard format {text}; alone it is written %{text}", 0)
    reader: list[str] = []
    fields: list[str] = []
    writers: list[str | Write] = []
    for found in _TOKEN.finditer(_STANDARD.get(text, text)):
        written = found.group()
        if found["letter"]:
            if written not in _SPECIFIERS:
                raise EvaluationError(f"a date format has no {written}", found.start())
            reader.append(f"({_SPECIFIERS[written].read})")
            fields.append(written)
            writers.append(_SPECIFIERS[written].write)
        elif found["percent"] is None:
            names = ("single", "double", "escaped", "other")
            literal = next(found[name] for name in names if found[name] is not None)
            reader.append(re2.escape(literal))
            writers.append(literal)
    # Digits behind digits can be read in very many ways: not a task for Python's own engine.
    automaton = re2.compile(f"(?i){''.join(reader)}")
    return DateFormat(automaton, tuple(fields), tuple(writers))


def zone(text: str) -> timezone:
    """The zone of ``Z``, ``+01``, ``+01:00`` or ``+0100``."""
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    minutes = int(digits[:-2] or 0) * 60 + int(digits[-2:]) if len(digits) > 2 else int(digits) * 60
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def clock_hour(hour: int, half: str | None) -> int:
    """The hour from 0 to 23 of one with AM or PM; raises ``ValueError``."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if half[0].upper() == "P" else 0)


def month_number(name: str) -> int:
    """The number of a month's name, or of its first three letters."""
    return next(
        number for number, month in enumerate(MONTHS, 1) if month[:3].lower() == name[:3].lower()
    )


def year_of(text: str) -> int:
    """The year; of two digits as .NET reads them, up to 2049."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 50 else 1900)


def _made(found: dict[str, Any]) -> datetime:
    first = {name[0]: text for name, text in found.items() if name not in ("ddd", "dddd")}
    month = first.get("M", "1")
    hour = first.get("H") or first.get("h", "0")
    offset = first.get("z") or first.get("K")
    fraction = first.get("f") or first.get("F") or "0"
    at = datetime(
        year_of(first.get("y", "0001")),
        int(month) if month.isdigit() else month_number(month),
        int(first.get("d", "1")),
        clock_hour(int(hour), first.get("t")),
        int(first.get("m", "0")),
        int(first.get("s", "0")),
        int(f"{fraction:0<6.6}"),
        tzinfo=zone(offset) if offset else None,
    )
    return at.astimezone(UTC) if offset else at
