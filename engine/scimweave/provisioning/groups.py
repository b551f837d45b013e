"""The groups of one integration, whose members are rows of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scimweave.provisioning.group_query import members_condition, query_by_members
from scimweave.provisioning.query import Page
from scimweave.provisioning.running import Running
from scimweave.provisioning.users import MappedResources
from scimweave.scim.members import MEMBERS, MemberChange, replaced_members, split_members
from scimweave.scim.schema import GROUP_TYPE
from scimweave.store.base import Reference


class Groups(MappedResources):
    """A record of a group never holds its members: ``references`` has them."""

    without_extensions = GROUP_TYPE
    reference_attribute = MEMBERS

    async def references(self, resource_ids: Sequence[str]) -> Mapping[str, Sequence[Reference]]:
        """Return the members of groups, by group."""
        return await self._store.members(self._journal.integration, resource_ids)

    async def query(
        self, filter_text: str | None = None, *, start_index: int = 1, count: int = 100
    ) -> Page:
        """Return the groups that a filter selects, in the order of their creation."""
        found = members_condition(filter_text)
        if found is None:
            return await super().query(filter_text, start_index=start_index, count=count)
        integration = self._journal.integration
        selected = await query_by_members(self._store, integration, found)
        start = max(1, start_index)
        return Page(len(selected), start, selected[start - 1 : start - 1 + max(0, count)])

    def _read(self, running: Running, body: Any) -> tuple[dict[str, Any], tuple[MemberChange, ...]]:
        resource, _ = super()._read(running, body)
        # A PUT without members is one of a group without members (RFC 7644 §3.5.1).
        return resource, replaced_members(resource.pop(MEMBERS, None))

    def _split(self, running: Running, body: Any) -> tuple[Any, tuple[MemberChange, ...]]:
        return split_members(body, running.checker)
