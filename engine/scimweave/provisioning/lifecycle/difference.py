"""What has to be written at the target: two projections compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from scimweave.connectors.base import Value
from scimweave.mapping import Field, ObjectProgram, to_json
from scimweave.mapping.rules.reference import AccountOf
from scimweave.store.base import Change

MASK = "[sensitive]"
_DIGEST = "sha256"
_NUMBERS = (int, float)
# Most values: JSON has them as they are.
_AS_IT_IS = frozenset({str, bool, int, type(None)})


@dataclass(frozen=True, slots=True)
class Difference:
    """Fields to write, by target name.

    ``values`` are target values, ``changes`` their masked form for the log, ``remembered`` what
    the link keeps of them (JSON; a sensitive value as a digest, a secret not at all).
    """

    values: Mapping[str, Value]
    changes: tuple[Change, ...]
    remembered: Mapping[str, Any]

    def __bool__(self) -> bool:
        return bool(self.values)


NO_DIFFERENCE = Difference({}, (), {})


def remember(field: Field | None, value: Value) -> Any:
    """Return the JSON value by which a later projection is compared with this one."""
    plain = to_json(value)
    if field is None or not field.sensitive or plain is None:
        return plain
    text = json.dumps(plain, sort_keys=True)
    return {_DIGEST: hashlib.sha256(text.encode()).hexdigest()}


def is_digest(remembered: Any) -> bool:
    """Whether this is what is remembered of a sensitive value."""
    return isinstance(remembered, dict) and list(remembered) == [_DIGEST]


def difference(
    objects: ObjectProgram,
    old: Mapping[str, Any],
    new: Mapping[str, Value],
    skip: Iterable[str] = (),
) -> Difference:
    """Compare what was remembered with a new projection; ``skip`` names fields left alone."""
    values: dict[str, Value] = {}
    changes: list[Change] = []
    remembered: dict[str, Any] = {}
    for name, value in new.items():
        if name in skip:
            continue
        field = objects.discreet.get(name)
        if field is not None and field.secrets:
            # Not even a digest is kept: whatever a request brings is written.
            if value is not None:
                values[name] = value
                changes.append(Change(name, None, MASK))
            continue
        before = old.get(name)
        kept = value if field is None and type(value) in _AS_IT_IS else remember(field, value)
        if isinstance(value, AccountOf):
            if _is_kept(value, before):
                continue
        elif kept == before or (before is not None and same(before, kept)):
            continue
        values[name] = value
        remembered[name] = kept
        changes.append(Change(name, before, kept) if field is None else _masked(name, before, kept))
    return Difference(values, tuple(changes), remembered)


def _is_kept(value: AccountOf, before: Any) -> bool:
    """Whether a field that nobody looked up is right: that is seen to as accounts come and go.

    An id that stands there is from a rule that was without ``ref``.
    """
    return before is not None and before != value.id


def same(one: Any, other: Any) -> bool:
    """Whether two remembered values are equal; targets have several forms of one number."""
    if one == other:
        return True
    if isinstance(one, _NUMBERS) or isinstance(other, _NUMBERS):
        try:
            return Decimal(str(one)) == Decimal(str(other))
        except InvalidOperation:
            return False
    return False


def everything(objects: ObjectProgram, new: Mapping[str, Value]) -> Difference:
    """Return what a new account is made of; null is left to the target's own default."""
    return difference(objects, {}, new)


def _masked(name: str, old: Any, new: Any) -> Change:
    return Change(name, None if old is None else MASK, None if new is None else MASK)
