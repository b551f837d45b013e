"""Attributes of extensions that providers name without the schema (entra-facts 1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from scimweave.scim.schema import ENTERPRISE_USER
from scimweave.scim.syntax import (
    And,
    AttributePath,
    Compare,
    Filter,
    Not,
    Or,
    Present,
    operands,
)

_SCHEMAS: Mapping[str, str] = {"manager": ENTERPRISE_USER}


def with_schema(path: AttributePath) -> AttributePath:
    """Return a path with its schema, where the core has no attribute of that name."""
    uri = _SCHEMAS.get(path.attribute.lower()) if path.uri is None else None
    return path if uri is None else replace(path, uri=uri)


def mentions_bare_names(text: str) -> bool:
    """Whether the text of a filter may have a path that needs a schema."""
    lower = text.lower()
    return any(name in lower for name in _SCHEMAS)


def with_schemas(found: Filter) -> Filter:
    """Return a filter whose paths have their schemas."""
    match found:
        case Compare(path, op, value):
            return Compare(with_schema(path), op, value)
        case Present(path):
            return Present(with_schema(path))
        case And() | Or():
            return reduce(type(found), map(with_schemas, operands(found)))
        case Not(operand):
            return Not(with_schemas(operand))
    return found
