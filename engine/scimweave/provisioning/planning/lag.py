"""How a stored resource lags behind a mapping: what was delivered against what it would be now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from scimweave.connectors.base import Value
from scimweave.mapping import FieldFault, ObjectProgram, Program
from scimweave.mapping.operation import Operation, gets_account, operation
from scimweave.provisioning.lifecycle.difference import (
    NO_DIFFERENCE,
    Difference,
    difference,
    everything,
)
from scimweave.provisioning.lifecycle.step import ends_account, is_held, stands
from scimweave.store.base import Record, Store

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Lag:
    """What brings one resource to a mapping.

    ``wanted`` is the projection, ``difference`` what is written of it. With ``faults`` nothing is:
    the mapping cannot project this resource, and refuses its changes too.
    """

    operation: Operation
    wanted: Mapping[str, Value]
    difference: Difference
    faults: tuple[FieldFault, ...] = ()


def lag_of(objects: ObjectProgram, revision: str, record: Record) -> Lag | None:
    """Compare a resource with a mapping; None where it has nothing to change.

    A projection is a pure function of resource and revision: what this revision delivered, fits.
    """
    # About whoever is held an operator decides.
    return None if is_held(record) else _lag_of(objects, revision, record)


def _lag_of(objects: ObjectProgram, revision: str, record: Record) -> Lag | None:
    link, resource, stood = record.link, record.resource, stands(record)
    if link is None:
        return _without_account(objects, record) if gets_account(objects, stood, resource) else None
    if ends_account(objects, resource):
        return Lag(Operation.DEACTIVATE, {}, NO_DIFFERENCE)
    what = operation(objects, stood, resource)
    if what is Operation.OUT_OF_SCOPE or (link.revision == revision and what is Operation.UPDATE):
        return None
    projection = objects.project(resource)
    if projection.faults and objects.in_scope(resource):
        return Lag(what, projection.values, NO_DIFFERENCE, projection.faults)
    wanted = projection.values
    if what is Operation.REACTIVATE:
        wanted = {**wanted, **objects.operations.reactivate_set}
    changes = difference(objects, link.projection, wanted, objects.once)
    if not changes and what is Operation.UPDATE:
        return None
    if what is Operation.UPDATE and stood.was_active and puts_out_of_use(objects, changes):
        what = Operation.DEACTIVATE
    return Lag(what, wanted, changes)


def _without_account(objects: ObjectProgram, record: Record) -> Lag:
    projection = objects.project(record.resource)
    if projection.faults:
        return Lag(Operation.CREATE, projection.values, NO_DIFFERENCE, projection.faults)
    return Lag(Operation.CREATE, projection.values, everything(objects, projection.values))


def puts_out_of_use(objects: ObjectProgram, changes: Difference) -> bool:
    """Whether somebody who is active would get what ``operations.deactivate`` sets for leavers."""
    values = changes.values
    for name, value in objects.operations.deactivate_set.items():
        if name in values and values[name] == value:
            return True
    return False


async def stored(store: Store, integration: str, resource_type: str) -> AsyncIterator[Record]:
    """Return everybody who is stored, in the order of their making, some at a time."""
    position = 0
    while batch := await store.chosen(
        integration, resource_type, None, after=position, limit=AT_ONCE
    ):
        for _, record in batch:
            yield record
        position = batch[-1][0]


def objects_of(program: Program, kind: str) -> ObjectProgram | None:
    """Return the part of a mapping that is about a type; None where it has none."""
    return next((each for each in program.objects if each.resource_type.name == kind), None)
