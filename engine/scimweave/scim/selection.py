"""Which attributes a reply holds: ``attributes`` and ``excludedAttributes`` (RFC 7644 §3.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scimweave.scim.error import ScimError, invalid_syntax, invalid_value
from scimweave.scim.filter import Condition, compile_condition
from scimweave.scim.path import parse_path
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath

_ALWAYS = ("schemas", "id")
# Each of them is looked for in each resource of a page.
MAX_NAMES = 500
MAX_LENGTH = 16_384


class _Part(NamedTuple):
    """A part of a value: of the elements that satisfy ``condition``, ``sub`` or all."""

    sub: str | None = None
    condition: Condition | None = None


@dataclass(slots=True)
class _Choice:
    """What is named of an attribute (``parts``) or of an extension (``members``)."""

    parts: list[_Part] = field(default_factory=list)
    members: dict[str, _Choice] = field(default_factory=dict)


# The URN of an extension or None, the attribute, the part of it.
_Named = tuple[str | None, str, _Part]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reply holds; ``including`` tells whether the choices are what stays or what goes."""

    including: bool
    choices: Mapping[str, _Choice]

    def apply(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return the selected part of a resource in its wire form; ``resource`` is not modified."""
        if self.including:
            return _with(resource, self.choices)
        if self.choices.keys().isdisjoint(resource):
            return resource
        return _less(resource, self.choices)

    def wants(self, attribute: str) -> bool:
        """Whether a reply holds any of a core attribute, by its canonical name."""
        choice = self.choices.get(attribute)
        if choice is None or self.including:
            return (choice is not None) is self.including
        return all(part.sub is not None or part.condition is not None for part in choice.parts)


def parse_selection(
    attributes: str | None, excluded: str | None, resource_type: ResourceType
) -> Selection | None:
    """Read the query parameters; None is all that is returned by default.

    Unknown names are ignored. Raises ``ScimError`` where both are given (invalidSyntax), for
    a path that does not parse, and for too many or too long names (invalidValue).
    """
    if attributes and excluded:
        raise invalid_syntax("attributes and excludedAttributes exclude each other: send one")
    never, on_request = resource_type.never_returned, resource_type.returned_on_request
    if attributes:
        named = [each for each in _named(attributes, resource_type) if not _is_in(never, each)]
        always = (*(AttributePath(None, name) for name in _ALWAYS), *resource_type.always_returned)
        return Selection(True, _tree([*map(_whole, always), *named]))
    if not excluded and not on_request:
        return None
    named = [
        each
        for each in _named(excluded or "", resource_type)
        if each[1] not in _ALWAYS and not _is_in(resource_type.always_returned, each)
    ]
    return Selection(False, _tree([*named, *map(_whole, (*never, *on_request))]))


def without(resource: dict[str, Any], paths: Iterable[AttributePath]) -> dict[str, Any]:
    """Return a resource without what canonical paths name."""
    return _less(resource, _tree(map(_whole, paths)))


def _named(text: str, resource_type: ResourceType) -> Iterator[_Named]:
    if len(text) > MAX_LENGTH:
        raise invalid_value(f"the names of attributes take more than {MAX_LENGTH} characters")
    for number, part in enumerate(_split(text)):
        if number == MAX_NAMES:
            raise invalid_value(f"more than {MAX_NAMES} attributes are named; send fewer")
        name = part.strip()
        if name:
            yield from _resolved(name, resource_type)


def _resolved(name: str, resource_type: ResourceType) -> Iterator[_Named]:
    schema = resource_type.schema(name)
    if schema is resource_type.core:
        yield from ((None, each.name, _Part()) for each in schema.attributes.values())
    elif schema is not None:
        yield None, schema.id, _Part()
    else:
        path = parse_path(name)
        try:
            resolved = resource_type.resolve(path)
        except ScimError:
            # No schema knows it, but a mapping may keep it.
            yield path.uri, path.attribute, _Part(path.sub_attribute)
            return
        attribute, sub = resolved.attribute, resolved.sub_attribute
        condition = compile_condition(path.filter, attribute) if path.filter else None
        uri = resolved.schema.id if resolved.is_extension else None
        yield uri, attribute.name, _Part(sub.name if sub else None, condition)


def _split(text: str) -> Iterator[str]:
    """Split at commas, except for those in the filter of a value path."""
    if "[" not in text:
        yield from text.split(",")
        return
    start = depth = 0
    quoted = False
    for at, character in enumerate(text):
        if character == '"' and depth and text[at - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif character == "," and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _whole(path: AttributePath) -> _Named:
    return path.uri, path.attribute, _Part(path.sub_attribute)


def _is_in(paths: Iterable[AttributePath], named: _Named) -> bool:
    uri, name, part = named
    for path in paths:
        if path.attribute == name and path.uri == uri and path.sub_attribute in {None, part.sub}:
            return True
    return False


def _tree(named: Iterable[_Named]) -> dict[str, _Choice]:
    tree: dict[str, _Choice] = {}
    for uri, name, part in named:
        level = tree if uri is None else tree.setdefault(uri, _Choice()).members
        level.setdefault(name, _Choice()).parts.append(part)
    return tree


def _with(owner: Mapping[str, Any], choices: Mapping[str, _Choice]) -> dict[str, Any]:
    """Return the members that are named."""
    return _present(
        (name, _each(value, choices[name], _chosen))
        for name, value in owner.items()
        if name in choices
    )


def _less(owner: Mapping[str, Any], choices: Mapping[str, _Choice]) -> dict[str, Any]:
    """Return the members without what is named."""
    return _present(
        (name, _each(value, choices[name], _left) if name in choices else value)
        for name, value in owner.items()
    )


def _present(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in members if value is not None}


def _each(value: Any, choice: _Choice, reduce: Callable[[Any, _Choice], Any]) -> Any:
    """Reduce a value, or each of its elements; None where nothing is left."""
    if isinstance(value, list):
        return [one for each in value if (one := reduce(each, choice)) is not None] or None
    return reduce(value, choice)


def _chosen(value: Any, choice: _Choice) -> Any:
    subs = _subs(value, choice)
    if None in subs:
        return value
    if not isinstance(value, dict):
        return None
    if choice.members:
        return _with(value, choice.members) or None
    return {name: each for name, each in value.items() if name in subs} or None


def _left(value: Any, choice: _Choice) -> Any:
    subs = _subs(value, choice)
    if None in subs:
        return None
    if not isinstance(value, dict):
        return value
    if choice.members:
        return _less(value, choice.members) or None
    return {name: each for name, each in value.items() if name not in subs} or None


def _subs(value: Any, choice: _Choice) -> set[str | None]:
    """Return the sub-attributes that are named of a value; None among them is all of it."""
    return {
        part.sub
        for part in choice.parts
        if part.condition is None or (isinstance(value, dict) and part.condition(value))
    }
