"""The resources of one type, and what every operation on one of them begins with."""

from __future__ import annotations

from contextlib import AsyncExitStack

from scimweave.connectors.base import TargetError
from scimweave.provisioning.lifecycle.following import Following
from scimweave.provisioning.lifecycle.guard import Guard
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.lifecycle import Lifecycle
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.lookups import folded, label_of
from scimweave.provisioning.lifecycle.recovery import resolve
from scimweave.provisioning.lifecycle.refusal import translate
from scimweave.provisioning.running import InUse, Running
from scimweave.scim.error import not_found
from scimweave.scim.schema import ResourceType
from scimweave.store.base import Record

NOBODY: frozenset[str] = frozenset()


class Mapped:
    """The resources of one type, which a mapping brings to a target.

    ``without_extensions`` is the type as it is where no mapping adds to it.
    """

    without_extensions: ResourceType
    following: Following | None = None

    def __init__(self, in_use: InUse, journal: Journal, locks: Locks) -> None:
        self._in_use = in_use
        self._journal = journal
        self._store = journal.store
        self._locks = locks
        self._lifecycle = Lifecycle(journal.store, journal)
        self._kind = self.without_extensions.name
        self._label = label_of(self._kind)

    @property
    def guard(self) -> Guard:
        """Who is held, and who is counted."""
        return self._lifecycle.guard

    async def get(self, resource_id: str) -> Record:
        """Return a resource. Raises ``ScimError`` (404)."""
        record = await self._store.get(self._journal.integration, self._kind, resource_id)
        if record is None:
            raise not_found(f"no {self._kind} has the id {resource_id[:80]!r}")
        return record

    async def _current(self, running: Running, resource_id: str) -> Record:
        """Return a resource as it is when nothing is left open; the caller holds its lock."""
        record = await self.get(resource_id)
        if await self._resolve_open(running, resource_id, folded(record.resource[self._label])):
            return await self.get(resource_id)
        return record

    async def _resolve_open(
        self, running: Running, resource_id: str | None, label: str
    ) -> frozenset[str]:
        """Look at the target for what earlier requests for this resource left open."""
        left = self._journal.open_for(self._kind, resource_id, label)
        if not left:
            return NOBODY
        resolved: set[str] = set()
        for each in left:
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

    async def _followed(self) -> None:
        """Let others know of an account that has another key now."""
        if self.following is not None and self._in_use.running.objects.references:
            await self.following.wake()
