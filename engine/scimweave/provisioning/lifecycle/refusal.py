"""What the provider is told when a mapping, a target or another resource is in the way."""

from __future__ import annotations

from collections.abc import Iterable

from scimweave.connectors.base import Conflict, Gone, Rejected, TargetError, Unreachable
from scimweave.mapping import FieldFault, ObjectProgram
from scimweave.provisioning.lifecycle.lookups import label_of
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError, invalid_value, unavailable, uniqueness
from scimweave.store.base import Record

CONFIGURATION_RETRY = 300


def refuse_faults(faults: Iterable[FieldFault]) -> ScimError:
    """Name every SCIM attribute and target field that cannot be projected, with the reason."""
    return invalid_value(
        "; ".join(f"{fault.source_text} → {fault.field}: {fault.reason}" for fault in faults)
    )


def translate(error: TargetError, running: Running) -> ScimError:
    """Turn a target's refusal into the answer to the request."""
    program = running.program
    match error:
        case Unreachable():
            return unavailable(
                f"the target of {program.integration} cannot be reached: {error}; try again later",
                error.retry_after,
            )
        case Rejected():
            return invalid_value(f"the target refuses {_named(running.objects, error)}")
        case Conflict():
            return uniqueness(f"another account at the target has {_named(running.objects, error)}")
        case Gone():
            return ScimError(
                409,
                f"the account at the target is gone: {error}; delete the resource here, or set "
                f"{running.section}.operations.missing to recreate",
            )
        case _:
            return unavailable(
                f"the target of {program.integration} is not as the mapping says: {error}",
                CONFIGURATION_RETRY,
            )


def _named(objects: ObjectProgram, error: Rejected | Conflict) -> str:
    if error.field is None:
        return f"the account: {error}"
    found = objects.field(error.field)
    if found is None:
        return f"field {error.field}: {error}"
    # A target likes to repeat the value in its message.
    reason = "the value is not shown" if found.sensitive else str(error)
    return f"{found.source_text} → {found.name}: {reason}"


def refuse_duplicate(record: Record) -> ScimError:
    """A userName that another user has, or a displayName that another group has."""
    kind, label = record.resource_type, label_of(record.resource_type)
    return uniqueness(
        f'a {kind} with {label} "{record.resource[label]}" exists already: id {record.id}'
    )
