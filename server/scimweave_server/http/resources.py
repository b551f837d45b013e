"""Requests for resources of one type, such as /Users (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from scimweave.provisioning.resources import Resources
from scimweave.scim.resource import to_wire
from scimweave.scim.selection import Selection, parse_selection
from scimweave.store.base import Record
from scimweave_server.http import search
from scimweave_server.http.body import read_json
from scimweave_server.http.responses import json_response, no_content


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

    def wire(self, record: Record, selection: Selection | None) -> dict[str, Any]:
        """Return a resource as the provider sees it."""
        resource = to_wire(
            record.resource,
            id=record.id,
            resource_type=self.resources.resource_type,
            version=record.version,
            created=record.created,
            last_modified=record.last_modified,
            location=self.location(record),
        )
        return resource if selection is None else selection.apply(resource)


async def list_resources(exchange: Exchange) -> web.Response:
    """GET on the collection."""
    return await search.by_address(exchange)


async def create(exchange: Exchange) -> web.Response:
    """POST on the collection."""
    selection = exchange.selection()
    record = await exchange.resources.create(await read_json(exchange.request))
    headers = {"Location": exchange.location(record)}
    return json_response(exchange.wire(record, selection), 201, headers)


async def read(exchange: Exchange, resource_id: str) -> web.Response:
    """GET of one resource."""
    selection = exchange.selection()
    return json_response(exchange.wire(await exchange.resources.get(resource_id), selection))


async def replace(exchange: Exchange, resource_id: str) -> web.Response:
    """PUT of one resource."""
    selection = exchange.selection()
    body = await read_json(exchange.request)
    record = await exchange.resources.replace(resource_id, body)
    return json_response(exchange.wire(record, selection))


async def patch(exchange: Exchange, resource_id: str) -> web.Response:
    """PATCH of one resource."""
    selection = exchange.selection()
    body = await read_json(exchange.request)
    record = await exchange.resources.patch(resource_id, body)
    return json_response(exchange.wire(record, selection))


async def delete(exchange: Exchange, resource_id: str) -> web.Response:
    """DELETE of one resource."""
    await exchange.resources.delete(resource_id)
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
