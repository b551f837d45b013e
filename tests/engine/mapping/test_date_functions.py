"""Dates: what is read and written, with Python's own reader and writer as oracles."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping.expression.compiled import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)
from scimweave.mapping.functions.date_format import compile_format
from scimweave.mapping.functions.date_text import print_date, read_date


def call(expression: str, /, **document: Any) -> Any:
    return compile_expression(expression)(document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-03-16", "2020-03-16T00:00:00Z"),
        ("2020-3-6", "2020-03-06T00:00:00Z"),
        ("2020/03/16 07:00", "2020-03-16T07:00:00Z"),
        (" 2020-03-16T07:00:00.1234567Z ", "2020-03-16T07:00:00.123456Z"),
        ("2020-03-16T07:00:00+0130", "2020-03-16T05:30:00Z"),
        ("2020-03-16 23:59:59-08:00", "2020-03-17T07:59:59Z"),
        ("2020-03-16+8", "2020-03-15T16:00:00Z"),
        ("3/16/2020", "2020-03-16T00:00:00Z"),
        ("3/16/20 12:00 AM", "2020-03-16T00:00:00Z"),
        ("3/16/2020 12:30:00 pm", "2020-03-16T12:30:00Z"),
        ("Tue, 15 Nov 1994 08:12:31 GMT", "1994-11-15T08:12:31Z"),
        ("15-Nov-1994", "1994-11-15T00:00:00Z"),
        ("November 15, 1994", "1994-11-15T00:00:00Z"),
        ("1/1/50", "1950-01-01T00:00:00Z"),
        ("1/1/49", "2049-01-01T00:00:00Z"),
    ],
)
def test_date_is_read_as_systems_write_it(text: str, expected: str) -> None:
    assert call("iso_date(a)", a=text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a date"),
        ("yesterday", "is not a date"),
        ("20200316", "is not a date"),
        ("2020-02-30", "does not exist"),
        ("13/13/2020", "does not exist"),
        ("3/16/2020 13:00 PM", "does not exist"),
        ("2020-03-16T25:00", "does not exist"),
        ("0001-01-01+08:00", "does not exist"),
        ("2020-03-16+99:00", "does not exist"),
        ("1" * 1_000_000, "is not a date"),
        (" " * 1_000_000 + "x", "is not a date"),
    ],
)
def test_what_is_no_date_is_a_fault(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        call("c_date(a)", a=text)


times = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(times)
def test_printed_date_is_read_again(at: datetime) -> None:
    assert read_date(print_date(at)) == at


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones))
def test_iso_date_is_read_as_python_reads_it(at: datetime) -> None:
    assert read_date(at.isoformat()) == datetime.fromisoformat(at.isoformat())


@given(st.datetimes(datetime(1000, 1, 1)))
def test_format_writes_what_python_writes(at: datetime) -> None:
    made = compile_format("dddd, dd MMMM yyyy hh:mm:ss tt ffffff | ddd MMM yy HH").write(at)
    assert made == at.strftime("%A, %d %B %Y %I:%M:%S %p %f | %a %b %y %H")


@given(st.datetimes(datetime(1000, 1, 1)))
def test_format_reads_what_it_writes(at: datetime) -> None:
    for text in ("yyyy-MM-dd'T'HH:mm:ss.ffffff", "M/d/yyyy h:m:s.ffffff tt", "o"):
        written = compile_format(text)
        assert written.read(written.write(at)) == at


@given(times, st.integers(-200_000, 200_000), st.sampled_from(["ww", "d", "h", "n", "s"]))
def test_difference_is_what_was_added(at: datetime, count: int, interval: str) -> None:
    document = {"at": print_date(at)}
    try:
        later = compile_expression(f"date_add('{interval}', `{count}`, at)")(document)
    except EvaluationError:
        return
    found = compile_expression(f"date_diff('{interval}', at, later)")(document | {"later": later})
    assert found == count


@given(times)
def test_filetime_is_read_again(at: datetime) -> None:
    if at.year >= 1601:
        number = call("num_from_date(a)", a=print_date(at))
        assert call("date_from_num(n)", n=number) == print_date(at)


@pytest.mark.parametrize(
    ("text", "output", "expected"),
    [
        ("2024-02-29T05:06:07.089Z", "y yy yyyy M MM d dd", "24 24 2024 2 02 29 29"),
        ("2024-02-29T17:06:07.089Z", "h hh H HH m s t tt", "5 05 17 17 6 7 P PM"),
        ("2024-02-29T05:06:07.120Z", "f ff fff F FF FFF FFFFFFF", "1 12 120 1 12 12 12"),
        ("2024-02-29T05:06:07Z", "z zz zzz K", "+0 +00 +00:00 Z"),
        ("2024-02-29T05:06:07Z", r"'at' HH\h \"of\" d".replace('\\"', '"'), "at 05h of 29"),
        ("2024-02-29T05:06:07Z", "%d", "29"),
        ("2024-02-29T05:06:07Z", "s", "2024-02-29T05:06:07"),
        ("2024-02-29T05:06:07Z", "u", "2024-02-29 05:06:07Z"),
        ("2024-02-29T05:06:07Z", "o", "2024-02-29T05:06:07.0000000Z"),
        ("2024-02-29T05:06:07Z", "G", "02/29/2024 05:06:07"),
    ],
)
def test_format_is_written_as_net_does(text: str, output: str, expected: str) -> None:
    assert call("format_date_time(a, '', '', o)", a=text, o=output) == expected


@pytest.mark.parametrize(
    ("text", "input_format", "expected"),
    [
        ("20150123105347.1Z", "yyyyMMddHHmmss.fZ", "2015-01-23T10:53:47.1"),
        (" 23 jan 2015 ", "dd MMM yyyy", "2015-01-23T00:00:00.0"),
        ("Friday 23 January 2015 9:05 PM", "dddd d MMMM yyyy h:mm tt", "2015-01-23T21:05:00.0"),
        ("2015-01-23+08:00", "yyyy-MM-ddzzz", "2015-01-22T16:00:00.0"),
        ("(x) 2015 ž*", "'(x)' yyyy ž*", "2015-01-01T00:00:00.0"),
        ("23.1.49", "d.M.yy", "2049-01-23T00:00:00.0"),
        ("2015-01-23T10:53:47Z", "yyyy-MM-ddTHH:mm:ssK", "2015-01-23T10:53:47.0"),
    ],
)
def test_format_is_read_as_net_does(text: str, input_format: str, expected: str) -> None:
    call_ = "format_date_time(a, '', i, 'yyyy-MM-ddTHH:mm:ss.f')"
    assert call(call_, a=text, i=input_format) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("format_date_time('2015', '', 'yyyy-MM', 'yyyy')", "not in the input format"),
        ("format_date_time('2015-13', '', 'yyyy-MM', 'yyyy')", "does not exist"),
        ("format_date_time('2015', 'None', 'yyyy', 'yyyy')", "styles are not supported"),
        ("date_add('d', `1e12`, '2015-01-01')", "out of the years"),
        ("date_add('m', `-99999`, '2015-01-01')", "out of the years"),
        ("date_from_num('x')", "no FILETIME"),
        ("date_from_num(`1e30`)", "no FILETIME"),
        ("date_add(i, `1`, '2015-01-01')", "an interval is"),
        ("format_date_time('2015-01-01', '', '', f)", "a date format has no"),
    ],
)
def test_fault_of_a_date_function_has_its_reason(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        call(text, i="day", f="yyyyy")


def test_no_format_takes_long() -> None:
    started = time.process_time()
    with pytest.raises(EvaluationError, match="not in the input format"):
        call("format_date_time(a, '', f, 'yyyy')", a="1" * 150 + "x", f="dM" * 50)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("format_date_time(a, '', 'yyyyy', 'd')", 25),
        ("format_date_time(a, '', '', 'yyyy-ttt')", 34),
        ("format_date_time(a, '', '', 'x')", 29),
        ("format_date_time(a, '', '', join('', ['x']))", None),
        ("date_diff('D', a, b)", 11),
    ],
)
def test_bad_format_is_found_when_compiled(text: str, position: int | None) -> None:
    if position is None:
        compile_expression(text)
        return
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.position == position
