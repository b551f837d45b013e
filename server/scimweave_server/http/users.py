"""Requests for /Users (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from scimweave.provisioning.integration import Integration
from scimweave.scim.resource import to_wire
from scimweave.scim.schema import LIST_RESPONSE, USER_TYPE
from scimweave.scim.selection import Selection, parse_selection
from scimweave.store.base import Record
from scimweave_server.http.body import integer, read_json
from scimweave_server.http.responses import json_response, no_content

DEFAULT_COUNT = 100
MAX_COUNT = 1000


async def list_users(request: web.Request, integration: Integration, base: str) -> web.Response:
    """GET /Users: always a ListResponse with ``Resources`` (Q60, Q61)."""
    selection = _selection(request)
    count = integer(request, "count", DEFAULT_COUNT)
    page = await integration.users.query(
        request.query.get("filter"),
        start_index=integer(request, "startIndex", 1),
        count=min(count, MAX_COUNT),
    )
    resources = [_wire(record, base, selection) for record in page.records]
    return json_response(
        {
            "schemas": [LIST_RESPONSE],
            "totalResults": page.total,
            "startIndex": page.start_index,
            "itemsPerPage": len(resources),
            "Resources": resources,
        }
    )


async def create_user(request: web.Request, integration: Integration, base: str) -> web.Response:
    """POST /Users."""
    selection = _selection(request)
    record = await integration.users.create(await read_json(request))
    headers = {"Location": _location(record, base)}
    return json_response(_wire(record, base, selection), 201, headers)


async def read_user(
    request: web.Request, integration: Integration, base: str, user_id: str
) -> web.Response:
    """GET /Users/{id}."""
    selection = _selection(request)
    return json_response(_wire(await integration.users.get(user_id), base, selection))


async def replace_user(
    request: web.Request, integration: Integration, base: str, user_id: str
) -> web.Response:
    """PUT /Users/{id}."""
    selection = _selection(request)
    record = await integration.users.replace(user_id, await read_json(request))
    return json_response(_wire(record, base, selection))


async def patch_user(
    request: web.Request, integration: Integration, base: str, user_id: str
) -> web.Response:
    """PATCH /Users/{id}."""
    selection = _selection(request)
    record = await integration.users.patch(user_id, await read_json(request))
    return json_response(_wire(record, base, selection))


async def delete_user(
    request: web.Request, integration: Integration, base: str, user_id: str
) -> web.Response:
    """DELETE /Users/{id}."""
    await integration.users.delete(user_id)
    return no_content()


OnCollection = Callable[[web.Request, Integration, str], Awaitable[web.Response]]
OnResource = Callable[[web.Request, Integration, str, str], Awaitable[web.Response]]

COLLECTION: dict[str, OnCollection] = {
    "GET": list_users,
    "HEAD": list_users,
    "POST": create_user,
}
RESOURCE: dict[str, OnResource] = {
    "GET": read_user,
    "HEAD": read_user,
    "PUT": replace_user,
    "PATCH": patch_user,
    "DELETE": delete_user,
}


def _selection(request: web.Request) -> Selection | None:
    query = request.query
    if not query:
        return None
    return parse_selection(query.get("attributes"), query.get("excludedAttributes"), USER_TYPE)


def _location(record: Record, base: str) -> str:
    return f"{base}/Users/{record.id}"


def _wire(record: Record, base: str, selection: Selection | None) -> dict[str, Any]:
    resource = to_wire(
        record.resource,
        id=record.id,
        resource_type=USER_TYPE,
        version=record.version,
        created=record.created,
        last_modified=record.last_modified,
        location=_location(record, base),
    )
    return resource if selection is None else selection.apply(resource)
