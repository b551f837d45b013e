"""Reading many: what a filter selects, in order, by page or by cursor (RFC 7644 §3.4, RFC 9865)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scimweave.provisioning.search import cursor
from scimweave.provisioning.search.cursor import Mark
from scimweave.provisioning.search.selecting import READ_AT_ONCE, Selected, select
from scimweave.provisioning.search.sorting import Order, Sorted, order
from scimweave.provisioning.search.source import Source
from scimweave.scim.bare_names import mentions_bare_names, with_schemas
from scimweave.scim.error import invalid_count, invalid_filter
from scimweave.scim.filter import parse_filter
from scimweave.scim.quirks import quirks_of_filter
from scimweave.scim.syntax import Compare, Filter
from scimweave.store.base import Record


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. ``start_index`` counts from 1, ``count`` is the most that comes back.

    With a ``cursor`` (empty: the first page) there is no ``start_index``. ``base_url`` is the
    address of the endpoint, which ``meta.location`` starts with.
    """

    filter: str | None = None
    start_index: int = 1
    count: int = 100
    sort_by: str | None = None
    descending: bool = False
    cursor: str | None = None
    base_url: str = ""


EVERYTHING = Query()


class Page(NamedTuple):
    """A part of the resources found; ``total`` counts all of them.

    It is None where they were not all looked at: behind a cursor. ``next_cursor`` is None on the
    last page.
    """

    total: int | None
    start_index: int
    records: Sequence[Record]
    next_cursor: str | None = None


async def query(sources: Sequence[Source], asked: Query) -> Page:
    """Return the resources of all sources that a query selects, in the order they were made.

    Raises ``ScimError``: invalidFilter, invalidPath (``sort_by``), invalidCursor, invalidCount.
    """
    parsed = _parse(asked.filter, sources)
    page = await _stored(sources, asked, parsed)
    if parsed is None or page.records or page.total:
        return page
    for source in sources:
        if source.missed is not None and await source.missed(parsed):
            return await _stored(sources, asked, parsed)
    return page


async def _stored(sources: Sequence[Source], asked: Query, parsed: Filter | None) -> Page:
    if isinstance(parsed, Compare) and len(sources) == 1:
        found = await _one_value(sources[0], asked, parsed)
        if found is not None:
            return found
    selections = await select(sources, parsed, asked.base_url)
    if parsed is not None:
        for source in sources:
            source.noted(quirks_of_filter(parsed, source.resource_type))
    if asked.sort_by is not None:
        types = [source.resource_type for source in sources]
        by = order(asked.sort_by, asked.descending, types)
        if asked.cursor is None:
            return await _sorted_page(selections, asked, by)
        return await _sorted_behind(selections, asked, by)
    if asked.cursor is None:
        return await _page(selections, asked)
    return await _behind(selections, asked)


async def _one_value(source: Source, asked: Query, parsed: Compare) -> Page | None:
    """Answer a comparison with an indexed value, where that is all there is.

    It is what providers ask before each operation.
    """
    # A bare word is a string too, and a quirk to count.
    if parsed.op != "eq" or type(parsed.value) is not str or parsed.path.filter is not None:
        return None
    index = source.indexes.find(parsed.path)
    if index is None or asked.sort_by is not None or asked.cursor is not None:
        return None
    records = await source.few(index.name, index.normal(parsed.value), READ_AT_ONCE)
    if records is None:
        return None
    start = _offset(asked)
    return Page(len(records), start + 1, records[start : start + max(0, asked.count)])


def _offset(asked: Query) -> int:
    return max(1, asked.start_index) - 1


def _parse(text: str | None, sources: Sequence[Source]) -> Filter | None:
    if text is None:
        return None
    if not text.strip():
        raise invalid_filter('the filter is empty; write for example: userName eq "ada"')
    found = parse_filter(text)
    if not mentions_bare_names(text):
        return found
    full = with_schemas(found)
    if full != found:
        for source in sources:
            source.noted(frozenset({"S1"}))
    return full


async def _page(selections: Sequence[Selected], asked: Query) -> Page:
    offset, room = _offset(asked), max(0, asked.count)
    total = 0
    records: list[Record] = []
    for each in selections:
        passed = max(0, offset - total)
        some, found = await each.page(passed, room - len(records))
        total += some
        records += found
    return Page(total, offset + 1, records)


async def _behind(selections: Sequence[Selected], asked: Query) -> Page:
    count, fingerprint = _cursor_count(asked), _fingerprint(selections, asked)
    start = cursor.decode(asked.cursor or "", fingerprint, sources=len(selections), key_type=None)
    found: list[tuple[Mark, Record]] = []
    for number in range(start.source, len(selections)):
        after = start.position if number == start.source else 0
        more = await selections[number].behind(after, count + 1 - len(found))
        found += [(Mark(number, position), record) for position, record in more]
        if len(found) > count:
            break
    return Page(
        await _total(selections),
        1,
        [record for _, record in found[:count]],
        cursor.encode(found[count - 1][0], fingerprint) if len(found) > count else None,
    )


async def _total(selections: Sequence[Selected]) -> int | None:
    """Count what the store can count without looking at each resource."""
    if not all(each.is_exact for each in selections):
        return None
    return sum([await each.total() for each in selections])


async def _sorted_page(selections: Sequence[Selected], asked: Query, by: Order) -> Page:
    runs: list[list[Sorted]] = []
    for number, each in enumerate(selections):
        async for batch in each.keys(by, number):
            runs.append(by.sort(batch))
    offset = _offset(asked)
    # Merging very many takes a while, which other requests need not wait for.
    window = await asyncio.to_thread(by.merge, runs, offset, max(0, asked.count))
    records = await _records(selections, window)
    return Page(sum(map(len, runs)), offset + 1, records)


async def _sorted_behind(selections: Sequence[Selected], asked: Query, by: Order) -> Page:
    count, fingerprint = _cursor_count(asked), _fingerprint(selections, asked)
    start = cursor.decode(
        asked.cursor or "", fingerprint, sources=len(selections), key_type=by.key_type
    )
    first: list[Sorted] = []
    total = 0
    for number, each in enumerate(selections):
        async for batch in each.keys(by, number):
            total += len(batch)
            if start.key is not None:
                place = (start.source, start.position)
                batch = [one for one in batch if by.is_behind(one, start.key, place)]  # noqa: PLW2901
            first = by.sort(first + batch)[: count + 1]
    records = await _records(selections, first[:count])
    if len(first) <= count:
        return Page(total, 1, records)
    last = first[count - 1]
    return Page(total, 1, records, cursor.encode(Mark(*last[2:], last[:2]), fingerprint))


async def _records(selections: Sequence[Selected], found: Sequence[Sorted]) -> list[Record]:
    """Read what was put in order; what was removed meanwhile is left out."""
    by_place: dict[tuple[int, int], Record] = {}
    for number, each in enumerate(selections):
        positions = [position for *_, source, position in found if source == number]
        for position, record in await each.read(positions):
            by_place[number, position] = record
    return [by_place[one[2:]] for one in found if one[2:] in by_place]


def _cursor_count(asked: Query) -> int:
    if asked.count < 1:
        raise invalid_count("count has to be at least 1 with a cursor")
    return asked.count


def _fingerprint(selections: Sequence[Selected], asked: Query) -> str:
    kinds: list[Any] = [(each.source.integration, each.source.kind) for each in selections]
    return cursor.fingerprint(kinds, asked.filter, asked.sort_by, asked.descending)
