"""What providers send beside what is mapped or allowed, counted for whoever runs the endpoint."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol

from scimweave.store.base import Store, StoreError

# Names come from outside: they must fill neither memory nor whatever reads the counts.
MAX_NAMES = 200
OTHER = "other"
WRITE_SECONDS = 5.0


class Seen(Protocol):
    """A request that was read: what was left out of it, and numbers of ``scim.quirks``."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """Paths of attributes that nothing maps."""
        ...

    @property
    def quirks(self) -> frozenset[str]:
        """Quirks that were met."""
        ...


class Tally:
    """Counts by name: of ``MAX_NAMES`` names, and of all others together."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> str:
        """Count a name; returns what it is counted under."""
        if name not in self._counts and len(self._counts) >= MAX_NAMES:
            name = OTHER
        self._counts[name] += count
        return name

    def __getitem__(self, name: str) -> int:
        """Return how often a name was met."""
        return self._counts[name]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Return names with their counts."""
        return iter(list(self._counts.items()))


class Sight:
    """What one integration has met: ``quirks`` since the start, ``unmapped`` since ever.

    Counts of unmapped attributes are written to the store in batches.
    """

    def __init__(self, store: Store, integration: str) -> None:
        self.quirks = Tally()
        self.unmapped = Tally()
        self._store = store
        self._integration = integration
        self._unwritten: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Go on from what was counted before."""
        for each in await self._store.unmapped(self._integration):
            self.unmapped.add(each.attribute, each.count)

    def saw(self, found: Seen, ignores: Callable[[str], bool]) -> None:
        """Count what a request brought; ``ignores`` tells names that are left out knowingly."""
        if found.quirks:
            self.saw_quirks(found.quirks)
        if found.dropped:
            self._saw_unmapped(name for name in found.dropped if not ignores(name))

    def saw_quirks(self, quirks: Iterable[str]) -> None:
        """Count quirks, each once a request."""
        for quirk in quirks:
            self.quirks.add(quirk)

    async def write(self) -> None:
        """Write what was counted since the last time; what cannot be written waits."""
        counts, self._unwritten = self._unwritten, Counter()
        if not counts:
            return
        try:
            await self._store.add_unmapped(self._integration, counts, datetime.now(UTC))
        except StoreError:
            # The request was answered; its count is worth another attempt, and no more.
            self._unwritten.update(counts)

    async def close(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await self._writing
        await self.write()

    def _saw_unmapped(self, names: Iterable[str]) -> None:
        for name in names:
            self._unwritten[self.unmapped.add(name)] += 1
        if self._unwritten and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(WRITE_SECONDS, self._start_writing)

    def _start_writing(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self.write())
