"""What an import did, and what it leaves to a person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from scimweave.store.base import Key

EXAMPLES = 5


@dataclass(slots=True)
class Note:
    """How many accounts something is true of, and of which for example; ``reason`` is the first."""

    count: int = 0
    reason: str = ""
    examples: list[Key] = field(default_factory=list)

    def add(self, key: Key, reason: str) -> None:
        """Count one more."""
        self.count += 1
        self.reason = self.reason or reason
        if len(self.examples) < EXAMPLES:
            self.examples.append(key)


Notes = defaultdict[str, Note]


@dataclass(frozen=True, slots=True)
class Open:
    """Accounts that nothing was done with, since a person has to decide."""

    label: str
    keys: tuple[Key, ...]
    reason: str


@dataclass(slots=True)
class Imported:
    """What an import did with the accounts of one section.

    ``known`` were linked before, ``deleted`` are what deletions left behind, ``out_of_scope`` are
    those whom the mapping does not provision. ``linked`` belong to
    a resource that had no account, ``created`` became one. ``unread``, ``faults`` and ``differs``
    are by target field: what nothing reads back, what no resource can have, and what the next
    change of the person writes. ``strangers`` are members of groups that nobody here is.
    """

    section: str
    read: int = 0
    known: int = 0
    deleted: int = 0
    out_of_scope: int = 0
    linked: int = 0
    created: int = 0
    open: list[Open] = field(default_factory=list)
    unread: Notes = field(default_factory=lambda: defaultdict(Note))
    faults: Notes = field(default_factory=lambda: defaultdict(Note))
    differs: Notes = field(default_factory=lambda: defaultdict(Note))
    members: int = 0
    strangers: int = 0
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs."""
        return {
            "section": self.section,
            "read": self.read,
            "created": self.created,
            "linked": self.linked,
            "linked_before": self.known,
            "deleted_before": self.deleted,
            "out_of_scope": self.out_of_scope,
            "open": [
                {"label": each.label, "accounts": list(each.keys), "reason": each.reason}
                for each in self.open
            ],
            "not_read_back": _notes(self.unread),
            "not_taken": _notes(self.faults),
            "differs": _notes(self.differs),
            "members": self.members,
            "members_unknown": self.strangers,
            "stopped": self.stopped,
        }


def _notes(notes: Notes) -> dict[str, Any]:
    return {
        name: {"accounts": note.count, "reason": note.reason, "examples": note.examples}
        for name, note in sorted(notes.items())
    }
