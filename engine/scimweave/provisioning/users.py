"""The resources of one integration: what a provider asks for, one resource at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Literal

from scimweave.connectors.base import TargetError
from scimweave.mapping import ObjectProgram
from scimweave.provisioning.brownfield.at_target import AtTarget
from scimweave.provisioning.brownfield.import_report import Imported
from scimweave.provisioning.brownfield.importing import Import
from scimweave.provisioning.brownfield.reconcile import Reconcile, Reconciled
from scimweave.provisioning.lifecycle.expected import Expected
from scimweave.provisioning.lifecycle.following import Following
from scimweave.provisioning.lifecycle.guard import Guard
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.lifecycle import Brought, Lifecycle, refuse_duplicate
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.lookups import folded, label_of
from scimweave.provisioning.lifecycle.membership import USER, Membership
from scimweave.provisioning.lifecycle.recovery import resolve
from scimweave.provisioning.lifecycle.refusal import translate
from scimweave.provisioning.progress import Progress
from scimweave.provisioning.running import InUse, Running
from scimweave.provisioning.search.indexes import Indexes, IndexesInUse
from scimweave.provisioning.search.query import EVERYTHING, Page, Query, query
from scimweave.provisioning.search.referring import with_groups
from scimweave.provisioning.search.selecting import Source
from scimweave.provisioning.sight import Sight
from scimweave.scim.error import ScimError, not_found
from scimweave.scim.immutable import keep_immutable
from scimweave.scim.members import MemberChange
from scimweave.scim.patch import parse_patch
from scimweave.scim.schema import USER_TYPE, ResourceType
from scimweave.scim.syntax import Filter
from scimweave.store.base import NO_MEMBERS, Record, Reference

Decision = Literal["release", "drop"]


class MappedResources:
    """The resources of one type, which a mapping brings to a target.

    Every method that changes something is safe to cancel: the journal knows what was begun.
    ``without_extensions`` is the type as it is where no mapping adds to it.
    """

    without_extensions: ResourceType
    following: Following | None = None

    def __init__(self, in_use: InUse, journal: Journal, sight: Sight, locks: Locks) -> None:
        self._in_use = in_use
        self._journal = journal
        self._store = journal.store
        self._sight = sight
        self._locks = locks
        self._lifecycle = Lifecycle(journal.store, journal)
        self._kind = self.without_extensions.name
        self._indexes = IndexesInUse(self._wanted() or Indexes(self.without_extensions))
        journal.indexes[self._kind] = self._indexes
        self._label = label_of(self._kind)
        self._membership = Membership(journal.store, journal.integration)
        self._at_target = AtTarget(journal, locks, self._resolve_open)
        self._made: tuple[Running, Source] | None = None

    @property
    def resource_type(self) -> ResourceType:
        """The type, with the extensions that the mapping declares."""
        of_type = self._in_use.running.of(self._kind)
        return of_type.objects.resource_type if of_type else self.without_extensions

    async def create(self, body: Any) -> Record:
        """Create a resource from a SCIM body (RFC 7644 §3.3), or adopt the account that is its own.

        Raises ``ScimError``.
        """
        with self._hold() as running:
            resource, members = self._read(running, body)
            label = folded(resource[self._label])
            place = self._in_place(members) if members else nullcontext()
            async with self._locks.hold((self._kind, label)), place:
                completed = await self._resolve_open(running, None, label)
                existing = await self._named(label)
                if existing is not None and existing.id not in completed:
                    raise refuse_duplicate(existing)
                delta = NO_MEMBERS
                if members:
                    known = existing.id if existing else None
                    delta = await self._membership.delta(known, members)
                made = _kept(
                    await self._lifecycle.apply(running, existing, resource, members=delta)
                )
        await self._followed()
        return made

    async def get(self, resource_id: str) -> Record:
        """Return a resource. Raises ``ScimError`` (404)."""
        record = await self._store.get(self._journal.integration, self._kind, resource_id)
        if record is None:
            raise not_found(f"no {self._kind} has the id {resource_id[:80]!r}")
        return record

    def source(self) -> Source:
        """Return where queries find the resources: one source for each version of the mapping."""
        running, made = self._in_use.running, self._made
        if made is None or made[0] is not running or made[1].indexes is not self._indexes.asked:
            made = self._made = (running, self._source())
        return made[1]

    def _source(self) -> Source:
        return Source(
            self._store,
            self._journal.integration,
            self.resource_type,
            self._indexes.asked,
            noted=self._sight.saw_quirks,
        )

    async def query(self, asked: Query = EVERYTHING) -> Page:
        """Return the resources that a query selects. Raises ``ScimError``."""
        return await query([self.source()], asked)

    async def index(self) -> None:
        """Index what the mapping in use names as filterable; all are read anew if need be."""
        wanted = self._wanted()
        if wanted is not None:
            await self._indexes.change(self._store, self._journal.integration, wanted)

    async def replace(
        self, resource_id: str, body: Any, expected: Expected | None = None
    ) -> Record:
        """Replace a resource (RFC 7644 §3.5.1). Raises ``ScimError``."""
        with self._hold() as running:
            resource, members = self._read(running, body)
            accepted = running.objects.acceptance.accepted

            def change(before: dict[str, Any]) -> dict[str, Any]:
                return keep_immutable(before, resource, accepted)

            touched = frozenset(resource)
            return await self._change(running, resource_id, change, touched, members, expected)

    async def patch(self, resource_id: str, body: Any, expected: Expected | None = None) -> Record:
        """Apply a PatchOp body, or a bare list of operations (RFC 7644 §3.5.2).

        Raises ``ScimError``; then none of the operations is done.
        """
        with self._hold() as running:
            if isinstance(body, list):
                body = {"Operations": body}
            body, members = self._split(running, body)
            patch = parse_patch(body, running.checker)
            try:
                return await self._change(
                    running, resource_id, patch.apply, patch.touched, members, expected
                )
            finally:
                self._sight.saw(patch, running.objects.ignores)

    async def delete(self, resource_id: str, expected: Expected | None = None) -> None:
        """Delete a resource; the file says what becomes of the account.

        Raises ``ScimError`` (404).
        """
        with self._hold() as running:
            async with self._locks.hold((self._kind, resource_id)):
                before = await self._current(running, resource_id)
                _check(expected, before)
                await self._lifecycle.apply(running, before, None)
        await self._followed()

    async def _followed(self) -> None:
        """Let others know of an account that has another key now."""
        if self.following is not None and self._in_use.running.program.users.references:
            await self.following.wake()

    async def follow(self, resource_id: str, cause: str) -> None:
        """Write the keys of the accounts to which a resource refers. Raises ``ScimError``."""
        with self._hold() as running:
            async with self._locks.hold((self._kind, resource_id)):
                try:
                    record = await self._current(running, resource_id)
                except ScimError as error:
                    if error.status == 404:
                        return
                    raise
                await self._lifecycle.follow(running, record, cause)

    async def import_accounts(
        self, progress: Progress, *, dry_run: bool = False, stop: asyncio.Event | None = None
    ) -> Imported:
        """Make resources of the accounts that are at the target.

        Raises ``TargetError``, ``StoreError``; what was linked stays so.
        """
        with self._hold() as running:
            return await Import(
                self._journal,
                self._locks,
                self._at_target,
                running,
                progress,
                dry_run=dry_run,
                stop=stop,
            ).run()

    async def reconcile(self, progress: Progress) -> Reconciled:
        """Compare all accounts with what is stored. Raises ``TargetError``, ``StoreError``."""
        with self._hold() as running:
            return await Reconcile(self._store, self._at_target, running, progress).run()

    async def repair(self, resource_id: str) -> Brought:
        """Make the account of a resource what it is to be. Raises ``ScimError``."""
        with self._hold() as running:
            async with self._locks.hold((self._kind, resource_id)):
                record = await self._current(running, resource_id)
                return await self._lifecycle.repair(running, record)

    async def bring_up(self, resource_id: str, revision: str) -> Brought:
        """Bring the account of a resource to the mapping, unless that is another by now.

        Raises ``ScimError``.
        """
        with self._hold() as running:
            if running.program.revision != revision:
                return Brought.NOTHING
            async with self._locks.hold((self._kind, resource_id)):
                record = await self._current(running, resource_id)
                return await self._lifecycle.bring_up(running, record)

    @property
    def guard(self) -> Guard:
        """Who is held, and who is counted."""
        return self._lifecycle.guard

    async def decide(self, resource_id: str, decision: Decision) -> bool:
        """Deliver what was held of one leaver, or give them back.

        Returns whether they were held. Raises ``ScimError``; then they still are.
        """
        integration = self._journal.integration
        with self._hold() as running:
            async with self._locks.hold((self._kind, resource_id)):
                held = await self._store.held(integration, resource_id=resource_id)
                if not held:
                    return False
                async with self._locks.hold((self._kind, held[0].name)):
                    await self._resolve_open(running, resource_id, held[0].name)
                    held = await self._store.held(integration, resource_id=resource_id)
                    if not held:
                        return False
                    (hold,) = held
                    record = None if hold.record is not None else await self.get(resource_id)
                    done = (
                        self._lifecycle.release if decision == "release" else self._lifecycle.drop
                    )
                    await done(running, hold, record)
            await self.guard.start_anew(running)
        await self._followed()
        return True

    def _wanted(self) -> Indexes | None:
        """Return what the mapping in use wants indexed; None where it has nothing of this type."""
        running = self._in_use.running.of(self._kind)
        return None if running is None else _indexes(self.resource_type, running.objects)

    @property
    def patch_status(self) -> int:
        """What a PATCH answers: 200 with the resource, or 204."""
        with self._hold() as running:
            return running.objects.patch_status

    @contextmanager
    def _hold(self) -> Iterator[Running]:
        """Use the mapping for one operation, as far as it is about this type."""
        with self._in_use.hold() as running:
            of_type = running.of(self._kind)
            if of_type is None:
                raise not_found(f"{self._journal.integration} provisions no {self._kind}")
            yield of_type

    def _read(self, running: Running, body: Any) -> tuple[dict[str, Any], tuple[MemberChange, ...]]:
        """Return the resource of a POST or PUT body, and what becomes of its members."""
        checked = running.checker.check(body)
        self._sight.saw(checked, running.objects.ignores)
        return checked.resource, ()

    def _split(self, running: Running, body: Any) -> tuple[Any, tuple[MemberChange, ...]]:
        """Return a PATCH body without what it says of members, and that."""
        return body, ()

    async def _change(
        self,
        running: Running,
        resource_id: str,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        touched: frozenset[str],
        members: tuple[MemberChange, ...],
        expected: Expected | None,
    ) -> Record:
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._locks.hold((self._kind, resource_id)))
            before = await self._current(running, resource_id)
            _check(expected, before)
            after = change(before.resource)
            if "active" in before.resource and "active" not in after:
                # To leave it out is no request to let a leaver back in.
                after = {**after, "active": before.resource["active"]}
            label = folded(after[self._label])
            if label != folded(before.resource[self._label]):
                await held.enter_async_context(self._locks.hold((self._kind, label)))
                other = await self._named(label)
                if other is not None:
                    raise refuse_duplicate(other)
            delta = NO_MEMBERS
            if members:
                await held.enter_async_context(self._in_place(members))
                delta = await self._membership.delta(resource_id, members)
            made = _kept(await self._lifecycle.apply(running, before, after, touched, delta))
        await self._followed()
        return made

    @asynccontextmanager
    async def _in_place(self, members: tuple[MemberChange, ...]) -> AsyncIterator[None]:
        """Keep users from being deleted while they join a group.

        Users wait for no lock of a group, and are locked in one order: nobody waits in a circle.
        """
        joining = {each for change in members if change.kind == "join" for each in change.ids}
        async with AsyncExitStack() as held:
            for each in sorted(joining):
                await held.enter_async_context(self._locks.hold((USER, each)))
            yield

    async def _current(self, running: Running, resource_id: str) -> Record:
        record = await self.get(resource_id)
        if await self._resolve_open(running, resource_id, folded(record.resource[self._label])):
            return await self.get(resource_id)
        return record

    async def _named(self, label: str) -> Record | None:
        integration = self._journal.integration
        found = await self._store.find(integration, self._kind, self._label, label)
        return found[0] if found else None

    async def _resolve_open(
        self, running: Running, resource_id: str | None, label: str
    ) -> frozenset[str]:
        """Look at the target for what earlier requests for this resource left open."""
        resolved: set[str] = set()
        for each in self._journal.open_for(self._kind, resource_id, label):
            found = each.intent.resource_id
            async with AsyncExitStack() as held:
                if found != resource_id:
                    if self._locks.is_held((self._kind, found)):
                        # Who works on that resource looks itself, and first.
                        continue
                    await held.enter_async_context(self._locks.hold((self._kind, found)))
                try:
                    await resolve(self._journal, running, each)
                except TargetError as error:
                    raise translate(error, running) from error
            resolved.add(found)
        return frozenset(resolved)


class Users(MappedResources):
    """The users of one integration."""

    without_extensions = USER_TYPE
    reference_attribute = "groups"

    @property
    def refers(self) -> bool:
        """Whether there are groups that users may be in."""
        return self._in_use.running.groups is not None

    async def references(self, resource_ids: Sequence[str]) -> Mapping[str, Sequence[Reference]]:
        """Return the groups that users are in, by user."""
        return await self._store.memberships(self._journal.integration, resource_ids)

    def _source(self) -> Source:
        source = super()._source()
        if self._in_use.running.program.users.lookup:
            source = replace(source, missed=self._look_up)
        return with_groups(source) if self.refers else source

    async def _look_up(self, asked: Filter) -> bool:
        """Look at the target for a user that is not known here (design, section 6: adopt)."""
        with self._in_use.hold() as running:
            return await self._at_target.look_up(running, asked)


def _indexes(resource_type: ResourceType, objects: ObjectProgram) -> Indexes:
    return Indexes(resource_type, objects.filterable, objects.references)


def _check(expected: Expected | None, record: Record) -> None:
    if expected is not None:
        expected.check(record)


def _kept(record: Record | None) -> Record:
    assert record is not None
    return record
