"""The life cycle of users: every change is intent, then target, then commit (design, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scimweave.connectors.base import Account, Gone, TargetError, Unreachable, Value
from scimweave.mapping import FieldFault
from scimweave.mapping.operation import Operation, operation
from scimweave.provisioning.difference import (
    NO_DIFFERENCE,
    Difference,
    difference,
    everything,
    fields_once,
    remember,
)
from scimweave.provisioning.identifiers import new_id
from scimweave.provisioning.journal import Journal
from scimweave.provisioning.lookups import ACCOUNT, account_value
from scimweave.provisioning.refusal import refuse_faults, translate
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError, uniqueness
from scimweave.store.base import Key, Link, Record, Resource, Store

USER = "User"


@dataclass(frozen=True, slots=True)
class Step:
    """What one operation is going to do, decided before anything is written."""

    operation: Operation
    before: Record | None
    after: Resource | None
    key: Key | None
    old: Mapping[str, Any]
    wanted: Mapping[str, Value]
    difference: Difference


class Lifecycle:
    """Carries out operations on the users of one integration.

    The caller holds the locks of the resource. Raises ``ScimError``; then the stored resource is
    as it was, and the target too, unless the answer is 503 and the entry stays open.
    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def apply(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
        touched: frozenset[str] = frozenset(),
    ) -> Record | None:
        """Bring a resource from ``before`` to ``after`` here and at the target.

        ``touched`` names the attributes that the request writes (top level or extension URN).
        Returns the new record; None after a deletion; ``before`` where nothing changes.
        """
        if before is not None and before.resource == after:
            return before
        step = await self._decide(running, before, after, touched)
        return await self._carry_out(running, step)

    async def _decide(
        self,
        running: Running,
        before: Record | None,
        after: Resource | None,
        touched: frozenset[str],
    ) -> Step:
        what = operation(before.resource if before else None, after)
        if what is Operation.DELETE:
            assert before is not None
            return _deletion(running, before)
        assert after is not None
        wanted = _wanted(running, what, after, touched)
        link = before.link if before else None
        if before is not None and link is None and after.get("active") is False:
            return Step(what, before, after, None, {}, wanted, NO_DIFFERENCE)
        if link is None:
            return await self._creation(running, before, after, wanted)
        changes = difference(
            running.program.users, link.projection, wanted, fields_once(running.program.users)
        )
        return Step(what, before, after, link.key, link.projection, wanted, changes)

    async def _creation(
        self,
        running: Running,
        before: Record | None,
        after: Resource,
        wanted: Mapping[str, Value],
    ) -> Step:
        users = running.program.users
        account = await self._account_to_adopt(running, wanted)
        if account is None:
            made = everything(users, wanted)
            return Step(Operation.CREATE, before, after, None, {}, wanted, made)
        old = {name: remember(users.field(name), value) for name, value in account.fields.items()}
        if after.get("active") is not False:
            wanted = {**wanted, **users.operations.reactivate_set}
        changes = difference(users, old, wanted, fields_once(users))
        return Step(Operation.ADOPT, before, after, account.key, old, wanted, changes)

    async def _account_to_adopt(
        self, running: Running, wanted: Mapping[str, Value]
    ) -> Account | None:
        """Find the one account that ``match`` proves to be this person's."""
        program = running.program
        for name in program.users.match:
            if wanted.get(name) is None:
                continue
            try:
                accounts = await running.connector.find(name, wanted[name])
            except TargetError as error:
                raise translate(error, program) from error
            if len(accounts) > 1:
                keys = ", ".join(str(account.key) for account in accounts)
                raise uniqueness(
                    f"{len(accounts)} accounts in {program.users.object} have this {name}: "
                    f"{program.users.key} {keys}; leave one of them"
                )
            if accounts:
                await self._refuse_linked(program.integration, accounts[0])
                return accounts[0]
        return None

    async def _refuse_linked(self, integration: str, account: Account) -> None:
        value = account_value(account.key)
        for record in await self._store.find(integration, USER, ACCOUNT, value):
            raise uniqueness(
                f"account {account.key} belongs to user {record.id} "
                f"({record.resource['userName']}) already"
            )

    async def _carry_out(self, running: Running, step: Step) -> Record | None:
        record = _record_after(running, step)
        entry = await self._journal.begin(running, step, record)
        try:
            key, detail = await self._deliver(running, step)
        except TargetError as error:
            refusal = translate(error, running.program)
            # Nobody knows whether the change was made: the entry stays open until the target tells.
            if not (isinstance(error, Unreachable) and error.applied is None):
                await entry.fail(refusal.detail)
            raise refusal from error
        if record is not None:
            record = _linked(record, key)
        await entry.done(record, detail)
        return record

    async def _deliver(self, running: Running, step: Step) -> tuple[Key | None, str | None]:
        """Carry the step to the target; returns the account's key and a remark for the log."""
        connector, values = running.connector, step.difference.values
        if step.operation is Operation.CREATE:
            return await connector.create(values), None
        if step.key is None:
            return None, "there was no account"
        removes = running.program.users.operations.delete == "delete"
        try:
            if step.operation is Operation.DELETE and removes:
                await connector.delete(step.key)
            elif values:
                await connector.update(step.key, values)
        except Gone:
            return await self._missing(running, step)
        return step.key, None

    async def _missing(self, running: Running, step: Step) -> tuple[Key | None, str | None]:
        """Make an account anew that has gone, or refuse (``operations.missing``)."""
        users = running.program.users
        gone = f"drift: account {step.key} was gone"
        if step.operation in {Operation.DELETE, Operation.DEACTIVATE}:
            return None, gone
        if users.operations.missing == "fail":
            raise Gone(f"{users.key} {step.key}")
        made = everything(users, step.wanted).values
        account = await self._account_to_adopt(running, step.wanted)
        if account is not None:
            await running.connector.update(account.key, made)
            return account.key, f"{gone}; account {account.key} was there instead"
        return await running.connector.create(made), f"{gone} and was made anew"


def _wanted(
    running: Running,
    what: Operation,
    after: Resource,
    touched: frozenset[str],
) -> Mapping[str, Value]:
    """Project ``after``, or refuse.

    What cannot be projected does not keep a leaver in, unless this request brought it.
    """
    users = running.program.users
    projection = users.project(after)
    blocking = [
        fault
        for fault in projection.faults
        if what is not Operation.DEACTIVATE or _is_touched(running, fault, touched)
    ]
    if blocking:
        raise refuse_faults(blocking)
    if what is Operation.REACTIVATE:
        return {**projection.values, **users.operations.reactivate_set}
    return projection.values


def _is_touched(running: Running, fault: FieldFault, touched: frozenset[str]) -> bool:
    field = running.program.users.field(fault.field)
    written = {name.lower() for name in touched}
    return field is not None and any(
        name.lower() in written
        for source in field.sources
        for name in (source.attribute, source.uri or source.attribute)
    )


def _deletion(running: Running, before: Record) -> Step:
    users = running.program.users
    link = before.link
    wanted: Mapping[str, Value] = {}
    changes = NO_DIFFERENCE
    if link is not None and users.operations.delete == "deactivate":
        wanted = users.project({**before.resource, "active": False}).values
        changes = difference(users, link.projection, wanted, fields_once(users))
    return Step(
        Operation.DELETE,
        before,
        None,
        link.key if link else None,
        link.projection if link else {},
        wanted,
        changes,
    )


def _record_after(running: Running, step: Step) -> Record | None:
    if step.after is None:
        return None
    projection = {**step.old, **step.difference.remembered}
    known = running.program.users.known_fields
    link = Link(
        step.key if step.key is not None else "",
        {name: value for name, value in projection.items() if name in known},
        running.program.revision,
    )
    now = datetime.now(UTC)
    if step.before is None:
        return Record(new_id(), USER, step.after, 1, now, now, link)
    return replace(
        step.before,
        resource=step.after,
        version=step.before.version + 1,
        last_modified=now,
        link=link,
    )


def _linked(record: Record, key: Key | None) -> Record:
    """Put in the key that the target gave; without one there is no account to link."""
    if key is None or record.link is None:
        return replace(record, link=None)
    if key == record.link.key:
        return record
    return replace(record, link=replace(record.link, key=key))


def refuse_duplicate(record: Record) -> ScimError:
    """A userName that another user has."""
    return uniqueness(
        f'a User with userName "{record.resource["userName"]}" exists already: id {record.id}'
    )
