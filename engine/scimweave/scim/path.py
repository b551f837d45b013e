"""Attribute paths: parse, print, and compile to a reader (RFC 7644 §3.5.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_condition
from scimweave.scim.filter_parser import Parser, plain_path
from scimweave.scim.schema import ENTERPRISE_USER, ResourceType
from scimweave.scim.syntax import AttributePath

MAX_PATH_LENGTH = 2048
MAX_PATH_DEPTH = 20
ALIASES: Mapping[str, str] = MappingProxyType({"enterprise": ENTERPRISE_USER})
_NONE: Mapping[str, str] = MappingProxyType({})


class PathError(ScimError):
    """A path that does not parse; ``position`` counts characters from 0."""

    def __init__(self, text: str, position: int, reason: str) -> None:
        shown = text if len(text) <= 80 else text[:79] + "…"
        super().__init__(400, f"path {shown!r}, character {position + 1}: {reason}", "invalidPath")
        self.text = text
        self.position = position
        self.reason = reason


def parse_path(text: str, *, aliases: Mapping[str, str] = _NONE) -> AttributePath:
    """Parse a path; ``aliases`` are short names of extensions: ``enterprise.department``.

    Raises ``PathError``.
    """

    def fault(position: int, reason: str) -> PathError:
        return PathError(text, position, reason)

    if len(text) > MAX_PATH_LENGTH:
        raise fault(MAX_PATH_LENGTH, f"longer than {MAX_PATH_LENGTH} characters")
    prefix, dot, rest = text.partition(".")
    if dot and prefix in aliases:
        # Positions in messages stay those of the text as written.
        shift = len(aliases[prefix]) - len(prefix)
        full = f"{aliases[prefix]}:{rest}"
        return Parser(
            full, lambda at, reason: fault(max(0, at - shift), reason), MAX_PATH_DEPTH
        ).path()
    return plain_path(text) or Parser(text, fault, MAX_PATH_DEPTH).path()


def compile_path(
    path: AttributePath, resource_type: ResourceType
) -> Callable[[dict[str, Any]], Any]:
    """Compile a reader of canonical resources; it returns None where the attribute is absent.

    A filter selects the first element that satisfies it; a sub-attribute of a multi-valued
    attribute without a filter gives the list of its values. Raises ``ScimError``.
    """
    resolved = resource_type.resolve(path)
    name = resolved.attribute.name
    sub = resolved.sub_attribute.name if resolved.sub_attribute else None
    base = _reader(name, resolved.schema.id if resolved.is_extension else None)
    if path.filter is not None:
        return _selecting(base, compile_condition(path.filter, resolved.attribute), sub)
    if sub is None:
        return base
    if resolved.attribute.multi_valued:
        return _listing(base, sub)
    return _inside(base, sub) if resolved.is_extension else _within(name, sub)


def _reader(name: str, uri: str | None) -> Callable[[dict[str, Any]], Any]:
    if uri is None:
        return lambda resource: resource.get(name)
    return _within(uri, name)


def _within(owner: str, name: str) -> Callable[[dict[str, Any]], Any]:
    def read(resource: dict[str, Any]) -> Any:
        value = resource.get(owner)
        return value.get(name) if isinstance(value, dict) else None

    return read


def _inside(base: Callable[[dict[str, Any]], Any], name: str) -> Callable[[dict[str, Any]], Any]:
    def read(resource: dict[str, Any]) -> Any:
        value = base(resource)
        return value.get(name) if isinstance(value, dict) else None

    return read


def _listing(base: Callable[[dict[str, Any]], Any], sub: str) -> Callable[[dict[str, Any]], Any]:
    def read(resource: dict[str, Any]) -> Any:
        elements = base(resource) or ()
        return [e[sub] for e in elements if e.get(sub) is not None] or None

    return read


def _selecting(
    base: Callable[[dict[str, Any]], Any], accepts: Callable[[Any], bool], sub: str | None
) -> Callable[[dict[str, Any]], Any]:
    def read(resource: dict[str, Any]) -> Any:
        for element in base(resource) or ():
            if accepts(element):
                return element.get(sub) if sub else element
        return None

    return read
