"""A line of a file with carets under a piece of it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimweave.mapping.diagnostics import Span

TAB_WIDTH = 4
MAX_COLUMNS = 120
CONTEXT_COLUMNS = 30
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_COLORS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


class Painter:
    """Puts ANSI colours around text, or leaves it alone."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def severity(self, text: str, severity: str | None) -> str:
        """Colour of an error or a warning; blue for a second place."""
        return self._paint(text, _COLORS.get(severity or "", _BLUE))

    def strong(self, text: str) -> str:
        """Bold."""
        return self._paint(text, _BOLD)

    def gutter(self, text: str) -> str:
        """Colour of line numbers and rules."""
        return self._paint(text, _BLUE)

    def _paint(self, text: str, start: str) -> str:
        return f"{start}{text}{_RESET}" if self._color else text


def snippet(span: Span, label: str, width: int, paint: Painter, severity: str | None) -> list[str]:
    """Return the lines that show ``span``; ``severity`` is None for a second place.

    ``width`` is that of the line numbers.
    """
    arrow, mark = ("-->", "^") if severity else (":::", "-")
    cells = [_cell(character) for character in span.text]
    start = min(span.column - 1, len(cells))
    end = min(max(span.end_column - 1, start), len(cells))
    first, last = _window(cells, start, end)
    # The mark that something was cut off takes one column.
    shown = ("…" if first else "") + "".join(cells[first:last])
    shown += "…" if last < len(cells) else ""
    before = _columns(cells[first:start]) + (1 if first else 0)
    carets = mark * max(1, _columns(cells[start : min(end, last)]))
    pointed = paint.severity(f"{carets} {harmless(label)}".rstrip(), severity)
    blank, rule = " " * width, paint.gutter("|")
    return [
        f"{blank}{paint.gutter(arrow)} {harmless(span.file)}:{span.line}:{span.column}",
        f"{blank} {rule}",
        f"{paint.gutter(str(span.line).rjust(width))} {rule} {shown}".rstrip(),
        f"{blank} {rule} {' ' * before}{pointed}",
    ]


def harmless(text: str) -> str:
    """Return text without control characters: a file must not write to somebody's terminal."""
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    hidden = unicodedata.category(character) in _HIDDEN
    return "\N{REPLACEMENT CHARACTER}" if hidden else character


def _cell(character: str) -> str:
    return " " * TAB_WIDTH if character == "\t" else _visible(character)


def _window(cells: list[str], start: int, end: int) -> tuple[int, int]:
    """Return the range of cells to show: all, or some around the carets."""
    if _columns(cells) <= MAX_COLUMNS:
        return 0, len(cells)
    first = start if _columns(cells[:end]) > MAX_COLUMNS else 0
    if first:
        first = max(0, first - CONTEXT_COLUMNS)
    last, columns = first, 0
    while last < len(cells) and columns + _width(cells[last]) <= MAX_COLUMNS:
        columns += _width(cells[last])
        last += 1
    return first, last


def _columns(cells: list[str]) -> int:
    return sum(map(_width, cells))


def _width(cell: str) -> int:
    if len(cell) != 1:
        return len(cell)
    if unicodedata.combining(cell):
        return 0
    return 2 if unicodedata.east_asian_width(cell) in "WF" else 1
