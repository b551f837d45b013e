"""People who were at the target before: found by what a provider searches for, and linked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scimweave.connectors.base import Account, TargetError, Value
from scimweave.mapping import ObjectProgram
from scimweave.mapping.operation import Operation
from scimweave.provisioning.brownfield.match_fields import MatchField, match_fields
from scimweave.provisioning.lifecycle.difference import NO_DIFFERENCE, difference, remember
from scimweave.provisioning.lifecycle.journal import Journal
from scimweave.provisioning.lifecycle.locks import Locks
from scimweave.provisioning.lifecycle.lookups import ACCOUNT, account_value, folded
from scimweave.provisioning.lifecycle.refusal import translate
from scimweave.provisioning.lifecycle.step import Step, record_after
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_filter
from scimweave.scim.syntax import AttributePath, Compare, Filter
from scimweave.store.base import NO_MEMBERS, Key, MemberDelta, Record, Resource

MOST_ENTRIES = 50
FOUND = "found at the target by {}; linked, nothing was written"
# Brings to an end what earlier requests for a label left open.
Settle = Callable[[Running, None, str], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """An account that a resource can be made of, and the field that found it."""

    account: Account
    resource: Resource
    field: str


class AtTarget:
    """Looks into the target of one integration for users that the store does not know."""

    def __init__(self, journal: Journal, locks: Locks, settle: Settle) -> None:
        self._journal = journal
        self._locks = locks
        self._settle = settle
        self._running: Running | None = None
        self._match_fields: Sequence[MatchField] = ()

    async def look_up(self, running: Running, asked: Filter) -> bool:
        """Link the one account that ``asked`` selects; returns whether the store may know it now.

        Of several accounts none is linked: whoever creates the user is told of them. Raises
        ``ScimError``: 503 where the target is silent, for that is no answer.
        """
        if not isinstance(asked, Compare) or asked.op != "eq" or not isinstance(asked.value, str):
            return False
        if self._running is not running:
            self._running, self._match_fields = running, tuple(match_fields(running))
        try:
            found = await _find(running, self._match_fields, asked, asked.value)
        except TargetError as error:
            raise translate(error, running) from error
        if found is None or await self.owner(running, found.account.key) is not None:
            return False
        if await self.is_deleted(running, found.account.key, found.resource) is not False:
            return False
        objects = running.objects
        kind, label = objects.resource_type.name, folded(found.resource[objects.label])
        async with self._locks.hold((kind, label)):
            await self._settle(running, None, label)
            integration = self._journal.integration
            if await self._journal.store.find(integration, kind, objects.label, label):
                return True
            fields = remembered(objects, found.account.fields, found.resource)
            taken = Taken(found.account.key, fields, found.resource)
            detail = FOUND.format(found.field)
            try:
                await link(self._journal, running, Operation.ADOPT, taken, detail)
            except ScimError:
                # Another request was first to link this account; the entry says so.
                return True
        return True

    async def owner(self, running: Running, key: Key) -> Record | None:
        """Return the resource that an account is linked to."""
        kind = running.objects.resource_type.name
        value = account_value(key)
        found = await self._journal.store.find(self._journal.integration, kind, ACCOUNT, value)
        return found[0] if found else None

    async def is_deleted(self, running: Running, key: Key, resource: Resource) -> bool | None:
        """Whether an account is what a deletion left behind: whoever is deleted stays deleted.

        None where nobody knows: the log does not tell names that are sensitive.
        """
        objects = running.objects
        if await self._journal.store.held(self._journal.integration, key=key):
            return True
        if objects.operations.delete == "delete":
            return False
        if objects.hides_label:
            return None
        entries = await self._journal.store.journal(
            self._journal.integration, user=resource[objects.label], limit=MOST_ENTRIES
        )
        own = [each for each in entries if each.key == key and each.outcome == "done"]
        return bool(own) and own[-1].operation == Operation.DELETE


@dataclass(frozen=True, slots=True)
class Taken:
    """An account that is taken over as it is.

    ``fields`` are its fields as a link keeps them, ``before`` is the stored resource without an
    account, if there is one; ``members`` are in the group already.
    """

    key: Key
    fields: Mapping[str, Any]
    resource: Resource
    before: Record | None = None
    members: MemberDelta = NO_MEMBERS


async def link(
    journal: Journal, running: Running, operation: Operation, taken: Taken, detail: str
) -> Record:
    """Store a resource with an account; nothing is written to the target.

    The caller holds the lock of the label. Raises ``ScimError`` (uniqueness).
    """
    before, fields, resource = taken.before, taken.fields, taken.resource
    step = Step(operation, before, resource, taken.key, fields, {}, NO_DIFFERENCE, taken.members)
    record = record_after(running, step)
    assert record is not None
    assert record.link is not None
    objects = running.objects
    if difference(objects, fields, objects.project(resource).values, objects.once):
        # No revision has made an account like that: it lags behind, and whoever asks is told.
        record = replace(record, link=replace(record.link, revision=""))
    entry = await journal.begin(running, step, record)
    try:
        await entry.done(record, detail)
    finally:
        entry.release()
    return record


def remembered(
    objects: ObjectProgram, fields: Mapping[str, Value], resource: Resource
) -> dict[str, Any]:
    """Return what a link keeps of the fields of an account that ``resource`` was read back from.

    What could not be read back is left out: it stays at the target, until there is a value for it.
    """
    wanted = objects.project(resource).values
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        field = objects.field(name)
        is_secret = field is not None and bool(field.secrets)
        if not is_secret and (value is None or wanted.get(name) is not None):
            kept[name] = remember(field, value)
    return kept


async def _find(
    running: Running, fields: Sequence[MatchField], asked: Compare, given: str
) -> Found | None:
    """Return the one account that the match fields find for a value. Raises ``TargetError``."""
    objects = running.objects
    for each in fields:
        wanted = each.wanted(given) if each.is_asked_by(asked.path) else None
        if wanted is None:
            continue
        accounts = await running.connector.find(each.field.name, wanted)
        if len(accounts) > 1:
            return None
        if not accounts:
            continue
        resource = objects.reverse(accounts[0].fields).resource
        if not _has(resource, each.path) and not each.assign(resource, given):
            return None
        if not _is_whole(running, resource) or not objects.in_scope(resource):
            return None
        if not _selects(running, asked, resource):
            return None
        return Found(accounts[0], resource, each.field.name)
    return None


def _has(resource: Resource, path: AttributePath) -> bool:
    owner = resource.get(path.uri) if path.uri else resource
    return isinstance(owner, dict) and owner.get(path.attribute) is not None


def _is_whole(running: Running, resource: Resource) -> bool:
    """Whether a resource has all that one needs."""
    try:
        running.checker.require(resource)
    except ScimError:
        return False
    return True


def _selects(running: Running, asked: Filter, resource: Resource) -> bool:
    return bool(compile_filter(asked, running.objects.resource_type)(resource))
