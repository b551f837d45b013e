"""Reading: one resource, or those that a filter selects (RFC 7644 §3.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from scimweave.provisioning.lookups import EXTERNAL_ID, folded, label_of
from scimweave.scim.error import invalid_filter
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.quirks import quirks_of_filter
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import And, Compare, Filter
from scimweave.store.base import Record, Store

SCAN_BATCH = 500
Condition = Callable[[Record], bool]

_EXACT = {EXTERNAL_ID.lower(): EXTERNAL_ID}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the resources found; ``total`` counts all of them."""

    total: int
    start_index: int
    records: Sequence[Record]


async def query(
    store: Store,
    integration: str,
    resource_type: ResourceType,
    *,
    filter_text: str | None,
    start_index: int,
    count: int,
    noted: Callable[[frozenset[str]], None],
) -> Page:
    """Return the page from ``start_index`` (1-based) of at most ``count`` resources.

    ``noted`` is told of quirks of the filter. Raises ``ScimError`` (invalidFilter).
    """
    kind = resource_type.name
    if filter_text is None:
        total = await store.count(integration, kind)
        records = await store.page(integration, kind, start_index - 1, count) if count else ()
        return Page(total, start_index, records)
    found = _parse(filter_text)
    condition = _condition(found, resource_type)
    noted(quirks_of_filter(found, resource_type))
    indexed = _indexed(found, kind)
    if indexed is not None:
        candidates = await _candidates(store, integration, kind, *indexed)
        selected = [record for record in candidates if condition(record)]
        return Page(len(selected), start_index, selected[start_index - 1 : start_index - 1 + count])
    return await _scan(store, integration, kind, condition, start_index, count)


def as_resource(record: Record) -> dict[str, Any]:
    """Return the resource as filters see it: with ``id`` and ``meta``."""
    return {
        **record.resource,
        "id": record.id,
        "meta": {
            "resourceType": record.resource_type,
            "created": record.created.isoformat(),
            "lastModified": record.last_modified.isoformat(),
            "version": f'W/"{record.version}"',
        },
    }


def _parse(text: str) -> Filter:
    if not text.strip():
        raise invalid_filter('the filter is empty; write for example: userName eq "ada"')
    return parse_filter(text)


def _condition(found: Filter, resource_type: ResourceType) -> Condition:
    accepts = compile_filter(found, resource_type)
    return lambda record: accepts(as_resource(record))


def _indexed(found: Filter, kind: str) -> tuple[str, str] | None:
    """Return the indexed attribute and value that every match must have, if there is one."""
    match found:
        case And(left, right):
            return _indexed(left, kind) or _indexed(right, kind)
        case Compare(path, "eq", str(value)) if (
            path.sub_attribute is None
            and path.filter is None
            and (path.uri is None or ":core:" in path.uri.lower())
        ):
            name = path.attribute.lower()
            if name == "id":
                return "id", value
            if name == label_of(kind).lower():
                return label_of(kind), folded(value)
            if name in _EXACT:
                return _EXACT[name], value
    return None


async def _candidates(
    store: Store, integration: str, kind: str, attribute: str, value: str
) -> Sequence[Record]:
    if attribute == "id":
        record = await store.get(integration, kind, value)
        return (record,) if record else ()
    return await store.find(integration, kind, attribute, value)


async def _scan(
    store: Store, integration: str, kind: str, condition: Condition, start_index: int, count: int
) -> Page:
    total = 0
    selected: list[Record] = []
    async for records in _batches(store, integration, kind):
        hits = [record for record in records if condition(record)]
        wanted = max(0, start_index - 1 - total)
        selected += islice(hits, wanted, wanted + count - len(selected))
        total += len(hits)
    return Page(total, start_index, selected)


async def _batches(store: Store, integration: str, kind: str) -> AsyncIterator[Sequence[Record]]:
    position = 0
    while True:
        records, position = await store.batch(integration, kind, position, SCAN_BATCH)
        if records:
            yield records
        if len(records) < SCAN_BATCH:
            return
        # A scan of many users must not hold up the requests of others.
        await asyncio.sleep(0)
