"""Whether a filter can be true of any resource, and whether it can be false of one.

An answer of "never" is certain; where it is too much to look at, nothing is said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import ObjectProgram
from scimweave.mapping.report import Report
from scimweave.scim.comparison import ORDER, TEXT, Normal, comparison
from scimweave.scim.schema import Attribute, ResourceType
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath

MOST_WAYS = 512
_Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition of a filter, or its opposite."""

    is_true: bool
    condition: Compare | Present | ValuePath


_Way = tuple[_Part, ...]


def check_scope(objects: ObjectProgram, always_there: Collection[str], report: Report) -> None:
    """Report a scope that nobody can be in, or nobody out of, and values that SCIM does not have.

    ``always_there`` are the attributes that every resource has.
    """
    scope = objects.scope
    if scope is None:
        return
    where: YamlPath = (objects.section, "scope")
    kind = objects.resource_type
    word = kind.name.lower()
    if never(scope.tree, kind, always_there):
        message = f"no {word} can ever be in this scope: its conditions exclude each other"
        report.at_value("scope-nobody", message, where)
    elif never(Not(scope.tree), kind, always_there):
        message = f"every {word} is in this scope"
        report.at_value("scope-everybody", message, where, help="leave it out")
    for text, known in _unusual(scope.tree, kind):
        message = f"SCIM suggests no value {text} here"
        listed = ", ".join(json.dumps(each, ensure_ascii=False) for each in known)
        report.at_value("unusual-value", message, where, help=f"it suggests {listed}")


def never(tree: Filter, resource_type: ResourceType, always_there: Collection[str] = ()) -> bool:
    """Whether a filter is false of every resource, for certain."""
    there = {("", name.lower(), "") for name in always_there}
    return _never(tree, _OfResource(resource_type), there)


class _OfResource:
    """What the paths of a filter name."""

    def __init__(self, resource_type: ResourceType) -> None:
        self._type = resource_type

    def single(self, path: AttributePath) -> tuple[_Name, Attribute] | None:
        """Return an attribute that has one value, under one name however it is written."""
        resolved = self._type.resolve(path)
        if resolved.attribute.multi_valued:
            return None
        leaf = resolved.sub_attribute or resolved.attribute.sub_attributes.get("value")
        uri = resolved.schema.id if resolved.is_extension else ""
        name = (uri, resolved.attribute.name.lower(), leaf.name.lower() if leaf else "")
        return name, leaf or resolved.attribute

    def inside(self, path: AttributePath) -> _OfElement:
        """Return what the paths in the brackets behind an attribute name."""
        return _OfElement(self._type.resolve(AttributePath(path.uri, path.attribute)).attribute)


class _OfElement:
    """What the paths of a filter over one element of a list name."""

    def __init__(self, owner: Attribute) -> None:
        self._owner = owner

    def single(self, path: AttributePath) -> tuple[_Name, Attribute] | None:
        """Return a sub-attribute, which has one value."""
        leaf = self._owner.sub_attributes.get(path.attribute.lower(), self._owner)
        return ("", path.attribute.lower(), ""), leaf

    def inside(self, path: AttributePath) -> _OfElement:
        """Return what is below it: nothing of its own."""
        return _OfElement(self._owner.sub_attributes.get(path.attribute.lower(), self._owner))


_Names = _OfResource | _OfElement


def _never(tree: Filter, names: _Names, there: Collection[_Name]) -> bool:
    ways = _ways(tree, True)
    return ways is not None and all(_excluded(way, names, there) for way in ways)


def _ways(tree: Filter, is_true: bool) -> list[_Way] | None:
    """Return the ways in which a filter comes out as ``is_true``; None for too many."""
    match tree:
        case Not(operand):
            return _ways(operand, not is_true)
        case And(left, right) | Or(left, right):
            one, other = _ways(left, is_true), _ways(right, is_true)
            if one is None or other is None:
                return None
            if isinstance(tree, And) == is_true:
                if len(one) * len(other) > MOST_WAYS:
                    return None
                return [(*first, *second) for first, second in product(one, other)]
            return one + other if len(one) + len(other) <= MOST_WAYS else None
        case Compare() | Present() | ValuePath():
            return [(_plain(tree, is_true),)]


def _plain(condition: Compare | Present | ValuePath, is_true: bool) -> _Part:
    """Write ``ne`` as the opposite of ``eq``, and a comparison with null as one of presence."""
    if isinstance(condition, Compare) and condition.op in {"eq", "ne"}:
        if condition.value is None:
            return _Part(is_true == (condition.op == "ne"), Present(condition.path))
        if condition.op == "ne":
            return _Part(not is_true, Compare(condition.path, "eq", condition.value))
    return _Part(is_true, condition)


def _excluded(way: _Way, names: _Names, there: Collection[_Name]) -> bool:
    """Whether the parts of one way exclude each other."""
    by_name: defaultdict[_Name, list[_Part]] = defaultdict(list)
    leaves: dict[_Name, Attribute] = {}
    for part in way:
        path = part.condition.path
        inside = part.condition.filter if isinstance(part.condition, ValuePath) else path.filter
        if inside is not None:
            if part.is_true and _never(inside, names.inside(path), ()):
                return True
        elif (found := names.single(path)) is not None:
            leaves[found[0]] = found[1]
            by_name[found[0]].append(part)
    return any(_conflict(parts, leaves[name], name in there) for name, parts in by_name.items())


def _conflict(parts: list[_Part], leaf: Attribute, is_there: bool) -> bool:
    """Whether no value of a single attribute, and not its absence either, satisfies all parts."""
    tests = [(part.is_true, *_test(part.condition, leaf)) for part in parts]
    can_be_absent = not is_there and not any(is_true for is_true, *_ in tests)
    if can_be_absent:
        return False
    if leaf.type == "boolean":
        return not any(all(_holds(each, value) for each in tests) for value in (True, False))
    if any(not is_true and normal is None for is_true, normal, *_ in tests):
        # Absent, or an empty text: what else is asked has to be true of that.
        return is_there or any(
            is_true and not _holds((is_true, normal, op, wanted), "")
            for is_true, normal, op, wanted in tests
        )
    exact = [each for each in tests if each[0] and each[2] == "eq"]
    for _, normal, _, wanted in exact:
        same = [each for each in tests if each[1] is normal]
        if any(not _compares(each, wanted) for each in same):
            return True
    return any(_outside(one, other) for one in tests for other in tests)


_Test = tuple[bool, Normal | None, str, Any]


def _test(
    condition: Compare | Present | ValuePath, leaf: Attribute
) -> tuple[Normal | None, str, Any]:
    if isinstance(condition, Compare):
        normal, wanted = comparison(leaf, condition)
        return normal, condition.op, wanted
    return None, "pr", None


def _holds(test: _Test, value: Any) -> bool:
    is_true, normal, op, wanted = test
    if normal is None:
        return bool(value != "") == is_true
    left = normal(value)
    return bool(left is not None and _operator(op)(left, wanted)) == is_true


def _compares(test: _Test, normal_value: Any) -> bool:
    """Whether a value in the form that is compared satisfies a comparison."""
    is_true, _, op, wanted = test
    return bool(_operator(op)(normal_value, wanted)) == is_true


def _operator(op: str) -> Callable[[Any, Any], bool]:
    return TEXT.get(op) or ORDER[op]


def _outside(one: _Test, other: _Test) -> bool:
    """Whether ``one`` asks for more than ``other`` allows; each is a bound that has to hold."""
    if not (one[0] and other[0]) or one[1] is None or one[1] is not other[1]:
        return False
    if one[2] not in {"gt", "ge"} or other[2] not in {"lt", "le"}:
        return False
    low, high = one[3], other[3]
    return bool(low > high or (low == high and (one[2] == "gt" or other[2] == "lt")))


def _unusual(tree: Filter, resource_type: ResourceType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield values that are asked for and not among the canonical ones."""
    for path, value in _equalities(tree):
        resolved = resource_type.resolve(path)
        leaf = resolved.sub_attribute or resolved.attribute
        known = leaf.canonical_values
        if known and isinstance(value, str) and value.casefold() not in map(str.casefold, known):
            yield json.dumps(value, ensure_ascii=False), known


def _equalities(
    tree: Filter, owner: AttributePath | None = None
) -> Iterator[tuple[AttributePath, Any]]:
    match tree:
        case And(left, right) | Or(left, right):
            yield from _equalities(left, owner)
            yield from _equalities(right, owner)
        case Not(operand):
            yield from _equalities(operand, owner)
        case ValuePath(path, inside):
            yield from _equalities(inside, path)
        case Compare(path, "eq" | "ne", value):
            if path.filter is not None:
                yield from _equalities(path.filter, path)
            if owner is None:
                yield AttributePath(path.uri, path.attribute, path.sub_attribute), value
            else:
                yield AttributePath(owner.uri, owner.attribute, path.attribute), value
        case Compare(path) | Present(path):
            if path.filter is not None:
                yield from _equalities(path.filter, path)
