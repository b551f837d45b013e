"""One lock a resource: operations on one are strictly ordered, others run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable


class Locks:
    """Locks by name, made on first use and forgotten after the last."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, _Lock] = {}

    def is_held(self, name: Hashable) -> bool:
        """Whether somebody holds the lock or waits for it."""
        return name in self._locks

    def hold(self, name: Hashable) -> _Lock:
        """Return the lock ``name`` for an ``async with`` at once.

        Who waits is served in the order of asking.
        """
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = _Lock(self._locks, name)
        return lock


class _Lock:
    """One lock, and how many hold it or wait for it."""

    def __init__(self, locks: dict[Hashable, _Lock], name: Hashable) -> None:
        self._locks = locks
        self._name = name
        self._lock = asyncio.Lock()
        self._users = 0

    async def __aenter__(self) -> None:
        self._users += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if not self._users:
            del self._locks[self._name]
