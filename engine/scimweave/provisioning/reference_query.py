"""Filters over the members of groups and the groups of users, which no record holds.

Where ids are all that is asked for, members are looked up, not loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scimweave.provisioning.lookups import EXTERNAL_ID, folded, label_of
from scimweave.provisioning.membership import as_member
from scimweave.provisioning.query import SCAN_BATCH, as_resource
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.members import MEMBERS
from scimweave.scim.schema import GROUP_TYPE, USER_TYPE, ResourceType
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath
from scimweave.store.base import Record, Store

Elements = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Referring:
    """An attribute whose elements refer to other resources, and how to come by them.

    ``elements`` are those that a filter can be about, of some resources by their ids; ``asked``
    holds the ids that it compares with, None for any other condition. ``referrers`` are the
    resources that refer to one id; None where it costs less to look at all.
    """

    resource_type: ResourceType
    attribute: str
    elements: Callable[[Store, str, Sequence[str], Sequence[str | None]], Awaitable[Elements]]
    referrers: Callable[[Store, str, str], Awaitable[Sequence[Record] | None]]

    def condition(self, text: str | None) -> Filter | None:
        """Return a filter that is about the attribute; None for any other."""
        if text is None or self.attribute not in text.lower():
            return None
        found = parse_filter(text)
        return found if list(_asked(found, self.attribute)) else None

    async def query(self, store: Store, integration: str, found: Filter) -> Sequence[Record]:
        """Return the resources that a filter selects. Raises ``ScimError`` (invalidFilter)."""
        accepts = compile_filter(found, self.resource_type)
        asked = list(_asked(found, self.attribute))
        candidates = await self._candidates(store, integration, found)
        selected: list[Record] = []
        position = 0
        while True:
            if candidates is None:
                kind = self.resource_type.name
                batch, position = await store.batch(integration, kind, position, SCAN_BATCH)
            else:
                batch = candidates
            elements = await self.elements(store, integration, [each.id for each in batch], asked)
            selected += (
                record
                for record in batch
                if accepts({**as_resource(record), self.attribute: elements.get(record.id, [])})
            )
            if candidates is not None or len(batch) < SCAN_BATCH:
                return selected

    async def _candidates(
        self, store: Store, integration: str, found: Filter
    ) -> Sequence[Record] | None:
        """Return resources among which all matches are; None where no index helps."""
        if isinstance(found, And):
            first = await self._candidates(store, integration, found.left)
            if first is not None and len(first) <= 1:
                return first
            second = await self._candidates(store, integration, found.right)
            sides = [each for each in (first, second) if each is not None]
            return min(sides, key=len) if sides else None
        referred = _asked_id(found, self.attribute)
        if referred is not None:
            return await self.referrers(store, integration, referred)
        match found:
            case Compare(AttributePath(_, name, None, None), "eq", str(value)):
                return await self._indexed(store, integration, name.lower(), value)
        return None

    async def _indexed(
        self, store: Store, integration: str, name: str, value: str
    ) -> Sequence[Record] | None:
        kind = self.resource_type.name
        label = label_of(kind)
        if name == "id":
            record = await store.get(integration, kind, value)
            return (record,) if record else ()
        if name == label.lower():
            return await store.find(integration, kind, label, folded(value))
        if name == EXTERNAL_ID.lower():
            return await store.find(integration, kind, EXTERNAL_ID, value)
        return None


def _asked(found: Filter, attribute: str) -> Iterator[str | None]:
    """Yield for each condition on the attribute the id that it asks for, or None."""
    match found:
        case And(left, right) | Or(left, right):
            yield from _asked(left, attribute)
            yield from _asked(right, attribute)
        case Not(operand):
            yield from _asked(operand, attribute)
        case Compare(path) | Present(path) | ValuePath(path):
            if path.attribute.lower() == attribute:
                yield _asked_id(found, attribute)


def _asked_id(found: Filter, attribute: str) -> str | None:
    """Return the id in ``members eq``, ``members.value eq`` and ``members[value eq …]`` (Q43)."""
    match found:
        case Compare(AttributePath(_, name, sub, None), "eq", str(value)) if (
            name.lower() == attribute and (sub or "value").lower() == "value"
        ):
            return value
        case ValuePath(
            AttributePath(_, name, None, None),
            Compare(AttributePath(None, inner, None, None), "eq", str(value)),
        ) if name.lower() == attribute and inner.lower() == "value":
            return value
    return None


async def _members(
    store: Store, integration: str, groups: Sequence[str], asked: Sequence[str | None]
) -> Elements:
    ids = [each for each in asked if each is not None]
    if len(ids) < len(asked):
        found = await store.members(integration, groups)
        return {group: [as_member(each) for each in here] for group, here in found.items()}
    return {
        group: [{"value": each} for each in await store.members_among(integration, group, ids)]
        for group in groups
    }


async def _groups_of(store: Store, integration: str, member: str) -> Sequence[Record]:
    groups = (await store.memberships(integration, [member])).get(member, ())
    records = [await store.get(integration, GROUP_TYPE.name, each.id) for each in groups]
    return [each for each in records if each is not None]


async def _groups(
    store: Store, integration: str, users: Sequence[str], asked: Sequence[str | None]
) -> Elements:
    found = await store.memberships(integration, users)
    return {
        user: [{**as_member(each), "type": "direct"} for each in here]
        for user, here in found.items()
    }


async def _members_of(store: Store, integration: str, group: str) -> None:
    # A group may have more members than there are users in a few batches.
    return None


MEMBERS_OF_GROUPS = Referring(GROUP_TYPE, MEMBERS, _members, _groups_of)
GROUPS_OF_USERS = Referring(USER_TYPE, "groups", _groups, _members_of)
