"""The store in a SQLite file: plain SQL, one writer, group commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from scimweave.store import (
    sqlite_commit,
    sqlite_held,
    sqlite_integrations,
    sqlite_journal,
    sqlite_keys,
    sqlite_members,
    sqlite_moved,
    sqlite_queries,
    sqlite_resources,
    sqlite_unmapped,
)
from scimweave.store.base import (
    NO_MEMBERS,
    NO_REFERENCES,
    Entry,
    Hold,
    Intent,
    Key,
    KeyRecord,
    Leaver,
    Lookup,
    MemberDelta,
    OpenIntent,
    Record,
    Reference,
    Unmapped,
)
from scimweave.store.conditions import Condition
from scimweave.store.sqlite_access import SqliteAccess
from scimweave.store.sqlite_rows import encoded, intent_columns, known_by, micros

T = TypeVar("T")

REWRITTEN_AT_ONCE = 200


class SqliteStore(SqliteAccess):
    """Implements ``Store``: what is asked of the tables, by the functions that hold their SQL."""

    async def begin(self, intent: Intent) -> int:
        """Write an intent; returns the number of its journal entry."""
        columns, name = intent_columns(intent, datetime.now(UTC)), known_by(intent)
        return await self._write(sqlite_journal.begin, columns, name)

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

        Raises ``DuplicateValue``, and then nothing is written.
        """
        await self._write(
            sqlite_commit.commit,
            entry,
            outcome,
            detail,
            encoded(put, lookups) if put else None,
            members,
            remove,
            refers,
        )

    async def hold(self, intent: Intent, hold: Hold, lookups: Sequence[Lookup] = ()) -> None:
        """Store ``intent.after``, or remove its resource; the journal says that it is held.

        Raises ``DuplicateValue``, and then nothing is written.
        """
        await self._write(
            sqlite_commit.hold,
            intent_columns(intent, hold.since),
            known_by(intent),
            encoded(intent.after, lookups) if intent.after else None,
            hold,
        )

    async def held(
        self,
        integration: str,
        *,
        resource_id: str | None = None,
        name: str | None = None,
        key: Key | None = None,
    ) -> Sequence[Hold]:
        """Return who is held, in the order of leaving: all, or by one of the others."""
        return self._read([], sqlite_held.held, integration, resource_id, name, key)

    async def held_count(self, integration: str) -> int:
        """Return how many are held."""
        return self._read(0, sqlite_held.count, integration)

    async def leavers(self, integration: str, since: datetime) -> Sequence[Leaver]:
        """Return who left after ``since``, in order."""
        return await self._scan([], sqlite_held.leavers, integration, micros(since))

    async def forget_leavers(self, integration: str, since: datetime) -> None:
        """Count nobody any more who left after ``since``."""
        await self._write(sqlite_held.forget, integration, micros(since))

    async def unmarked(self, integration: str, resource_type: str, mark: str) -> int:
        """Return how many resources have a link without ``mark`` in its projection."""
        kind = (integration, resource_type)
        return await self._scan(0, sqlite_resources.unmarked, kind, mark)

    async def open_intents(
        self, integration: str, resource_id: str | None = None
    ) -> Sequence[OpenIntent]:
        """Return the intents without an outcome, oldest first."""
        return self._read([], sqlite_journal.open_intents, integration, resource_id)

    async def get(self, integration: str, resource_type: str, resource_id: str) -> Record | None:
        """Return one resource by id."""
        return self._read(None, sqlite_resources.get, integration, resource_type, resource_id)

    async def find(
        self,
        integration: str,
        resource_type: str,
        attribute: str,
        value: str,
        limit: int | None = None,
    ) -> Sequence[Record]:
        """Return the (first) resources that have this lookup, in the order they were made."""
        most = -1 if limit is None else limit
        return self._read(
            [], sqlite_resources.find, integration, resource_type, attribute, value, most
        )

    async def referred(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Reference]:
        """Return those of the ids that there are, of whatever type."""
        return await self._look_up(
            resource_ids, {}, sqlite_members.referred, integration, resource_ids
        )

    async def members(
        self, integration: str, group_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the members of some groups, by group; a group without any is left out."""
        return await self._scan({}, sqlite_members.members, integration, group_ids)

    async def member_ids(self, integration: str, group_id: str) -> Sequence[str]:
        """Return the ids of a group's members."""
        return await self._scan([], sqlite_members.member_ids, integration, group_id)

    async def members_among(
        self, integration: str, group_id: str, resource_ids: Sequence[str]
    ) -> frozenset[str]:
        """Return those of the ids that are members; costs do not grow with the group."""
        return await self._look_up(
            resource_ids, frozenset(), sqlite_members.among, integration, group_id, resource_ids
        )

    async def memberships(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the groups that some resources are in, by member; one in none is left out."""
        return await self._look_up(
            resource_ids, {}, sqlite_members.memberships, integration, resource_ids
        )

    async def tally(self, integration: str, resource_type: str, condition: Condition) -> int:
        """Return how many resources satisfy ``condition``."""
        kind = (integration, resource_type)
        return await self._ask(condition, 0, sqlite_queries.tally, kind, condition)

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
        kind = (integration, resource_type)
        return await self._ask(
            condition, [], sqlite_queries.chosen, kind, condition, after, offset, limit
        )

    async def positions(
        self, integration: str, resource_type: str, condition: Condition | None, after: int = 0
    ) -> Sequence[int]:
        """Return the positions behind ``after`` of what satisfies ``condition``, in order."""
        kind = (integration, resource_type)
        return await self._ask(condition, [], sqlite_queries.positions, kind, condition, after)

    async def read_at(
        self,
        integration: str,
        resource_type: str,
        places: Sequence[int],
        read: Callable[[int, Record], T],
    ) -> Sequence[T]:
        """Return ``read(position, record)`` for the positions that still hold a resource."""
        kind = (integration, resource_type)
        return await self._scan([], sqlite_queries.read_at, kind, places, read)

    async def lookup_list(self, integration: str, resource_type: str) -> str | None:
        """Return the list that ``write_lookups`` was last given; None where it never was."""
        kind = (integration, resource_type)
        return self._read(None, sqlite_queries.lookup_list, kind)

    async def write_lookups(
        self,
        integration: str,
        resource_type: str,
        attributes: str,
        lookups_of: Callable[[Record], Iterable[Lookup]],
    ) -> None:
        """Write the lookups of every resource anew, and remember the list of attributes."""
        kind = (integration, resource_type)
        # A crash half way leaves an empty list, and the next start begins anew.
        await self._write(sqlite_queries.remember_list, kind, "")
        places = await self.positions(*kind, None)
        for start in range(0, len(places), REWRITTEN_AT_ONCE):
            await self._write(
                partial(
                    sqlite_queries.write_lookups,
                    kind=kind,
                    places=places[start : start + REWRITTEN_AT_ONCE],
                    lookups_of=lookups_of,
                )
            )
        await self._write(sqlite_queries.remember_list, kind, attributes)

    async def moved(self, integration: str) -> Sequence[tuple[str, int]]:
        """Return resources whose keys are not known yet to all who refer to them."""
        return self._read([], sqlite_moved.of_integration, integration)

    async def settled(self, integration: str, resource_id: str, times: int) -> None:
        """Forget a resource of ``moved``, unless it was noted again since."""
        await self._write(sqlite_moved.settle, integration, resource_id, times)

    async def count(self, integration: str, resource_type: str) -> int:
        """Return how many resources there are."""
        return await self._scan(0, sqlite_resources.count, integration, resource_type)

    async def page(
        self, integration: str, resource_type: str, offset: int, limit: int
    ) -> Sequence[Record]:
        """Return resources in the order they were made, which never changes."""
        return await self._scan(
            [], sqlite_resources.page, integration, resource_type, offset, limit
        )

    async def journal(
        self,
        integration: str,
        *,
        user: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Entry]:
        """Return the last ``limit`` entries behind number ``after``, newest last.

        ``user`` selects one person: a resource id, or a label in any case that they have or had.
        """
        return await self._scan([], sqlite_journal.entries, integration, user, after, limit)

    async def add_key(
        self, integration: str, digest: bytes, hint: str, grace: timedelta | None
    ) -> KeyRecord:
        """Add a key. Those before it end at once, or after ``grace``."""
        now = datetime.now(UTC)
        return await self._write(sqlite_keys.add, integration, digest, hint, now, grace)

    async def key(self, digest: bytes) -> KeyRecord | None:
        """Return the key with this digest, expired or not."""
        return self._read(None, sqlite_keys.by_digest, digest)

    async def keys(self, integration: str) -> Sequence[KeyRecord]:
        """Return the keys of an integration, oldest first."""
        return self._read([], sqlite_keys.of_integration, integration)

    async def revoke_keys(self, integration: str, key: int | None = None) -> int:
        """End one key, or all; returns how many were ended."""
        now = datetime.now(UTC)
        return await self._write(sqlite_keys.end, integration, key, now)

    async def key_used(self, key: int, at: datetime) -> None:
        """Remember when a key was last used."""
        await self._write(sqlite_keys.used, key, at)

    async def add_unmapped(self, integration: str, counts: Mapping[str, int], at: datetime) -> None:
        """Add to how often attributes came that nothing maps; they were seen until ``at``."""
        await self._write(sqlite_unmapped.add, integration, counts, at)

    async def unmapped(self, integration: str) -> Sequence[Unmapped]:
        """Return the attributes that came and nothing maps, the most frequent first."""
        return self._read([], sqlite_unmapped.of_integration, integration)

    async def integrations(self) -> Sequence[str]:
        """Return the names of integrations that were served or have a key."""
        return self._read([], sqlite_integrations.known)
