"""What every type of resource offers to a provider."""

from __future__ import annotations

from typing import Any, Protocol

from scimweave.provisioning.expected import Expected
from scimweave.provisioning.query import Page
from scimweave.scim.schema import ResourceType
from scimweave.store.base import Record


class Resources(Protocol):
    """The resources of one type in one integration. Every method raises ``ScimError``.

    ``expected`` are the versions that a change may start from: 412 for another one.
    """

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

    async def query(
        self, filter_text: str | None = None, *, start_index: int = 1, count: int = 100
    ) -> Page:
        """Return the resources that a filter selects, in the order of their creation."""
        ...

    async def replace(
        self, resource_id: str, body: Any, expected: Expected | None = None
    ) -> Record:
        """Replace a resource (RFC 7644 §3.5.1)."""
        ...

    async def patch(self, resource_id: str, body: Any, expected: Expected | None = None) -> Record:
        """Apply PATCH operations, all or none (RFC 7644 §3.5.2)."""
        ...

    async def delete(self, resource_id: str, expected: Expected | None = None) -> None:
        """Delete a resource."""
        ...
