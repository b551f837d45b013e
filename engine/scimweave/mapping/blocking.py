"""Which faults of a projection keep a change from being made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scimweave.mapping.operation import Operation
from scimweave.mapping.project import FieldFault, ObjectProgram
from scimweave.scim.syntax import AttributePath

WITHOUT_FAULTS = frozenset({Operation.DEACTIVATE, Operation.MEMBERS})


def blocking(
    objects: ObjectProgram,
    what: Operation,
    faults: Sequence[FieldFault],
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> list[FieldFault]:
    """Return the faults for which the change from ``before`` to ``after`` is refused.

    What cannot be projected keeps neither a leaver in nor a member out, unless this change
    brought it. Of whoever leaves the scope, nothing has to fit the target.
    """
    if not faults or not objects.in_scope(after):
        return []
    if what not in WITHOUT_FAULTS:
        return list(faults)
    return [each for each in faults if _is_brought(objects, each, before or {}, after)]


def _is_brought(
    objects: ObjectProgram, fault: FieldFault, before: dict[str, Any], after: dict[str, Any]
) -> bool:
    field = objects.field(fault.field)
    return field is not None and _differ(field.sources, before, after)


def _differ(
    sources: Iterable[AttributePath], before: dict[str, Any], after: dict[str, Any]
) -> bool:
    """Whether one of ``sources`` has another value, by their attributes."""
    return any(_value(before, each) != _value(after, each) for each in sources)


def _value(resource: dict[str, Any], path: AttributePath) -> Any:
    owner = resource.get(path.uri, {}) if path.uri else resource
    return owner.get(path.attribute)
