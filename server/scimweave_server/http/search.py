"""Queries as providers send them: in the address, or as a SearchRequest (RFC 7644 §3.4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from scimweave.provisioning.search.query import Page, Query, query
from scimweave.scim.error import ScimError, invalid_count, invalid_syntax, invalid_value
from scimweave.scim.schema import LIST_RESPONSE
from scimweave.scim.selection import parse_selection
from scimweave_server.http.exchange import Exchange
from scimweave_server.http.responses import json_response

DEFAULT_COUNT = 100
MAX_COUNT = 1000
MOST = 10**18
_WHOLE = re.compile(r"[+-]?\d+")
_DESCENDING = {"ascending": False, "descending": True}


async def by_address(exchange: Exchange) -> web.Response:
    """GET on a collection: always a ListResponse with ``Resources`` (Q60, Q61)."""
    asked, attributes, excluded = _read(exchange.request.query, exchange.base)
    selection = parse_selection(attributes, excluded, exchange.resource_type)
    page = await query((exchange.resources.source(),), asked)
    return _answer(asked, page, await exchange.wires(page.records, selection))


async def by_body(exchanges: Sequence[Exchange]) -> web.Response:
    """POST on ``.search``: of one collection, or of the root with all that is served there."""
    body = await exchanges[0].body()
    if not isinstance(body, dict):
        raise invalid_syntax("the body is a SearchRequest: it has to be an object")
    given = {_BY_LOWER.get(name.lower(), ""): value for name, value in body.items()}
    asked, attributes, excluded = _read(given, exchanges[0].base)
    selections = [parse_selection(attributes, excluded, each.resource_type) for each in exchanges]
    page = await query([each.resources.source() for each in exchanges], asked)
    wires: dict[str, dict[str, Any]] = {}
    for exchange, selection in zip(exchanges, selections, strict=True):
        own = [each for each in page.records if each.resource_type == exchange.resource_type.name]
        described = await exchange.wires(own, selection)
        wires |= {record.id: wire for record, wire in zip(own, described, strict=True)}
    return _answer(asked, page, [wires[record.id] for record in page.records])


def _answer(asked: Query, page: Page, wires: list[dict[str, Any]]) -> web.Response:
    body: dict[str, Any] = {"schemas": [LIST_RESPONSE]}
    if page.total is not None:
        body["totalResults"] = page.total
    if asked.cursor is None:
        body["startIndex"] = page.start_index
    body["itemsPerPage"] = len(wires)
    if page.next_cursor is not None:
        body["nextCursor"] = page.next_cursor
    body["Resources"] = wires
    return json_response(body)


def _read(given: Mapping[str, Any], base: str) -> tuple[Query, str | None, str | None]:
    """Read parameters, of an address or of a body: the query, and the attributes (not) wanted.

    Raises ``ScimError``.
    """
    readers = _READERS if given.get("cursor") is None else _WITH_CURSOR
    read = {
        name: readers[name](name, value)
        for name, value in given.items()
        if name in readers and value is not None
    }
    asked = Query(
        filter=read.get("filter"),
        start_index=read.get("startIndex", 1),
        count=min(read.get("count", DEFAULT_COUNT), MAX_COUNT),
        sort_by=read.get("sortBy") or None,
        descending=read.get("sortOrder", False),
        cursor=read.get("cursor"),
        base_url=base,
    )
    return asked, read.get("attributes"), read.get("excludedAttributes")


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise invalid_value(f"{name} is text, not {str(value)[:40]!r}")


def _integer(name: str, value: Any) -> int:
    text = str(value).strip()
    if not _WHOLE.fullmatch(text):
        raise invalid_value(f"{name} is a whole number, not {text[:40]!r}")
    if len(text) <= 18:
        return int(text)
    # More digits mean "everything", or nothing, and cost time to convert.
    return -MOST if text.startswith("-") else MOST


def _count_behind(name: str, value: Any) -> int:
    try:
        return _integer(name, value)
    except ScimError as error:
        raise invalid_count(error.detail) from None


def _descending(name: str, value: Any) -> bool:
    order = _text(name, value)
    if order and order.lower() not in _DESCENDING:
        raise invalid_value(f"{name} is ascending or descending, not {order[:40]!r}")
    return _DESCENDING.get(order.lower(), False)


def _names(name: str, value: Any) -> str:
    """A body has a list of names, an address one text."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return _text(name, value)


# How each parameter is read, by its name.
_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "filter": _text,
    "sortBy": _text,
    "sortOrder": _descending,
    "startIndex": _integer,
    "count": _integer,
    "cursor": _text,
    "attributes": _names,
    "excludedAttributes": _names,
}
_WITH_CURSOR = {**_READERS, "count": _count_behind}
# Names of attributes come in any case.
_BY_LOWER = {name.lower(): name for name in _READERS}
