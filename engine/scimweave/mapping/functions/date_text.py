"""Dates as people and systems write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.date_format import (
    MONTHS,
    clock_hour,
    compile_format,
    month_number,
    year_of,
    zone,
)

MAX_LENGTH = 100
_PRINTED = "M/d/yyyy h:mm:ss tt"

_TIME = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AP]M))?)?\s*(?P<zone>Z|GMT|UTC|[+-]\d{1,2}(?::?\d{2})?)?"
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s+)?"
_DATES = (
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4}|\d{2})",
    rf"{_DAY}(?P<day>\d{{1,2}})[- ](?P<month>{_MONTH})[-, ]+(?P<year>\d{{4}})",
    rf"{_DAY}(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
)


def read_date(text: str) -> datetime:
    """The time in UTC; a date alone is its midnight, and no zone is UTC.

    Raises ``EvaluationError``.
    """
    text = text.strip()
    for form in _forms():
        found = form.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if found is not None:
            try:
                return _made(found)
            except (ValueError, OverflowError):
                raise EvaluationError("the date does not exist") from None
    raise EvaluationError("the text is not a date such as 2020-03-16 or 3/16/2020 7:00:00 AM")


def print_date(at: datetime) -> str:
    """``3/16/2020 7:00:00 AM``, as Entra prints dates."""
    return compile_format(_PRINTED).write(at)


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    # Compiled when a date is first read: it takes longer than all else of the start.
    return tuple(re.compile(date + _TIME, re.IGNORECASE) for date in _DATES)


def _made(found: re.Match[str]) -> datetime:
    month = found["month"]
    offset = found["zone"] or "Z"
    return datetime(
        year_of(found["year"]),
        int(month) if month.isdigit() else month_number(month),
        int(found["day"]),
        clock_hour(int(found["hour"] or 0), found["half"]),
        int(found["minute"] or 0),
        int(found["second"] or 0),
        int(f"{found['fraction'] or '0':0<6.6}"),
        tzinfo=UTC if offset.upper() in ("GMT", "UTC") else zone(offset),
    ).astimezone(UTC)
