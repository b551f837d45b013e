"""A tree to text: indentation, what stays on one line, and where comments go."""

from __future__ import annotations

from scimweave.mapping.layout.quoting import key_text, quoted
from scimweave.mapping.layout.scalars import block_lines, folded_lines
from scimweave.mapping.layout.tree import Comment, Entry, Group, Leaf, Tree

MAX_COLUMNS = 100
INDENT = 2


def write(tree: Tree) -> str:
    """Return the text of a file. The tree cannot be written again: comments were moved in it."""
    writer = _Writer()
    writer.tree(tree)
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._inline: dict[int, str | None] = {}
        # A blank line behind such a block scalar would be a part of it.
        self._is_sealed = False

    def tree(self, tree: Tree) -> None:
        """Write everything."""
        root = tree.root
        self._comments(tree.header, 0)
        first = next(iter(root.entries), None)
        if tree.header and first and (tree.has_gap or first.before):
            self._blank()
        line = self.inline(root)
        if line is not None and len(line) <= MAX_COLUMNS:
            self._line(line, 0)
            return
        was_block = False
        for at, entry in enumerate(root.entries):
            is_block = self._is_block(entry, 0)
            if at and (is_block or was_block):
                self._blank()
            self._entry(entry, 0, self._values_column(root, 0), is_first=not at)
            was_block = is_block
        self._comments(root.trailing, 0)

    def inline(self, value: Leaf | Group | None) -> str | None:
        """Return a value as it stands on one line; None where it cannot."""
        if value is None:
            return ""
        if isinstance(value, Leaf):
            return _scalar(value, is_flow=False)
        return self._flow(value)

    def _flow(self, value: Leaf | Group | None) -> str | None:
        """Return a value as it stands inside brackets, or with its own; None where it cannot."""
        if not isinstance(value, Group):
            return _scalar(value, is_flow=True) if value else "null"
        if id(value) not in self._inline:
            self._inline[id(value)] = self._brackets(value)
        return self._inline[id(value)]

    def _brackets(self, group: Group) -> str | None:
        if not group.is_flow or group.trailing:
            return None
        parts = []
        for entry in group.entries:
            value = self._flow(entry.value)
            if value is None or entry.before or entry.beside:
                return None
            parts.append(f"{key_text(entry.key, True)}: {value}" if entry.key else value)
        inside = ", ".join(parts)
        brackets = "[{}]" if not group.is_mapping else "{{ {} }}" if parts else "{{{}}}"
        text = brackets.format(inside)
        return f"&{group.anchor} {text}" if group.anchor else text

    def _block(self, group: Group, indent: int) -> None:
        column = self._values_column(group, indent)
        for at, entry in enumerate(group.entries):
            self._entry(entry, indent, column, is_first=not at)
        self._comments(group.trailing, indent)

    def _entry(self, entry: Entry, indent: int, column: int, *, is_first: bool) -> None:
        """Write a key or an item; values on the line of their key begin at ``column``."""
        before = self._lifted(entry, indent)
        if before and is_first:
            before[0] = Comment(before[0].text, before[0].column, False)
        self._comments(before, indent)
        if entry.has_gap and (before or not is_first):
            self._blank()
        start = "-" if entry.key is None else f"{key_text(entry.key, False)}:"
        value = entry.value
        if isinstance(value, Group) and self._is_block(entry, indent):
            self._group(start, value, entry, indent)
            return
        lines = block_lines(value)
        if lines is not None:
            self._line(f"{start} {lines[0]}", indent, entry.beside)
            self._lines(lines[1:], indent + INDENT)
            self._is_sealed = lines[-1] == ""
            return
        lines = folded_lines(value, self._room(entry, indent))
        if lines is None:
            text = self.inline(value) or ""
            start = start.ljust(column - indent - 1)
            self._line(f"{start} {text}".rstrip(), indent, entry.beside)
            return
        self._line(f"{start} {lines[0]}", indent)
        self._lines(lines[1:], indent + INDENT)
        self._besides(entry.beside)

    def _group(self, start: str, group: Group, entry: Entry, indent: int) -> None:
        """Write a list or mapping below its key, or behind its dash."""
        if group.anchor or entry.key is not None:
            anchor = f" &{group.anchor}" if group.anchor else ""
            self._line(f"{start}{anchor}", indent, entry.beside)
            self._block(group, indent + INDENT)
            return
        at = len(self.lines)
        self._block(group, indent + INDENT)
        self.lines[at] = f"{' ' * indent}- {self.lines[at].lstrip(' ')}"

    def _lifted(self, entry: Entry, indent: int) -> list[Comment]:
        """Take the comments that stand above an entry; behind a dash and on its line is no room."""
        group = entry.value
        is_item = entry.key is None and self._is_block(entry, indent)
        beside = [] if is_item else entry.beside[-1:]
        lifted = [*entry.before, *entry.beside[: len(entry.beside) - len(beside)]]
        entry.before, entry.beside = [], beside
        if is_item and isinstance(group, Group) and not group.anchor:
            first = group.entries[0]
            first.has_gap = False
            lifted += self._lifted(first, indent + INDENT)
        return lifted

    def _is_block(self, entry: Entry, indent: int) -> bool:
        """Whether the value stands on lines of its own."""
        if not isinstance(entry.value, Group):
            return False
        text = self._flow(entry.value)
        if text is None:
            return bool(entry.value.entries)
        return bool(entry.value.entries) and len(text) > self._room(entry, indent)

    def _room(self, entry: Entry, indent: int) -> int:
        """Return how many columns there are behind a key and its colon, or a dash."""
        key = f"{key_text(entry.key, False)}:" if entry.key else "-"
        return MAX_COLUMNS - indent - len(key) - 1

    def _values_column(self, group: Group, indent: int) -> int:
        """Return where values begin: all at one column where the author had some spread out."""
        entries = [
            entry
            for entry in group.entries
            if entry.key and self.inline(entry.value) and not self._is_multiline(entry, indent)
        ]
        if not any(entry.is_spread for entry in entries):
            return 0
        longest = max(len(key_text(entry.key, False)) for entry in entries if entry.key)
        return indent + longest + 2

    def _is_multiline(self, entry: Entry, indent: int) -> bool:
        value = entry.value
        if isinstance(value, Group):
            return self._is_block(entry, indent)
        return block_lines(value) is not None or (
            folded_lines(value, self._room(entry, indent)) is not None
        )

    def _comments(self, comments: list[Comment] | tuple[Comment, ...], indent: int) -> None:
        for comment in comments:
            if comment.has_gap:
                self._blank()
            self._line(comment.text, indent)

    def _line(self, text: str, indent: int, beside: list[Comment] | None = None) -> None:
        self.lines.append(" " * indent + text)
        self._is_sealed = False
        self._besides(beside or [])

    def _lines(self, lines: list[str], indent: int) -> None:
        for line in lines:
            self._line(line, indent if line else 0)

    def _besides(self, comments: list[Comment]) -> None:
        """Put comments at the end of the last line, at their column where that is free."""
        for comment in comments:
            self.lines[-1] = f"{self.lines[-1].ljust(comment.column - 1)} {comment.text}"

    def _blank(self) -> None:
        if self.lines and self.lines[-1] and not self._is_sealed:
            self.lines.append("")


def _scalar(leaf: Leaf, *, is_flow: bool) -> str:
    if leaf.style == "*":
        return leaf.text
    if leaf.is_text:
        text = quoted(leaf.text, is_flow)
    else:
        text = leaf.written or ("null" if is_flow else "")
    return f"&{leaf.anchor} {text}".rstrip() if leaf.anchor else text
