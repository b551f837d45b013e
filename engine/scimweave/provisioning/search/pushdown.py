"""What a store's indexes can tell of a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scimweave.provisioning.search.indexes import Index, Indexes
from scimweave.provisioning.search.names import index_name
from scimweave.scim.comparison import comparison, instant, microseconds
from scimweave.scim.error import ScimError
from scimweave.scim.filter import UnknownAttribute
from scimweave.scim.schema import common_attributes
from scimweave.scim.syntax import (
    And,
    AttributePath,
    Compare,
    Filter,
    Not,
    Or,
    Present,
    ValuePath,
    operands,
)
from scimweave.store.conditions import (
    NOTHING,
    All,
    Any,
    Between,
    Condition,
    Equals,
    HasId,
    Within,
    after_prefix,
)

# Resolves a part of a filter that is no attribute of the stored resource; None for all others.
Special = Callable[[Filter], Condition | None]
# Compared as they are, and without a lookup.
_FIXED = frozenset({"id", "meta.resourceType"})
# More of them are a scan anyway, and too much for one statement.
MOST_CONDITIONS = 100
MILLISECOND = 1000
_TIMES: dict[str, Literal["created", "modified"]] = {
    "meta.created": "created",
    "meta.lastModified": "modified",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the store looks up. ``exact``: that is the filter; else it is no less than that.

    Without a condition every resource has to be looked at.
    """

    condition: Condition | None
    exact: bool


UNKNOWN = Plan(None, False)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans filters over the resources of one type.

    Where the planner is ``lenient``, an attribute that the type does not have is absent.
    """

    indexes: Indexes
    special: Special
    lenient: bool = False

    def plan(self, found: Filter) -> Plan:
        """Return what the indexes can tell of ``found``."""
        planned = self._plan(found)
        return planned if _size(planned.condition) <= MOST_CONDITIONS else UNKNOWN

    def _plan(self, found: Filter) -> Plan:
        condition = self.special(found)
        if condition is not None:
            return Plan(condition, True)
        match found:
            case And():
                return _both([self._plan(part) for part in operands(found)])
            case Or():
                return _either([self._plan(part) for part in operands(found)])
            case Not():
                return UNKNOWN
            case ValuePath(path, inside):
                return self._inside(path, inside)
            case Present(path) | Compare(path):
                return self._leaf(found, path)

    def _leaf(self, found: Present | Compare, path: AttributePath) -> Plan:
        index = self.indexes.find(path)
        try:
            condition = _indexed(index, found) if index else self._made(found, path)
        except UnknownAttribute:
            never = self.lenient and _needs_a_value(found)
            return Plan(NOTHING, True) if never else UNKNOWN
        except ScimError:
            return UNKNOWN  # the closures say what is wrong with it
        if path.filter is None:
            return Plan(condition, condition is not None)
        # One element has to satisfy both.
        return Plan(
            _both([Plan(condition, True), self._inside(path, path.filter)]).condition, False
        )

    def _inside(self, path: AttributePath, found: Filter) -> Plan:
        """Plan the filter of a value path; what it says of one element holds of some element."""
        match found:
            case And():
                parts = [self._inside(path, part) for part in operands(found)]
                return Plan(_both(parts).condition, False)
            case Or():
                return _either([self._inside(path, part) for part in operands(found)])
            case Compare(inner, op, value) if inner.sub_attribute is None and inner.uri is None:
                full = AttributePath(path.uri, path.attribute, inner.attribute)
                return self._plan(Compare(full, op, value))
            case _:
                return UNKNOWN

    def _made(self, found: Present | Compare, path: AttributePath) -> Condition | None:
        """Return what the store knows of an attribute that the server makes."""
        plain = AttributePath(path.uri, path.attribute, path.sub_attribute)
        try:
            name = index_name(plain, self.indexes.resource_type)
        except ScimError as error:
            raise UnknownAttribute(error.detail) from None
        if isinstance(found, Present) or found.value is None:
            return None
        if name in _TIMES:
            moment = instant(found.value)
            return None if moment is None else _times(_TIMES[name], found.op, moment)
        if name in _FIXED and found.op == "eq":
            return self._fixed(name, found)
        return None

    def _fixed(self, name: str, found: Compare) -> Condition | None:
        _, wanted = comparison(common_attributes()["id"], found)
        if name == "id":
            return HasId(wanted)
        return None if wanted == self.indexes.resource_type.name else NOTHING


def _needs_a_value(found: Present | Compare) -> bool:
    return isinstance(found, Present) or (found.op != "ne" and found.value is not None)


def _indexed(index: Index, found: Present | Compare) -> Condition | None:
    name = index.name
    if isinstance(found, Present):
        return Between(name)
    if found.value is None:
        return None
    _, wanted = comparison(index.leaf, found)
    if found.op == "eq":
        return Equals(name, wanted, index.narrow)
    bounds = {
        "sw": Between(name, wanted, after_prefix(wanted)),
        "gt": Between(name, low=wanted, low_included=False),
        "ge": Between(name, low=wanted),
        "lt": Between(name, high=wanted),
        "le": Between(name, high=wanted, high_included=True),
    }
    return bounds.get(found.op)


def _times(time: Literal["created", "modified"], op: str, moment: datetime) -> Condition | None:
    """Resources show whole milliseconds, and it is those that are compared."""
    wanted = microseconds(moment)
    floor = wanted - wanted % MILLISECOND
    ceiling = floor if floor == wanted else floor + MILLISECOND
    match op:
        case "eq":
            # An instant between two milliseconds is never shown.
            return Within(time, ceiling, floor + MILLISECOND)
        case "gt":
            return Within(time, low=floor + MILLISECOND)
        case "ge":
            return Within(time, low=ceiling)
        case "lt":
            return Within(time, high=ceiling)
        case "le":
            return Within(time, high=floor + MILLISECOND)
        case _:
            return None


def _both(plans: list[Plan]) -> Plan:
    known = tuple(plan.condition for plan in plans if plan.condition is not None)
    exact = all(plan.exact for plan in plans)
    if not known:
        return UNKNOWN
    return Plan(known[0] if len(known) == 1 else All(known), exact)


def _either(plans: list[Plan]) -> Plan:
    known = tuple(plan.condition for plan in plans if plan.condition is not None)
    if len(known) < len(plans):
        return UNKNOWN
    return Plan(Any(known), all(plan.exact for plan in plans))


def _size(condition: Condition | None) -> int:
    match condition:
        case All(parts) | Any(parts):
            return sum(map(_size, parts))
        case _:
            return 1


def conditions_of(found: Filter, special: Special) -> Iterable[tuple[Filter, Condition]]:
    """Return the parts of a filter that ``special`` resolves."""
    condition = special(found)
    if condition is not None:
        return [(found, condition)]
    match found:
        case And() | Or():
            return [each for part in operands(found) for each in conditions_of(part, special)]
        case Not(operand):
            return conditions_of(operand, special)
        case _:
            return []
