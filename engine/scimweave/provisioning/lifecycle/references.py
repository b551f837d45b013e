"""Fields that hold the key of another account: what the store knows of it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scimweave.connectors.base import Value
from scimweave.mapping import Field, FieldFault, ObjectProgram
from scimweave.mapping.project import FieldError
from scimweave.mapping.rules.convert import Unfit
from scimweave.mapping.rules.reference import AccountOf
from scimweave.store.base import Key, Store

USER = "User"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A projection with the keys of accounts; ``refers`` are the keys by resource id."""

    values: Mapping[str, Value]
    refers: Mapping[str, Key | None] = field(default_factory=dict)
    faults: tuple[FieldFault, ...] = ()


async def resolve_references(
    store: Store, integration: str, objects: ObjectProgram, values: Mapping[str, Value]
) -> Resolved:
    """Put in the keys of accounts; where there is none yet the field is null, or left as it is."""
    if not objects.references:
        return Resolved(values)
    ids = sorted({each.id for each in values.values() if isinstance(each, AccountOf)})
    if not ids:
        return Resolved(values)
    found = await store.referred(integration, ids)
    keys = {
        each: found[each].key if each in found and found[each].resource_type == USER else None
        for each in ids
    }
    made: dict[str, Value] = {}
    faults: list[FieldFault] = []
    for name, value in values.items():
        rule = objects.field(name)
        if not isinstance(value, AccountOf) or rule is None:
            made[name] = value
            continue
        try:
            written = _written(rule, value, keys[value.id])
        except Unfit as unfit:
            faults.append(FieldFault(name, rule.source_text, unfit.reason))
            continue
        if written is not None or not value.keep:
            made[name] = written
    return Resolved(made, keys, tuple(faults))


def _written(rule: Field, value: AccountOf, key: Key | None) -> Value:
    if key is not None:
        return rule.fit(key)
    if rule.required:
        raise Unfit(f"is required, and user {value.id[:80]} has no account yet")
    return None


def without_references(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what is known of a projection without the store."""
    return {name: each for name, each in values.items() if not isinstance(each, AccountOf)}


def referred_ids(references: Iterable[Field], resource: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of the users that a resource refers to."""
    for each in references:
        try:
            value = each.read(resource)
        except FieldError:
            continue
        if isinstance(value, AccountOf):
            yield value.id
