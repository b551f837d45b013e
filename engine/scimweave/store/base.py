"""What a store keeps, and the protocol that every store speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

from scimweave.store.conditions import Condition

T = TypeVar("T")
Resource = dict[str, Any]
Key = int | str
# The lookup of the users that a resource refers to, by their ids.
REFERS = "$refers"
# In a link's projection beside the fields: the account of a leaver is left as it is, until an
# operator decides.
HELD = "$held"


class StoreError(Exception):
    """The store cannot be opened, read or written; the message says what to do."""


class DuplicateValue(StoreError):
    """A unique attribute would have the same value in two resources."""

    def __init__(self, attribute: str) -> None:
        super().__init__(f"another resource has this {attribute}")
        self.attribute = attribute


@dataclass(frozen=True, slots=True)
class Link:
    """Resource to account: the target's ``key``, and what was last delivered.

    ``projection`` holds target fields as JSON values, made by mapping revision ``revision``.
    """

    key: Key
    projection: Mapping[str, Any]
    revision: str


@dataclass(frozen=True, slots=True)
class Record:
    """A stored resource.

    ``resource`` is canonical and holds neither ``id``, ``meta`` nor ``schemas``. Times are UTC.
    It is shared between callers: nobody modifies it.
    """

    id: str
    resource_type: str
    resource: Resource
    version: int
    created: datetime
    last_modified: datetime
    link: Link | None = None


class Lookup(NamedTuple):
    """An indexed value of a resource; ``value`` is in the form that is compared."""

    attribute: str
    value: str
    unique: bool = False


@dataclass(frozen=True, slots=True)
class MemberDelta:
    """Who joins a group and who leaves it, by resource id.

    ``displays`` are what the provider calls those who join, where it says so.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    displays: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


NO_MEMBERS = MemberDelta()
NO_REFERENCES: Mapping[str, Key | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource as another one refers to it; ``key`` is that of its account, if it has one."""

    id: str
    resource_type: str
    display: str | None
    key: Key | None


@dataclass(frozen=True, slots=True)
class Change:
    """A target field that an operation sets, as JSON values; sensitive ones come masked."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be done to the target, written before it is tried.

    ``before`` is the version that the operation started from (0: none). ``after`` is the record
    to commit (None: the resource is removed), with the link that it will have where the key is
    known. ``delivery`` is what recovery compares with the account: the full projection wanted.
    ``members`` is how the members of a group change. These four are dropped when the entry is
    closed; the rest is the provisioning log. A ``leaver`` is counted by the guard.
    """

    integration: str
    resource_type: str
    resource_id: str
    operation: str
    label: str
    changes: tuple[Change, ...]
    revision: str
    before: int = 0
    after: Record | None = None
    key: Key | None = None
    delivery: Mapping[str, Any] = field(default_factory=dict)
    members: MemberDelta = NO_MEMBERS
    leaver: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A leaver whose account is left as it is until an operator decides.

    ``operation`` is ``deactivate`` or ``delete``; ``label`` is the name for people, ``name`` the
    one that is searched for. ``record`` is the resource as it was before a deletion, ``groups``
    are the keys of the groups that its account is in.
    """

    resource_type: str
    resource_id: str
    operation: str
    label: str
    name: str
    reason: str
    since: datetime
    key: Key | None
    record: Record | None = None
    groups: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who left, and when.

    ``is_in_use``: they are held, and their account is counted as one in use.
    """

    resource_id: str
    at: datetime
    is_in_use: bool


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """An intent whose outcome is not known yet."""

    id: int
    intent: Intent


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the provisioning log. ``outcome`` is None while the intent is open."""

    id: int
    at: datetime
    integration: str
    resource_type: str
    resource_id: str
    operation: str
    label: str
    changes: tuple[Change, ...]
    revision: str
    key: Key | None
    outcome: str | None
    detail: str | None
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A secret key of one integration; the secret itself is not stored, only its digest."""

    id: int
    integration: str
    digest: bytes
    hint: str
    created: datetime
    expires: datetime | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An attribute that providers send and nothing maps."""

    attribute: str
    count: int
    first_seen: datetime
    last_seen: datetime


class Store(Protocol):
    """Resources, links, journal and keys of all integrations.

    A method that writes returns when the write is on disk. Raises ``StoreError``.
    """

    async def begin(self, intent: Intent) -> int:
        """Write an intent; returns the number of its journal entry."""
        ...

    async def commit(
        self,
        entry: int,
        outcome: str,
        *,
        put: Record | None = None,
        lookups: Sequence[Lookup] | None = (),
        members: MemberDelta = NO_MEMBERS,
        remove: str | None = None,
        refers: Mapping[str, Key | None] = NO_REFERENCES,
        detail: str | None = None,
    ) -> None:
        """Close a journal entry and store or remove its resource, in one transaction.

        ``outcome`` is ``done`` or another word for the log; ``put`` replaces the record with
        that id and its lookups, which stay as they are where they are None; ``members`` join and
        leave the group ``put``; ``remove`` is the id of a resource, whose memberships go with it;
        ``refers`` are keys of other accounts that were written, by resource id. Where one of those
        is another by now, or the key of this one changes while others refer to it, that is noted
        (``moved``). Raises ``DuplicateValue``, and then nothing is written.
        """
        ...

    async def hold(self, intent: Intent, hold: Hold, lookups: Sequence[Lookup] = ()) -> None:
        """Store ``intent.after``, or remove its resource, and note that the target knows nothing.

        One transaction with the journal entry, which is closed as ``held``. Somebody who is held
        already stays so since then, for the reason of then. Any ``commit`` of the resource, or of
        another one with the same account, ends the hold, unless ``HELD`` stands in its link.
        Raises ``DuplicateValue``, and then nothing is written.
        """
        ...

    async def held(
        self,
        integration: str,
        *,
        resource_id: str | None = None,
        name: str | None = None,
        key: Key | None = None,
    ) -> Sequence[Hold]:
        """Return who is held, in the order of leaving: all, or by one of the others."""
        ...

    async def held_count(self, integration: str) -> int:
        """Return how many are held."""
        ...

    async def leavers(self, integration: str, since: datetime) -> Sequence[Leaver]:
        """Return who left after ``since``, in order; costs do not grow with the journal."""
        ...

    async def forget_leavers(self, integration: str, since: datetime) -> None:
        """Count nobody any more who left after ``since``."""
        ...

    async def unmarked(self, integration: str, resource_type: str, mark: str) -> int:
        """Return how many resources have a link without ``mark`` in its projection."""
        ...

    async def open_intents(
        self, integration: str, resource_id: str | None = None
    ) -> Sequence[OpenIntent]:
        """Return the intents without an outcome, oldest first."""
        ...

    async def get(self, integration: str, resource_type: str, resource_id: str) -> Record | None:
        """Return one resource by id."""
        ...

    async def find(
        self,
        integration: str,
        resource_type: str,
        attribute: str,
        value: str,
        limit: int | None = None,
    ) -> Sequence[Record]:
        """Return the (first) resources that have this lookup, in the order they were made."""
        ...

    async def tally(self, integration: str, resource_type: str, condition: Condition) -> int:
        """Return how many resources satisfy ``condition``."""
        ...

    async def chosen(
        self,
        integration: str,
        resource_type: str,
        condition: Condition | None,
        *,
        after: int = 0,
        offset: int = 0,
        limit: int,
    ) -> Sequence[tuple[int, Record]]:
        """Return resources with their positions, in the order they were made.

        Only those behind position ``after``; of them ``offset`` are passed over.
        """
        ...

    async def positions(
        self, integration: str, resource_type: str, condition: Condition | None, after: int = 0
    ) -> Sequence[int]:
        """Return the positions behind ``after`` of what satisfies ``condition``, in order."""
        ...

    async def read_at(
        self,
        integration: str,
        resource_type: str,
        places: Sequence[int],
        read: Callable[[int, Record], T],
    ) -> Sequence[T]:
        """Return ``read(position, record)`` for the positions that still hold a resource.

        In the order they were made. ``read`` may run in another thread.
        """
        ...

    async def lookup_list(self, integration: str, resource_type: str) -> str | None:
        """Return the list that ``write_lookups`` was last given; None where it never was."""
        ...

    async def write_lookups(
        self,
        integration: str,
        resource_type: str,
        attributes: str,
        lookups_of: Callable[[Record], Iterable[Lookup]],
    ) -> None:
        """Write the lookups of every resource anew, and remember the list of attributes.

        Until that is done the list is empty. ``lookups_of`` may run in another thread.
        """
        ...

    async def referred(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Reference]:
        """Return those of the ids that there are, of whatever type."""
        ...

    async def members(
        self, integration: str, group_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the members of some groups, by group; a group without any is left out."""
        ...

    async def member_ids(self, integration: str, group_id: str) -> Sequence[str]:
        """Return the ids of a group's members."""
        ...

    async def members_among(
        self, integration: str, group_id: str, resource_ids: Sequence[str]
    ) -> frozenset[str]:
        """Return those of the ids that are members; costs do not grow with the group."""
        ...

    async def memberships(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the groups that some resources are in, by member; one in none is left out."""
        ...

    async def moved(self, integration: str) -> Sequence[tuple[str, int]]:
        """Return resources whose keys are not known yet to all who refer to them.

        Each with a number for ``settled``.
        """
        ...

    async def settled(self, integration: str, resource_id: str, times: int) -> None:
        """Forget a resource of ``moved``, unless it was noted again since."""
        ...

    async def count(self, integration: str, resource_type: str) -> int:
        """Return how many resources there are."""
        ...

    async def page(
        self, integration: str, resource_type: str, offset: int, limit: int
    ) -> Sequence[Record]:
        """Return resources in the order they were made, which never changes."""
        ...

    async def journal(
        self,
        integration: str,
        *,
        user: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Entry]:
        """Return the last ``limit`` entries behind number ``after``, newest last.

        ``user`` selects one person: a resource id, or a label in any case.
        """
        ...

    async def add_key(
        self, integration: str, digest: bytes, hint: str, grace: timedelta | None
    ) -> KeyRecord:
        """Add a key. Those before it end at once, or after ``grace``."""
        ...

    async def key(self, digest: bytes) -> KeyRecord | None:
        """Return the key with this digest, expired or not."""
        ...

    async def keys(self, integration: str) -> Sequence[KeyRecord]:
        """Return the keys of an integration, oldest first."""
        ...

    async def revoke_keys(self, integration: str, key: int | None = None) -> int:
        """End one key, or all; returns how many were ended."""
        ...

    async def key_used(self, key: int, at: datetime) -> None:
        """Remember when a key was last used."""
        ...

    async def add_unmapped(self, integration: str, counts: Mapping[str, int], at: datetime) -> None:
        """Add to how often attributes came that nothing maps; they were seen until ``at``."""
        ...

    async def unmapped(self, integration: str) -> Sequence[Unmapped]:
        """Return the attributes that came and nothing maps, the most frequent first."""
        ...

    async def health(self) -> None:
        """Raise ``StoreError`` where the store cannot be read."""
        ...

    async def close(self) -> None:
        """Finish what waits, and close."""
        ...
