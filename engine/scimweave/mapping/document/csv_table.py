"""CSV files as tables for ``values``: two of their columns, with the place of every cell."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from scimweave.mapping.diagnostics import Diagnostic, Related, Span, closest, finding
from scimweave.mapping.document.scalars import UNPRINTABLE
from scimweave.mapping.document.source import LINE_END, MapNode, Mark, ScalarNode, Source, span_of

MAX_ROWS = 100_000
# Of one file no more than this is told.
_MAX_FINDINGS = 20
_SEPARATORS = ",;\t"
_CODE = "bad-table"


class CsvError(Exception):
    """The file has no rows that could be used."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


Row = list[ScalarNode]


def read_table(
    text: str, name: str, key: ScalarNode, value: ScalarNode
) -> tuple[MapNode, list[Diagnostic]]:
    """Make a table of two columns, which are named by two scalars of a mapping file.

    Cells are separated by the comma, semicolon or tab that comes first in the header, and quoted
    as in RFC 4180. A value is text; an empty one is null. Raises ``CsvError``.
    """
    source = Source(name, text)
    bad = UNPRINTABLE.search(text)
    if bad:
        message = f"the character U+{ord(bad.group()):04X} cannot stand in a table"
        raise CsvError(finding(_CODE, message, source.at(text, bad.start())))
    rows = _rows(text, source)
    header = next(rows, None)
    if header is None:
        raise CsvError(finding(_CODE, f"{name} is empty", help="its first row names the columns"))
    columns = [_column(header, each) for each in (key, value)]
    return _table(source, header, rows, columns)


def _table(
    source: Source, header: Row, rows: Iterator[Row], columns: list[int]
) -> tuple[MapNode, list[Diagnostic]]:
    key_at, value_at = columns
    findings: list[Diagnostic] = []
    table = MapNode(source, header[0].start, header[-1].end, {})
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            fault = finding("too-large", f"more than {MAX_ROWS} rows", span_of(row[0]))
            raise CsvError(fault)
        if len(row) != len(header):
            message = f"this row has {len(row)} cells, and the header has {len(header)}"
            findings.append(finding(_CODE, message, span_of(row[0])))
            continue
        cell = row[key_at]
        earlier = table.entries.get(cell.written)
        if earlier is not None:
            findings.append(_twice(cell, span_of(earlier[0])))
            continue
        table.entries[cell.written] = (cell, row[value_at])
        table.end = row[-1].end
    if not table.entries and not findings:
        findings.append(finding(_CODE, "there is no row below the header", span_of(header[0])))
    return table, findings[:_MAX_FINDINGS]


def _twice(cell: ScalarNode, first: Span) -> Diagnostic:
    return finding(
        "duplicate-key",
        f'the row "{cell.written}" is given twice',
        span_of(cell),
        "here again",
        related=(Related(first, "first here"),),
    )


def _column(header: Row, wanted: ScalarNode) -> int:
    names = [cell.written.strip() for cell in header]
    name = wanted.written
    if name in names:
        return names.index(name)
    meant = closest(name, names)
    raise CsvError(
        finding(
            _CODE,
            f'{header[0].source.name} has no column "{name}"',
            span_of(wanted),
            f'did you mean "{meant}"?' if meant else "",
            help="" if meant else _about(names),
            related=(Related(span_of(header[0]), "the header"),),
        )
    )


def _about(names: list[str]) -> str:
    if names[0].lower() == "sep=":
        return "its first row is for Excel alone; take it away, and the next names the columns"
    return f"its columns: {', '.join(names)}"


def _rows(text: str, source: Source) -> Iterator[Row]:
    """Yield the rows that hold anything. Raises ``CsvError``."""
    places = _Places(text)
    separator = _separator(text)
    pattern = _cell_pattern(separator)
    position, row = 0, Row()
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            raise CsvError(_badly_quoted(text, position, source))
        quoted, plain = match["quoted"], match["plain"] or ""
        written = plain if quoted is None else quoted.replace('""', '"')
        start, end = places.mark(position), places.mark(match.start("end"))
        style = None if quoted is None else "'"
        row.append(ScalarNode(source, start, end, written, style, None, written or None))
        position = match.end()
        if match["end"] == separator:
            continue
        if any(cell.written for cell in row):
            yield row
        row = Row()
    if row:
        # A separator at the very end has an empty cell behind it.
        at = places.mark(position)
        yield [*row, ScalarNode(source, at, at, "", None, None)]


def _separator(text: str) -> str:
    header = re.sub(r'"(?:[^"]|"")*"', "", text[:10_000]).partition("\n")[0]
    found = [each for each in header if each in _SEPARATORS]
    return found[0] if found else ","


def _cell_pattern(separator: str) -> re.Pattern[str]:
    return re.compile(
        rf'(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"|(?P<plain>[^"{separator}\r\n][^{separator}\r\n]*+)?)'
        rf"(?P<end>{separator}|\r\n|\n|\r|\Z)"
    )


def _badly_quoted(text: str, position: int, source: Source) -> Diagnostic:
    closing = re.compile(r'"[^"]*+(?:""[^"]*+)*+"').match(text, position)
    if closing is None:
        message, at = "the quote is not closed", position
    else:
        message, at = "nothing but the next cell follows a closing quote", closing.end()
    hint = 'a quote inside a quoted cell is doubled: ""'
    return finding(_CODE, message, source.at(text, at), help=hint)


class _Places:
    """Lines and columns of offsets, which are asked for in rising order."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in LINE_END.finditer(text))]

    def mark(self, offset: int) -> Mark:
        line = bisect_right(self._starts, offset) - 1
        return Mark(line, offset - self._starts[line])
