"""Queries as providers send them: in the address, or as a SearchRequest (RFC 7644 §3.4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from scimweave.provisioning.search.query import Query, query
from scimweave.scim.error import ScimError, invalid_count, invalid_syntax, invalid_value
from scimweave.scim.schema import LIST_RESPONSE
from scimweave.scim.selection import parse_selection
from scimweave_server.http.exchange import Exchange
from scimweave_server.http.responses import json_response

DEFAULT_COUNT = 100
MAX_COUNT = 1000
MOST = 10**18
# In lower case: names of attributes come in any.
_PARAMETERS = {
    name.lower(): name
    for name in (
        "filter",
        "sortBy",
        "sortOrder",
        "startIndex",
        "count",
        "cursor",
        "attributes",
        "excludedAttributes",
    )
}
_WHOLE = re.compile(r"[+-]?\d+")
_DESCENDING = {"ascending": False, "descending": True}


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for, and which attributes are wanted of it."""

    query: Query
    attributes: str | None
    excluded: str | None


async def by_address(exchange: Exchange) -> web.Response:
    """GET on a collection: always a ListResponse with ``Resources`` (Q60, Q61)."""
    return await _answer([exchange], exchange.request.query)


async def by_body(exchanges: Sequence[Exchange]) -> web.Response:
    """POST on ``.search``: of one collection, or of the root with all that is served there."""
    body = await exchanges[0].body()
    if not isinstance(body, dict):
        raise invalid_syntax("the body is a SearchRequest: it has to be an object")
    given = {_PARAMETERS.get(name.lower(), ""): value for name, value in body.items()}
    return await _answer(exchanges, given)


async def _answer(exchanges: Sequence[Exchange], given: Mapping[str, Any]) -> web.Response:
    found = _search(given, exchanges[0].base)
    selections = [
        parse_selection(found.attributes, found.excluded, each.resources.resource_type)
        for each in exchanges
    ]
    page = await query([each.resources.source() for each in exchanges], found.query)
    wires: dict[str, dict[str, Any]] = {}
    for exchange, selection in zip(exchanges, selections, strict=True):
        kind = exchange.resources.resource_type.name
        own = [record for record in page.records if record.resource_type == kind]
        described = await exchange.wires(own, selection)
        wires |= {record.id: wire for record, wire in zip(own, described, strict=True)}
    listed = [wires[record.id] for record in page.records]
    body: dict[str, Any] = {"schemas": [LIST_RESPONSE]}
    if page.total is not None:
        body["totalResults"] = page.total
    if found.query.cursor is None:
        body["startIndex"] = page.start_index
    body["itemsPerPage"] = len(listed)
    if page.next_cursor is not None:
        body["nextCursor"] = page.next_cursor
    return json_response({**body, "Resources": listed})


def _search(given: Mapping[str, Any], base: str) -> Search:
    """Read parameters, of an address or of a body. Raises ``ScimError``."""
    cursor = _text(given, "cursor")
    count = _count(given, cursor)
    return Search(
        Query(
            filter=_text(given, "filter"),
            start_index=_integer(given, "startIndex", 1),
            count=min(count, MAX_COUNT),
            sort_by=_text(given, "sortBy") or None,
            descending=_descending(given),
            cursor=cursor,
            base_url=base,
        ),
        _names(given, "attributes"),
        _names(given, "excludedAttributes"),
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid_value(f"{name} is text, not {str(value)[:40]!r}")


def _integer(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    text = str(value).strip()
    if not _WHOLE.fullmatch(text):
        raise invalid_value(f"{name} is a whole number, not {text[:40]!r}")
    if len(text) <= 18:
        return int(text)
    # More digits mean "everything", or nothing, and cost time to convert.
    return -MOST if text.startswith("-") else MOST


def _count(given: Mapping[str, Any], cursor: str | None) -> int:
    if cursor is None:
        return _integer(given, "count", DEFAULT_COUNT)
    try:
        return _integer(given, "count", DEFAULT_COUNT)
    except ScimError as error:
        raise invalid_count(error.detail) from None


def _descending(given: Mapping[str, Any]) -> bool:
    order = _text(given, "sortOrder")
    if not order:
        return False
    if order.lower() not in _DESCENDING:
        raise invalid_value(f"sortOrder is ascending or descending, not {order[:40]!r}")
    return _DESCENDING[order.lower()]


def _names(given: Mapping[str, Any], name: str) -> str | None:
    """A body has a list of names, an address one text."""
    value = given.get(name)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return _text(given, name)
