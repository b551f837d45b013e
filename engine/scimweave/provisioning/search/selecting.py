"""What a filter selects from the resources of one type: by index where it can, else by looking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from scimweave.provisioning.search.pushdown import Plan, Planner, conditions_of
from scimweave.provisioning.search.sorting import Order, Sorted
from scimweave.provisioning.search.source import Outside, Source
from scimweave.scim.error import ScimError
from scimweave.scim.filter import Condition, compile_filter
from scimweave.scim.resource import to_wire
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath, Filter, attribute_names
from scimweave.store.base import Record
from scimweave.store.conditions import All, Equals, HasId
from scimweave.store.conditions import Condition as StoreCondition

T = TypeVar("T")
# Few enough that requests with less to do come in between.
READ_TOGETHER = 200
# So many are read, and looked at, without giving way to other requests.
READ_AT_ONCE = 50
TESTED_AT_ONCE = 10
# Each of them may come with very many members.
READ_WITH_OUTSIDE = 20
Test = Callable[[Record], bool]
# Takes a position, the record there, and the record as filters see it.
Read = Callable[[int, Record, Record], T | None]
EVERYTHING = Plan(None, True)
# What the stored resource does not hold, or may not: these come with its reply.
_MADE = frozenset({"schemas", "id", "meta", "active"})


@dataclass(frozen=True, slots=True)
class Selected:
    """What a filter selects: the store finds what ``plan`` says, and ``test`` decides.

    Without a test all that the store finds is selected. ``outside`` is what the test reads of it.
    """

    source: Source
    plan: Plan
    test: Test | None
    base_url: str
    outside: Outside | None = None

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
        few = await self._few()
        if few is not None:
            return len(few), few[offset : offset + max(0, limit)]
        if self.is_exact:
            return await self.total(), await self._exact_page(offset, limit)
        total = 0
        records: list[Record] = []
        async for batch in self._tested(0):
            wanted = max(0, offset - total)
            records += [record for _, record in batch[wanted : wanted + limit - len(records)]]
            total += len(batch)
        return total, records

    async def _few(self) -> Sequence[Record] | None:
        """Return all of them, where one read of the store says that they are few."""
        source, condition, test = self.source, self.plan.condition, self.test
        if self.outside is not None:
            return None
        if isinstance(condition, HasId):
            record = await source.store.get(source.integration, source.kind, condition.id)
            found: Sequence[Record] | None = () if record is None else (record,)
        elif isinstance(condition, Equals):
            most = READ_AT_ONCE if test is None else TESTED_AT_ONCE
            found = await source.few(condition.attribute, condition.value, most)
        else:
            return None
        return found if found is None or test is None else [each for each in found if test(each)]

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

        def read(position: int, record: Record, seen: Record) -> Sorted | None:
            if test is not None and not test(seen):
                return None
            return (*key(view(seen)), number, position)

        async for batch in self._batches(0, read, self.outside or _read_by(self.source, {by.name})):
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

        def read(position: int, record: Record, seen: Record) -> tuple[int, Record] | None:
            return (position, record) if test(seen) else None

        return self._batches(after, read, self.outside)

    async def _batches(
        self, after: int, read: Read[T], outside: Outside | None = None
    ) -> AsyncIterator[list[T]]:
        """Look at what the store finds; without ``outside``, ``read`` runs in its thread."""
        source = self.source
        positions = await source.store.positions(
            source.integration, source.kind, self.plan.condition, after
        )
        size = READ_TOGETHER if outside is None else READ_WITH_OUTSIDE
        for start in range(0, len(positions), size):
            together = positions[start : start + size]
            if outside is None:
                found = await source.store.read_at(
                    source.integration,
                    source.kind,
                    together,
                    lambda position, record: read(position, record, record),
                )
            else:
                found = [read(*each) for each in await self._with(outside, together)]
            yield [each for each in found if each is not None]

    async def _with(
        self, outside: Outside, positions: Sequence[int]
    ) -> Sequence[tuple[int, Record, Record]]:
        records = await self.read(positions)
        elements = await outside.read([record.id for _, record in records], self.base_url)

        def seen(record: Record) -> Record:
            found = {outside.attribute: [*elements.get(record.id, ())]}
            return replace(record, resource={**record.resource, **found})

        return [(position, record, seen(record)) for position, record in records]


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
    known = {
        id(part): _is_among(await _ids(source, plan, condition))
        for part, condition in conditions_of(found, source.special)
        if not plan.exact
    }
    accepts = compile_filter(
        found,
        source.resource_type,
        special=lambda part: known.get(id(part)),
        unknown=missing.__setitem__ if missing is not None else None,
    )
    if plan.exact:
        return Selected(source, plan, None, base_url)
    # The parts that were looked up go by the id.
    names = attribute_names(found, known) | ({"id"} if known else set())
    view = viewer(source.resource_type, base_url, names)
    return Selected(
        source, plan, lambda record: accepts(view(record)), base_url, _read_by(source, names)
    )


def _read_by(source: Source, names: Collection[str]) -> Outside | None:
    """Return what has to be read besides the records, where attributes of these names are."""
    outside = source.outside
    return outside if outside is not None and outside.attribute.lower() in names else None


async def _ids(source: Source, plan: Plan, condition: StoreCondition) -> frozenset[str]:
    """Return the ids of what satisfies ``condition``, of those that ``plan`` finds."""
    # A group may be large, and what is looked at a few of its members.
    both = condition if plan.condition is None else All((plan.condition, condition))
    selected = Selected(source, Plan(both, True), None, "")
    ids: set[str] = set()
    async for batch in selected._batches(0, lambda position, record, seen: record.id):
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
