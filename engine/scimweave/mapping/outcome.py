"""What a request of a test comes to: an operation, target fields, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.mapping.project import FieldFault, ObjectProgram
from scimweave.mapping.rules.convert import Value
from scimweave.mapping.rules.secret import without_secrets
from scimweave.scim.error import ScimError, invalid_value


@dataclass(frozen=True, slots=True)
class Outcome:
    """An error, or an operation with the target fields; ``body`` is that of the answer.

    ``members`` are the ids of a group's members afterwards, None for what has no members.
    """

    status: int
    body: Mapping[str, Any] | None
    operation: str | None = None
    values: Mapping[str, Value] | None = None
    members: tuple[str, ...] | None = None
    error: str | None = None


def refused(error: ScimError) -> Outcome:
    """Return the outcome of a request that is answered with an error."""
    return Outcome(error.status, error.to_dict(), error=error.detail)


def refused_for(faults: list[FieldFault]) -> Outcome:
    """Return the outcome of a request whose resource cannot be projected."""
    reasons = (f"{each.source_text} → {each.field}: {each.reason}" for each in faults)
    return refused(invalid_value("; ".join(reasons)))


def done(
    objects: ObjectProgram,
    request: str,
    operation: str,
    values: Mapping[str, Value],
    resource: Mapping[str, Any],
    members: tuple[str, ...] | None = None,
) -> Outcome:
    """Return the outcome of a request that is answered with a resource, or with nothing."""
    status = {"create": 201, "delete": 204, "put": 200}.get(request, objects.patch_status)
    body = None if status == 204 else _body(objects, resource, members)
    return Outcome(status, body, operation, values, members)


def _body(
    objects: ObjectProgram, resource: Mapping[str, Any], members: tuple[str, ...] | None
) -> dict[str, Any]:
    """Return what the provider reads, without what each server makes itself."""
    shown = without_secrets(dict(resource), objects.resource_type)
    if objects.section == "users":
        # Whoever reads it back is told so too (Q66).
        shown.setdefault("active", True)
    if members:
        shown["members"] = [{"value": each} for each in members]
    core = objects.resource_type.core.id
    return {"schemas": [core, *(name for name in shown if ":" in name)], **shown}
