"""The life cycle: every change is intent, then target, then commit (design, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from scimweave.connectors.base import Account, Gone, TargetError, Unreachable, Value
from scimweave.mapping import ObjectProgram
from scimweave.mapping.operation import Operation, gets_account
from scimweave.mapping.rules.secret import without_secrets
from scimweave.provisioning.brownfield.drift import BY_RECONCILE, repair
from scimweave.provisioning.lifecycle.difference import (
    NO_DIFFERENCE,
    difference,
    everything,
    remember,
)
from scimweave.provisioning.lifecycle.guard import Guard, leaves
from scimweave.provisioning.lifecycle.journal import Journal, JournalEntry
from scimweave.provisioning.lifecycle.lookups import ACCOUNT, account_value, folded, label_of
from scimweave.provisioning.lifecycle.membership import Membership
from scimweave.provisioning.lifecycle.references import Resolved, resolve_references
from scimweave.provisioning.lifecycle.refusal import refuse_faults, translate
from scimweave.provisioning.lifecycle.step import (
    INACTIVE,
    WITHOUT_FAULTS,
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
    without_account,
)
from scimweave.provisioning.planning.lag import Lag, lag_of
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError, uniqueness
from scimweave.store.base import (
    NO_MEMBERS,
    Hold,
    Key,
    Link,
    MemberDelta,
    Record,
    Resource,
    Store,
)

CALL_RETRY = 60
# What the log says of an operation that no request of the provider is behind.
BY_APPLY = "by apply"
BY_RELEASE = "released by guard release"
BY_DROP = "dropped by guard drop"
BACK = "back before it was delivered: not held any more"


class Brought(StrEnum):
    """What became of somebody who was to be brought to the mapping; nothing to do is false."""

    NOTHING = ""
    DONE = "done"
    HELD = "held"


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
            step = await self._decide(running, before, after)
        except ScimError as error:
            await self._journal.refuse(
                running, meaning(running.objects, before, after), before, after, error
            )
            raise
        return await self._carry_out(running, replace(step, members=members))

    async def repair(self, running: Running, record: Record) -> Brought:
        """Make an account what the mapping makes of its resource, whoever changed it.

        The resource stays as it is.
        """
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
        """Bring the account of a resource that lags to the mapping, as ``apply`` asks.

        The resource stays as it is.
        """
        objects = running.objects
        lag = lag_of(objects, running.program.revision, record)
        if lag is None:
            return Brought.NOTHING
        try:
            step = await self._lagging_step(running, record, lag)
        except ScimError as error:
            await self._journal.refuse(
                running, lag.operation, record, record.resource, error, BY_APPLY
            )
            raise
        return await self._bring(running, replace(step, cause=BY_APPLY))

    async def _bring(self, running: Running, step: Step) -> Brought:
        after = await self._carry_out(running, step)
        return Brought.HELD if after is not None and is_held(after) else Brought.DONE

    async def release(self, running: Running, hold: Hold, record: Record | None) -> None:
        """Deliver what was held; ``record`` is the resource, None where it is deleted."""
        if record is None:
            assert hold.record is not None
            step = replace(deletion(running, hold.record), groups=hold.groups)
        else:
            step = await self._decide(running, record, record.resource)
        await self._decided(running, replace(step, cause=BY_RELEASE), hold)

    async def drop(self, running: Running, hold: Hold, record: Record | None) -> None:
        """Give somebody back who was held: the account stays, and the resource is active again.

        Whoever leaves for another reason than ``active`` stays as they are until their next change.
        """
        if record is None:
            assert hold.record is not None
            step = left_alone(running, hold.record)
        else:
            after = {**record.resource, "active": True}
            step = replace(await self._decide(running, record, after), remark=BY_DROP)
            if leaves(running.objects, step):
                step = not_left(record)
        await self._decided(running, step, hold)

    async def _decided(self, running: Running, step: Step, hold: Hold) -> None:
        if step.operation is Operation.MEMBERS:
            step = replace(step, operation=Operation.UPDATE)
        await self._carry_out(running, replace(step, decided=True))
        await self.guard.settled(hold.resource_id)

    async def _lagging_step(self, running: Running, record: Record, lag: Lag) -> Step:
        if lag.faults:
            raise refuse_faults(lag.faults)
        resource, link = record.resource, record.link
        if link is None:
            defaults = running.objects.without_their_secret(resource)
            resolved = await self._resolved(running, lag.operation, resource, lag.wanted)
            step = await self._creation(running, record, resource, resolved.values, defaults)
            return replace(step, refers=resolved.refers)
        if ends_account(running.objects, resource):
            return removal(running, record, resource)
        resolved = await self._resolved(running, lag.operation, resource, lag.wanted)
        step = self._step(running, lag.operation, record, resource, link, resolved.values)
        return replace(step, refers=resolved.refers)

    async def _resolved(
        self, running: Running, what: Operation, after: Resource, wanted: Mapping[str, Value]
    ) -> Resolved:
        """Put the keys of other accounts into a projection. Raises ``ScimError``."""
        objects = running.objects
        resolved = await resolve_references(self._store, self._journal.integration, objects, wanted)
        if resolved.faults and what not in WITHOUT_FAULTS and objects.in_scope(after):
            raise refuse_faults(resolved.faults)
        return resolved

    async def follow(self, running: Running, record: Record, cause: str) -> None:
        """Write the keys that the accounts of others have now; the resource stays as it is."""
        objects, link = running.objects, record.link
        if link is None or is_held(record) or not objects.in_scope(record.resource):
            # They are written when it gets an account, or comes back.
            return
        resolved = await resolve_references(
            self._store,
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
        await self._carry_out(running, step)

    @staticmethod
    def _step(
        running: Running,
        what: Operation,
        before: Record,
        after: Resource,
        link: Link,
        wanted: Mapping[str, Value],
    ) -> Step:
        """Return the step of an account that stays."""
        objects = running.objects
        return Step(
            what,
            before,
            after,
            link.key,
            link.projection,
            wanted,
            difference(objects, link.projection, wanted, objects.once),
            call=_call(objects, what),
            inactive=not objects.is_active(after),
            remark=None if objects.in_scope(after) else "out of scope",
        )

    async def _decide(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
    ) -> Step:
        objects = running.objects
        what = meaning(objects, before, after)
        if what is Operation.DELETE:
            assert before is not None
            return deletion(running, before)
        assert after is not None
        link = before.link if before else None
        stood = None if before is None else stands(before)
        if link is None and not gets_account(objects, stood, after):
            return without_account(running, what, before, self._storable(running, after))
        if before is not None and link is not None:
            if ends_account(objects, after):
                return removal(running, before, self._storable(running, after))
            if what is Operation.OUT_OF_SCOPE:
                return out_of_scope(running, before, self._storable(running, after))
        wanted = projected(running, before, what, after)
        resolved = await self._resolved(running, what, after, wanted)
        wanted = resolved.values
        defaults = objects.without_their_secret(after)
        after = self._storable(running, after)
        if before is None or link is None:
            step = await self._creation(running, before, after, wanted, defaults)
        else:
            step = self._step(running, what, before, after, link, wanted)
        return replace(step, refers=resolved.refers)

    @staticmethod
    def _storable(running: Running, after: Resource) -> Resource:
        return without_secrets(after, running.objects.acceptance.accepted)

    async def _creation(
        self,
        running: Running,
        before: Record | None,
        after: Resource,
        wanted: Mapping[str, Value],
        defaults: frozenset[str],
    ) -> Step:
        objects = running.objects
        taken_back, account = await self._taken_back(running, after)
        if account is None:
            account = await self._account_to_adopt(running, wanted)
        is_active = objects.is_active(after)
        what = Operation.REACTIVATE if is_active else Operation.DEACTIVATE
        if account is None:
            made = everything(objects, wanted)
            call = None if is_active else _call(objects, what)
            return Step(
                Operation.CREATE,
                before,
                after,
                None,
                {},
                wanted,
                made,
                call=call,
                inactive=not is_active,
            )
        # Whoever is adopted has a password: a default is for new accounts.
        wanted = {name: value for name, value in wanted.items() if name not in defaults}
        old = {
            name: remember(field, value)
            for name, value in account.fields.items()
            if not ((field := objects.field(name)) and field.secrets)
        }
        if is_active:
            wanted = {**wanted, **objects.operations.reactivate_set}
        changes = difference(objects, old, wanted, objects.once)
        return Step(
            Operation.ADOPT,
            before,
            after,
            account.key,
            old,
            wanted,
            changes,
            call=_call(objects, what),
            inactive=not is_active,
            remark=None if taken_back is None else BACK,
            taken_back=taken_back,
        )

    async def _taken_back(
        self, running: Running, after: Resource
    ) -> tuple[Hold, Account] | tuple[None, None]:
        """Find the account of whoever had this name and was deleted, while that is held."""
        name = folded(after[running.objects.label])
        kind = running.objects.resource_type.name
        for hold in await self._store.held(self._journal.integration, name=name):
            if hold.record is None or hold.key is None or hold.resource_type != kind:
                continue
            try:
                account = await running.connector.read(hold.key)
            except TargetError as error:
                raise translate(error, running) from error
            if account is not None:
                return hold, account
        return None, None

    async def _account_to_adopt(
        self, running: Running, wanted: Mapping[str, Value]
    ) -> Account | None:
        """Find the one account that ``match`` proves to be this person's."""
        objects = running.objects
        for name in objects.match:
            if wanted.get(name) is None:
                continue
            try:
                accounts = await running.connector.find(name, wanted[name])
            except TargetError as error:
                raise translate(error, running) from error
            if len(accounts) > 1:
                keys = ", ".join(str(account.key) for account in accounts)
                raise uniqueness(
                    f"{len(accounts)} accounts in {objects.object} have this {name}: "
                    f"{objects.key} {keys}; leave one of them"
                )
            if accounts:
                await self._refuse_linked(running, accounts[0])
                return accounts[0]
        return None

    async def _refuse_linked(self, running: Running, account: Account) -> None:
        value, objects = account_value(account.key), running.objects
        kind = objects.resource_type.name
        found = await self._store.find(running.program.integration, kind, ACCOUNT, value)
        for record in found:
            raise uniqueness(
                f"account {account.key} belongs to {running.section[:-1]} {record.id} "
                f"({record.resource[objects.label]}) already"
            )

    async def _carry_out(self, running: Running, step: Step) -> Record | None:
        reason = await self.guard.reason(running, step)
        if reason is not None:
            return await self.guard.hold(running, step, reason)
        leaver = self.guard.counts(running, step)
        was_held = step.before is not None and is_held(step.before)
        if was_held and step.remark is None and step.cause is None:
            step = replace(step, remark=BACK)
        record = record_after(running, step)
        entry = await self._journal.begin(running, step, record, leaver=leaver)
        try:
            made = await self._finish(running, step, record, entry)
        except ScimError as error:
            if leaver and step.before is not None and error.status != 503:
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
        await entry.done(record, _said(step.cause, detail) or None, step.refers)
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
        self, running: Running, step: Step, record: Record | None, key: Key | None
    ) -> str | None:
        if record is None or step.rests:
            return None
        link = step.before.link if step.before else None
        if step.before is not None and (link is None or link.key != key):
            await self._membership.restore(running, record.id, key)
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
        account = await self._account_to_adopt(running, step.wanted)
        if account is not None:
            await running.connector.update(account.key, made)
            return account.key, f"{gone}; account {account.key} was there instead"
        return await running.connector.create(made), f"{gone} and was made anew"


def _call(objects: ObjectProgram, what: Operation) -> str | None:
    """Return the action of the target that is part of an operation."""
    match what:
        case Operation.DEACTIVATE:
            return objects.operations.deactivate_call
        case Operation.REACTIVATE:
            return objects.operations.reactivate_call
        case _:
            return None


def _leaves_groups(running: Running, step: Step) -> bool:
    """Whether a step takes the account out of its groups."""
    is_deleted = step.operation is Operation.DELETE
    if step.rests:
        return False
    return step.removes or (is_deleted and running.objects.operations.delete == "deactivate")


def left_alone(running: Running, record: Record) -> Step:
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


def not_left(record: Record) -> Step:
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


def _said(*parts: str | None) -> str:
    return ": ".join(part for part in parts if part)


def refuse_duplicate(record: Record) -> ScimError:
    """A userName that another user has, or a displayName that another group has."""
    kind, label = record.resource_type, label_of(record.resource_type)
    return uniqueness(
        f'a {kind} with {label} "{record.resource[label]}" exists already: id {record.id}'
    )
