"""What is done without a request of the provider: an operator asks for it, or a reference moved."""

from __future__ import annotations

from enum import StrEnum

from scimweave.connectors.base import TargetError
from scimweave.mapping.operation import Operation
from scimweave.provisioning.brownfield.drift import BY_RECONCILE, repair
from scimweave.provisioning.lifecycle.difference import NO_DIFFERENCE, difference
from scimweave.provisioning.lifecycle.guard import leaves
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.lifecycle import Lifecycle
from scimweave.provisioning.lifecycle.references import resolve_references
from scimweave.provisioning.lifecycle.refusal import refuse_faults, translate
from scimweave.provisioning.lifecycle.step import (
    INACTIVE,
    Step,
    deletion,
    ends_account,
    is_held,
    removal,
    staying,
)
from scimweave.provisioning.planning.lag import Lag, lag_of
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.store.base import Hold, Record

# What the log says of an operation that no request of the provider is behind.
BY_APPLY = "by apply"
BY_RELEASE = "released by guard release"
BY_DROP = "dropped by guard drop"


class Brought(StrEnum):
    """What became of somebody who was to be brought to the mapping; nothing to do is false."""

    NOTHING = ""
    DONE = "done"
    HELD = "held"


class Operator:
    """Carries out what operators ask for; the resource stays as it is, but for ``drop``.

    The caller holds the locks of the resource. Every method raises ``ScimError``, and then all is
    as ``Lifecycle`` says.
    """

    def __init__(self, lifecycle: Lifecycle, journal: Journal) -> None:
        self._lifecycle = lifecycle
        self._journal = journal

    async def repair(self, running: Running, record: Record) -> Brought:
        """Make an account what the mapping makes of its resource, whoever changed it."""
        if record.link is None:
            return Brought.NOTHING
        try:
            account = await running.connector.read(record.link.key)
        except TargetError as error:
            raise translate(error, running) from error
        try:
            step = repair(running, record, account)
        except ScimError as error:
            await self._journal.refuse(
                running, Operation.REPAIR, record, record.resource, error, BY_RECONCILE
            )
            raise
        return Brought.NOTHING if step is None else await self._bring(running, step)

    async def bring_up(self, running: Running, record: Record) -> Brought:
        """Bring the account of a resource that lags to the mapping, as ``apply`` asks."""
        lag = lag_of(running.objects, running.program.revision, record)
        if lag is None:
            return Brought.NOTHING
        try:
            step = await self._lagging_step(running, record, lag)
        except ScimError as error:
            await self._journal.refuse(
                running, lag.operation, record, record.resource, error, BY_APPLY
            )
            raise
        step.cause = BY_APPLY
        return await self._bring(running, step)

    async def release(self, running: Running, hold: Hold, record: Record | None) -> None:
        """Deliver what was held; ``record`` is the resource, None where it is deleted."""
        if record is None:
            assert hold.record is not None
            step = deletion(running, hold.record)
            step.groups = hold.groups
        else:
            step = await self._lifecycle.decide(running, record, record.resource)
        step.cause = BY_RELEASE
        await self._decided(running, step, hold)

    async def drop(self, running: Running, hold: Hold, record: Record | None) -> None:
        """Give somebody back who was held: the account stays, and the resource is active again.

        Whoever leaves for another reason than ``active`` stays as they are until their next change.
        """
        if record is None:
            assert hold.record is not None
            step = _left_alone(hold.record)
        else:
            after = {**record.resource, "active": True}
            step = await self._lifecycle.decide(running, record, after)
            step.remark = BY_DROP
            if leaves(running.objects, step):
                step = _not_left(record)
        await self._decided(running, step, hold)

    async def follow(self, running: Running, record: Record, cause: str) -> None:
        """Write the keys that the accounts of others have now."""
        objects, link = running.objects, record.link
        if link is None or is_held(record) or not objects.in_scope(record.resource):
            # They are written when it gets an account, or comes back.
            return
        resolved = await resolve_references(
            self._journal.store,
            self._journal.integration,
            objects,
            objects.project(record.resource).values,
        )
        names = {each.name for each in objects.references}
        wanted = {name: each for name, each in resolved.values.items() if name in names}
        changes = difference(objects, link.projection, wanted, objects.once)
        if not changes:
            return
        step = Step(
            Operation.UPDATE,
            record,
            record.resource,
            link.key,
            link.projection,
            resolved.values,
            changes,
            cause=cause,
            inactive=INACTIVE in link.projection,
            refers=resolved.refers,
            partial=True,
        )
        await self._lifecycle.carry_out(running, step)

    async def _bring(self, running: Running, step: Step) -> Brought:
        after = await self._lifecycle.carry_out(running, step)
        return Brought.HELD if after is not None and is_held(after) else Brought.DONE

    async def _decided(self, running: Running, step: Step, hold: Hold) -> None:
        if step.operation is Operation.MEMBERS:
            step.operation = Operation.UPDATE
        step.decided = True
        await self._lifecycle.carry_out(running, step)
        await self._lifecycle.guard.settled(hold.resource_id)

    async def _lagging_step(self, running: Running, record: Record, lag: Lag) -> Step:
        if lag.faults:
            raise refuse_faults(lag.faults)
        resource, link = record.resource, record.link
        if link is not None and ends_account(running.objects, resource):
            return removal(running, record, resource)
        resolved = await self._lifecycle.resolved(running, lag.operation, resource, lag.wanted)
        if link is None:
            joiner = self._lifecycle.joiner
            step = await joiner.step(running, record, resource, resolved.values, resource)
        else:
            step = staying(running, lag.operation, record, resource, link, resolved.values)
        step.refers = resolved.refers
        return step


def _left_alone(record: Record) -> Step:
    """Return the step of somebody who is deleted, and whose account stays as it is."""
    assert record.link is not None
    key = record.link.key
    return Step(
        Operation.DELETE,
        record,
        None,
        key,
        {},
        {},
        NO_DIFFERENCE,
        rests=True,
        remark=f"{BY_DROP}: account {key} stays as it is, and belongs to nobody here",
    )


def _not_left(record: Record) -> Step:
    """Return the step of somebody who has not left yet, whatever their next change brings."""
    link = record.link
    assert link is not None
    return Step(
        Operation.UPDATE,
        record,
        record.resource,
        link.key,
        link.projection,
        {},
        NO_DIFFERENCE,
        partial=True,
        cause=BY_DROP,
        refers=None,
    )
