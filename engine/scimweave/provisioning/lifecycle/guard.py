"""The guard: a burst of leavers is held until an operator decides (design, section 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scimweave.mapping import ObjectProgram
from scimweave.mapping.guard import GuardProgram
from scimweave.mapping.operation import Operation
from scimweave.provisioning.brownfield.drift import is_about_use
from scimweave.provisioning.lifecycle.journal import Journal, label_for_people
from scimweave.provisioning.lifecycle.lookups import folded
from scimweave.provisioning.lifecycle.membership import USER, Membership
from scimweave.provisioning.lifecycle.step import (
    INACTIVE,
    Step,
    is_held,
    record_after,
    stands,
)
from scimweave.provisioning.planning.lag import puts_out_of_use
from scimweave.provisioning.running import Running
from scimweave.store.base import HELD, Hold, Leaver, Link, Record

# To count the accounts in use costs a look at all of them.
COUNTED_FOR = timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


class Guard:
    """Counts who leaves one integration, and holds those who are too many.

    Who is counted stands in the journal; here is what of it the window shows. ``held`` is how many
    are held now.
    """

    def __init__(self, journal: Journal, clock: Callable[[], datetime] = _now) -> None:
        self.held = 0
        self.clock = clock
        # Before the first look, and while more are being held, ``held`` is not all.
        self._has_looked = False
        self._holding = 0
        self._journal = journal
        self._store = journal.store
        self._membership = Membership(journal.store, journal.integration)
        # In the order of leaving; complete for ``_span``.
        self._window: dict[str, Leaver] = {}
        self._span = timedelta()
        self._loading = asyncio.Lock()
        self._in_use = 0
        self._counted: datetime | None = None

    async def refresh(self) -> None:
        """Look at how many are held."""
        self.held = await self._store.held_count(self._journal.integration)
        self._has_looked = True

    @property
    def may_hold(self) -> bool:
        """Whether somebody may be held: where not, nobody is."""
        return self.held > 0 or self._holding > 0 or not self._has_looked

    def looks_at(self, running: Running, step: Step) -> bool:
        """Whether a step makes a leaver, and no operator has decided that."""
        before = step.before
        return (
            before is not None
            and before.link is not None
            and running.section == "users"
            and not (step.rests or step.decided)
            and leaves(running.objects, step)
        )

    async def reason(self, running: Running, step: Step) -> str | None:
        """Return why the step of a leaver is to be held, or of somebody who is ``taken_back``.

        None where it is carried out; a leaver is counted then.
        """
        if step.taken_back is not None:
            return None if running.objects.is_active(step.after or {}) else step.taken_back.reason
        assert step.before is not None
        if is_held(step.before):
            (hold,) = await self._store.held(self._journal.integration, resource_id=step.before.id)
            return hold.reason
        guard = running.program.guard
        return None if guard is None else await self._broken(guard, step.before.id)

    async def hold(self, running: Running, step: Step, reason: str) -> Record | None:
        """Store what a step makes of the resource, and leave the account as it is."""
        record = _held_record(running, step)
        subject = record or step.before
        assert subject is not None
        groups = await self._membership.group_keys(running, subject.id) if record is None else ()
        objects = running.objects
        hold = Hold(
            resource_type=subject.resource_type,
            resource_id=subject.id,
            operation=Operation.DELETE if record is None else Operation.DEACTIVATE,
            label=label_for_people(objects, subject),
            name=folded(subject.resource[objects.label]),
            reason=reason,
            since=self.clock(),
            key=step.key if step.key is not None or step.before is None else _key(step.before),
            record=step.before if record is None else None,
            groups=tuple(groups),
        )
        # Of a write that fails or is cancelled nobody knows here whether it came to be.
        self._holding += 1
        await self._journal.hold(running, step, record, hold)
        if step.taken_back is not None:
            self.withdraw(step.taken_back.resource_id)
        known = self._window.get(subject.id)
        at = known.at if known else hold.since
        self._window[subject.id] = Leaver(subject.id, at, record is not None)
        await self.refresh()
        self._holding -= 1
        return record

    def withdraw(self, resource_id: str) -> None:
        """Count somebody no more: they did not leave."""
        self._window.pop(resource_id, None)

    async def settled(self, resource_id: str) -> None:
        """Take note that somebody is not held any more."""
        self.withdraw(resource_id)
        await self.refresh()

    async def start_anew(self, running: Running) -> None:
        """Count from now on, where an operator has decided about everybody."""
        guard = running.program.guard
        if guard is None or self.held:
            return
        await self._store.forget_leavers(self._journal.integration, self.clock() - guard.window)
        self._window.clear()
        self._counted = None

    async def _broken(self, guard: GuardProgram, resource_id: str) -> str | None:
        """Return the rule that one more leaver breaks; without one, they are counted."""
        await self._load(guard)
        in_use = await self._accounts_in_use(guard)
        # From here on nobody else comes between.
        if resource_id in self._window:
            return None
        now = self.clock()
        broken = guard.broken_by(len(self._window) + 1, in_use)
        if broken is None:
            self._window[resource_id] = Leaver(resource_id, now, is_in_use=False)
        return broken

    async def _load(self, guard: GuardProgram) -> None:
        """Let the window show who left in the time that the mapping says."""
        async with self._loading:
            since = self.clock() - guard.window
            if guard.window > self._span:
                found = await self._store.leavers(self._journal.integration, since)
                known = {each.resource_id: each for each in found}
                self._window = {**known, **self._window}
            self._span = guard.window
        while self._window:
            first = next(iter(self._window.values()))
            if first.at > since:
                break
            del self._window[first.resource_id]

    async def _accounts_in_use(self, guard: GuardProgram) -> int:
        """Return how many accounts were in use before the first in the window left."""
        if guard.percent is None:
            return 0
        now = self.clock()
        if self._counted is None or now - self._counted >= COUNTED_FOR:
            found = await self._store.unmarked(self._journal.integration, USER, INACTIVE)
            gone = sum(not each.is_in_use for each in self._window.values())
            self._in_use, self._counted = found + gone, now
        return self._in_use


def leaves(objects: ObjectProgram, step: Step) -> bool:
    """Whether a step takes an account from its user, or its use."""
    before = step.before
    if before is None:
        return False
    match step.operation:
        case Operation.DEACTIVATE:
            return True
        case Operation.DELETE:
            is_left = objects.operations.delete == "ignore"
            return step.removes or (stands(before).was_active and not is_left)
        case Operation.REPAIR:
            names = step.difference.values
            is_active = objects.is_active(before.resource)
            return not is_active and any(is_about_use(objects, name) for name in names)
        case Operation.UPDATE | Operation.MEMBERS:
            return puts_out_of_use(objects, step.difference) and stands(before).was_active
        case _:
            return False


def _held_record(running: Running, step: Step) -> Record | None:
    """Return what is stored of a leaver who is held: the link stays, and says so."""
    record = record_after(running, step)
    if record is None:
        return None
    kept = {**step.old, HELD: True}
    kept.pop(INACTIVE, None)
    before = step.before.link if step.before else None
    revision = before.revision if before else ""
    key = before.key if before else step.key
    assert key is not None
    return replace(record, link=Link(key, kept, revision))


def _key(record: Record) -> int | str | None:
    return record.link.key if record.link else None
