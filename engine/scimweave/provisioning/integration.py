"""One integration at work: its resources, and the mapping that may change under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from scimweave.connectors.base import TargetError
from scimweave.mapping import Program
from scimweave.mapping.target_kinds import FEATURES, kind
from scimweave.provisioning.brownfield.import_report import Imported
from scimweave.provisioning.brownfield.reconcile import Reconciled, repair_all
from scimweave.provisioning.groups import Groups
from scimweave.provisioning.lifecycle.following import Following
from scimweave.provisioning.lifecycle.journal import Journal, Listener
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.recovery import recover
from scimweave.provisioning.progress import Progress
from scimweave.provisioning.resources import Resources
from scimweave.provisioning.running import InUse, Running
from scimweave.provisioning.sight import Sight
from scimweave.provisioning.target import start_checked
from scimweave.provisioning.users import Users
from scimweave.store.base import Store


class Integration:
    """One mapping file at work.

    ``users`` are the people that it provisions, ``groups`` their groups; ``sight`` counts what is
    odd or not mapped.
    """

    def __init__(self, running: Running, store: Store, listener: Listener) -> None:
        self._in_use = InUse(running)
        self._journal = Journal(store, running.program.integration, listener)
        self.sight = Sight(store, running.program.integration)
        locks = Locks()
        self.users = Users(self._in_use, self._journal, self.sight, locks)
        self.groups = Groups(self._in_use, self._journal, self.sight, locks)
        self._following = Following(store, self.name, self.users.follow)
        self.users.following = self._following

    @classmethod
    async def open(
        cls, program: Program, store: Store, listener: Listener = lambda event: None
    ) -> Integration:
        """Open the target and resolve what a crash left open. Raises ``MappingError``."""
        integration = cls(await start_checked(program), store, listener)
        await integration.begin()
        return integration

    async def begin(self) -> None:
        """Go on from where the last process ended."""
        await self._index()
        await self.recover()
        await self.users.guard.refresh()
        await self.sight.load()
        if self.program.users.references:
            self._following.start()

    async def settle_references(self) -> bool:
        """Write the keys of accounts to who refers to them; returns whether nothing is left."""
        return await self._following.settle()

    @classmethod
    @asynccontextmanager
    async def looking(cls, program: Program, store: Store) -> AsyncIterator[Integration]:
        """Open the target only to look, beside a server that may work on the store.

        Raises ``MappingError``.
        """
        integration = cls(await start_checked(program), store, lambda event: None)
        try:
            yield integration
        finally:
            await integration._in_use.close()

    async def import_accounts(
        self,
        progress: Progress = lambda *_: None,
        *,
        dry_run: bool = False,
        stop: asyncio.Event | None = None,
    ) -> list[Imported]:
        """Make users, then groups, of the accounts that are at the target.

        Raises ``TargetError`` and ``StoreError``; what was linked stays so.
        """
        return [
            await each.import_accounts(progress, dry_run=dry_run) for each in self._provisioned()
        ]

    async def reconcile(
        self,
        *,
        most: int | None = None,
        progress: Progress = lambda *_: None,
        stop: asyncio.Event | None = None,
    ) -> list[Reconciled]:
        """Compare all accounts of the target with what is stored.

        ``most`` asks for repairs, unless more of them would take something away. Raises
        ``TargetError`` and ``StoreError``.
        """
        served = self._provisioned()
        reports = [await each.reconcile(progress) for each in served]
        for each, report in zip(served, reports, strict=True):
            if most is not None:
                await repair_all(report, each.repair, progress, most=most, stop=stop)
                most = max(0, most - report.destructive)
        return reports

    def _provisioned(self) -> Sequence[Users | Groups]:
        """Return what can be compared with the target. Raises ``TargetError``."""
        name = self.program.target.connector
        found = kind(name)
        if found is None or "scan" not in found.features:
            raise TargetError(f'the connector "{name}" {FEATURES["scan"]}')
        return (self.users,) if self._in_use.running.groups is None else (self.users, self.groups)

    def resources(self, endpoint: str) -> Resources | None:
        """Return what is served at an endpoint such as ``Users``."""
        if endpoint == "Groups" and self._in_use.running.groups is not None:
            return self.groups
        return self.users if endpoint == "Users" else None

    def served(self) -> Sequence[Resources]:
        """Return the resources of every type that is served."""
        return (self.users,) if self._in_use.running.groups is None else (self.users, self.groups)

    @property
    def program(self) -> Program:
        """The program that new operations use."""
        return self._in_use.running.program

    @property
    def name(self) -> str:
        """The integration's name."""
        return self._journal.integration

    @property
    def store(self) -> Store:
        """Where its resources are kept."""
        return self._journal.store

    @property
    def held(self) -> int:
        """How many leavers are held by the guard."""
        return self.users.guard.held

    @property
    def open_intents(self) -> int:
        """How many operations have no outcome yet."""
        return self._journal.open_count

    async def recover(self) -> int:
        """Resolve what a crash left open; returns how many intents the target cannot answer yet."""
        return await recover(self._journal, self._in_use.running)

    async def reload(self, program: Program) -> None:
        """Use another version of the file; operations under way finish with the old one.

        Raises ``MappingError`` where its target is not as it says; then nothing changes.
        """
        running = self._in_use.running
        await self._in_use.replace(await start_checked(program, running))
        await self._index()

    async def _index(self) -> None:
        await self.users.index()
        await self.groups.index()

    async def close(self) -> None:
        """Wait for operations under way, and let go of the target."""
        await self._following.close()
        await self._in_use.close()
        await self.sight.close()
