"""The groups of one integration, whose members are rows of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scimweave.provisioning.running import Running
from scimweave.provisioning.search.referring import with_members
from scimweave.provisioning.search.source import Source
from scimweave.provisioning.users import MappedResources
from scimweave.scim.coercion import Findings
from scimweave.scim.members import MEMBERS, MemberChange, replaced_members, split_members
from scimweave.scim.resource import Checked
from scimweave.scim.schema import GROUP_TYPE
from scimweave.store.base import Reference


class Groups(MappedResources):
    """A record of a group never holds its members: ``references`` has them."""

    without_extensions = GROUP_TYPE
    reference_attribute = MEMBERS
    refers = True

    async def references(self, resource_ids: Sequence[str]) -> Mapping[str, Sequence[Reference]]:
        """Return the members of groups, by group."""
        return await self._store.members(self._journal.integration, resource_ids)

    def _source(self) -> Source:
        return with_members(super()._source())

    def _read(
        self, running: Running, checked: Checked
    ) -> tuple[dict[str, Any], tuple[MemberChange, ...]]:
        resource, _ = super()._read(running, checked)
        # A PUT without members is one of a group without members (RFC 7644 §3.5.1).
        return resource, replaced_members(resource.pop(MEMBERS, None))

    def _split(self, running: Running, body: Any) -> tuple[Any, tuple[MemberChange, ...]]:
        findings = Findings()
        found = split_members(body, running.checker, findings)
        self._sight.saw_quirks(findings.quirks)
        return found
