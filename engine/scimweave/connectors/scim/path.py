"""Where a field is in the resources of a SCIM target: read, written, and searched for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from scimweave.mapping.faulty_text import FaultyText
from scimweave.scim.path import ALIASES, PathError, parse_path
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, operands

Resource = MutableMapping[str, Any]
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"


@dataclass(frozen=True, slots=True)
class Place:
    """An attribute, or a part of one; ``conditions`` say which element of a list it is in.

    ``emails[type eq "work"].value`` is ``value`` of the element whose ``type`` is ``work``.
    """

    path: AttributePath
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> AttributePath:
        """The whole attribute."""
        return AttributePath(self.path.uri, self.path.attribute)

    def read(self, resource: Mapping[str, Any]) -> Any:
        """Return the value; None where there is none."""
        value = self._whole(resource)
        if self.path.filter is not None:
            value = next(filter(self._is_meant, _elements(value)), None)
        sub = self.path.sub_attribute
        if sub is None:
            return value
        return _get(value, sub) if isinstance(value, Mapping) else None

    def write(self, resource: Resource, value: Any) -> None:
        """Set the value, and what leads to it; None takes it away."""
        around = resource
        if self.path.uri is not None:
            around = _child(resource, self.path.uri)
        name = _key(around, self.path.attribute)
        if self.path.filter is not None:
            self._write_element(around, name, value)
        elif self.path.sub_attribute is not None:
            _set(_child(around, name), self.path.sub_attribute, value)
        else:
            _set(around, name, value)

    def filter(self, value: Any) -> str:
        """Return a filter that finds a value (RFC 7644 §3.4.2.2)."""
        literal = json.dumps(value, ensure_ascii=False)
        if self.path.filter is None:
            return f"{self.path} eq {literal}"
        sub = self.path.sub_attribute or "value"
        return f"{self.owner}[{self.path.filter} and {sub} eq {literal}]"

    def _whole(self, resource: Mapping[str, Any]) -> Any:
        uri = self.path.uri
        around = resource if uri is None else _get(resource, uri)
        return _get(around, self.path.attribute) if isinstance(around, Mapping) else None

    def _is_meant(self, element: Mapping[str, Any]) -> bool:
        return all(_equal(_get(element, name), wanted) for name, wanted in self.conditions.items())

    def _write_element(self, around: Resource, name: str, value: Any) -> None:
        elements = [dict(each) for each in _elements(around.get(name))]
        found = next(filter(self._is_meant, elements), None)
        if found is None:
            if value is None:
                return
            found = dict(self.conditions)
            elements.append(found)
        sub = self.path.sub_attribute
        if sub is not None:
            _set(found, sub, value)
        elif value is None:
            found.clear()
        else:
            found.clear()
            found.update({**self.conditions, **value})
        # What only says which element it is says nothing.
        kept = [each for each in elements if each is not found or each.keys() - self.conditions]
        _set(around, name, kept or None)


def read_path(text: str) -> Place:
    """Parse the place of a field. Raises ``FaultyText``."""
    try:
        path = parse_path(text, aliases=ALIASES)
    except PathError as error:
        raise FaultyText(error.reason, error.position, "bad-path") from None
    if path.uri is not None and path.uri.lower().startswith(_CORE):
        # The attributes of the core schema are not below its URN.
        path = replace(path, uri=None)
    if path.filter is None:
        return Place(path)
    conditions: dict[str, Any] = {}
    for part in _parts(path.filter):
        if not isinstance(part, Compare) or part.op != "eq" or part.path.sub_attribute:
            reason = (
                'only conditions such as type eq "work", joined by and, say which element it is'
            )
            raise FaultyText(reason, text.index("["), "bad-path")
        conditions[part.path.attribute] = part.value
    return Place(path, conditions)


def _parts(found: Filter) -> list[Filter]:
    return operands(found) if isinstance(found, And) else [found]


def _elements(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else ():
        if isinstance(each, Mapping):
            yield each


def _key(owner: Mapping[str, Any], name: str) -> str:
    """Return a name as the resource has it: case does not count (RFC 7643 §2.1)."""
    if name in owner:
        return name
    lower = name.lower()
    return next((each for each in owner if each.lower() == lower), name)


def _get(owner: Mapping[str, Any], name: str) -> Any:
    return owner.get(_key(owner, name))


def _set(owner: Resource, name: str, value: Any) -> None:
    name = _key(owner, name)
    if value is None:
        owner.pop(name, None)
    else:
        owner[name] = value


def _child(owner: Resource, name: str) -> Resource:
    name = _key(owner, name)
    inner = owner.get(name)
    if not isinstance(inner, dict):
        inner = owner[name] = {}
    return inner


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    return bool(found == wanted)
