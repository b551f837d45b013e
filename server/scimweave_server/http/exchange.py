"""Resources of one type as a provider sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from scimweave.provisioning.lifecycle.membership import address
from scimweave.provisioning.resources import Resources
from scimweave.scim.resource import to_wire
from scimweave.scim.schema import ResourceType
from scimweave.scim.selection import Selection, parse_selection
from scimweave.store.base import Record, Reference
from scimweave_server.http.body import read_json
from scimweave_server.http.etag import etag
from scimweave_server.http.limits import Limits
from scimweave_server.http.responses import json_response


@dataclass(slots=True)
class Exchange:
    """A request for resources of one type; ``base`` is the Tenant URL.

    The type stays what it was when the request came.
    """

    request: web.BaseRequest
    resources: Resources
    base: str
    limits: Limits
    resource_type: ResourceType = field(init=False)

    def __post_init__(self) -> None:
        self.resource_type = self.resources.resource_type

    async def body(self) -> Any:
        """Return what was sent. Raises ``ScimError``."""
        return await read_json(self.request, self.limits)

    def selection(self) -> Selection | None:
        """Return what the provider wants to see; None is everything. Raises ``ScimError``."""
        query = self.request.query
        if not query:
            return None
        return parse_selection(
            query.get("attributes"),
            query.get("excludedAttributes"),
            self.resource_type,
        )

    def shows_others(self, selection: Selection | None) -> bool:
        """Whether an answer names other resources: members, or groups."""
        resources = self.resources
        return resources.refers and (
            selection is None or selection.wants(resources.reference_attribute)
        )

    def location(self, record: Record) -> str:
        """Return the address of a resource."""
        return f"{self.base}{self.resource_type.endpoint}/{record.id}"

    async def wire(self, record: Record, selection: Selection | None) -> dict[str, Any]:
        """Return a resource as the provider sees it."""
        (resource,) = await self.wires((record,), selection)
        return resource

    async def wires(
        self, records: Sequence[Record], selection: Selection | None
    ) -> list[dict[str, Any]]:
        """Return resources as the provider sees them, with what they refer to."""
        references: Mapping[str, Sequence[Reference]] = {}
        if records and self.shows_others(selection):
            references = await self.resources.references([record.id for record in records])
        return [self._wire(record, references.get(record.id, ()), selection) for record in records]

    def _wire(
        self, record: Record, references: Sequence[Reference], selection: Selection | None
    ) -> dict[str, Any]:
        own = record.resource
        if references:
            described = [self._reference(each) for each in references]
            own = {**own, self.resources.reference_attribute: described}
        resource = to_wire(
            own,
            id=record.id,
            resource_type=self.resource_type,
            version=record.version,
            created=record.created,
            last_modified=record.last_modified,
            location=self.location(record),
        )
        return resource if selection is None else selection.apply(resource)

    async def answer(
        self, record: Record, selection: Selection | None, status: int = 200
    ) -> web.Response:
        """Answer with one resource and its version."""
        headers = {"ETag": etag(record)}
        if status == 201:
            headers["Location"] = self.location(record)
        return json_response(await self.wire(record, selection), status, headers)

    def _reference(self, reference: Reference) -> dict[str, Any]:
        is_group = self.resources.reference_attribute == "groups"
        found = {
            "value": reference.id,
            "$ref": address(reference, self.base),
            # Groups of a user are those that it is in itself: nested ones are not unfolded.
            "type": "direct" if is_group else reference.resource_type,
        }
        if reference.display is not None:
            found["display"] = reference.display
        return found
