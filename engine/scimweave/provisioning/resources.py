"""What every type of resource offers to a provider."""

from __future__ import annotations

from typing import Any, Protocol

from scimweave.provisioning.query import EVERYTHING, Page, Query
from scimweave.provisioning.selecting import Source
from scimweave.scim.schema import ResourceType
from scimweave.store.base import Record


class Resources(Protocol):
    """The resources of one type in one integration. Every method raises ``ScimError``."""

    @property
    def resource_type(self) -> ResourceType:
        """The type, with its endpoint."""
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

    async def replace(self, resource_id: str, body: Any) -> Record:
        """Replace a resource (RFC 7644 §3.5.1)."""
        ...

    async def patch(self, resource_id: str, body: Any) -> Record:
        """Apply PATCH operations, all or none (RFC 7644 §3.5.2)."""
        ...

    async def delete(self, resource_id: str) -> None:
        """Delete a resource."""
        ...
