"""What attributes are called: one canonical name, and all that providers may write for it."""

from __future__ import annotations

from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath


def index_name(path: AttributePath, resource_type: ResourceType) -> str:
    """Return the canonical name of what ``path`` reads. Raises ``ScimError``."""
    resolved = resource_type.resolve(path)
    sub = resolved.sub_attribute or resolved.attribute.sub_attributes.get("value")
    uri = resolved.schema.id if resolved.is_extension else None
    return str(AttributePath(uri, resolved.attribute.name, sub.name if sub else None))


def names_of(name: str, resource_type: ResourceType) -> frozenset[str]:
    """Return what ``as_asked`` may give for an attribute, of which this is the ``index_name``."""
    whole = name.lower()
    names = {whole, whole.removesuffix(".value")}
    if ":" not in name:
        names |= {f"{resource_type.core.id.lower()}:{each}" for each in names}
    return frozenset(names)


def as_asked(path: AttributePath) -> str:
    """Return what a provider calls an attribute, in lower case; a filter in it is left out."""
    sub = path.sub_attribute
    name = f"{path.attribute}.{sub}" if sub else path.attribute
    return (f"{path.uri}:{name}" if path.uri else name).lower()
