"""The life cycle: every change is intent, then target, then commit (design, section 6)."""

from __future__ import annotations

from collections.abc import Mapping

from scimweave.connectors.base import Gone, TargetError, Unreachable, Value
from scimweave.mapping.blocking import WITHOUT_FAULTS
from scimweave.mapping.operation import Operation, gets_account
from scimweave.provisioning.lifecycle.difference import everything
from scimweave.provisioning.lifecycle.guard import Guard
from scimweave.provisioning.lifecycle.joiner import Joiner
from scimweave.provisioning.lifecycle.journal import Journal, JournalEntry
from scimweave.provisioning.lifecycle.membership import Membership
from scimweave.provisioning.lifecycle.references import Resolved, resolve_references
from scimweave.provisioning.lifecycle.refusal import refuse_faults, translate
from scimweave.provisioning.lifecycle.step import (
    BACK,
    Step,
    deletion,
    ends_account,
    is_held,
    linked,
    meaning,
    out_of_scope,
    projected,
    record_after,
    removal,
    stands,
    staying,
    without_account,
)
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.store.base import NO_MEMBERS, Key, MemberDelta, Record, Resource, Store

CALL_RETRY = 60


class Lifecycle:
    """Carries out operations on the users and groups of one integration.

    The caller holds the locks of the resource. Raises ``ScimError``; then the stored resource is
    as it was, and the target too, unless the answer is 503 and the entry stays open.
    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._membership = Membership(store, journal.integration)
        self.guard = Guard(journal)
        self.joiner = Joiner(store, journal.integration, self.guard)

    async def apply(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
        members: MemberDelta = NO_MEMBERS,
    ) -> Record | None:
        """Bring a resource from ``before`` to ``after`` here and at the target.

        ``members`` join and leave a group.
        Returns the new record; None after a deletion; ``before`` where nothing changes.
        """
        if before is not None and before.resource == after and not members:
            # A secret is never stored: a request that brings one is never equal.
            return before
        try:
            step = await self.decide(running, before, after)
        except ScimError as error:
            what = meaning(running.objects, before, after)
            await self._journal.refuse(running, what, before, after, error)
            raise
        step.members = members
        return await self.carry_out(running, step)

    async def decide(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
    ) -> Step:
        """Return the step from ``before`` to ``after``; nothing is written."""
        objects = running.objects
        what = meaning(objects, before, after)
        if what is Operation.DELETE:
            assert before is not None
            return deletion(running, before)
        assert after is not None
        kept = objects.storable(after)
        link = before.link if before else None
        if before is None or link is None:
            stood = None if before is None else stands(before)
            if not gets_account(objects, stood, after):
                return without_account(running, what, before, kept)
        elif ends_account(objects, after):
            return removal(running, before, kept)
        elif what is Operation.OUT_OF_SCOPE:
            return out_of_scope(running, before, kept)
        wanted = projected(running, before, what, after)
        refers: Mapping[str, Key | None] = {}
        if objects.references:
            resolved = await self.resolved(running, what, after, wanted)
            wanted, refers = resolved.values, resolved.refers
        if before is None or link is None:
            step = await self.joiner.step(running, before, kept, wanted, after)
        else:
            step = staying(running, what, before, kept, link, wanted)
        step.refers = refers
        return step

    async def resolved(
        self, running: Running, what: Operation, after: Resource, wanted: Mapping[str, Value]
    ) -> Resolved:
        """Put the keys of other accounts into a projection."""
        objects = running.objects
        resolved = await resolve_references(self._store, self._journal.integration, objects, wanted)
        if resolved.faults and what not in WITHOUT_FAULTS and objects.in_scope(after):
            raise refuse_faults(resolved.faults)
        return resolved

    async def carry_out(self, running: Running, step: Step) -> Record | None:
        """Do what was decided, or hold it; returns what is stored then."""
        is_leaver = self.guard.looks_at(running, step)
        if is_leaver or step.taken_back is not None:
            reason = await self.guard.reason(running, step)
            if reason is not None:
                return await self.guard.hold(running, step, reason)
        is_counted = is_leaver and running.program.guard is not None
        was_held = step.before is not None and is_held(step.before)
        if was_held and step.remark is None and step.cause is None:
            step.remark = BACK
        record = record_after(running, step)
        entry = await self._journal.begin(running, step, record, leaver=is_counted)
        try:
            made = await self._finish(running, step, record, entry)
        except ScimError as error:
            if is_counted and step.before is not None and error.status != 503:
                self.guard.withdraw(step.before.id)
            raise
        finally:
            entry.release()
        if step.taken_back is not None:
            await self.guard.settled(step.taken_back.resource_id)
        elif was_held and step.before is not None:
            await self.guard.settled(step.before.id)
        return made

    async def _finish(
        self, running: Running, step: Step, record: Record | None, entry: JournalEntry
    ) -> Record | None:
        started = False
        try:
            if step.before is not None and _leaves_groups(running, step):
                started = await self._membership.dissolve(
                    running, step.before.id, step.key, step.groups
                )
            key, detail = await self._deliver(running, step)
            started = started or bool(step.difference or step.call) or key != step.key
            if record is not None and not step.rests:
                detail = await self._deliver_members(running, step, record, key) or detail
        except TargetError as error:
            refusal = translate(error, running)
            # Nobody knows whether the change was made, or it was made in part: the entry stays
            # open until the target tells.
            if not (started or (isinstance(error, Unreachable) and error.applied is None)):
                await entry.fail(_said(step.cause, refusal.detail))
            raise refusal from error
        if record is not None:
            record = linked(record, key)
        await entry.done(record, _said(step.cause, detail) or None, step.refers, step.before)
        return record

    async def _deliver(self, running: Running, step: Step) -> tuple[Key | None, str | None]:
        """Carry the step to the target; returns the account's key and a remark for the log."""
        connector, values = running.connector, step.difference.values
        if step.operation is Operation.CREATE and step.wanted:
            key = await connector.create(values)
            await self._call(running, key, step, started=True)
            return key, step.remark
        if step.key is None or step.rests:
            return step.key, step.remark
        try:
            if step.removes:
                await connector.delete(step.key)
                return None, step.remark
            if values:
                await connector.update(step.key, values)
            await self._call(running, step.key, step, started=bool(values))
        except Gone:
            return await self._missing(running, step)
        return step.key, step.remark

    async def _call(self, running: Running, key: Key, step: Step, *, started: bool) -> None:
        if step.call is None:
            return
        try:
            await running.connector.call(step.call, key, step.wanted)
        except TargetError as error:
            if not started:
                raise
            # Half of it is done: only a second look can tell how it ends.
            wait = error.retry_after if isinstance(error, Unreachable) else CALL_RETRY
            reason = f"{step.call}: {error}"
            raise Unreachable(reason, retry_after=wait, applied=None) from error

    async def _deliver_members(
        self, running: Running, step: Step, record: Record, key: Key | None
    ) -> str | None:
        link = step.before.link if step.before else None
        if step.before is not None and (link is None or link.key != key):
            await self._membership.restore(running, record.id, key)
        if not step.members:
            return None
        return await self._membership.deliver(running, key, step.members)

    async def _missing(self, running: Running, step: Step) -> tuple[Key | None, str | None]:
        """Make an account anew that has gone, or refuse (``operations.missing``)."""
        objects = running.objects
        gone = f"drift: account {step.key} was gone"
        if step.operation in {Operation.DELETE, Operation.DEACTIVATE}:
            return None, gone
        if objects.operations.missing == "fail":
            raise Gone(f"{objects.key} {step.key}")
        made = everything(objects, step.wanted).values
        account = await self.joiner.account_to_adopt(running, step.wanted)
        if account is not None:
            await running.connector.update(account.key, made)
            return account.key, f"{gone}; account {account.key} was there instead"
        return await running.connector.create(made), f"{gone} and was made anew"


def _leaves_groups(running: Running, step: Step) -> bool:
    """Whether a step takes the account out of its groups."""
    is_deleted = step.operation is Operation.DELETE
    if step.rests:
        return False
    return step.removes or (is_deleted and running.objects.operations.delete == "deactivate")


def _said(cause: str | None, detail: str | None) -> str:
    """Return what the log says of an operation, with what is behind it."""
    if cause is None:
        return detail or ""
    return f"{cause}: {detail}" if detail else cause
