"""Attributes that are written once (RFC 7643 §2.2)."""

from __future__ import annotations

from typing import Any

from scimweave.scim.error import mutability
from scimweave.scim.schema import ResourceType


def keep_immutable(
    before: dict[str, Any], after: dict[str, Any], resource_type: ResourceType
) -> dict[str, Any]:
    """Return what a PUT makes of ``before``: what it leaves out of the immutable stays.

    No argument is modified. Raises ``ScimError`` (mutability) for another value (RFC 7644 §3.5.1).
    """
    for schema in (resource_type.core, *resource_type.extensions):
        uri = None if schema is resource_type.core else schema.id
        names = [each.name for each in schema.attributes.values() if each.mutability == "immutable"]
        for name in names:
            old = (before if uri is None else before.get(uri, {})).get(name)
            owner = after if uri is None else after.get(uri, {})
            if old is None or owner.get(name) == old:
                continue
            if name in owner:
                raise mutability(f"{f'{uri}:' if uri else ''}{name} has its value and keeps it")
            kept = {**owner, name: old}
            after = kept if uri is None else {**after, uri: kept}
    return after
