"""The account of a joiner: one that was there before, one that is still theirs, or a new one."""

from __future__ import annotations

from collections.abc import Mapping

from scimweave.connectors.base import Account, TargetError, Value
from scimweave.mapping.operation import Operation
from scimweave.provisioning.lifecycle.difference import difference, everything, remember
from scimweave.provisioning.lifecycle.guard import Guard
from scimweave.provisioning.lifecycle.lookups import ACCOUNT, account_value, folded
from scimweave.provisioning.lifecycle.refusal import translate
from scimweave.provisioning.lifecycle.step import BACK, Step
from scimweave.provisioning.running import Running
from scimweave.scim.error import uniqueness
from scimweave.store.base import Hold, Record, Resource, Store


class Joiner:
    """Finds out which account somebody gets. Every method raises ``ScimError``."""

    def __init__(self, store: Store, integration: str, guard: Guard) -> None:
        self._store = store
        self._integration = integration
        self._guard = guard

    async def step(
        self,
        running: Running,
        before: Record | None,
        after: Resource,
        wanted: Mapping[str, Value],
        sent: Resource,
    ) -> Step:
        """Return the step that gives a resource an account; ``sent`` is it with its secrets."""
        hold, account = None, None
        if running.section == "users" and self._guard.may_hold:
            hold, account = await self._taken_back(running, after)
        if account is None:
            account = await self.account_to_adopt(running, wanted)
        if account is None:
            return _creation(running, before, after, wanted)
        # Whoever is adopted has a password: a default is for new accounts.
        defaults = running.objects.without_their_secret(sent)
        wanted = {name: value for name, value in wanted.items() if name not in defaults}
        step = _adoption(running, before, after, wanted, account)
        if hold is not None:
            step.taken_back, step.remark = hold, BACK
        return step

    async def account_to_adopt(
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

    async def _taken_back(
        self, running: Running, after: Resource
    ) -> tuple[Hold, Account] | tuple[None, None]:
        """Find the account of whoever had this name and was deleted, while that is held."""
        name = folded(after[running.objects.label])
        for hold in await self._store.held(self._integration, name=name):
            if hold.record is None or hold.key is None or hold.resource_type != running.kind:
                continue
            try:
                account = await running.connector.read(hold.key)
            except TargetError as error:
                raise translate(error, running) from error
            if account is not None:
                return hold, account
        return None, None

    async def _refuse_linked(self, running: Running, account: Account) -> None:
        value = account_value(account.key)
        found = await self._store.find(self._integration, running.kind, ACCOUNT, value)
        for record in found:
            raise uniqueness(
                f"account {account.key} belongs to {running.section[:-1]} {record.id} "
                f"({record.resource[running.objects.label]}) already"
            )


def _creation(
    running: Running, before: Record | None, after: Resource, wanted: Mapping[str, Value]
) -> Step:
    objects = running.objects
    is_active = objects.is_active(after)
    return Step(
        Operation.CREATE,
        before,
        after,
        None,
        {},
        wanted,
        everything(objects, wanted),
        call=None if is_active else objects.operations.deactivate_call,
        inactive=not is_active,
    )


def _adoption(
    running: Running,
    before: Record | None,
    after: Resource,
    wanted: Mapping[str, Value],
    account: Account,
) -> Step:
    objects, operations = running.objects, running.objects.operations
    old = {
        name: remember(field, value)
        for name, value in account.fields.items()
        if not ((field := objects.field(name)) and field.secrets)
    }
    is_active = objects.is_active(after)
    if is_active:
        wanted = {**wanted, **operations.reactivate_set}
    return Step(
        Operation.ADOPT,
        before,
        after,
        account.key,
        old,
        wanted,
        difference(objects, old, wanted, objects.once),
        call=operations.reactivate_call if is_active else operations.deactivate_call,
        inactive=not is_active,
    )
