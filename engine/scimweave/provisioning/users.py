"""The resources of one integration: what a provider asks for, one resource at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from scimweave.mapping import ObjectProgram
from scimweave.provisioning.lifecycle.expected import Expected
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.lookups import folded
from scimweave.provisioning.lifecycle.membership import USER, Membership
from scimweave.provisioning.lifecycle.refusal import refuse_duplicate
from scimweave.provisioning.operated import Operated
from scimweave.provisioning.running import InUse, Running
from scimweave.provisioning.search.indexes import Indexes, IndexesInUse
from scimweave.provisioning.search.query import EVERYTHING, Page, Query, query
from scimweave.provisioning.search.referring import with_groups
from scimweave.provisioning.search.source import Source
from scimweave.provisioning.sight import Sight
from scimweave.scim.immutable import keep_immutable
from scimweave.scim.members import MemberChange
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checked
from scimweave.scim.schema import USER_TYPE, ResourceType
from scimweave.scim.syntax import Filter
from scimweave.store.base import Record, Reference


class MappedResources(Operated):
    """What a provider asks for, of the resources of one type.

    Every method that changes something is safe to cancel: the journal knows what was begun.
    """

    def __init__(self, in_use: InUse, journal: Journal, sight: Sight, locks: Locks) -> None:
        super().__init__(in_use, journal, locks)
        self._sight = sight
        self._indexes = IndexesInUse(self._wanted() or Indexes(self.without_extensions))
        journal.indexes[self._kind] = self._indexes
        self._membership = Membership(journal.store, journal.integration)
        self._made: tuple[Running, Source] | None = None

    @property
    def resource_type(self) -> ResourceType:
        """The type, with the extensions that the mapping declares."""
        running = self._in_use.of(self._kind)
        return self.without_extensions if running is None else running.objects.resource_type

    async def create(self, body: Any) -> Record:
        """Create a resource from a SCIM body (RFC 7644 §3.3), or adopt the account that is its own.

        Raises ``ScimError``.
        """
        with self._in_use.hold(self._kind) as running:
            resource, members = self._read(running, running.checker.check(body))
            label = folded(resource[self._label])
            async with self._locks.hold((self._kind, label)):
                completed = await self._resolve_open(running, None, label)
                existing = await self._named(label)
                if existing is not None and existing.id not in completed:
                    raise refuse_duplicate(existing)
                made = await self._apply(running, existing, resource, members)
        await self._followed()
        return made

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
        with self._in_use.hold(self._kind) as running:
            resource, members = self._read(running, running.checker.read(body))
            accepted = running.objects.acceptance.accepted

            def change(before: dict[str, Any]) -> dict[str, Any]:
                running.checker.require(resource, before)
                return keep_immutable(before, resource, accepted)

            return await self._change(running, resource_id, change, members, expected)

    async def patch(self, resource_id: str, body: Any, expected: Expected | None = None) -> Record:
        """Apply a PatchOp body, or a bare list of operations (RFC 7644 §3.5.2).

        Raises ``ScimError``; then none of the operations is done.
        """
        with self._in_use.hold(self._kind) as running:
            if isinstance(body, list):
                body = {"Operations": body}
            body, members = self._split(running, body)
            patch = parse_patch(body, running.checker)
            try:
                return await self._change(running, resource_id, patch.apply, members, expected)
            finally:
                self._sight.saw(patch, running.objects.ignores)

    async def delete(self, resource_id: str, expected: Expected | None = None) -> None:
        """Delete a resource; the file says what becomes of the account.

        Raises ``ScimError`` (404).
        """
        with self._in_use.hold(self._kind) as running:
            async with self._locks.hold((self._kind, resource_id)):
                before = await self._current(running, resource_id)
                if expected is not None:
                    expected.check(before)
                await self._lifecycle.apply(running, before, None)
        await self._followed()

    def _wanted(self) -> Indexes | None:
        """Return what the mapping in use wants indexed; None where it has nothing of this type."""
        running = self._in_use.of(self._kind)
        return None if running is None else _indexes(self.resource_type, running.objects)

    @property
    def patch_status(self) -> int:
        """What a PATCH answers: 200 with the resource, or 204."""
        with self._in_use.hold(self._kind) as running:
            return running.objects.patch_status

    def _read(
        self, running: Running, checked: Checked
    ) -> tuple[dict[str, Any], tuple[MemberChange, ...]]:
        """Return the resource of a POST or PUT, and what becomes of its members."""
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
        members: tuple[MemberChange, ...],
        expected: Expected | None,
    ) -> Record:
        async with self._locks.hold((self._kind, resource_id)):
            before = await self._current(running, resource_id)
            if expected is not None:
                expected.check(before)
            after = change(before.resource)
            if self._kind == USER:
                after = _active_as_before(before.resource, after)
            label = folded(after[self._label])
            if label == folded(before.resource[self._label]):
                made = await self._apply(running, before, after, members)
            else:
                async with self._locks.hold((self._kind, label)):
                    other = await self._named(label)
                    if other is not None:
                        raise refuse_duplicate(other)
                    made = await self._apply(running, before, after, members)
        await self._followed()
        return made

    async def _apply(
        self,
        running: Running,
        before: Record | None,
        after: dict[str, Any],
        members: tuple[MemberChange, ...],
    ) -> Record:
        if members:
            async with self._in_place(members):
                delta = await self._membership.delta(before.id if before else None, members)
                made = await self._lifecycle.apply(running, before, after, delta)
        else:
            made = await self._lifecycle.apply(running, before, after)
        assert made is not None
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

    async def _named(self, label: str) -> Record | None:
        integration = self._journal.integration
        found = await self._store.find(integration, self._kind, self._label, label)
        return found[0] if found else None


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
        with self._in_use.hold(self._kind) as running:
            return await self._at_target.look_up(running, asked)


def _active_as_before(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return ``after`` without a word on ``active`` that is no change."""
    if "active" in before:
        # To leave it out is no request to let a leaver back in.
        return after if "active" in after else {**after, "active": before["active"]}
    if after.get("active") is True:
        # Who never said so is active (Q66), and providers repeat it (Q31).
        return {name: value for name, value in after.items() if name != "active"}
    return after


def _indexes(resource_type: ResourceType, objects: ObjectProgram) -> Indexes:
    return Indexes(resource_type, objects.filterable, objects.references)
