"""Values of attributes: what goes over the wire for a target value, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID

from scimweave.connectors.base import Value

Kind = Literal["text", "boolean", "integer", "time", "guid", "password", "binary"]

_PREFIX = "1.3.6.1.4.1.1466.115.121.1."
_SYNTAXES: Mapping[str, Kind] = {
    f"{_PREFIX}7": "boolean",
    f"{_PREFIX}27": "integer",
    "1.2.840.113556.1.4.906": "integer",  # Active Directory's large integer
    f"{_PREFIX}24": "time",
    f"{_PREFIX}53": "time",
    **dict.fromkeys((f"{_PREFIX}{number}" for number in (4, 5, 8, 9, 10, 23, 28, 49)), "binary"),
}
# Attributes that are more than their syntax, by name in small letters.
_BY_NAME: Mapping[str, Kind] = {"objectguid": "guid", "unicodepwd": "password"}

_TIME = re.compile(
    r"\A(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d))?)?(?:[.,](\d+))?(Z|[+-]\d\d(?:\d\d)?)\Z"
)


class Unfit(ValueError):
    """A value that an attribute cannot hold; the message says why."""


def kind_of(name: str, syntax: str | None) -> Kind:
    """Return how the values of an attribute are written."""
    return _BY_NAME.get(name.lower()) or _SYNTAXES.get(syntax or "", "text")


def encoded(kind: Kind, value: Value) -> list[bytes]:
    """Return the values of an attribute; none for null and for an empty text. Raises ``Unfit``."""
    values = value if isinstance(value, list | tuple) else [value]
    return [_encoded(kind, each) for each in values if each is not None and each != ""]


def as_text(value: Value) -> str:
    """Return how a value is written in a text. Raises ``Unfit``."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() | Decimal() | UUID():
            return str(value)
        case datetime():
            return _generalized(value)
        case date():
            return value.isoformat()
        case _:
            raise Unfit("takes one value, or a list of them")


def _encoded(kind: Kind, value: Value) -> bytes:
    match kind, value:
        case "binary", _:
            raise Unfit("binary attributes are not supported")
        case "guid", UUID() | str():
            return _guid(value)
        case "password", str():
            # MS-ADTS 3.1.1.3.1.5: the password in quotation marks, as UTF-16.
            return f'"{value}"'.encode("utf-16-le")
        case "boolean", str() if value.lower() in ("true", "false"):
            return value.upper().encode()
        case "time", date() if not isinstance(value, datetime):
            return _generalized(datetime(value.year, value.month, value.day, tzinfo=UTC)).encode()
        case "text", datetime():
            return value.isoformat().encode()
    try:
        return as_text(value).encode()
    except UnicodeEncodeError:
        raise Unfit("is not valid Unicode") from None


def decoded(kind: Kind, declared: str | None, values: Sequence[bytes]) -> Value:
    """Return a target value; ``declared`` is the type that the mapping gives its field.

    Several values are a list, and a field of type json always is one.
    """
    read = [_decoded(kind, declared, value) for value in values]
    read = [value for value in read if value is not None]
    if declared == "json":
        return read or None
    if len(read) > 1:
        return read
    return read[0] if read else None


def _decoded(kind: Kind, declared: str | None, value: bytes) -> Value:
    if kind == "guid" and len(value) == 16:
        return str(UUID(bytes_le=value))
    if kind in ("binary", "password"):
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    if kind == "time":
        return _time(text, declared)
    read = _READ.get(kind) or _READ.get(declared or "")
    try:
        return read(text) if read else text
    except (ValueError, InvalidOperation):
        return text


def _boolean(text: str) -> bool:
    if text.upper() not in ("TRUE", "FALSE"):
        raise ValueError(text)
    return text.upper() == "TRUE"


# By the kind of an attribute, or the type that the mapping gives to one of text.
_READ: Mapping[str, Callable[[str], Value]] = {
    "boolean": _boolean,
    "integer": int,
    "decimal": Decimal,
    "uuid": UUID,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


def _guid(value: UUID | str) -> bytes:
    try:
        return UUID(str(value)).bytes_le
    except ValueError:
        raise Unfit("is no UUID") from None


def _generalized(value: datetime) -> str:
    """Write a time as every directory takes it; Active Directory wants the fraction."""
    value = value.astimezone(UTC)
    fraction = f"{value.microsecond:06}".rstrip("0") or "0"
    return f"{value:%Y%m%d%H%M%S}.{fraction}Z"


def _time(text: str, declared: str | None) -> Value:
    """Read a generalized time (RFC 4517 §3.3.13)."""
    found = _TIME.match(text)
    if found is None:
        return text
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups()[:6])
    # The fraction is of the smallest unit that is given.
    unit = 1 if found[6] else 60 if found[5] else 3600
    fraction = timedelta(seconds=float(f"0.{found[7] or 0}") * unit)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[8])) + fraction
    except ValueError:
        return text
    moment = moment.astimezone(UTC)
    return moment.date() if declared == "date" else moment


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    return timezone(-offset if text[0] == "-" else offset)
