"""Intents without an outcome are resolved by looking at the target, never by guessing."""

from __future__ import annotations

from dataclasses import replace

from scimweave.connectors.base import Account, TargetError, Unreachable
from scimweave.mapping import Operation
from scimweave.provisioning.lifecycle.difference import remember, same
from scimweave.provisioning.lifecycle.journal import CALL, GONE, Journal, reopen
from scimweave.provisioning.lifecycle.membership import Membership
from scimweave.provisioning.lifecycle.references import without_references
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.store.base import Intent, OpenIntent

RECOVERED = "found at the target and completed by recovery"
UNKNOWN = "a secret cannot be looked up; the provider was not told that it was done"
NOT_DELIVERED = "not found at the target; the provider was not told that it was done"


async def recover(journal: Journal, running: Running) -> int:
    """Resolve what a crash left open; returns how many are still open.

    Where the target cannot be reached the rest stays open, and is resolved before the next
    operation on the same person.
    """
    found = list(await journal.store.open_intents(journal.integration))
    unknown: list[OpenIntent] = []
    while found:
        try:
            await _resolve_of_type(journal, running, found[0], unknown)
        except TargetError:
            break
        del found[0]
    journal.keep_open(found + unknown)
    return len(found) + len(unknown)


async def _resolve_of_type(
    journal: Journal, running: Running, found: OpenIntent, unknown: list[OpenIntent]
) -> None:
    of_type = running.of(found.intent.resource_type)
    if of_type is None:
        # The mapping has no groups any more: there is no table to look at.
        unknown.append(found)
        return
    await resolve(journal, of_type, found)


async def resolve(journal: Journal, running: Running, found: OpenIntent) -> None:
    """Close one intent as done or failed. Raises ``TargetError`` where the target is silent."""
    intent = found.intent
    entry = reopen(journal, found)
    account = await _account(running, intent)
    if not (intent.delivery or intent.members) and intent.changes:
        # All that was to be written is secret, and nothing here knows it.
        await entry.fail(UNKNOWN)
        return
    membership = Membership(journal.store, journal.integration)
    key = account.key if account else None
    if not _delivered(running, intent, account):
        if intent.operation == Operation.DELETE or GONE in intent.delivery:
            # It may have been taken out of its groups already.
            await membership.restore(running, intent.resource_id, key)
        await entry.fail(NOT_DELIVERED)
        return
    if account is not None and (refusal := await _call_again(journal, running, intent, account)):
        await entry.fail(refusal)
        return
    if intent.after is not None:
        try:
            if intent.key is None and intent.after.link is not None:
                await membership.restore(running, intent.resource_id, key)
            await membership.deliver(running, key, intent.members)
        except Unreachable:
            raise
        except TargetError as error:
            await entry.fail(f"the target refuses the members: {error}")
            return
    record = intent.after
    if record is not None and record.link is not None:
        link = replace(record.link, key=account.key) if account else None
        record = replace(record, link=link)
    try:
        await entry.done(record, RECOVERED)
    except ScimError:
        # Another request has made this person since; ``done`` closed the entry as failed.
        return


async def _call_again(
    journal: Journal, running: Running, intent: Intent, account: Account
) -> str | None:
    """Call the action that an operation ends with: nobody knows whether it was called before.

    It may be called twice (``Connector.call``). Returns why the target refuses it.
    """
    name = intent.delivery.get(CALL)
    if name is None:
        return None
    record = intent.after or await journal.store.get(
        journal.integration, intent.resource_type, intent.resource_id
    )
    resource = record.resource if record else {}
    if intent.after is None:
        resource = {**resource, "active": False}
    try:
        values = without_references(running.objects.project(resource).values)
        await running.connector.call(name, account.key, values)
    except Unreachable:
        raise
    except TargetError as error:
        return f"the target refuses {name}: {error}"
    return None


async def _account(running: Running, intent: Intent) -> Account | None:
    if intent.key is not None:
        return await running.connector.read(intent.key)
    if intent.operation != Operation.CREATE or intent.after is None or intent.after.link is None:
        return None
    values = running.objects.project(intent.after.resource).values
    for name in running.objects.match:
        if values.get(name) is not None:
            accounts = await running.connector.find(name, values[name])
            if accounts:
                return accounts[0] if len(accounts) == 1 else None
    return None


def _delivered(running: Running, intent: Intent, account: Account | None) -> bool:
    """Whether the account is what the intent wanted it to be."""
    if GONE in intent.delivery:
        return account is None
    if not intent.delivery:
        return True
    if account is None:
        return intent.key is not None and intent.operation in {
            Operation.DELETE,
            Operation.DEACTIVATE,
        }
    objects = running.objects
    return all(
        same(remember(objects.field(name), account.fields[name]), value)
        for name, value in intent.delivery.items()
        if name in account.fields
    )
