"""One integration at work: its users, and the mapping that may change under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from scimweave.connectors.base import TargetError
from scimweave.mapping import Program
from scimweave.provisioning.journal import Journal, Listener
from scimweave.provisioning.lifecycle import USER, Lifecycle, refuse_duplicate
from scimweave.provisioning.locks import Locks
from scimweave.provisioning.lookups import USER_NAME, folded
from scimweave.provisioning.query import Page, query
from scimweave.provisioning.recovery import recover, resolve
from scimweave.provisioning.refusal import translate
from scimweave.provisioning.running import Running, Usage, shape_of
from scimweave.provisioning.target import start_checked
from scimweave.scim.error import not_found
from scimweave.scim.patch import parse_patch
from scimweave.scim.schema import USER_TYPE
from scimweave.store.base import Record, Store


class Integration:
    """The users of one mapping file. Every method that changes something is safe to cancel."""

    def __init__(self, running: Running, store: Store, listener: Listener) -> None:
        self._usage = Usage(running)
        self._store = store
        self._locks = Locks()
        self._journal = Journal(store, running.program.integration, listener)
        self._lifecycle = Lifecycle(store, self._journal)
        self.unmapped: Counter[str] = Counter()

    @classmethod
    async def open(
        cls, program: Program, store: Store, listener: Listener = lambda event: None
    ) -> Integration:
        """Open the target and resolve what a crash left open. Raises ``MappingError``."""
        integration = cls(await start_checked(program), store, listener)
        await integration.recover()
        return integration

    @property
    def running(self) -> Running:
        """The mapping that new operations use."""
        return self._usage.running

    @property
    def program(self) -> Program:
        """The program that new operations use."""
        return self.running.program

    @property
    def name(self) -> str:
        """The integration's name."""
        return self._journal.integration

    async def recover(self) -> int:
        """Resolve what a crash left open; returns how many intents the target cannot answer yet."""
        return await recover(self._journal, self.running)

    async def reload(self, program: Program) -> None:
        """Use another version of the file; operations under way finish with the old one.

        Raises ``MappingError`` where its target is not as it says; then nothing changes.
        """
        same_target = program.target == self.program.target and _same_shape(program, self.program)
        connector = self.running.connector if same_target else None
        replaced, self._usage = self._usage, Usage(await start_checked(program, connector))
        if not same_target:
            await replaced.close()

    async def close(self) -> None:
        """Wait for operations under way, and let go of the target."""
        await self._usage.close()

    async def create(self, body: Any) -> Record:
        """Create a user from a SCIM body (RFC 7644 §3.3), or adopt the account that is theirs.

        Raises ``ScimError``.
        """
        with self._usage.hold() as running:
            checked = running.checker.check(body)
            self.unmapped.update(checked.dropped)
            user_name = folded(checked.resource[USER_NAME])
            async with self._locks.hold(user_name):
                completed = await self._resolve_open(running, None, user_name)
                existing = await self._named(user_name)
                if existing is not None and existing.id not in completed:
                    raise refuse_duplicate(existing)
                return _kept(await self._lifecycle.apply(running, existing, checked.resource))

    async def get(self, user_id: str) -> Record:
        """Return a user. Raises ``ScimError`` (404)."""
        record = await self._store.get(self.name, USER, user_id)
        if record is None:
            raise not_found(f"no User has the id {user_id[:80]!r}")
        return record

    async def query(
        self, filter_text: str | None = None, *, start_index: int = 1, count: int = 100
    ) -> Page:
        """Return the users that a filter selects, in the order of their creation."""
        return await query(
            self._store,
            self.name,
            USER_TYPE,
            filter_text=filter_text,
            start_index=max(1, start_index),
            count=max(0, count),
        )

    async def replace(self, user_id: str, body: Any) -> Record:
        """Replace a user (RFC 7644 §3.5.1). Raises ``ScimError``."""
        with self._usage.hold() as running:
            checked = running.checker.check(body)
            self.unmapped.update(checked.dropped)
            return await self._change(
                running, user_id, lambda _: checked.resource, frozenset(checked.resource)
            )

    async def patch(self, user_id: str, body: Any) -> Record:
        """Apply a PatchOp body, or a bare list of operations (RFC 7644 §3.5.2).

        Raises ``ScimError``; then none of the operations is done.
        """
        with self._usage.hold() as running:
            if isinstance(body, list):
                body = {"Operations": body}
            patch = parse_patch(body, running.checker)
            self.unmapped.update(patch.dropped)
            return await self._change(running, user_id, patch.apply, patch.touched)

    async def delete(self, user_id: str) -> None:
        """Delete a user; the file says what becomes of the account. Raises ``ScimError`` (404)."""
        with self._usage.hold() as running:
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
        found = await self._store.find(self.name, USER, USER_NAME, user_name)
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


def _same_shape(one: Program, other: Program) -> bool:
    return shape_of(one) == shape_of(other)


def _kept(record: Record | None) -> Record:
    assert record is not None
    return record
