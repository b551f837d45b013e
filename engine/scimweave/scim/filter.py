"""Filters: parse, and compile to a condition over canonical resources (RFC 7644 §3.4.2.2)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from scimweave.scim.error import ScimError, invalid_filter
from scimweave.scim.filter_parser import Parser
from scimweave.scim.schema import Attribute, ResourceType
from scimweave.scim.syntax import (
    And,
    AttributePath,
    Compare,
    Filter,
    Not,
    Or,
    Present,
    ValuePath,
)

Condition = Callable[[Any], bool]
Values = Callable[[Any], Iterable[Any]]
# The attribute compared, the values to compare, and the elements that hold them.
Reading = tuple[Attribute, Values, Values]
Lookup = Callable[[AttributePath], Reading]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
}
_BOOLEANS = {"true": True, "false": False}


class FilterError(ScimError):
    """A filter that does not parse; ``position`` counts characters from 0."""

    def __init__(self, text: str, position: int, reason: str) -> None:
        shown = repr(text if len(text) <= 80 else text[:79] + "…")
        if "password" in text.casefold():
            shown = "on a password"
        super().__init__(
            400, f"filter {shown}, character {position + 1}: {reason}", "invalidFilter"
        )
        self.text = text
        self.position = position
        self.reason = reason


def parse_filter(text: str, *, max_length: int = 8192, max_depth: int = 50) -> Filter:
    """Parse a filter. Raises ``FilterError``, also for one too long or nested too deeply."""

    def fault(position: int, reason: str) -> FilterError:
        return FilterError(text, position, reason)

    if len(text) > max_length:
        raise fault(max_length, f"longer than {max_length} characters")
    return Parser(text, fault, max_depth).filter()


def compile_filter(found: Filter, resource_type: ResourceType) -> Condition:
    """Compile a condition over canonical resources. Raises ``ScimError`` (invalidFilter)."""

    def lookup(path: AttributePath) -> Reading:
        try:
            resolved = resource_type.resolve(path)
        except ScimError as error:
            raise invalid_filter(error.detail) from None
        if "never" in {
            resolved.attribute.returned,
            getattr(resolved.sub_attribute, "returned", ""),
        }:
            raise invalid_filter(f"{path} is never returned: nobody can filter by it")
        uri = resolved.schema.id if resolved.is_extension else None
        values = _elements(resolved.attribute.name, uri)
        if path.filter is not None:
            values = _where(values, compile_condition(path.filter, resolved.attribute))
        leaf = resolved.sub_attribute or _default_sub_attribute(resolved.attribute)
        if leaf is not None:
            return leaf, _sub_values(values, leaf.name), values
        return resolved.attribute, values, values

    return _compile(found, lookup)


def compile_condition(found: Filter, owner: Attribute) -> Condition:
    """Compile the filter of a value path: a condition over one element of ``owner``."""

    def lookup(path: AttributePath) -> Reading:
        leaf = owner.sub_attributes.get(path.attribute.lower())
        if leaf is None or path.uri or path.sub_attribute:
            raise invalid_filter(f'{owner.name} has no sub-attribute "{path}"')
        values = _elements(leaf.name, None)
        return leaf, values, values

    return _compile(found, lookup)


def _compile(found: Filter, lookup: Lookup) -> Condition:
    match found:
        case And(left, right):
            first, second = _compile(left, lookup), _compile(right, lookup)
            return lambda value: first(value) and second(value)
        case Or(left, right):
            first, second = _compile(left, lookup), _compile(right, lookup)
            return lambda value: first(value) or second(value)
        case Not(operand):
            inner = _compile(operand, lookup)
            return lambda value: not inner(value)
        case Present(path):
            _, values, _ = lookup(path)
            return lambda value: any(_is_present(each) for each in values(value))
        case ValuePath(path, inside):
            _, _, elements = lookup(AttributePath(path.uri, path.attribute, None, inside))
            return lambda value: any(True for _ in elements(value))
        case Compare():
            return _comparison(found, lookup)


def _comparison(found: Compare, lookup: Lookup) -> Condition:
    leaf, values, _ = lookup(found.path)
    if found.value is None:
        present = _compile(Present(found.path), lookup)
        if found.op == "eq":
            return lambda value: not present(value)
        if found.op == "ne":
            return present
        raise invalid_filter(f"{found.path} {found.op} null: only eq and ne compare with null")
    if found.op == "ne":
        equal = _comparison(Compare(found.path, "eq", found.value), lookup)
        return lambda value: not equal(value)
    normal, wanted = _normaliser(leaf, found)
    test = _TEXT.get(found.op) or _ORDER[found.op]

    def holds(value: Any) -> bool:
        for each in values(value):
            left = normal(each)
            if left is not None and test(left, wanted):
                return True
        return False

    return holds


def _normaliser(leaf: Attribute, found: Compare) -> tuple[Callable[[Any], Any], Any]:
    """How values of ``leaf`` are compared, and the literal in that form."""
    value = found.value
    if leaf.type == "complex":
        raise invalid_filter(f"{found.path}: a complex attribute is compared by a sub-attribute")
    if leaf.type == "boolean":
        if found.op not in {"eq", "ne"}:
            raise invalid_filter(f"{found.path}: a boolean is compared by eq or ne only")
        wanted = _BOOLEANS.get(str(value).lower())  # Q3
        return (lambda each: each if isinstance(each, bool) else None), wanted
    if leaf.type in {"integer", "decimal"} and found.op not in _TEXT:
        try:
            number = float("" if value is None else value)
        except ValueError:
            raise invalid_filter(f"{found.path} is a number, {value!r} is not") from None
        return (lambda each: each if isinstance(each, int | float) else None), number
    if leaf.type == "dateTime" and found.op not in _TEXT:
        wanted_time = _instant(value)
        if wanted_time is None:
            raise invalid_filter(f"{found.path} is a date-time, {value!r} is not")
        return _instant, wanted_time
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    if leaf.case_exact:
        return (lambda each: each if isinstance(each, str) else None), text
    return (lambda each: each.casefold() if isinstance(each, str) else None), text.casefold()


def _instant(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_present(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def _default_sub_attribute(attribute: Attribute) -> Attribute | None:
    return attribute.sub_attributes.get("value")


def _elements(name: str, uri: str | None) -> Values:
    def values(owner: Any) -> Iterable[Any]:
        if uri is not None:
            owner = owner.get(uri)
        value = owner.get(name) if isinstance(owner, dict) else None
        if isinstance(value, list):
            return value
        return () if value is None else (value,)

    return values


def _where(values: Values, accepts: Condition) -> Values:
    return lambda owner: [
        each for each in values(owner) if isinstance(each, dict) and accepts(each)
    ]


def _sub_values(values: Values, name: str) -> Values:
    return lambda owner: [
        each[name]
        for each in values(owner)
        if isinstance(each, dict) and each.get(name) is not None
    ]
