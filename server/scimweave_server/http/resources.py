"""Requests for resources of one type, such as /Users (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from scimweave.provisioning.resources import Resources
from scimweave.scim.resource import to_wire
from scimweave.scim.schema import LIST_RESPONSE
from scimweave.scim.selection import Selection, parse_selection
from scimweave.store.base import Record, Reference
from scimweave_server.http.body import integer, read_json
from scimweave_server.http.etag import etag, if_match, is_unchanged
from scimweave_server.http.responses import json_response, no_content, not_modified

DEFAULT_COUNT = 100
MAX_COUNT = 1000


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request for resources of one type; ``base`` is the Tenant URL."""

    request: web.Request
    resources: Resources
    base: str

    def selection(self) -> Selection | None:
        """Return what the provider wants to see; None is everything. Raises ``ScimError``."""
        query = self.request.query
        if not query:
            return None
        return parse_selection(
            query.get("attributes"),
            query.get("excludedAttributes"),
            self.resources.resource_type,
        )

    def location(self, record: Record) -> str:
        """Return the address of a resource."""
        return f"{self.base}{self.resources.resource_type.endpoint}/{record.id}"

    async def wire(self, record: Record, selection: Selection | None) -> dict[str, Any]:
        """Return a resource as the provider sees it."""
        (resource,) = await self.wires((record,), selection)
        return resource

    async def wires(
        self, records: Sequence[Record], selection: Selection | None
    ) -> list[dict[str, Any]]:
        """Return resources as the provider sees them, with what they refer to."""
        name = self.resources.reference_attribute
        references: Mapping[str, Sequence[Reference]] = {}
        if records and (selection is None or selection.wants(name)):
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
            resource_type=self.resources.resource_type,
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
            "$ref": f"{self.base}/{reference.resource_type}s/{reference.id}",
            # Groups of a user are those that it is in itself: nested ones are not unfolded.
            "type": "direct" if is_group else reference.resource_type,
        }
        if reference.display is not None:
            found["display"] = reference.display
        return found


async def list_resources(exchange: Exchange) -> web.Response:
    """GET on the collection: always a ListResponse with ``Resources`` (Q60, Q61)."""
    selection = exchange.selection()
    request = exchange.request
    count = integer(request, "count", DEFAULT_COUNT)
    page = await exchange.resources.query(
        request.query.get("filter"),
        start_index=integer(request, "startIndex", 1),
        count=min(count, MAX_COUNT),
    )
    found = await exchange.wires(page.records, selection)
    return json_response(
        {
            "schemas": [LIST_RESPONSE],
            "totalResults": page.total,
            "startIndex": page.start_index,
            "itemsPerPage": len(found),
            "Resources": found,
        }
    )


async def create(exchange: Exchange) -> web.Response:
    """POST on the collection."""
    selection = exchange.selection()
    record = await exchange.resources.create(await read_json(exchange.request))
    return await exchange.answer(record, selection, 201)


async def read(exchange: Exchange, resource_id: str) -> web.Response:
    """GET of one resource."""
    selection = exchange.selection()
    record = await exchange.resources.get(resource_id)
    if is_unchanged(exchange.request, record):
        return not_modified({"ETag": etag(record)})
    return await exchange.answer(record, selection)


async def replace(exchange: Exchange, resource_id: str) -> web.Response:
    """PUT of one resource."""
    selection = exchange.selection()
    expected = if_match(exchange.request)
    body = await read_json(exchange.request)
    record = await exchange.resources.replace(resource_id, body, expected)
    return await exchange.answer(record, selection)


async def patch(exchange: Exchange, resource_id: str) -> web.Response:
    """PATCH of one resource."""
    selection = exchange.selection()
    expected = if_match(exchange.request)
    body = await read_json(exchange.request)
    record = await exchange.resources.patch(resource_id, body, expected)
    if exchange.resources.patch_status == 204 and "attributes" not in exchange.request.query:
        return no_content({"ETag": etag(record)})
    return await exchange.answer(record, selection)


async def delete(exchange: Exchange, resource_id: str) -> web.Response:
    """DELETE of one resource."""
    await exchange.resources.delete(resource_id, if_match(exchange.request))
    return no_content()


OnCollection = Callable[[Exchange], Awaitable[web.Response]]
OnResource = Callable[[Exchange, str], Awaitable[web.Response]]

COLLECTION: dict[str, OnCollection] = {
    "GET": list_resources,
    "HEAD": list_resources,
    "POST": create,
}
RESOURCE: dict[str, OnResource] = {
    "GET": read,
    "HEAD": read,
    "PUT": replace,
    "PATCH": patch,
    "DELETE": delete,
}
