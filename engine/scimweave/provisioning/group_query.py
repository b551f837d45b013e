"""Filters over the members of groups, without loading them where ids are all that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scimweave.provisioning.lookups import EXTERNAL_ID, folded, label_of
from scimweave.provisioning.membership import as_member
from scimweave.provisioning.query import SCAN_BATCH, as_resource
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.members import MEMBERS
from scimweave.scim.schema import GROUP_TYPE
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath
from scimweave.store.base import Record, Store

GROUP = GROUP_TYPE.name


def members_condition(text: str | None) -> Filter | None:
    """Return a filter that is about members; None for any other. Raises ``ScimError``."""
    if text is None or MEMBERS not in text.lower():
        return None
    found = parse_filter(text)
    return found if any(_asked_ids(found)) else None


async def query_by_members(store: Store, integration: str, found: Filter) -> Sequence[Record]:
    """Return the groups that a filter selects. Raises ``ScimError`` (invalidFilter)."""
    accepts = compile_filter(found, GROUP_TYPE)
    asked = list(_asked_ids(found))
    selected: list[Record] = []
    position = 0
    candidates = await _candidates(store, integration, found)
    while True:
        if candidates is None:
            batch, position = await store.batch(integration, GROUP, position, SCAN_BATCH)
        else:
            batch = candidates
        members = await _members(store, integration, batch, asked)
        selected += (
            record
            for record in batch
            if accepts({**as_resource(record), MEMBERS: members.get(record.id, ())})
        )
        if candidates is not None or len(batch) < SCAN_BATCH:
            return selected


async def _members(
    store: Store, integration: str, groups: Sequence[Record], asked: Sequence[str | None]
) -> Mapping[str, Sequence[dict[str, Any]]]:
    """Return of the groups' members those that the filter can be about."""
    ids = [each for each in asked if each is not None]
    if len(ids) < len(asked):
        found = await store.members(integration, [group.id for group in groups])
        return {group: [as_member(each) for each in here] for group, here in found.items()}
    return {
        group.id: [{"value": each} for each in here]
        for group in groups
        if (here := await store.members_among(integration, group.id, ids))
    }


async def _candidates(store: Store, integration: str, found: Filter) -> Sequence[Record] | None:
    """Return groups among which all matches are, by an index; None where none helps."""
    match found:
        case And(left, right):
            first = await _candidates(store, integration, left)
            if first is not None and len(first) <= 1:
                return first
            second = await _candidates(store, integration, right)
            sides = [each for each in (first, second) if each is not None]
            return min(sides, key=len) if sides else None
        case Compare(AttributePath(_, name, None, None), "eq", str(value)) if (
            name.lower() in _INDEXED
        ):
            return await _indexed(store, integration, name.lower(), value)
    member = _asked_id(found)
    if member is None:
        return None
    groups = (await store.memberships(integration, [member])).get(member, ())
    records = [await store.get(integration, GROUP, each.id) for each in groups]
    return [each for each in records if each is not None]


_INDEXED = frozenset({"id", "displayname", "externalid"})


async def _indexed(store: Store, integration: str, name: str, value: str) -> Sequence[Record]:
    match name:
        case "id":
            record = await store.get(integration, GROUP, value)
            return (record,) if record else ()
        case "displayname":
            return await store.find(integration, GROUP, label_of(GROUP), folded(value))
        case _:
            return await store.find(integration, GROUP, EXTERNAL_ID, value)


def _asked_ids(found: Filter) -> Iterator[str | None]:
    """Yield the member that each condition on members asks for; None for any other condition."""
    match found:
        case And(left, right) | Or(left, right):
            yield from _asked_ids(left)
            yield from _asked_ids(right)
        case Not(operand):
            yield from _asked_ids(operand)
        case Compare(path) | Present(path) | ValuePath(path):
            if path.attribute.lower() == MEMBERS:
                yield _asked_id(found)


def _asked_id(found: Filter) -> str | None:
    """Return the id in ``members eq``, ``members.value eq`` and ``members[value eq …]`` (Q43)."""
    match found:
        case Compare(AttributePath(_, name, sub, None), "eq", str(value)) if (
            name.lower() == MEMBERS and (sub or "value").lower() == "value"
        ):
            return value
        case ValuePath(
            AttributePath(_, name, None, None),
            Compare(AttributePath(None, inner, None, None), "eq", str(value)),
        ) if name.lower() == MEMBERS and inner.lower() == "value":
            return value
    return None
