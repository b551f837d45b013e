"""What a filter selects from the resources of one type: by index where it can, else by looking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scimweave.provisioning.indexes import Indexes
from scimweave.provisioning.pushdown import Plan, Planner, Special
from scimweave.provisioning.sorting import Order, Sorted
from scimweave.scim.error import ScimError
from scimweave.scim.filter import Condition, compile_filter
from scimweave.scim.resource import to_wire
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import And, AttributePath, Filter, Not, Or, attribute_names, operands
from scimweave.store.base import Record, Store
from scimweave.store.conditions import Condition as StoreCondition

T = TypeVar("T")
# Few enough that requests with less to do come in between.
READ_TOGETHER = 200
Test = Callable[[Record], bool]
EVERYTHING = Plan(None, True)
# What the stored resource does not hold, or may not: these come with its reply.
_MADE = frozenset({"schemas", "id", "meta", "active"})


# The ids of what satisfies a part of a filter, where it takes another way to know; None for others.
Elsewhere = Callable[[Filter], Awaitable[Collection[str]] | None]


def _nothing(part: Filter) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """The stored resources of one type in one integration.

    ``special`` and ``elsewhere`` answer parts of a filter that read no attribute of the stored
    resource, such as the members of a group: by a condition of the store, or by ids.
    """

    store: Store
    integration: str
    resource_type: ResourceType
    indexes: Indexes
    special: Special = _nothing
    elsewhere: Elsewhere = _nothing

    @property
    def kind(self) -> str:
        """The name of the resource type."""
        return self.resource_type.name


@dataclass(frozen=True, slots=True)
class Selected:
    """What a filter selects: the store finds what ``plan`` says, and ``test`` decides.

    Without a test all that the store finds is selected.
    """

    source: Source
    plan: Plan
    test: Test | None
    base_url: str

    @property
    def is_exact(self) -> bool:
        """Whether the store alone knows what is selected."""
        return self.test is None

    async def total(self) -> int:
        """Return how many there are, of an exact selection."""
        source = self.source
        if self.plan.condition is None:
            return await source.store.count(source.integration, source.kind)
        return await source.store.tally(source.integration, source.kind, self.plan.condition)

    async def page(self, offset: int, limit: int) -> tuple[int, Sequence[Record]]:
        """Return how many there are in all, and ``limit`` of them behind the first ``offset``."""
        if self.is_exact:
            return await self.total(), await self._exact_page(offset, limit)
        total = 0
        records: list[Record] = []
        async for batch in self._tested(0):
            wanted = max(0, offset - total)
            records += [record for _, record in batch[wanted : wanted + limit - len(records)]]
            total += len(batch)
        return total, records

    async def behind(self, after: int, limit: int) -> Sequence[tuple[int, Record]]:
        """Return the first ``limit`` behind position ``after``, with their positions."""
        source = self.source
        if self.is_exact:
            return await source.store.chosen(
                source.integration, source.kind, self.plan.condition, after=after, limit=limit
            )
        found: list[tuple[int, Record]] = []
        async for batch in self._tested(after):
            found += batch
            if len(found) >= limit:
                break
        return found[:limit]

    async def keys(self, by: Order, number: int) -> AsyncIterator[list[Sorted]]:
        """Return the sort keys of all, in batches; ``number`` is that of the source."""
        test, key = self.test, by.keys[number]
        view = viewer(self.source.resource_type, self.base_url, {by.name})

        def read(position: int, record: Record) -> Sorted | None:
            if test is not None and not test(record):
                return None
            return (*key(view(record)), number, position)

        async for batch in self._batches(0, read):
            yield batch

    async def read(self, positions: Sequence[int]) -> Sequence[tuple[int, Record]]:
        """Return the resources at some positions that are still there."""
        if not positions:
            return ()
        source = self.source
        return await source.store.read_at(
            source.integration, source.kind, positions, lambda position, record: (position, record)
        )

    async def _exact_page(self, offset: int, limit: int) -> Sequence[Record]:
        source, condition = self.source, self.plan.condition
        if limit <= 0:
            return ()
        if condition is None:
            return await source.store.page(source.integration, source.kind, offset, limit)
        found = await source.store.chosen(
            source.integration, source.kind, condition, offset=offset, limit=limit
        )
        return [record for _, record in found]

    def _tested(self, after: int) -> AsyncIterator[list[tuple[int, Record]]]:
        test = self.test
        assert test is not None

        def read(position: int, record: Record) -> tuple[int, Record] | None:
            return (position, record) if test(record) else None

        return self._batches(after, read)

    async def _batches(
        self, after: int, read: Callable[[int, Record], T | None]
    ) -> AsyncIterator[list[T]]:
        """Look at what the store finds; ``read`` runs in its reading thread."""
        source = self.source
        positions = await source.store.positions(
            source.integration, source.kind, self.plan.condition, after
        )
        for start in range(0, len(positions), READ_TOGETHER):
            together = positions[start : start + READ_TOGETHER]
            found = await source.store.read_at(source.integration, source.kind, together, read)
            yield [each for each in found if each is not None]


async def select(
    sources: Sequence[Source], found: Filter | None, base_url: str
) -> Sequence[Selected]:
    """Plan a filter for each source. Raises ``ScimError`` (invalidFilter).

    With several sources an attribute that only some of the types have is absent in the others.
    """
    if found is None:
        return [Selected(source, EVERYTHING, None, base_url) for source in sources]
    if len(sources) == 1:
        return [await _selected(sources[0], found, base_url, None)]
    selections: list[Selected] = []
    unknown: list[dict[AttributePath, ScimError]] = []
    for source in sources:
        missing: dict[AttributePath, ScimError] = {}
        selections.append(await _selected(source, found, base_url, missing))
        unknown.append(missing)
    for path, error in unknown[0].items():
        if all(path in missing for missing in unknown):
            raise error
    return selections


async def _selected(
    source: Source, found: Filter, base_url: str, missing: dict[AttributePath, ScimError] | None
) -> Selected:
    planner = Planner(source.indexes, source.special, lenient=missing is not None)
    plan = planner.plan(found)
    if plan.exact and missing is None:
        return Selected(source, plan, None, base_url)
    # Also where the plan is exact: what no type has is an error.
    known = {} if plan.exact else await _known(source, found)
    accepts = compile_filter(
        found,
        source.resource_type,
        special=lambda part: known.get(id(part)),
        unknown=missing.__setitem__ if missing is not None else None,
    )
    if plan.exact:
        return Selected(source, plan, None, base_url)
    # The parts that were looked up go by the id.
    names = attribute_names(found) | ({"id"} if known else set())
    view = viewer(source.resource_type, base_url, names)
    return Selected(source, plan, lambda record: accepts(view(record)), base_url)


async def _known(source: Source, part: Filter) -> dict[int, Condition]:
    """Return the conditions of the parts that are answered by ids, by the identity of the part."""
    condition = source.special(part)
    if condition is not None:
        return {id(part): _is_among(await _ids(source, condition))}
    asked = source.elsewhere(part)
    if asked is not None:
        return {id(part): _is_among(frozenset(await asked))}
    match part:
        case And() | Or():
            inner = operands(part)
        case Not(operand):
            inner = [operand]
        case _:
            return {}
    known: dict[int, Condition] = {}
    for each in inner:
        known |= await _known(source, each)
    return known


async def _ids(source: Source, condition: StoreCondition) -> frozenset[str]:
    selected = Selected(source, Plan(condition, True), None, "")
    ids: set[str] = set()
    async for batch in selected._batches(0, lambda position, record: record.id):
        ids.update(batch)
    return frozenset(ids)


def _is_among(ids: frozenset[str]) -> Condition:
    return lambda resource: resource["id"] in ids


def viewer(
    resource_type: ResourceType, base_url: str, names: Collection[str]
) -> Callable[[Record], dict[str, Any]]:
    """Return how attributes of these names are read from a record: as the provider sees them."""
    if _MADE.isdisjoint(names):
        return lambda record: record.resource

    def view(record: Record) -> dict[str, Any]:
        return to_wire(
            record.resource,
            id=record.id,
            resource_type=resource_type,
            version=record.version,
            created=record.created,
            last_modified=record.last_modified,
            location=f"{base_url}{resource_type.endpoint}/{record.id}",
        )

    return view
