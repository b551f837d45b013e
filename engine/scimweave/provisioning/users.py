"""The users of one integration: what a provider asks for, one person at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from scimweave.connectors.base import TargetError
from scimweave.provisioning.indexes import Indexes, IndexesInUse
from scimweave.provisioning.journal import Journal
from scimweave.provisioning.lifecycle import USER, Lifecycle, refuse_duplicate
from scimweave.provisioning.locks import Locks
from scimweave.provisioning.lookups import USER_NAME, folded
from scimweave.provisioning.query import EVERYTHING, Page, Query, query
from scimweave.provisioning.recovery import resolve
from scimweave.provisioning.refusal import translate
from scimweave.provisioning.running import InUse, Running
from scimweave.provisioning.selecting import Source
from scimweave.scim.error import not_found
from scimweave.scim.patch import parse_patch
from scimweave.scim.schema import USER_TYPE, ResourceType
from scimweave.store.base import Record


class Users:
    """Every method that changes something is safe to cancel: the journal knows what was begun.

    ``unmapped`` counts what providers send and nothing maps, by attribute.
    """

    def __init__(self, in_use: InUse, journal: Journal, unmapped: Counter[str]) -> None:
        self._in_use = in_use
        self._journal = journal
        self._store = journal.store
        self._unmapped = unmapped
        self._locks = Locks()
        self._indexes = IndexesInUse(_indexes(in_use.running))
        journal.indexes[USER] = self._indexes
        self._lifecycle = Lifecycle(journal.store, journal)

    @property
    def resource_type(self) -> ResourceType:
        """User, with the extensions that can be mapped."""
        return USER_TYPE

    async def create(self, body: Any) -> Record:
        """Create a user from a SCIM body (RFC 7644 §3.3), or adopt the account that is theirs.

        Raises ``ScimError``.
        """
        with self._in_use.hold() as running:
            checked = running.checker.check(body)
            self._unmapped.update(checked.dropped)
            user_name = folded(checked.resource[USER_NAME])
            async with self._locks.hold(user_name):
                completed = await self._resolve_open(running, None, user_name)
                existing = await self._named(user_name)
                if existing is not None and existing.id not in completed:
                    raise refuse_duplicate(existing)
                return _kept(await self._lifecycle.apply(running, existing, checked.resource))

    async def get(self, user_id: str) -> Record:
        """Return a user. Raises ``ScimError`` (404)."""
        record = await self._store.get(self._journal.integration, USER, user_id)
        if record is None:
            raise not_found(f"no User has the id {user_id[:80]!r}")
        return record

    def source(self) -> Source:
        """Return where queries find the users."""
        return Source(self._store, self._journal.integration, USER_TYPE, self._indexes.asked)

    async def query(self, asked: Query = EVERYTHING) -> Page:
        """Return the users that a query selects. Raises ``ScimError``."""
        return await query([self.source()], asked)

    async def index(self) -> None:
        """Index what the mapping in use names as filterable; users are read anew if need be."""
        wanted = _indexes(self._in_use.running)
        await self._indexes.change(self._store, self._journal.integration, wanted)

    async def replace(self, user_id: str, body: Any) -> Record:
        """Replace a user (RFC 7644 §3.5.1). Raises ``ScimError``."""
        with self._in_use.hold() as running:
            checked = running.checker.check(body)
            self._unmapped.update(checked.dropped)
            return await self._change(
                running, user_id, lambda _: checked.resource, frozenset(checked.resource)
            )

    async def patch(self, user_id: str, body: Any) -> Record:
        """Apply a PatchOp body, or a bare list of operations (RFC 7644 §3.5.2).

        Raises ``ScimError``; then none of the operations is done.
        """
        with self._in_use.hold() as running:
            if isinstance(body, list):
                body = {"Operations": body}
            patch = parse_patch(body, running.checker)
            self._unmapped.update(patch.dropped)
            return await self._change(running, user_id, patch.apply, patch.touched)

    async def delete(self, user_id: str) -> None:
        """Delete a user; the file says what becomes of the account. Raises ``ScimError`` (404)."""
        with self._in_use.hold() as running:
            async with self._locks.hold((USER, user_id)):
                before = await self._current(running, user_id)
                await self._lifecycle.apply(running, before, None)

    async def _change(
        self,
        running: Running,
        user_id: str,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        touched: frozenset[str],
    ) -> Record:
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._locks.hold((USER, user_id)))
            before = await self._current(running, user_id)
            after = change(before.resource)
            if "active" in before.resource and "active" not in after:
                # To leave it out is no request to let a leaver back in.
                after = {**after, "active": before.resource["active"]}
            user_name = folded(after[USER_NAME])
            if user_name != folded(before.resource[USER_NAME]):
                await held.enter_async_context(self._locks.hold(user_name))
                other = await self._named(user_name)
                if other is not None:
                    raise refuse_duplicate(other)
            return _kept(await self._lifecycle.apply(running, before, after, touched))

    async def _current(self, running: Running, user_id: str) -> Record:
        record = await self.get(user_id)
        if await self._resolve_open(running, user_id, folded(record.resource[USER_NAME])):
            return await self.get(user_id)
        return record

    async def _named(self, user_name: str) -> Record | None:
        found = await self._store.find(self._journal.integration, USER, USER_NAME, user_name)
        return found[0] if found else None

    async def _resolve_open(
        self, running: Running, user_id: str | None, user_name: str
    ) -> frozenset[str]:
        """Look at the target for what earlier requests of this person left open."""
        found = self._journal.open_for(user_id, user_name)
        try:
            for each in found:
                await resolve(self._journal, running, each)
        except TargetError as error:
            raise translate(error, running.program) from error
        return frozenset(each.intent.resource_id for each in found)


def _indexes(running: Running) -> Indexes:
    return Indexes(USER_TYPE, running.program.users.filterable)


def _kept(record: Record | None) -> Record:
    assert record is not None
    return record
