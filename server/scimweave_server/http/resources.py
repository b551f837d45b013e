"""Requests for resources of one type, such as /Users (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from scimweave_server.http import search
from scimweave_server.http.etag import etag, if_match, is_unchanged
from scimweave_server.http.exchange import Exchange
from scimweave_server.http.responses import no_content, not_modified


async def list_resources(exchange: Exchange) -> web.Response:
    """GET on the collection."""
    return await search.by_address(exchange)


async def create(exchange: Exchange) -> web.Response:
    """POST on the collection."""
    selection = exchange.selection()
    record = await exchange.resources.create(await exchange.body())
    return await exchange.answer(record, selection, 201)


async def read(exchange: Exchange, resource_id: str) -> web.Response:
    """GET of one resource."""
    selection = exchange.selection()
    record = await exchange.resources.get(resource_id)
    # The version does not tell of what others hold: a user's groups, the names of members.
    if not exchange.shows_others(selection) and is_unchanged(exchange.request, record):
        return not_modified({"ETag": etag(record)})
    return await exchange.answer(record, selection)


async def replace(exchange: Exchange, resource_id: str) -> web.Response:
    """PUT of one resource."""
    selection = exchange.selection()
    expected = if_match(exchange.request)
    body = await exchange.body()
    record = await exchange.resources.replace(resource_id, body, expected)
    return await exchange.answer(record, selection)


async def patch(exchange: Exchange, resource_id: str) -> web.Response:
    """PATCH of one resource."""
    selection = exchange.selection()
    expected = if_match(exchange.request)
    body = await exchange.body()
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
