"""One lock a resource: operations on one are strictly ordered, others run side by side."""

from __future__ import annotations

import asyncio
from collections import deque
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
    """One lock, and who waits for it; it goes from hand to hand until nobody does."""

    __slots__ = ("_is_taken", "_locks", "_name", "_waiting")

    def __init__(self, locks: dict[Hashable, _Lock], name: Hashable) -> None:
        self._locks = locks
        self._name = name
        self._is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # Whoever gives up in the moment in which it is their turn, passes it on.
                self._hand_over()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._hand_over()

    def _hand_over(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._locks[self._name]
