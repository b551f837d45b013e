"""Filters: parse, and compile to a condition over canonical resources (RFC 7644 §3.4.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scimweave.scim.comparison import ORDER, TEXT, comparison, is_present
from scimweave.scim.error import ScimError, invalid_filter
from scimweave.scim.filter_parser import Parser, plain_comparison
from scimweave.scim.schema import Attribute, ResolvedPath, ResourceType
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

Condition = Callable[[Any], bool]
Values = Callable[[Any], Iterable[Any]]
# Another way to find out whether a part of a filter holds, or None.
Special = Callable[[Filter], Condition | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """The attribute compared, the values to compare, and the elements that hold them."""

    leaf: Attribute
    values: Values
    elements: Values


Lookup = Callable[[AttributePath], Reading]


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


_NO_ALIASES: Mapping[str, str] = MappingProxyType({})


def parse_filter(
    text: str,
    *,
    max_length: int = 8192,
    max_depth: int = 50,
    aliases: Mapping[str, str] = _NO_ALIASES,
) -> Filter:
    """Parse a filter; ``aliases`` are short names of extensions: ``enterprise.department``.

    Raises ``FilterError``, also for one too long or nested too deeply.
    """

    def fault(position: int, reason: str) -> FilterError:
        return FilterError(text, position, reason)

    if len(text) > max_length:
        raise fault(max_length, f"longer than {max_length} characters")
    plain = None if aliases else plain_comparison(text)
    return plain or Parser(text, fault, max_depth, aliases).filter()


def compile_filter(
    found: Filter,
    resource_type: ResourceType,
    *,
    special: Special = lambda part: None,
    unknown: Callable[[AttributePath, ScimError], None] | None = None,
) -> Condition:
    """Compile a condition over canonical resources. Raises ``ScimError`` (invalidFilter).

    With ``unknown``, an attribute that the type does not have is reported to it, and is absent.
    """

    def lookup(path: AttributePath) -> Reading:
        try:
            return reading(path, resource_type)
        except UnknownAttribute as error:
            if unknown is None:
                raise
            unknown(path, error)
            return _NOTHING

    return _compile(found, lookup, special)


class UnknownAttribute(ScimError):
    """A filter names an attribute that the resource type does not have."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail, "invalidFilter")


def reading(path: AttributePath, resource_type: ResourceType) -> Reading:
    """Return how ``path`` is read from a resource. Raises ``ScimError`` (invalidFilter)."""
    try:
        resolved = resource_type.resolve(path)
    except ScimError as error:
        raise UnknownAttribute(error.detail) from None
    _refuse_secrets(path, resolved)
    uri = resolved.schema.id if resolved.is_extension else None
    values = _elements(resolved.attribute.name, uri)
    if path.filter is not None:
        values = _where(values, compile_condition(path.filter, resolved.attribute))
    leaf = resolved.sub_attribute or _default_sub_attribute(resolved.attribute)
    if leaf is not None:
        return Reading(leaf, _sub_values(values, leaf.name), values)
    return Reading(resolved.attribute, values, values)


def compile_condition(found: Filter, owner: Attribute) -> Condition:
    """Compile the filter of a value path: a condition over one element of ``owner``."""

    def lookup(path: AttributePath) -> Reading:
        # What a value path selects from has no elements of its own.
        if path.uri or path.sub_attribute or path.filter is not None:
            raise invalid_filter(f'{owner.name} has no sub-attribute "{path}"')
        name = path.attribute.lower()
        if not owner.sub_attributes and name == "value":
            return _itself(owner)
        leaf = owner.sub_attributes.get(name)
        if leaf is None:
            raise invalid_filter(f'{owner.name} has no sub-attribute "{path}"')
        values = _elements(leaf.name, None)
        return Reading(leaf, values, values)

    return _compile(found, lookup, lambda part: None)


def _itself(owner: Attribute) -> Reading:
    return Reading(owner, lambda element: (element,), lambda element: (element,))


def _refuse_secrets(path: AttributePath, resolved: ResolvedPath) -> None:
    # What is never returned cannot be guessed piece by piece with sw either.
    if "never" in {resolved.attribute.returned, getattr(resolved.sub_attribute, "returned", None)}:
        raise invalid_filter(f"{path} is never returned, and cannot be searched")


def _compile(found: Filter, lookup: Lookup, special: Special) -> Condition:
    known = special(found)
    return _compile_part(found, lookup, special) if known is None else known


def _compile_part(found: Filter, lookup: Lookup, special: Special) -> Condition:
    match found:
        case And():
            parts = [_compile(part, lookup, special) for part in operands(found)]
            return lambda value: all(part(value) for part in parts)
        case Or():
            parts = [_compile(part, lookup, special) for part in operands(found)]
            return lambda value: any(part(value) for part in parts)
        case Not(operand):
            inner = _compile(operand, lookup, special)
            return lambda value: not inner(value)
        case Present(path):
            values = lookup(path).values
            return lambda value: any(is_present(each) for each in values(value))
        case ValuePath(path, inside):
            elements = lookup(AttributePath(path.uri, path.attribute, None, inside)).elements
            return lambda value: any(True for _ in elements(value))
        case Compare():
            return _comparison(found, lookup)


def _comparison(found: Compare, lookup: Lookup) -> Condition:
    read = lookup(found.path)
    if found.value is None:
        values = read.values

        def present(value: Any) -> bool:
            return any(is_present(each) for each in values(value))

        if found.op == "eq":
            return lambda value: not present(value)
        if found.op == "ne":
            return present
        raise invalid_filter(f"{found.path} {found.op} null: only eq and ne compare with null")
    if found.op == "ne":
        equal = _comparison(Compare(found.path, "eq", found.value), lookup)
        return lambda value: not equal(value)
    normal, wanted = comparison(read.leaf, found)
    test = TEXT.get(found.op) or ORDER[found.op]
    values = read.values

    def holds(value: Any) -> bool:
        for each in values(value):
            left = normal(each)
            if left is not None and test(left, wanted):
                return True
        return False

    return holds


def _default_sub_attribute(attribute: Attribute) -> Attribute | None:
    return attribute.sub_attributes.get("value")


def _elements(name: str, uri: str | None) -> Values:
    def values(owner: Any) -> Iterable[Any]:
        if uri is not None and isinstance(owner, dict):
            owner = owner.get(uri)
        value = owner.get(name) if isinstance(owner, dict) else None
        if isinstance(value, list):
            return value
        return () if value is None else (value,)

    return values


def _where(values: Values, accepts: Condition) -> Values:
    return lambda owner: [each for each in values(owner) if accepts(each)]


def _sub_values(values: Values, name: str) -> Values:
    return lambda owner: [
        each[name]
        for each in values(owner)
        if isinstance(each, dict) and each.get(name) is not None
    ]


_NOTHING = Reading(Attribute("", "string"), lambda owner: (), lambda owner: ())
