"""Functions of dates and times."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.date_format import DateFormat, compile_format
from scimweave.mapping.functions.date_text import print_date, read_date
from scimweave.mapping.functions.spec import Example, Library, Parameter

DATES = Library()

_NULL = "Null gives null."
_DATE = Parameter("date", "string|null")
_FILETIME_START = datetime(1601, 1, 1, tzinfo=UTC)
_LENGTHS = {
    "ww": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "n": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_MONTHS = {"yyyy": 12, "m": 1}
# A Sunday: weeks begin there.
_SUNDAY = datetime(1, 1, 7, tzinfo=UTC)


def _interval(name: str) -> str:
    if name not in _LENGTHS and name not in _MONTHS:
        raise EvaluationError("an interval is 'yyyy', 'm', 'ww', 'd', 'h', 'n' or 's'", 0)
    return name


def _format(text: str | None) -> DateFormat | None:
    return compile_format(text) if text else None


_INTERVAL = Parameter("interval", "string", prepare=_interval)


@DATES.define(
    Parameter("text", "string|null"),
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("c_date('2020-03-16-07:00')", {}, "3/16/2020 7:00:00 AM"),
        Example("c_date('2021-06-30+08:00')", {}, "6/29/2021 4:00:00 PM"),
        Example("c_date('2009-06-15T01:45:30-07:00')", {}, "6/15/2009 8:45:30 AM"),
        Example("c_date('2020-03-16')", {}, "3/16/2020 12:00:00 AM"),
        Example("c_date(hired)", {}, None),
    ),
)
def c_date(text: str | None) -> str | None:
    """The date that the text spells, in UTC and as Entra prints it; for a target see iso_date."""
    return None if text is None else print_date(read_date(text))


@DATES.define(
    _DATE,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("iso_date('3/16/2020 7:00:00 AM')", {}, "2020-03-16T07:00:00Z"),
        Example("iso_date('2020-03-16-07:00')", {}, "2020-03-16T07:00:00Z"),
        Example("left(iso_date('15 Nov 1994 08:12:31 GMT'), `10`)", {}, "1994-11-15"),
        Example("iso_date(hired)", {}, None),
    ),
)
def iso_date(date: str | None) -> str | None:
    """The date and time in UTC by RFC 3339, which a field of the type datetime takes."""
    if date is None:
        return None
    at = read_date(date)
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds")[:-6] + "Z"


@DATES.define(
    _INTERVAL,
    Parameter("value", "number"),
    _DATE,
    returns="string|null",
    nulls="A null date gives null.",
    examples=(
        Example("date_add('d', `7`, c_date('2012-03-16-07:00'))", {}, "3/23/2012 7:00:00 AM"),
        Example("date_add('d', `-10`, '2012-03-16-07:00')", {}, "3/6/2012 7:00:00 AM"),
        Example("date_add('ww', `2`, '2012-03-16-07:00')", {}, "3/30/2012 7:00:00 AM"),
        Example("date_add('m', `10`, '2012-03-16-07:00')", {}, "1/16/2013 7:00:00 AM"),
        Example("date_add('yyyy', `2`, '2012-03-16-07:00')", {}, "3/16/2014 7:00:00 AM"),
        Example("date_add('m', `1`, '2024-01-31')", {}, "2/29/2024 12:00:00 AM"),
        Example("date_add('d', `7`, hired)", {}, None),
    ),
)
def date_add(interval: str, value: float, date: str | None) -> str | None:
    """The date so many intervals later; a month's last day where it has no such day."""
    if date is None:
        return None
    at, count = read_date(date), int(value)
    months = _MONTHS.get(interval)
    try:
        moved = _months_later(at, count * months) if months else at + count * _LENGTHS[interval]
    except (OverflowError, ValueError):
        raise EvaluationError("the date would be out of the years 1 to 9999") from None
    return print_date(moved)


@DATES.define(
    _INTERVAL,
    Parameter("date1", "string|null"),
    Parameter("date2", "string|null"),
    returns="number|null",
    nulls="A null date gives null.",
    examples=(
        Example("date_diff('d', '2021-08-18+08:00', '2021-08-31+08:00')", {}, 13),
        Example("date_diff('d', '8/25/2021 5:41:18 PM', '2012-03-16-07:00')", {}, -3449),
        Example("date_diff('ww', '8/25/2021 5:41:18 PM', '2012-03-16-07:00')", {}, -493),
        Example("date_diff('m', '8/25/2021 5:41:18 PM', '2012-03-16-07:00')", {}, -113),
        Example("date_diff('yyyy', '8/25/2021 5:41:18 PM', '2012-03-16-07:00')", {}, -9),
        Example("date_diff('d', '2021-08-24', '2021-08-24')", {}, 0),
        Example("date_diff('h', '2021-08-24', '2021-08-25')", {}, 24),
        Example("date_diff('n', '2021-08-24', '2021-08-25')", {}, 1440),
        Example("date_diff('s', '2021-08-24', '2021-08-25')", {}, 86400),
        Example("date_diff('s', '2021-08-24', hired)", {}, None),
    ),
)
def date_diff(interval: str, date1: str | None, date2: str | None) -> int | None:
    """The intervals from date1 to date2: whole ones, but of the calendar for ww, m and yyyy."""
    if date1 is None or date2 is None:
        return None
    first, second = read_date(date1), read_date(date2)
    count = _CALENDAR.get(interval)
    if count is not None:
        return count(second) - count(first)
    whole = abs(second - first) // _LENGTHS[interval]
    return whole if second >= first else -whole


@DATES.define(
    Parameter("filetime", "number|string|null"),
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("date_from_num(`129699324000000000`)", {}, "1/1/2012 11:00:00 PM"),
        Example("date_from_num(logon)", {"logon": "129699324000000000"}, "1/1/2012 11:00:00 PM"),
        Example("date_from_num(logon)", {}, None),
    ),
)
def date_from_num(filetime: float | str | None) -> str | None:
    """The date of a Windows FILETIME: tenths of microseconds since 1601 in UTC."""
    if filetime is None:
        return None
    try:
        ticks = int(filetime)
        return print_date(_FILETIME_START + timedelta(microseconds=ticks // 10))
    except (ValueError, OverflowError):
        raise EvaluationError("the number is no FILETIME") from None


@DATES.define(
    _DATE,
    returns="number|null",
    nulls=_NULL,
    examples=(
        Example("num_from_date('2012-01-01T23:00:00Z')", {}, 129699324000000000),
        Example(
            "num_from_date(join_present('', format_date_time(ends, '', 'yyyy-MM-ddzzz',"
            " 'yyyy-MM-dd'), ' 23:59:59-08:00'))",
            {"ends": "2011-12-31+00:00"},
            129698783990000000,
        ),
        Example("num_from_date(ends)", {}, None),
    ),
)
def num_from_date(date: str | None) -> int | None:
    """The Windows FILETIME of a date: tenths of microseconds since 1601 in UTC."""
    if date is None:
        return None
    return (read_date(date) - _FILETIME_START) // timedelta(microseconds=1) * 10


@DATES.define(
    _DATE,
    Parameter("styles", "string|null"),
    Parameter("input_format", "string|null", prepare=_format),
    Parameter("output_format", "string", prepare=compile_format),
    returns="string|null",
    nulls="A null date gives null. Null styles or a null input format are the usual ones.",
    examples=(
        Example(
            "format_date_time(stamp, '', 'yyyyMMddHHmmss.fZ', 'yyyy-MM-dd')",
            {"stamp": "20150123105347.1Z"},
            "2015-01-23",
        ),
        Example(
            "format_date_time(hired, '', '', 'dd MMM yyyy')", {"hired": "2024-02-29"}, "29 Feb 2024"
        ),
        Example("format_date_time(hired, '', 'yyyy', 'yy')", {}, None),
    ),
)
def format_date_time(
    date: str | None, styles: str | None, input_format: DateFormat | None, output_format: DateFormat
) -> str | None:
    """The date, read in one .NET format and written in another; without the first as c_date."""
    if styles:
        raise EvaluationError("styles are not supported: leave them ''")
    if date is None:
        return None
    return output_format.write(input_format.read(date) if input_format else read_date(date))


def _months_later(at: datetime, months: int) -> datetime:
    years, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return at.replace(year=years, month=month + 1, day=min(at.day, last))


_CALENDAR: dict[str, Callable[[datetime], int]] = {
    "ww": lambda at: (at - _SUNDAY) // timedelta(weeks=1),
    "m": lambda at: at.year * 12 + at.month,
    "yyyy": lambda at: at.year,
}
