"""Schemas as values: what attributes there are and what each takes (RFC 7643 §7)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from scimweave.scim.error import invalid_path
from scimweave.scim.syntax import AttributePath

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute or sub-attribute; ``sub_attributes`` is keyed by lower-case name."""

    name: str
    type: str
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    description: str = ""
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the form of RFC 7643 §7, without nulls (Q68)."""
        body: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": self.mutability,
            "returned": self.returned,
            "uniqueness": self.uniqueness,
        }
        if self.canonical_values:
            body["canonicalValues"] = list(self.canonical_values)
        if self.reference_types:
            body["referenceTypes"] = list(self.reference_types)
        if self.sub_attributes:
            body["subAttributes"] = [sub.to_dict() for sub in self.sub_attributes.values()]
        return body


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema; ``attributes`` is keyed by lower-case name."""

    id: str
    name: str
    description: str
    attributes: Mapping[str, Attribute]

    def to_dict(self) -> dict[str, Any]:
        """Return the body that /Schemas lists."""
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": [attribute.to_dict() for attribute in self.attributes.values()],
        }


@dataclass(frozen=True, slots=True)
class ResolvedPath:
    """The schema elements that a path names.

    An attribute of an extension (``is_extension``) lives under the URN of its schema.
    """

    schema: Schema
    attribute: Attribute
    sub_attribute: Attribute | None
    is_extension: bool


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource: its core schema and its extensions.

    ``always_returned``, ``never_returned`` and ``returned_on_request`` are the paths whose
    ``returned`` says so; ``secrets`` are the names at the top level of what is never returned, or
    has something in it that is not.
    """

    name: str
    endpoint: str
    core: Schema
    extensions: tuple[Schema, ...] = ()
    always_returned: tuple[AttributePath, ...] = field(init=False, repr=False, compare=False)
    never_returned: tuple[AttributePath, ...] = field(init=False, repr=False, compare=False)
    returned_on_request: tuple[AttributePath, ...] = field(init=False, repr=False, compare=False)
    secrets: frozenset[str] = field(init=False, repr=False, compare=False)
    _by_uri: Mapping[str, Schema] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "always_returned", tuple(self._returned("always")))
        object.__setattr__(self, "never_returned", tuple(self._returned("never")))
        object.__setattr__(self, "returned_on_request", tuple(self._returned("request")))
        names = frozenset(path.uri or path.attribute for path in self.never_returned)
        object.__setattr__(self, "secrets", names)
        # Of two that have one name the first is meant.
        by_uri = {each.id.lower(): each for each in (*reversed(self.extensions), self.core)}
        object.__setattr__(self, "_by_uri", by_uri)

    def _returned(self, when: str) -> Iterator[AttributePath]:
        for schema in (self.core, *self.extensions):
            uri = None if schema is self.core else schema.id
            for attribute in schema.attributes.values():
                if attribute.returned == when:
                    yield AttributePath(uri, attribute.name)
                    continue
                for sub in attribute.sub_attributes.values():
                    if sub.returned == when:
                        yield AttributePath(uri, attribute.name, sub.name)

    def schema(self, uri: str | None) -> Schema | None:
        """Return the schema that ``uri`` names in any case; None where it is unknown."""
        return self.core if uri is None else self._by_uri.get(uri.lower())

    def resolve(self, path: AttributePath) -> ResolvedPath:
        """Find what ``path`` names. Raises ``ScimError`` (invalidPath) where that is nothing."""
        schema = self.schema(path.uri)
        if schema is None:
            known = ", ".join(s.id for s in (self.core, *self.extensions))
            raise invalid_path(f"{path}: no schema {path.uri!r}; known are {known}")
        attribute = schema.attributes.get(path.attribute.lower())
        if attribute is None and schema is self.core:
            attribute = common_attributes().get(path.attribute.lower())
        if attribute is None:
            raise invalid_path(_unknown(schema.name, path.attribute, schema.attributes))
        is_extension = schema is not self.core
        if path.sub_attribute is None:
            return ResolvedPath(schema, attribute, None, is_extension)
        sub = attribute.sub_attributes.get(path.sub_attribute.lower())
        if sub is None:
            raise invalid_path(
                _unknown(attribute.name, path.sub_attribute, attribute.sub_attributes)
            )
        return ResolvedPath(schema, attribute, sub, is_extension)


def schema_from_dict(body: Mapping[str, Any]) -> Schema:
    """Read the form of RFC 7643 §7."""
    return Schema(
        body["id"], body["name"], body.get("description", ""), _attributes(body["attributes"])
    )


@cache
def load_schema(name: str) -> Schema:
    """Load one of the schemas shipped here, by file name without ending (``user``)."""
    return schema_from_dict(json.loads((files(__package__) / f"schemas/{name}.json").read_text()))


def _attributes(bodies: list[dict[str, Any]]) -> Mapping[str, Attribute]:
    return MappingProxyType({body["name"].lower(): _attribute(body) for body in bodies})


def _attribute(body: Mapping[str, Any]) -> Attribute:
    return Attribute(
        name=body["name"],
        type=body["type"],
        multi_valued=body.get("multiValued", False),
        required=body.get("required", False),
        case_exact=body.get("caseExact", False),
        mutability=body.get("mutability", "readWrite"),
        returned=body.get("returned", "default"),
        uniqueness=body.get("uniqueness", "none"),
        description=body.get("description", ""),
        canonical_values=tuple(body.get("canonicalValues", ())),
        reference_types=tuple(body.get("referenceTypes", ())),
        sub_attributes=_attributes(body.get("subAttributes", [])),
    )


_EXTERNAL_ID = "The identifier of the resource as the provider defines it."


@cache
def common_attributes() -> Mapping[str, Attribute]:
    """The attributes of every resource (RFC 7643 §3.1)."""
    times = [
        {"name": name, "type": "dateTime", "mutability": "readOnly"}
        for name in ("created", "lastModified")
    ]
    texts = [
        {"name": name, "type": "string", "caseExact": True, "mutability": "readOnly"}
        for name in ("resourceType", "location", "version")
    ]
    exact = {"type": "string", "caseExact": True}
    return _attributes(
        [
            {"name": "id", **exact, "mutability": "readOnly", "returned": "always"},
            {"name": "externalId", **exact, "description": _EXTERNAL_ID},
            {"name": "schemas", "type": "reference", "multiValued": True, "returned": "always"},
            {
                "name": "meta",
                "type": "complex",
                "mutability": "readOnly",
                "subAttributes": [*times, *texts],
            },
        ]
    )


def _unknown(owner: str, name: str, known: Mapping[str, Attribute]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1)
    hint = f'; did you mean "{known[close[0]].name}"?' if close else ""
    return f'{owner} has no attribute "{name}"{hint}'


USER_TYPE = ResourceType("User", "/Users", load_schema("user"), (load_schema("enterprise_user"),))
GROUP_TYPE = ResourceType("Group", "/Groups", load_schema("group"))
