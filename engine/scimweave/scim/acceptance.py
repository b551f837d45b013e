"""What a mapping takes of a resource type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from scimweave.scim.schema import Attribute, ResolvedPath, ResourceType, Schema, common_attributes
from scimweave.scim.syntax import AttributePath

# Without these a resource can be neither found nor disabled, whatever the mapping says.
ALWAYS_ACCEPTED = {
    "User": ("userName", "externalId", "active"),
    "Group": ("displayName", "externalId"),
}
# For each attribute the sub-attributes taken; None is all of them. Keyed by lower-case name.
_Taken = dict[str, set[str] | None]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The attributes taken; ``accepted`` is the resource type reduced to them."""

    resource_type: ResourceType
    accepted: ResourceType

    @classmethod
    def everything(cls, resource_type: ResourceType) -> Acceptance:
        """Take all that the schemas know."""
        core = resource_type.core
        attributes = {**core.attributes, **_external_id()}
        whole = replace(core, attributes=MappingProxyType(attributes))
        return cls(resource_type, replace(resource_type, core=whole))

    @classmethod
    def of(cls, resource_type: ResourceType, paths: Iterable[AttributePath]) -> Acceptance:
        """Take what ``paths`` name, and what is always taken.

        Of a multi-valued attribute that is all of its sub-attributes. Raises ``ScimError``
        (invalidPath) where a path names nothing.
        """
        taken: defaultdict[str, _Taken] = defaultdict(dict)
        always = ALWAYS_ACCEPTED.get(resource_type.name, ("externalId",))
        for path in (*paths, *(AttributePath(None, name) for name in always)):
            resolved = resource_type.resolve(path)
            attribute, names = resolved.attribute.name.lower(), taken[resolved.schema.id]
            if resolved.sub_attribute is None or resolved.attribute.multi_valued:
                names[attribute] = None
                continue
            subs = names.setdefault(attribute, set())
            if subs is not None:
                subs.add(resolved.sub_attribute.name.lower())
        everything = cls.everything(resource_type).accepted
        core = _reduced(everything.core, taken[everything.core.id])
        extensions = (_reduced(each, taken[each.id]) for each in everything.extensions)
        kept = tuple(each for each in extensions if each.attributes)
        return cls(resource_type, replace(everything, core=core, extensions=kept))

    def with_kept(self) -> ResourceType:
        """Return ``accepted`` and all that can be kept besides: no secret, nothing read-only."""
        whole = self.everything(self.resource_type).accepted
        core = _and_kept(whole.core, self.accepted.core)
        extensions = (
            _and_kept(each, self.accepted.schema(each.id) or replace(each, attributes={}))
            for each in whole.extensions
        )
        kept = tuple(each for each in extensions if each.attributes)
        return replace(whole, core=core, extensions=kept)

    def schemas(self) -> list[Schema]:
        """Return the schemas reduced to what is taken, without extensions that are left empty."""
        return [self.accepted.core, *self.accepted.extensions]

    def accepts(self, resolved: ResolvedPath) -> bool:
        """Whether what a path names is taken."""
        schema = self.accepted.schema(resolved.schema.id)
        if schema is None or resolved.attribute.name.lower() not in schema.attributes:
            return False
        attribute, sub = schema.attributes[resolved.attribute.name.lower()], resolved.sub_attribute
        return sub is None or sub.name.lower() in attribute.sub_attributes


def _external_id() -> Mapping[str, Attribute]:
    # A schema may list common attributes (RFC 7643 §3.1); Entra looks for this one in /Schemas.
    return {"externalid": common_attributes()["externalid"]}


def _reduced(schema: Schema, taken: _Taken) -> Schema:
    attributes = {
        name: _reduced_attribute(attribute, taken[name])
        for name, attribute in schema.attributes.items()
        if name in taken
    }
    return replace(schema, attributes=MappingProxyType(attributes))


def _and_kept(whole: Schema, accepted: Schema) -> Schema:
    attributes = {
        name: attribute
        for name, attribute in whole.attributes.items()
        if name in accepted.attributes
        or (attribute.returned != "never" and attribute.mutability != "readOnly")
    }
    return replace(whole, attributes=MappingProxyType(attributes))


def _reduced_attribute(attribute: Attribute, taken: set[str] | None) -> Attribute:
    if taken is None:
        return attribute
    subs = {name: sub for name, sub in attribute.sub_attributes.items() if name in taken}
    return replace(attribute, sub_attributes=MappingProxyType(subs))
