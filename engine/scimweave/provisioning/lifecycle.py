"""The life cycle: every change is intent, then target, then commit (design, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scimweave.connectors.base import Account, Gone, TargetError, Unreachable, Value
from scimweave.mapping.operation import Operation
from scimweave.mapping.rules.secret import without_secrets
from scimweave.provisioning.difference import (
    NO_DIFFERENCE,
    difference,
    everything,
    remember,
)
from scimweave.provisioning.drift import BY_RECONCILE, repair
from scimweave.provisioning.journal import Journal, JournalEntry
from scimweave.provisioning.lag import Lag, lag_of
from scimweave.provisioning.lookups import ACCOUNT, account_value, label_of
from scimweave.provisioning.membership import Membership
from scimweave.provisioning.refusal import refuse_faults, translate
from scimweave.provisioning.running import Running
from scimweave.provisioning.step import Step, deletion, linked, meaning, projected, record_after
from scimweave.scim.error import ScimError, uniqueness
from scimweave.store.base import (
    NO_MEMBERS,
    Key,
    MemberDelta,
    Record,
    Resource,
    Store,
)

# What the log says of an operation that no request of the provider is behind.
BY_APPLY = "by apply"


class Lifecycle:
    """Carries out operations on the users and groups of one integration.

    The caller holds the locks of the resource. Raises ``ScimError``; then the stored resource is
    as it was, and the target too, unless the answer is 503 and the entry stays open.
    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._membership = Membership(store, journal.integration)

    async def apply(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
        touched: frozenset[str] = frozenset(),
        members: MemberDelta = NO_MEMBERS,
    ) -> Record | None:
        """Bring a resource from ``before`` to ``after`` here and at the target.

        ``touched`` names the attributes that the request writes (top level or extension URN);
        ``members`` join and leave a group.
        Returns the new record; None after a deletion; ``before`` where nothing changes.
        """
        if before is not None and before.resource == after and not members:
            # A secret is never stored: a request that brings one is never equal.
            return before
        try:
            step = await self._decide(running, before, after, touched)
        except ScimError as error:
            await self._journal.refuse(running, meaning(before, after), before, after, error)
            raise
        return await self._carry_out(running, replace(step, members=members))

    async def repair(self, running: Running, record: Record) -> bool:
        """Make an account what the mapping makes of its resource, whoever changed it.

        Returns whether there was anything to do. The resource stays as it is.
        """
        if record.link is None:
            return False
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
        if step is not None:
            await self._carry_out(running, step)
        return step is not None

    async def bring_up(self, running: Running, record: Record) -> bool:
        """Bring the account of a resource that lags to the mapping, as ``apply`` asks.

        Returns whether there was anything to do. The resource stays as it is.
        """
        objects = running.objects
        lag = lag_of(objects, running.program.revision, record)
        if lag is None:
            return False
        try:
            step = await self._lagging_step(running, record, lag)
        except ScimError as error:
            await self._journal.refuse(
                running, lag.operation, record, record.resource, error, BY_APPLY
            )
            raise
        await self._carry_out(running, replace(step, cause=BY_APPLY))
        return True

    async def _lagging_step(self, running: Running, record: Record, lag: Lag) -> Step:
        if lag.faults:
            raise refuse_faults(lag.faults)
        resource, link = record.resource, record.link
        if link is None:
            defaults = running.objects.without_their_secret(resource)
            return await self._creation(running, record, resource, lag.wanted, defaults)
        return Step(
            lag.operation, record, resource, link.key, link.projection, lag.wanted, lag.difference
        )

    async def _decide(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
        touched: frozenset[str],
    ) -> Step:
        what = meaning(before, after)
        if what is Operation.DELETE:
            assert before is not None
            return deletion(running, before)
        assert after is not None
        objects = running.objects
        wanted = projected(running, before, what, after, touched)
        defaults = objects.without_their_secret(after)
        after = without_secrets(after, objects.acceptance.accepted)
        link = before.link if before else None
        if before is not None and link is None and after.get("active") is False:
            return Step(what, before, after, None, {}, wanted, NO_DIFFERENCE)
        if link is None:
            return await self._creation(running, before, after, wanted, defaults)
        changes = difference(objects, link.projection, wanted, objects.once)
        return Step(what, before, after, link.key, link.projection, wanted, changes)

    async def _creation(
        self,
        running: Running,
        before: Record | None,
        after: Resource,
        wanted: Mapping[str, Value],
        defaults: frozenset[str],
    ) -> Step:
        objects = running.objects
        account = await self._account_to_adopt(running, wanted)
        if account is None:
            made = everything(objects, wanted)
            return Step(Operation.CREATE, before, after, None, {}, wanted, made)
        # Whoever is adopted has a password: a default is for new accounts.
        wanted = {name: value for name, value in wanted.items() if name not in defaults}
        old = {
            name: remember(field, value)
            for name, value in account.fields.items()
            if not ((field := objects.field(name)) and field.secrets)
        }
        if after.get("active") is not False:
            wanted = {**wanted, **objects.operations.reactivate_set}
        changes = difference(objects, old, wanted, objects.once)
        return Step(Operation.ADOPT, before, after, account.key, old, wanted, changes)

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
        record = record_after(running, step)
        entry = await self._journal.begin(running, step, record)
        try:
            return await self._finish(running, step, record, entry)
        finally:
            entry.release()

    async def _finish(
        self, running: Running, step: Step, record: Record | None, entry: JournalEntry
    ) -> Record | None:
        started = False
        try:
            if step.operation is Operation.DELETE and step.before is not None:
                started = await self._membership.dissolve(running, step.before.id, step.key)
            key, detail = await self._deliver(running, step)
            started = started or bool(step.difference) or key != step.key
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
        await entry.done(record, _said(step.cause, detail) or None)
        return record

    async def _deliver(self, running: Running, step: Step) -> tuple[Key | None, str | None]:
        """Carry the step to the target; returns the account's key and a remark for the log."""
        connector, values = running.connector, step.difference.values
        if step.operation is Operation.CREATE:
            return await connector.create(values), None
        if step.key is None:
            return None, "there was no account"
        removes = running.objects.operations.delete == "delete"
        try:
            if step.operation is Operation.DELETE and removes:
                await connector.delete(step.key)
            elif values:
                await connector.update(step.key, values)
        except Gone:
            return await self._missing(running, step)
        return step.key, None

    async def _deliver_members(
        self, running: Running, step: Step, record: Record | None, key: Key | None
    ) -> str | None:
        if record is None:
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


def _said(*parts: str | None) -> str:
    return ": ".join(part for part in parts if part)


def refuse_duplicate(record: Record) -> ScimError:
    """A userName that another user has, or a displayName that another group has."""
    kind, label = record.resource_type, label_of(record.resource_type)
    return uniqueness(
        f'a {kind} with {label} "{record.resource[label]}" exists already: id {record.id}'
    )
