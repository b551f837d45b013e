"""What an operator asks of the resources of one type."""

from __future__ import annotations

import asyncio
from typing import Literal

from scimweave.provisioning.brownfield.at_target import AtTarget
from scimweave.provisioning.brownfield.import_report import Imported
from scimweave.provisioning.brownfield.importing import Import
from scimweave.provisioning.brownfield.reconcile import Reconcile, Reconciled
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.operator import Brought, Operator
from scimweave.provisioning.mapped import Mapped
from scimweave.provisioning.progress import Progress
from scimweave.provisioning.running import InUse
from scimweave.scim.error import ScimError

Decision = Literal["release", "drop"]


class Operated(Mapped):
    """Brings accounts and resources together where no request of the provider is behind it."""

    def __init__(self, in_use: InUse, journal: Journal, locks: Locks) -> None:
        super().__init__(in_use, journal, locks)
        self._operator = Operator(self._lifecycle, journal)
        self._at_target = AtTarget(journal, locks, self._resolve_open)

    async def import_accounts(
        self, progress: Progress, *, dry_run: bool = False, stop: asyncio.Event | None = None
    ) -> Imported:
        """Make resources of the accounts that are at the target.

        Raises ``TargetError``, ``StoreError``; what was linked stays so.
        """
        with self._in_use.hold(self._kind) as running:
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
        with self._in_use.hold(self._kind) as running:
            return await Reconcile(self._store, self._at_target, running, progress).run()

    async def repair(self, resource_id: str) -> Brought:
        """Make the account of a resource what it is to be. Raises ``ScimError``."""
        with self._in_use.hold(self._kind) as running:
            async with self._locks.hold((self._kind, resource_id)):
                record = await self._current(running, resource_id)
                return await self._operator.repair(running, record)

    async def bring_up(self, resource_id: str, revision: str) -> Brought:
        """Bring the account of a resource to the mapping, unless that is another by now.

        Raises ``ScimError``.
        """
        with self._in_use.hold(self._kind) as running:
            if running.program.revision != revision:
                return Brought.NOTHING
            async with self._locks.hold((self._kind, resource_id)):
                record = await self._current(running, resource_id)
                return await self._operator.bring_up(running, record)

    async def decide(self, resource_id: str, decision: Decision) -> bool:
        """Deliver what was held of one leaver, or give them back.

        Returns whether they were held. Raises ``ScimError``; then they still are.
        """
        integration = self._journal.integration
        with self._in_use.hold(self._kind) as running:
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
                    operator = self._operator
                    done = operator.release if decision == "release" else operator.drop
                    await done(running, hold, record)
            await self.guard.start_anew(running)
        await self._followed()
        return True

    async def follow(self, resource_id: str, cause: str) -> None:
        """Write the keys of the accounts to which a resource refers. Raises ``ScimError``."""
        with self._in_use.hold(self._kind) as running:
            async with self._locks.hold((self._kind, resource_id)):
                try:
                    record = await self._current(running, resource_id)
                except ScimError as error:
                    if error.status == 404:
                        return
                    raise
                await self._operator.follow(running, record, cause)
