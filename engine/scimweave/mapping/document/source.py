"""The text of a mapping file, and its parsed form with the place of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from scimweave.mapping.diagnostics import Span

# What YAML 1.1 takes for the end of a line.
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_ESCAPES = {"x": 4, "u": 6, "U": 10}
YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A position; both count from 0."""

    line: int
    column: int


class Source:
    """The lines of a file, from which spans are made."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = LINE_END.split(text)

    def at(self, text: str, offset: int) -> Span:
        """Return one character of ``text``, which is that of the file."""
        before = LINE_END.split(text[:offset])
        return self.point(Mark(len(before) - 1, len(before[-1])))

    def span(self, start: Mark, end: Mark) -> Span:
        """Return the piece between two marks, cut at the end of its first line."""
        # The end of the file can lie behind a last line break.
        line = min(start.line, len(self.lines) - 1)
        text = self.lines[line]
        column = start.column if line == start.line else len(text)
        behind = end.column if end.line == line else len(text.rstrip())
        return Span(self.name, line + 1, column + 1, max(behind, column + 1) + 1, text)

    def point(self, mark: Mark) -> Span:
        """Return the one character at a mark."""
        return self.span(mark, Mark(mark.line, mark.column + 1))


@dataclass(slots=True)
class ScalarNode:
    """A scalar: ``written`` is its text in the file, ``data`` what it stands for.

    ``style`` is None for a plain scalar, else a quote or block character; ``tag`` is an explicit
    one. ``from_environment`` says that ``data`` holds replaced placeholders, ``is_faulty`` that one
    of them could not be replaced.
    """

    source: Source
    start: Mark
    end: Mark
    written: str
    style: str | None
    tag: str | None
    data: Any = None
    from_environment: bool = False
    is_faulty: bool = False


@dataclass(slots=True)
class ListNode:
    """A sequence."""

    source: Source
    start: Mark
    end: Mark
    items: list[Node]


@dataclass(slots=True)
class MapNode:
    """A mapping, keyed by the text of its keys.

    ``reference`` is what stands in the file instead of a table that has its place elsewhere.
    """

    source: Source
    start: Mark
    end: Mark
    entries: dict[str, tuple[ScalarNode, Node]]
    reference: Node | None = None


Node = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; paths are tuples of keys and list indexes.

    ``source`` is the file itself; nodes can stand in others, which it names.
    """

    source: Source
    root: MapNode

    def data(self) -> Any:
        """Return plain data: dict, list, str, int, float, bool, None."""
        return to_data(self.root)

    def exactly(self, path: YamlPath) -> Node | None:
        """Return what stands at ``path``; None where that is nothing."""
        _, node, steps = self._find(path)
        return node if steps == len(path) else None

    def is_faulty(self, path: YamlPath) -> bool:
        """Whether the scalar at ``path`` could not be read, which was reported then."""
        _, node, _ = self._find(path)
        return isinstance(node, ScalarNode) and node.is_faulty

    def value(self, path: YamlPath) -> Span:
        """Return where the value at ``path`` stands, or the nearest thing around it.

        A mapping or list in block form is shown by its key, a table by what names it.
        """
        key, node, _ = self._find(path)
        if isinstance(node, MapNode) and node.reference is not None:
            return span_of(node.reference)
        if (
            key is not None
            and not isinstance(node, ScalarNode)
            and node.start.line != node.end.line
        ):
            return span_of(key)
        return span_of(node)

    def key(self, path: YamlPath) -> Span:
        """Return where the key at ``path`` stands, or the nearest thing around it."""
        key, node, _ = self._find(path)
        return span_of(key or node)

    def referring(self, path: YamlPath) -> Span | None:
        """Return where the table is used that holds what stands at ``path``."""
        found = None
        for length in range(1, len(path)):
            node = self.exactly(path[:length])
            if isinstance(node, MapNode) and node.reference is not None:
                found = span_of(node.reference)
        return found

    def lines(self, path: YamlPath) -> frozenset[tuple[str, int]]:
        """Return the lines, with their file, of the key at ``path`` and of its value."""
        key, node, _ = self._find(path)
        first = key or node
        last = _last_line(node, first.source)
        return frozenset(
            (first.source.name, line) for line in range(first.start.line + 1, last + 2)
        )

    def inside(self, path: YamlPath, position: int, length: int = 1) -> Span:
        """Return a piece of the scalar at ``path``, by offset in its value.

        Where the value is not written character by character, that is the whole scalar.
        """
        _, node, _ = self._find(path)
        if not isinstance(node, ScalarNode):
            return self.value(path)
        columns = _columns(node, node.source.lines[node.start.line])
        if columns is None:
            return self.value(path)
        last = len(columns) - 1
        start = columns[min(position, last)]
        end = columns[min(position + length, last)]
        return node.source.span(Mark(node.start.line, start), Mark(node.start.line, end))

    def _find(self, path: YamlPath) -> tuple[ScalarNode | None, Node, int]:
        """Follow ``path`` as far as it goes: the last key, what stands there, the steps gone."""
        key: ScalarNode | None = None
        node: Node = self.root
        for gone, step in enumerate(path):
            if isinstance(node, MapNode) and step in node.entries:
                key, node = node.entries[str(step)]
            elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
                key, node = None, node.items[step]
            else:
                return key, node, gone
        return key, node, len(path)


def span_of(node: Node) -> Span:
    """Return where a node stands."""
    return node.source.span(node.start, node.end)


def to_data(node: Node) -> Any:
    """Return the plain data of a node."""
    if isinstance(node, MapNode):
        return {name: to_data(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, ListNode):
        return [to_data(item) for item in node.items]
    return node.data


def _last_line(node: Node, source: Source) -> int:
    """Return the last line of a node in a file; what stands in others has none."""
    if isinstance(node, MapNode) and node.reference is not None:
        return _last_line(node.reference, source)
    # In block form a mapping or list ends where the next thing begins.
    if isinstance(node, MapNode) and node.entries:
        return max(_last_line(value, source) for _, value in node.entries.values())
    if isinstance(node, ListNode) and node.items:
        return max(_last_line(item, source) for item in node.items)
    return node.end.line if node.source is source else 0


def _columns(node: ScalarNode, line: str) -> list[int] | None:
    """Return the column of each character of the value, and that behind the last one."""
    if node.start.line != node.end.line or node.from_environment or node.style in {"|", ">"}:
        return None
    column, end = node.start.column, node.end.column
    if node.style is not None:
        column, end = column + 1, end - 1
    columns = []
    while column < end:
        columns.append(column)
        column += _written_length(line[column : column + 2], node.style)
    # A value that is folded or escaped in yet another way is shown as a whole.
    return [*columns, end] if len(columns) == len(node.written) else None


def _written_length(text: str, style: str | None) -> int:
    """Return how many characters of the file make the next one of the value."""
    if style == "'" and text == "''":
        return 2
    if style == '"' and text.startswith("\\"):
        return _ESCAPES.get(text[1:], 2)
    return 1
