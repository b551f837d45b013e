"""The store in a SQLite file: plain SQL, one writer, group commit."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from scimweave.group_commit import GroupCommitWriter, WriterClosed
from scimweave.reading_thread import ReaderClosed, ReadingThread, Work
from scimweave.store import (
    sqlite_file,
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
    HELD,
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
    StoreError,
    Unmapped,
)
from scimweave.store.conditions import Condition, is_narrow
from scimweave.store.sqlite_rows import intent_columns, micros, record_columns

T = TypeVar("T")

REWRITTEN_AT_ONCE = 200
# More than that would hold up the requests of others.
MANY = 50

_ANY_RESOURCE = "SELECT 1 FROM resource LIMIT 1"


class SqliteStore:
    """Implements ``Store``.

    What is found by a key is read at once, in the thread of the event loop: that takes
    microseconds, where handing it to another thread takes longer than the reading. What grows
    with the number of rows is read in a thread of its own.
    """

    def __init__(self, path: Path, lock: int | None) -> None:
        self.path = path
        self._lock = lock
        self._reader = sqlite_file.connect_reader(path)
        self._writer = GroupCommitWriter(
            partial(sqlite_file.connect_writer, path), name="scimweave-store"
        )
        self._scanner = ReadingThread(
            partial(sqlite_file.connect_reader, path), name="scimweave-scan"
        )

    @classmethod
    async def open(cls, url: str | Path, *, exclusive: bool = True) -> SqliteStore:
        """Open ``sqlite:///FILE`` or a plain path, and make it where there is none.

        ``exclusive`` keeps a second server away; without it the file opens beside a running one.
        Raises ``StoreError``.
        """
        path = sqlite_file.path_of(url)
        lock = await asyncio.to_thread(_prepare, path, exclusive)
        try:
            return cls(path, lock)
        except sqlite3.Error as error:
            raise _failure(path, error) from error

    async def begin(self, intent: Intent) -> int:
        """Write an intent; returns the number of its journal entry."""
        columns = intent_columns(intent, datetime.now(UTC))
        return await self._write(lambda connection: sqlite_journal.begin(connection, columns))

    async def commit(
        self,
        entry: int,
        outcome: str,
        *,
        put: Record | None = None,
        lookups: Sequence[Lookup] = (),
        members: MemberDelta = NO_MEMBERS,
        remove: str | None = None,
        refers: Mapping[str, Key | None] = NO_REFERENCES,
        detail: str | None = None,
    ) -> None:
        """Close a journal entry and store or remove its resource, in one transaction.

        Raises ``DuplicateValue``, and then nothing is written.
        """
        columns = record_columns(put) if put else ()
        key = put.link.key if put and put.link else None
        at = micros(datetime.now(UTC))

        def job(connection: sqlite3.Connection) -> None:
            integration, resource_type = sqlite_journal.close(
                connection, entry, outcome, detail=detail, at=at, key=key
            )
            changed = put.id if put else remove
            before: Key | None = None
            if put is not None:
                before = sqlite_resources.put(connection, integration, put, columns, lookups)
                sqlite_members.change(connection, integration, put.id, members)
            if remove is not None:
                before = sqlite_moved.key_of(connection, integration, remove)
                sqlite_members.leave(connection, integration, remove, at)
                sqlite_resources.remove(connection, integration, resource_type, remove)
            if changed is not None and before != key:
                sqlite_moved.note(connection, integration, changed)
                if key is not None:
                    sqlite_held.end_of_account(connection, integration, key, changed)
            if changed is not None and not (put and put.link and HELD in put.link.projection):
                sqlite_held.end(connection, integration, changed)
            sqlite_moved.compare(connection, integration, refers)

        await self._write(job)

    async def hold(self, intent: Intent, hold: Hold) -> None:
        """Store ``intent.after``, or remove its resource; the journal says that it is held.

        Raises ``DuplicateValue``, and then nothing is written.
        """
        entry = intent_columns(intent, hold.since)
        put = intent.after
        columns = record_columns(put) if put else ()
        integration, kind, resource_id = intent.integration, intent.resource_type, hold.resource_id
        now = micros(hold.since)

        def job(connection: sqlite3.Connection) -> None:
            number = sqlite_journal.begin(connection, entry)
            sqlite_journal.close(
                connection, number, "held", detail=hold.reason, at=now, key=hold.key
            )
            if put is not None:
                sqlite_resources.put(connection, integration, put, columns, intent.lookups)
                if put.link is not None:
                    sqlite_held.end_of_account(connection, integration, put.link.key, put.id)
            else:
                sqlite_members.leave(connection, integration, resource_id, now)
                sqlite_resources.remove(connection, integration, kind, resource_id)
                sqlite_moved.note(connection, integration, resource_id)
            sqlite_held.put(connection, integration, number, hold)

        await self._write(job)

    async def held(
        self,
        integration: str,
        *,
        resource_id: str | None = None,
        name: str | None = None,
        key: Key | None = None,
    ) -> Sequence[Hold]:
        """Return who is held, in the order of leaving: all, or by one of the others."""
        return self._read(
            lambda connection: sqlite_held.held(
                connection, integration, resource_id=resource_id, name=name, key=key
            ),
            [],
        )

    async def held_count(self, integration: str) -> int:
        """Return how many are held."""
        return self._read(lambda connection: sqlite_held.count(connection, integration), 0)

    async def leavers(self, integration: str, since: datetime) -> Sequence[Leaver]:
        """Return who left after ``since``, in order."""
        return await self._scan(
            lambda connection: sqlite_held.leavers(connection, integration, micros(since)), []
        )

    async def forget_leavers(self, integration: str, since: datetime) -> None:
        """Count nobody any more who left after ``since``."""
        await self._write(
            lambda connection: sqlite_held.forget(connection, integration, micros(since))
        )

    async def unmarked(self, integration: str, resource_type: str, mark: str) -> int:
        """Return how many resources have a link without ``mark`` in its projection."""
        kind = (integration, resource_type)
        return await self._scan(
            lambda connection: sqlite_resources.unmarked(connection, kind, mark), 0
        )

    async def open_intents(
        self, integration: str, resource_id: str | None = None
    ) -> Sequence[OpenIntent]:
        """Return the intents without an outcome, oldest first."""
        return self._read(
            lambda connection: sqlite_journal.open_intents(connection, integration, resource_id), []
        )

    async def get(self, integration: str, resource_type: str, resource_id: str) -> Record | None:
        """Return one resource by id."""
        return self._read(
            lambda connection: sqlite_resources.get(
                connection, integration, resource_type, resource_id
            ),
            None,
        )

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
            lambda connection: sqlite_resources.find(
                connection, integration, resource_type, attribute, value, most
            ),
            [],
        )

    async def referred(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Reference]:
        """Return those of the ids that there are, of whatever type."""
        return await self._look_up(
            resource_ids,
            lambda connection: sqlite_members.referred(connection, integration, resource_ids),
            {},
        )

    async def members(
        self, integration: str, group_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the members of some groups, by group; a group without any is left out."""
        return await self._scan(
            lambda connection: sqlite_members.members(connection, integration, group_ids), {}
        )

    async def member_ids(self, integration: str, group_id: str) -> Sequence[str]:
        """Return the ids of a group's members."""
        return await self._scan(
            lambda connection: sqlite_members.member_ids(connection, integration, group_id), []
        )

    async def members_among(
        self, integration: str, group_id: str, resource_ids: Sequence[str]
    ) -> frozenset[str]:
        """Return those of the ids that are members; costs do not grow with the group."""
        return await self._look_up(
            resource_ids,
            lambda connection: sqlite_members.among(
                connection, integration, group_id, resource_ids
            ),
            frozenset(),
        )

    async def memberships(
        self, integration: str, resource_ids: Sequence[str]
    ) -> Mapping[str, Sequence[Reference]]:
        """Return the groups that some resources are in, by member; one in none is left out."""
        return await self._look_up(
            resource_ids,
            lambda connection: sqlite_members.memberships(connection, integration, resource_ids),
            {},
        )

    async def tally(self, integration: str, resource_type: str, condition: Condition) -> int:
        """Return how many resources satisfy ``condition``."""
        kind = (integration, resource_type)
        return await self._ask(
            condition, lambda connection: sqlite_queries.tally(connection, kind, condition), 0
        )

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
            condition,
            lambda connection: sqlite_queries.chosen(
                connection, kind, condition, after, offset, limit
            ),
            [],
        )

    async def positions(
        self, integration: str, resource_type: str, condition: Condition | None, after: int = 0
    ) -> Sequence[int]:
        """Return the positions behind ``after`` of what satisfies ``condition``, in order."""
        kind = (integration, resource_type)
        return await self._ask(
            condition,
            lambda connection: sqlite_queries.positions(connection, kind, condition, after),
            [],
        )

    async def read_at(
        self,
        integration: str,
        resource_type: str,
        places: Sequence[int],
        read: Callable[[int, Record], T],
    ) -> Sequence[T]:
        """Return ``read(position, record)`` for the positions that still hold a resource."""
        kind = (integration, resource_type)
        return await self._scan(
            lambda connection: sqlite_queries.read_at(connection, kind, places, read), []
        )

    async def lookup_list(self, integration: str, resource_type: str) -> str | None:
        """Return the list that ``write_lookups`` was last given; None where it never was."""
        kind = (integration, resource_type)
        return self._read(lambda connection: sqlite_queries.lookup_list(connection, kind), None)

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
        await self._write(lambda connection: sqlite_queries.remember_list(connection, kind, ""))
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
        await self._write(
            lambda connection: sqlite_queries.remember_list(connection, kind, attributes)
        )

    async def moved(self, integration: str) -> Sequence[tuple[str, int]]:
        """Return resources whose keys are not known yet to all who refer to them."""
        return self._read(
            lambda connection: sqlite_moved.of_integration(connection, integration), []
        )

    async def settled(self, integration: str, resource_id: str, times: int) -> None:
        """Forget a resource of ``moved``, unless it was noted again since."""
        await self._write(
            lambda connection: sqlite_moved.settle(connection, integration, resource_id, times)
        )

    async def count(self, integration: str, resource_type: str) -> int:
        """Return how many resources there are."""
        return await self._scan(
            lambda connection: sqlite_resources.count(connection, integration, resource_type), 0
        )

    async def page(
        self, integration: str, resource_type: str, offset: int, limit: int
    ) -> Sequence[Record]:
        """Return resources in the order they were made, which never changes."""
        return await self._scan(
            lambda connection: sqlite_resources.page(
                connection, integration, resource_type, offset, limit
            ),
            [],
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
        return await self._scan(
            lambda connection: sqlite_journal.entries(connection, integration, user, after, limit),
            [],
        )

    async def add_key(
        self, integration: str, digest: bytes, hint: str, grace: timedelta | None
    ) -> KeyRecord:
        """Add a key. Those before it end at once, or after ``grace``."""
        now = datetime.now(UTC)
        return await self._write(
            lambda connection: sqlite_keys.add(connection, integration, digest, hint, now, grace)
        )

    async def key(self, digest: bytes) -> KeyRecord | None:
        """Return the key with this digest, expired or not."""
        return self._read(lambda connection: sqlite_keys.by_digest(connection, digest), None)

    async def keys(self, integration: str) -> Sequence[KeyRecord]:
        """Return the keys of an integration, oldest first."""
        return self._read(
            lambda connection: sqlite_keys.of_integration(connection, integration), []
        )

    async def revoke_keys(self, integration: str, key: int | None = None) -> int:
        """End one key, or all; returns how many were ended."""
        now = datetime.now(UTC)
        return await self._write(
            lambda connection: sqlite_keys.end(connection, integration, key, now)
        )

    async def key_used(self, key: int, at: datetime) -> None:
        """Remember when a key was last used."""
        await self._write(lambda connection: sqlite_keys.used(connection, key, at))

    async def add_unmapped(self, integration: str, counts: Mapping[str, int], at: datetime) -> None:
        """Add to how often attributes came that nothing maps; they were seen until ``at``."""
        await self._write(
            lambda connection: sqlite_unmapped.add(connection, integration, counts, at)
        )

    async def unmapped(self, integration: str) -> Sequence[Unmapped]:
        """Return the attributes that came and nothing maps, the most frequent first."""
        return self._read(
            lambda connection: sqlite_unmapped.of_integration(connection, integration), []
        )

    async def integrations(self) -> Sequence[str]:
        """Return the names of integrations that were served or have a key."""
        return self._read(sqlite_integrations.known, [])

    async def health(self) -> None:
        """Raise ``StoreError`` where the store cannot be read."""
        self._read(lambda connection: connection.execute(_ANY_RESOURCE).fetchone(), None)

    async def close(self) -> None:
        """Finish what waits, and close. A second call does nothing."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._scanner.close)
        self._reader.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _write(self, job: Work[T]) -> T:
        try:
            return await self._writer.run(job)
        except _FAULTS as error:
            raise _failure(self.path, error) from error

    def _read(self, work: Work[T], nothing: T) -> T:
        try:
            return _select(work, nothing, self._reader)
        except _FAULTS as error:
            raise _failure(self.path, error) from error

    async def _ask(self, condition: Condition | None, work: Work[T], nothing: T) -> T:
        if condition is not None and is_narrow(condition):
            return self._read(work, nothing)
        return await self._scan(work, nothing)

    async def _look_up(self, ids: Sequence[str], work: Work[T], nothing: T) -> T:
        if len(ids) > MANY:
            return await self._scan(work, nothing)
        return self._read(work, nothing)

    async def _scan(self, work: Work[T], nothing: T) -> T:
        try:
            return await self._scanner.run(partial(_select, work, nothing))
        except _FAULTS as error:
            raise _failure(self.path, error) from error


def _select(work: Work[T], nothing: T, connection: sqlite3.Connection) -> T:
    try:
        return work(connection)
    except UnicodeEncodeError:
        # Asked for half a surrogate pair, which no row holds.
        return nothing


_FAULTS = (ReaderClosed, WriterClosed, sqlite3.Error, OverflowError, ValueError)


def _failure(path: Path, error: Exception) -> StoreError:
    match error:
        case ReaderClosed() | WriterClosed():
            return StoreError(f"the store {path} is closed")
        case sqlite3.Error():
            return sqlite_file.failure(path, error)
        case UnicodeEncodeError() | OverflowError():
            return StoreError(f"a value cannot be stored: {error}")
        case _:
            return StoreError(f"the store {path} holds a row that is broken: {error}")


def _prepare(path: Path, exclusive: bool) -> int | None:
    sqlite_file.create(path)
    lock = sqlite_file.lock(path) if exclusive else None
    try:
        sqlite_file.migrate(path)
    except StoreError:
        if lock is not None:
            os.close(lock)
        raise
    return lock
