"""What every type of resource offers to a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from scimweave.provisioning.lifecycle.expected import Expected
from scimweave.provisioning.lifecycle.operator import Brought
from scimweave.provisioning.search.query import EVERYTHING, Page, Query
from scimweave.provisioning.search.source import Source
from scimweave.scim.schema import ResourceType
from scimweave.store.base import Record, Reference


class Resources(Protocol):
    """The resources of one type in one integration. Every method raises ``ScimError``.

    ``expected`` are the versions that a change may start from: 412 for another one.
    """

    @property
    def resource_type(self) -> ResourceType:
        """The type, with its endpoint."""
        ...

    @property
    def reference_attribute(self) -> str:
        """The attribute that ``references`` fills: ``members``, or ``groups``."""
        ...

    @property
    def patch_status(self) -> int:
        """What a PATCH answers: 200 with the resource, or 204."""
        ...

    @property
    def refers(self) -> bool:
        """Whether there is anything that ``references`` may find."""
        ...

    async def references(self, resource_ids: Sequence[str]) -> Mapping[str, Sequence[Reference]]:
        """Return what resources refer to, or are referred to by, by their ids.

        A resource without any is left out. Costs one read, however many resources are asked for.
        """
        ...

    async def create(self, body: Any) -> Record:
        """Create a resource from a SCIM body (RFC 7644 §3.3)."""
        ...

    async def get(self, resource_id: str) -> Record:
        """Return one resource."""
        ...

    def source(self) -> Source:
        """Return where queries find the resources."""
        ...

    async def query(self, asked: Query = EVERYTHING) -> Page:
        """Return the resources that a query selects."""
        ...

    async def replace(
        self, resource_id: str, body: Any, expected: Expected | None = None
    ) -> Record:
        """Replace a resource (RFC 7644 §3.5.1)."""
        ...

    async def patch(self, resource_id: str, body: Any, expected: Expected | None = None) -> Record:
        """Apply PATCH operations, all or none (RFC 7644 §3.5.2)."""
        ...

    async def bring_up(self, resource_id: str, revision: str) -> Brought:
        """Bring the account of a resource to a revision of the mapping, where that is in use."""
        ...

    async def delete(self, resource_id: str, expected: Expected | None = None) -> None:
        """Delete a resource."""
        ...
