"""What stands in a mapping file, in its order: values, and comments with their owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; ``text`` begins with ``#``, ``column`` counts from 0.

    ``has_gap`` says that a blank line stands above it.
    """

    text: str
    column: int
    has_gap: bool


@dataclass(slots=True)
class Leaf:
    """A scalar or an alias.

    ``style`` is None for a plain scalar, else a quote or block character, or ``*`` for an alias;
    ``text`` is what it stands for, ``written`` what stands in the file. ``is_text`` is False for
    numbers, booleans and null.
    """

    text: str
    written: str
    style: str | None
    is_text: bool
    anchor: str | None


@dataclass(slots=True)
class Group:
    """A mapping or a list; ``column`` is that of its entries, in block form."""

    is_mapping: bool
    is_flow: bool
    anchor: str | None
    column: int
    entries: list[Entry] = field(default_factory=list)
    trailing: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list, which has no key.

    Comments stand ``before`` it, and ``beside`` it at the end of its lines. ``has_gap`` says that
    a blank line stands above it, below the comments; ``is_spread`` that more than one space leads
    to the value.
    """

    key: Leaf | None
    value: Leaf | Group | None = None
    before: list[Comment] = field(default_factory=list)
    beside: list[Comment] = field(default_factory=list)
    has_gap: bool = False
    is_spread: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A file: its ``header`` stays at the top, whatever comes first below it.

    ``has_gap`` says that a blank line stands below the header.
    """

    header: tuple[Comment, ...]
    has_gap: bool
    root: Group

    def comments(self) -> list[str]:
        """Return the text of all comments, sorted."""
        return sorted(each.text for each in (*self.header, *_comments(self.root)))


def _comments(group: Group) -> Iterator[Comment]:
    yield from group.trailing
    for entry in group.entries:
        yield from entry.before
        yield from entry.beside
        if isinstance(entry.value, Group):
            yield from _comments(entry.value)
