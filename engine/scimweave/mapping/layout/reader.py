"""YAML text to a tree that has the comments: an event says where its value stands, and what lies
between two values is space, signs and comments.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from scimweave.mapping.document.scalars import resolve
from scimweave.mapping.layout.tree import Comment, Entry, Group, Leaf, Tree

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Anchors, tags and directives can hold a "#".
_BETWEEN = re.compile(
    "(?P<comment>#[^\n\x85\u2028\u2029]*)|(?P<line>[\n\x85\u2028\u2029])|[&!%][^\\s,\\[\\]{}]*|."
)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*|\s+|#[^\n\x85\u2028\u2029]*)*")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(#[^\n]*)?")
_SPREAD = re.compile(r"\s*:[ \t]{2,}[^\s#]")
_EDITOR = "# yaml-language-server:"


def read(text: str) -> Tree:
    """Read the text of a mapping file that ``parse`` takes, with ``\\n`` at the end of lines."""
    reader = _Reader(text)
    for event in yaml.parse(text, Loader=_LOADER):
        reader.take(event)
    return reader.tree()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines = 0
        self._root: Group | None = None
        self._open: list[Group] = []
        # The entry whose key or value ended last: what follows on its line is beside it.
        self._last: Entry | None = None
        self._waiting: list[Comment] = []
        # Block collections that ended since the last value, the innermost first.
        self._closed: list[Group] = []

    def take(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        match event:
            case yaml.ScalarEvent() | yaml.AliasEvent():
                self._leaf(event, start, end)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event, start)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close(start, end)
            case yaml.StreamEndEvent():
                self._skip_to(len(self._text))

    def tree(self) -> Tree:
        """Return what was read, when all events are taken."""
        assert self._root is not None  # noqa: S101 - of a file without values nobody asks
        self._place_comments(self._root.trailing, -1)
        first = next(iter(self._root.entries), None)
        if first is None:
            return Tree((), False, self._root)
        length = _header_length(first)
        header, first.before = first.before[:length], first.before[length:]
        has_gap = first.has_gap or bool(first.before)
        first.has_gap = False
        return Tree(tuple(header), has_gap, self._root)

    def _leaf(self, event: Any, start: int, end: int) -> None:
        is_alias = isinstance(event, yaml.AliasEvent)
        if not is_alias:
            start = min(_behind(_PROPERTIES, self._text, start), end)
        self._skip_to(start)
        leaf = _alias(event) if is_alias else _scalar(event, self._text[start:end])
        self._add(leaf, start)
        self._at = max(end, self._at)
        if self._last is not None and self._last.key is leaf:
            self._last.is_spread = bool(_SPREAD.match(self._text, self._at))
        if leaf.style in ("|", ">"):
            comment = _BLOCK_HEADER.match(self._text, start)
            if comment and comment[1]:
                self._beside(comment[1], comment.start(1))
            self._last = None
            # Blank lines behind it are between it and what follows.
            self._at = start + len(self._text[start:end].rstrip())

    def _begin(self, event: Any, start: int) -> None:
        self._skip_to(start)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        column = -1
        if not is_mapping and not event.flow_style:
            # That of its first dash, which an anchor can stand before.
            column = self._column(_behind(_PROPERTIES, self._text, start))
        group = Group(is_mapping, bool(event.flow_style), event.anchor, column)
        self._add(group, start)
        self._open.append(group)

    def _close(self, start: int, end: int) -> None:
        self._skip_to(start)
        closed = self._open.pop()
        if not closed.is_flow:
            self._closed.append(closed)
        else:
            self._at = end
            self._lines = 0
        owner = self._open[-1].entries[-1] if self._open else None
        if closed.is_flow:
            empty = owner.before if owner and not closed.entries else closed.trailing
            self._place_comments(empty, -1)
            self._last = owner

    def _add(self, value: Leaf | Group, start: int) -> None:
        """Put a value or key where it belongs, with the comments that stand before it."""
        if not self._open:
            assert isinstance(value, Group)  # noqa: S101 - the root is a mapping
            self._root = value
            return
        parent = self._open[-1]
        last = parent.entries[-1] if parent.entries else None
        if parent.is_mapping and last is not None and last.value is None:
            last.value = value
            if isinstance(value, Leaf) or value.is_flow:
                self._place_comments(last.before, -1)
            self._last = last
        else:
            if parent.column < 0:
                parent.column = self._column(start)
            entry = self._entry(parent, value)
            self._place_comments(entry.before, parent.column)
            parent.entries.append(entry)
            self._last = entry
        if isinstance(value, Leaf) or value.is_flow:
            self._lines = 0
        elif not self._waiting:
            # Its first entry stands at the same place, and has no blank line above it.
            self._lines = min(self._lines, 1)

    def _entry(self, parent: Group, value: Leaf | Group) -> Entry:
        has_gap = self._lines > 1
        if not parent.is_mapping:
            return Entry(None, value, has_gap=has_gap)
        assert isinstance(value, Leaf)  # noqa: S101 - other keys do not parse
        return Entry(value, has_gap=has_gap)

    def _place_comments(self, before: list[Comment], column: int) -> None:
        """Give the waiting comments to ``before``, or to the end of what they are indented with.

        ``column`` is that of what comes next.
        """
        for comment in self._waiting:
            while self._closed and not column < self._closed[0].column <= comment.column:
                del self._closed[0]
            owner = self._closed[0].trailing if self._closed else before
            owner.append(comment)
        self._waiting = []
        self._closed = []

    def _skip_to(self, end: int) -> None:
        """Read what lies before the next value."""
        for match in _BETWEEN.finditer(self._text, self._at, max(end, self._at)):
            if match["line"]:
                self._lines += 1
            elif match["comment"]:
                self._comment(match["comment"].rstrip(), match.start())
        self._at = max(end, self._at)

    def _comment(self, text: str, at: int) -> None:
        if self._lines == 0 and self._last is not None:
            self._beside(text, at)
        else:
            self._waiting.append(Comment(text, self._column(at), self._lines > 1))
        self._lines = 0

    def _beside(self, text: str, at: int) -> None:
        assert self._last is not None  # noqa: S101 - something stands before it
        self._last.beside.append(Comment(text.rstrip(), self._column(at), False))

    def _column(self, at: int) -> int:
        return at - self._text.rfind("\n", 0, at) - 1


def _scalar(event: Any, written: str) -> Leaf:
    is_plain = event.implicit[0] and event.style in {None, ""}
    is_text = not is_plain or event.tag is not None or isinstance(resolve(event.value), str)
    return Leaf(event.value, written, None if is_plain else event.style, is_text, event.anchor)


def _alias(event: Any) -> Leaf:
    return Leaf(f"*{event.anchor}", f"*{event.anchor}", "*", False, None)


def _behind(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _header_length(first: Entry) -> int:
    """Return how many comments above the first entry are about the file.

    These are the paragraphs that a blank line ends, and that of the line which editors read.
    """
    ends = [at for at, comment in enumerate(first.before) if at and comment.has_gap]
    ends.append(len(first.before))
    last = first.before[ends[-2] if len(ends) > 1 else 0 :]
    if first.has_gap or any(comment.text.startswith(_EDITOR) for comment in last):
        return ends[-1]
    return ends[-2] if len(ends) > 1 else 0
