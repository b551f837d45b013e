"""Accounts that are not what the mapping makes of their resources, whoever changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scimweave.connectors.base import Account, Value
from scimweave.mapping import FieldFault, ObjectProgram
from scimweave.mapping.operation import Operation
from scimweave.provisioning.lifecycle.difference import (
    Difference,
    difference,
    everything,
    remember,
    same,
)
from scimweave.provisioning.lifecycle.references import without_references
from scimweave.provisioning.lifecycle.refusal import refuse_faults
from scimweave.provisioning.lifecycle.step import INACTIVE, Step, is_held
from scimweave.provisioning.running import Running
from scimweave.store.base import Record

# What the log says of an operation that no request of the provider is behind.
BY_RECONCILE = "by reconcile"


@dataclass(frozen=True, slots=True)
class Drift:
    """How one account differs: what would be written, from what is there to what is wanted.

    ``pending`` are fields that were never delivered like that: the mapping or the provider changed
    them, and not somebody at the target. ``faults`` are what the mapping cannot project.
    """

    kind: Literal["changed", "missing"]
    wanted: Mapping[str, Value]
    difference: Difference
    pending: frozenset[str]
    faults: tuple[FieldFault, ...]
    destructive: bool


def drift_of(objects: ObjectProgram, record: Record, account: Account | None) -> Drift | None:
    """Compare an account with its resource; None where it is right.

    Left alone are fields that are written once, secrets, what the account does not have, and what
    never got a value from here: that may be the target's own default. Who is out of scope is not
    looked at, nor who is held.
    """
    if is_held(record) or not objects.in_scope(record.resource):
        return None
    projection = objects.project(record.resource)
    values = without_references(projection.values)
    is_active = objects.is_active(record.resource)
    if account is None:
        # Whoever left needs no account.
        if not is_active:
            return None
        made = everything(objects, values)
        return Drift("missing", values, made, frozenset(), projection.faults, False)
    delivered = record.link.projection if record.link else {}
    wanted = {
        name: value
        for name, value in _wanted(objects, delivered, values, is_active).items()
        if name in account.fields and (value is not None or name in delivered)
    }
    changes = difference(objects, actual(objects, account), wanted, objects.once)
    if not changes:
        return None
    return Drift(
        "changed",
        values,
        changes,
        frozenset(
            name
            for name, value in changes.remembered.items()
            if not same(delivered.get(name), value)
        ),
        projection.faults,
        _takes_away(objects, changes, is_active),
    )


def actual(objects: ObjectProgram, account: Account) -> dict[str, Any]:
    """Return the fields of an account as a link keeps them."""
    return {name: remember(objects.field(name), value) for name, value in account.fields.items()}


def repair(running: Running, record: Record, account: Account | None) -> Step | None:
    """Return the step that makes an account right; None where it is. Raises ``ScimError``."""
    assert record.link is not None
    objects = running.objects
    drift = drift_of(objects, record, account)
    if drift is None:
        return None
    if drift.faults:
        raise refuse_faults(drift.faults)
    found = {} if account is None else actual(objects, account)
    old = {} if account is None else {
        name: found.get(name, value) for name, value in record.link.projection.items()
    }  # fmt: skip
    return Step(
        Operation.REPAIR,
        record,
        record.resource,
        record.link.key,
        old,
        drift.wanted,
        drift.difference,
        cause=BY_RECONCILE,
        inactive=INACTIVE in record.link.projection,
        refers=None,
    )


def _wanted(
    objects: ObjectProgram,
    delivered: Mapping[str, Any],
    values: Mapping[str, Value],
    is_active: bool,
) -> Mapping[str, Value]:
    """Return what an account is to be, also in fields that only operations set."""
    if not is_active:
        return values
    back = objects.operations.reactivate_set
    return {**{name: value for name, value in back.items() if name in delivered}, **values}


def _takes_away(objects: ObjectProgram, changes: Difference, is_active: bool) -> bool:
    """Whether somebody would lose a value, or the use of their account."""
    if any(each.new is None and each.old is not None for each in changes.changes):
        return True
    return not is_active and any(is_about_use(objects, name) for name in changes.values)


def is_about_use(objects: ObjectProgram, name: str) -> bool:
    """Whether a field says that an account is in use."""
    field = objects.field(name)
    sources = field.sources if field is not None else ()
    return name in objects.operations.deactivate_set or any(
        source.uri is None and source.attribute == "active" for source in sources
    )
