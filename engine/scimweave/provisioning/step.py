"""What one operation is going to do: decided from values alone, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scimweave.connectors.base import Value
from scimweave.mapping import FieldFault
from scimweave.mapping.operation import Operation, operation
from scimweave.provisioning.difference import (
    NO_DIFFERENCE,
    Difference,
    difference,
)
from scimweave.provisioning.identifiers import new_id
from scimweave.provisioning.refusal import refuse_faults
from scimweave.provisioning.running import Running
from scimweave.store.base import (
    NO_MEMBERS,
    Key,
    Link,
    MemberDelta,
    Record,
    Resource,
)

_WITHOUT_FAULTS = frozenset({Operation.DEACTIVATE, Operation.MEMBERS})


@dataclass(frozen=True, slots=True)
class Step:
    """What one operation is going to do, decided before anything is written.

    ``cause`` is for the log, where no request of the provider is behind it: then the resource
    stays as it is, with its version.
    """

    operation: Operation
    before: Record | None
    after: Resource | None
    key: Key | None
    old: Mapping[str, Any]
    wanted: Mapping[str, Value]
    difference: Difference
    members: MemberDelta = NO_MEMBERS
    cause: str | None = None


def meaning(before: Record | None, after: Resource | None) -> Operation:
    """Return what a change means; where the resource stays as it is, its members change."""
    if before is not None and before.resource == after:
        return Operation.MEMBERS
    return operation(before.resource if before else None, after)


def projected(
    running: Running,
    before: Record | None,
    what: Operation,
    after: Resource,
    touched: frozenset[str],
) -> Mapping[str, Value]:
    """Project ``after``, or refuse.

    What cannot be projected keeps neither a leaver in nor a member out, unless this request
    brought it.
    """
    objects = running.objects
    projection = objects.project(after, creating=before is None)
    blocking = [
        fault
        for fault in projection.faults
        if what not in _WITHOUT_FAULTS or _is_touched(running, fault, touched)
    ]
    if blocking:
        raise refuse_faults(blocking)
    if what is Operation.REACTIVATE:
        return {**projection.values, **objects.operations.reactivate_set}
    return projection.values


def _is_touched(running: Running, fault: FieldFault, touched: frozenset[str]) -> bool:
    field = running.objects.field(fault.field)
    written = {name.lower() for name in touched}
    return field is not None and any(
        name.lower() in written
        for source in field.sources
        for name in (source.attribute, source.uri or source.attribute)
    )


def deletion(running: Running, before: Record) -> Step:
    """Return the step that ends a resource, and does with its account what the file says."""
    objects = running.objects
    link = before.link
    wanted: Mapping[str, Value] = {}
    changes = NO_DIFFERENCE
    if link is not None and objects.operations.delete == "deactivate":
        wanted = objects.project({**before.resource, "active": False}).values
        changes = difference(objects, link.projection, wanted, objects.once)
    return Step(
        Operation.DELETE,
        before,
        None,
        link.key if link else None,
        link.projection if link else {},
        wanted,
        changes,
    )


def record_after(running: Running, step: Step) -> Record | None:
    """Return what is stored after a step, with its link; None after a deletion."""
    if step.after is None:
        return None
    # What an edit does not write any more stands there still, and may come back with another edit.
    projection = {**step.old, **step.difference.remembered}
    link = Link(step.key if step.key is not None else "", projection, running.program.revision)
    now = datetime.now(UTC)
    if step.before is None:
        kind = running.objects.resource_type.name
        return Record(new_id(), kind, step.after, 1, now, now, link)
    if step.cause is not None:
        return replace(step.before, link=link)
    return replace(
        step.before,
        resource=step.after,
        version=step.before.version + 1,
        last_modified=now,
        link=link,
    )


def linked(record: Record, key: Key | None) -> Record:
    """Put in the key that the target gave; without one there is no account to link."""
    if key is None or record.link is None:
        return replace(record, link=None)
    if key == record.link.key:
        return record
    return replace(record, link=replace(record.link, key=key))
