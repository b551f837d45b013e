"""What a provider may write and nobody reads: handed to the target, and never kept (password)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scimweave.scim.schema import USER_TYPE, ResourceType
from scimweave.scim.selection import without
from scimweave.scim.syntax import AttributePath


def secret_paths(sources: Iterable[AttributePath]) -> tuple[AttributePath, ...]:
    """Return those of some sources that are never returned (RFC 7643 §2.2)."""
    return tuple(
        source
        for source in sources
        if any(
            (source.uri, source.attribute) == (each.uri, each.attribute)
            for each in USER_TYPE.never_returned
        )
    )


def has_any(resource: dict[str, Any], paths: Iterable[AttributePath]) -> bool:
    """Whether a resource has a value at one of ``paths``, sub-attributes aside."""
    for path in paths:
        owner = resource.get(path.uri) if path.uri else resource
        if isinstance(owner, dict) and owner.get(path.attribute) is not None:
            return True
    return False


def without_secrets(
    resource: dict[str, Any], resource_type: ResourceType = USER_TYPE
) -> dict[str, Any]:
    """Return what may be stored of a resource, which is not modified."""
    if resource_type.secrets.isdisjoint(resource):
        return resource
    return without(resource, resource_type.never_returned)
