"""Accounts that are at the target become resources here, linked, and the target stays as it is.

First everything is read; only then is it known which accounts belong to nobody else.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import IO, Any

import orjson

from scimweave.connectors.base import Account
from scimweave.mapping import Reversed
from scimweave.mapping.operation import Operation
from scimweave.provisioning.brownfield.at_target import AtTarget, Taken, link, remembered
from scimweave.provisioning.brownfield.import_report import Imported, Open
from scimweave.provisioning.lifecycle.difference import difference, remember
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.lookups import ACCOUNT, account_value, folded
from scimweave.provisioning.lifecycle.membership import USER, has_members
from scimweave.provisioning.planning.lag import stored
from scimweave.provisioning.progress import Progress
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.store.base import NO_MEMBERS, Key, MemberDelta, Record

DETAIL = "imported; nothing was written to the target"
# One commit to disk holds so many.
TOGETHER = 256


class Import:
    """One import of the accounts of a section; it can be broken off and begun again at any time."""

    def __init__(
        self,
        journal: Journal,
        locks: Locks,
        at_target: AtTarget,
        running: Running,
        progress: Progress,
        *,
        dry_run: bool,
        stop: asyncio.Event | None,
    ) -> None:
        self._journal = journal
        self._store = journal.store
        self._locks = locks
        self._at_target = at_target
        self._running = running
        self._objects = running.objects
        self._kind = running.objects.resource_type.name
        self._progress = progress
        self._dry_run = dry_run
        self._stop = stop or asyncio.Event()
        self._report = Imported(running.section)
        self._keys: dict[str, list[Key]] = {}
        self._was_used = False

    async def run(self) -> Imported:
        """Read, then link or create. Raises ``TargetError``, ``StoreError``."""
        integration = self._journal.integration
        self._was_used = bool(await self._store.journal(integration, limit=1))
        # Without a name: nobody else reads it, and it goes with this process.
        with tempfile.TemporaryFile() as spool:
            await self._read_all(spool)
            spool.seek(0)
            if not self._stop.is_set():
                await self._take(spool)
        if self._stop.is_set():
            self._report.stopped = "the server stops; run it again for the rest"
        return self._report

    async def _read_all(self, spool: IO[bytes]) -> None:
        report = self._report
        async for page in self._running.connector.scan():
            for account in page.accounts:
                report.read += 1
                read = await self._read_back(account)
                if read is not None:
                    spool.write(orjson.dumps([read.key, read.resource, read.fields]) + b"\n")
            self._progress(report.section, "read", report.read, None)
            # Others may be served by this loop.
            await asyncio.sleep(0)
            if self._stop.is_set():
                return

    async def _read_back(self, account: Account) -> Taken | None:
        report = self._report
        found = self._objects.reverse(account.fields)
        label = found.resource.get(self._objects.label)
        if label is not None:
            self._keys.setdefault(folded(label), []).append(account.key)
        if await self._at_target.owner(self._running, account.key) is not None:
            report.known += 1
            return None
        self._note(account.key, found)
        try:
            self._running.checker.require(found.resource)
        except ScimError as error:
            report.open.append(Open(str(label or ""), (account.key,), error.detail))
            return None
        if not self._objects.in_scope(found.resource):
            report.out_of_scope += 1
            return None
        if self._was_used and await self._at_target.is_deleted(
            self._running, account.key, found.resource
        ):
            report.deleted += 1
            return None
        fields = remembered(self._objects, account.fields, found.resource)
        wanted = self._objects.project(found.resource).values
        for name in difference(self._objects, fields, wanted, self._objects.once).remembered:
            report.differs[name].add(account.key, "")
        return Taken(account.key, found.resource, fields)

    def _note(self, key: Key, found: Reversed) -> None:
        for name, reason in found.unread.items():
            self._report.unread[name].add(key, reason)
        for fault in found.faults:
            self._report.faults[fault.field].add(key, fault.reason)

    async def _take(self, spool: IO[bytes]) -> None:
        rest = self._unambiguous(spool)
        waiting = await self._waiting()
        total = sum(map(len, self._keys.values()))
        done = 0
        while batch := list(islice(rest, TOGETHER)):
            await asyncio.gather(*(self._one(each, waiting) for each in batch))
            done += len(batch)
            self._progress(self._report.section, "linked", done, total)
            if self._stop.is_set():
                return
        self._progress(self._report.section, "linked", total, total)

    def _unambiguous(self, spool: IO[bytes]) -> Iterator[Taken]:
        """Yield what is to be linked; of accounts with one name none is."""
        told: set[str] = set()
        for line in spool:
            read = Taken(*orjson.loads(line))
            label = str(read.resource[self._objects.label])
            keys = self._keys[folded(label)]
            if len(keys) == 1:
                yield read
            elif folded(label) not in told:
                told.add(folded(label))
                name = self._objects.label
                reason = f"{len(keys)} accounts have this {name}: leave one of them"
                self._report.open.append(Open(label, tuple(keys), reason))

    async def _waiting(self) -> dict[tuple[str, str], list[str]]:
        """Return the resources without an account, by match field and value."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        async for record in stored(self._store, self._journal.integration, self._kind):
            if record.link is None and self._objects.makes_account(record.resource):
                values = self._objects.project(record.resource).values
                kept = {
                    name: remember(self._objects.field(name), values.get(name))
                    for name in self._objects.match
                }
                for place in self._places(kept):
                    found[place].append(record.id)
        return found

    def _places(self, kept: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the match fields that have a value, of what a link keeps."""
        for name in self._objects.match:
            value = kept.get(name)
            if value is not None:
                yield name, folded(value) if isinstance(value, str) else repr(value)

    async def _one(self, read: Taken, waiting: Mapping[tuple[str, str], list[str]]) -> None:
        label = str(read.resource[self._objects.label])
        name = (self._kind, folded(label))
        async with self._locks.hold(name):
            before = await self._here(read, label, waiting)
            if isinstance(before, Record) and self._locks.is_held((self._kind, before.id)):
                before = Open(label, (read.key,), f"{before.id} is being changed: run it again")
            if isinstance(before, Open):
                self._report.open.append(before)
                return
            members = await self._members(read.key)
            if not self._dry_run:
                resource = before.resource if before else read.resource
                taken = replace(read, resource=resource, before=before, members=members)
                try:
                    await link(self._journal, self._running, Operation.IMPORT, taken, DETAIL)
                except ScimError as error:
                    self._report.open.append(Open(label, (read.key,), error.detail))
                    return
        if before is None:
            self._report.created += 1
        else:
            self._report.linked += 1

    async def _here(
        self, read: Taken, label: str, waiting: Mapping[tuple[str, str], list[str]]
    ) -> Record | Open | None:
        """Return the resource that the account belongs to; None where there is none."""
        integration, attribute = self._journal.integration, self._objects.label
        named = await self._store.find(integration, self._kind, attribute, folded(label))
        if named:
            record = named[0]
            if record.link is None:
                return self._without_account(record, read, label)
            word = self._running.section[:-1]
            reason = f"{word} {record.id} has this {attribute}, and account {record.link.key}"
            return Open(label, (read.key,), reason)
        for place in self._places(read.fields):
            ids = waiting.get(place, ())
            if len(ids) == 1:
                waits = await self._store.get(integration, self._kind, ids[0])
                if waits is not None and waits.link is None:
                    return waits
            if len(ids) > 1:
                reason = f"several without an account have this {place[0]}: {', '.join(ids)}"
                return Open(label, (read.key,), reason)
        return None

    def _without_account(self, record: Record, read: Taken, label: str) -> Record | Open:
        if self._objects.makes_account(record.resource):
            return record
        word = self._running.section[:-1]
        reason = f"{word} {record.id} has this name, and is to have no account"
        return Open(label, (read.key,), reason)

    async def _members(self, key: Key) -> MemberDelta:
        if not has_members(self._running):
            return NO_MEMBERS
        ids: list[str] = []
        members = await self._running.connector.members(key)
        if self._dry_run:
            # The users that they will be are not there yet.
            self._report.members += len(members)
            return NO_MEMBERS
        for member in members:
            found = await self._store.find(
                self._journal.integration, USER, ACCOUNT, account_value(member)
            )
            ids += [record.id for record in found]
            self._report.strangers += not found
        self._report.members += len(ids)
        return MemberDelta(tuple(ids))
