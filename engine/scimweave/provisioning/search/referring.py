"""Filters over ``members`` of groups and ``groups`` of users, which are rows of their own.

Where ids are all that is asked for, nobody's members are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scimweave.provisioning.lifecycle.membership import address, as_group, as_member
from scimweave.provisioning.search.names import index_name
from scimweave.provisioning.search.pushdown import MOST_CONDITIONS, Special
from scimweave.provisioning.search.source import Outside, Source
from scimweave.scim.error import ScimError
from scimweave.scim.members import MEMBERS, named_ids
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath, Compare, Filter, ValuePath
from scimweave.store.base import Reference
from scimweave.store.conditions import Any as AnyOf
from scimweave.store.conditions import Condition, HasMember, IsMember

GROUPS = "groups"
Elements = Mapping[str, Sequence[dict[str, Any]]]


def with_members(source: Source) -> Source:
    """Return a source of groups whose filters and sorting know the members."""

    async def read(ids: Sequence[str], base_url: str) -> Elements:
        found = await source.store.members(source.integration, ids)
        return _described(found, as_member, base_url)

    special = _by_id(source.resource_type, MEMBERS, HasMember)
    return replace(source, special=special, outside=Outside(MEMBERS, read))


def with_groups(source: Source) -> Source:
    """Return a source of users whose filters and sorting know the groups they are in."""

    async def read(ids: Sequence[str], base_url: str) -> Elements:
        found = await source.store.memberships(source.integration, ids)
        return _described(found, as_group, base_url)

    special = _by_id(source.resource_type, GROUPS, IsMember)
    return replace(source, special=special, outside=Outside(GROUPS, read))


def _described(
    found: Mapping[str, Sequence[Reference]],
    described: Callable[[Reference], dict[str, Any]],
    base_url: str,
) -> Elements:
    return {
        owner: [{**described(each), "$ref": address(each, base_url)} for each in here]
        for owner, here in found.items()
    }


def _by_id(
    resource_type: ResourceType, attribute: str, condition: Callable[[str], Condition]
) -> Special:
    """Resolve ``members eq``, ``members.value eq`` and ``members[value eq …]`` (Q43)."""

    def is_meant(path: AttributePath) -> bool:
        if path.attribute.lower() != attribute or path.filter is not None:
            return False
        try:
            return index_name(path, resource_type) == f"{attribute}.value"
        except ScimError:
            return False

    def special(part: Filter) -> Condition | None:
        match part:
            case Compare(path, "eq", str(value)) if is_meant(path):
                return condition(value)
            case ValuePath(path, inside) if is_meant(path):
                ids = named_ids(inside) or ()
                if 0 < len(ids) <= MOST_CONDITIONS:
                    return condition(ids[0]) if len(ids) == 1 else AnyOf(tuple(map(condition, ids)))
        return None

    return special
