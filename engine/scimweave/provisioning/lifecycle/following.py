"""Brings a new key of an account to the accounts of those who refer to its user.

What is to be done stands in the store (``moved``) until it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scimweave.provisioning.lifecycle.references import USER
from scimweave.scim.error import ScimError
from scimweave.store.base import REFERS, Store, StoreError

RETRY_SECONDS = 30.0
# A request does not wait longer than this for what follows from it.
PATIENCE_SECONDS = 1.0
Follow = Callable[[str, str], Awaitable[None]]


class Following:
    """One at a time; ``follow`` writes what one user refers to, and gets a cause for the log."""

    def __init__(self, store: Store, integration: str, follow: Follow) -> None:
        self._store = store
        self._integration = integration
        self._follow = follow
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._closed = False

    async def wake(self) -> None:
        """Do what is to be done, and wait for it a moment."""
        if not await self._store.moved(self._integration):
            return
        task = self._start()
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)

    def start(self) -> None:
        """Do what is to be done, and do not wait."""
        self._start()

    async def settle(self) -> bool:
        """Do what is to be done; returns whether nothing is left."""
        await self._start()
        return not await self._store.moved(self._integration)

    async def close(self) -> None:
        """Finish what is under way; the rest is done after the next start."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task

    def _start(self) -> asyncio.Task[None]:
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return self._task

    async def _run(self) -> None:
        left = False
        while self._again:
            self._again = False
            try:
                left = await self._all()
            except StoreError:
                left = True
        if left and not self._closed:
            self._later()

    def _later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(RETRY_SECONDS, self.start)

    async def _all(self) -> bool:
        """Returns whether something has to wait for the target."""
        left = False
        for resource_id, times in await self._store.moved(self._integration):
            if await self._one(resource_id):
                await self._store.settled(self._integration, resource_id, times)
            else:
                left = True
        return left

    async def _one(self, resource_id: str) -> bool:
        referred = await self._store.referred(self._integration, [resource_id])
        key = referred[resource_id].key if resource_id in referred else None
        now = "has no account any more" if key is None else f"has the account {key} now"
        is_done = True
        for each in await self._store.find(self._integration, USER, REFERS, resource_id):
            try:
                await self._follow(each.id, f"by reference: user {resource_id} {now}")
            except ScimError as error:
                # What is refused is in the log, and comes right with the next change of that user.
                is_done = is_done and error.status not in {429, 503}
        return is_done
