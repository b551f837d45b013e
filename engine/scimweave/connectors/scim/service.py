"""What a SCIM service says of itself: what it can do, and what its resources hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scimweave.connectors.base import FieldDescription, NoSuchObject
from scimweave.connectors.scim.path import Place
from scimweave.scim.schema import GROUP_TYPE, USER_TYPE
from scimweave.scim.syntax import AttributePath

Json = Mapping[str, Any]

_TYPES = {
    "string": "string",
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "decimal",
    "dateTime": "datetime",
    "reference": "string",
    "binary": "string",
    "complex": "json",
}
_UNIQUE = frozenset({"server", "global"})


@dataclass(frozen=True, slots=True)
class Service:
    """One resource type of a service; ``schemas`` by URN in lower case, the core schema first."""

    endpoint: str
    schema: str
    patches: bool
    pages_by_cursor: bool
    schemas: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, wanted: str, config: Any, types: Any, schemas: Any) -> Service:
        """Find the type that a mapping calls ``wanted``: by its name, or its endpoint.

        What the service does not tell (None) is taken to be as RFC 7643 has it. Raises
        ``NoSuchObject``.
        """
        listed = _resources(types)
        if listed is None:
            listed = [_standard(each) for each in (USER_TYPE, GROUP_TYPE)]
        asked = wanted.strip("/").lower()
        names = {
            name.strip("/").lower(): each
            for each in listed
            for name in (str(each.get("name", "")), str(each.get("endpoint", "")))
        }
        found = names.get(asked)
        if found is None:
            known = ", ".join(str(each.get("name")) for each in listed)
            raise NoSuchObject(f'there is no resource type "{wanted}"; there are {known}')
        urns = [
            found.get("schema"),
            *(e.get("schema") for e in found.get("schemaExtensions") or ()),
        ]
        return cls(
            endpoint="/" + str(found.get("endpoint", wanted)).strip("/"),
            schema=str(found.get("schema")),
            patches=_flag(config, "patch", "supported", default=True),
            pages_by_cursor=_flag(config, "pagination", "cursor", default=False),
            schemas=_schemas(schemas, [str(urn) for urn in urns if urn]),
        )

    def describe(self, places: Mapping[str, Place]) -> dict[str, FieldDescription]:
        """Return the fields at ``places``, and the other attributes by their paths."""
        made = {}
        for name, place in places.items():
            attribute = self._attribute(place.path)
            if attribute is not None:
                made[name] = _description(name, place.path, attribute)
        taken = {
            (p.path.uri or self.schema).lower() + ":" + p.path.attribute.lower()
            for p in places.values()
        }
        for urn, schema in self.schemas.items():
            uri = None if urn == self.schema.lower() else str(schema["id"])
            for attribute in schema.get("attributes") or ():
                path = AttributePath(uri, str(attribute["name"]))
                if f"{urn}:{path.attribute.lower()}" in taken or _is_read_only(attribute):
                    continue
                made[str(path)] = _description(str(path), path, attribute, is_core=uri is None)
        return made

    def is_unique(self, place: Place) -> bool:
        """Whether the service keeps an attribute unique."""
        attribute = self._attribute(place.path)
        return attribute is not None and attribute.get("uniqueness") in _UNIQUE

    def _attribute(self, path: AttributePath) -> Json | None:
        schema = self.schemas.get((path.uri or self.schema).lower())
        if schema is None:
            return None
        found = _named(schema.get("attributes"), path.attribute)
        if found is None and path.uri is None and path.attribute.lower() in {"id", "externalid"}:
            # Every resource has them (RFC 7643 §3.1).
            return {"name": path.attribute, "type": "string"}
        if found is None or path.sub_attribute is None:
            return found
        return _named(found.get("subAttributes"), path.sub_attribute)


def _description(
    name: str, path: AttributePath, attribute: Json, *, is_core: bool = True
) -> FieldDescription:
    is_list = attribute.get("multiValued") is True and path.sub_attribute is None
    # A part of a complex attribute is needed only where the whole is there.
    is_needed = attribute.get("required") is True and path.sub_attribute is None and is_core
    return FieldDescription(
        name,
        "json" if is_list else _TYPES.get(str(attribute.get("type")), "any"),
        nullable=not is_needed,
        unique=attribute.get("uniqueness") in _UNIQUE,
    )


def _is_read_only(attribute: Json) -> bool:
    return attribute.get("mutability") == "readOnly"


def _named(attributes: Any, name: str) -> Json | None:
    lower = name.lower()
    for each in attributes or ():
        if str(each.get("name", "")).lower() == lower:
            found: Json = each
            return found
    return None


def _resources(body: Any) -> list[Json] | None:
    """Return what an answer lists; some services give the bare list."""
    found = body.get("Resources") if isinstance(body, Mapping) else body
    if not isinstance(found, list):
        return None
    return [each for each in found if isinstance(each, Mapping)]


def _schemas(body: Any, urns: list[str]) -> dict[str, Json]:
    listed = _resources(body)
    if listed is None:
        known = [USER_TYPE.core, *USER_TYPE.extensions, GROUP_TYPE.core]
        listed = [each.to_dict() for each in known]
    by_urn = {str(each.get("id", "")).lower(): each for each in listed}
    return {urn.lower(): by_urn[urn.lower()] for urn in urns if urn.lower() in by_urn}


def _standard(kind: Any) -> Json:
    return {
        "name": kind.name,
        "endpoint": kind.endpoint,
        "schema": kind.core.id,
        "schemaExtensions": [{"schema": each.id} for each in kind.extensions],
    }


def _flag(config: Any, *names: str, default: bool) -> bool:
    for name in names:
        config = config.get(name) if isinstance(config, Mapping) else None
    return config if isinstance(config, bool) else default


def extensions_in(places: Iterator[Place]) -> list[str]:
    """Return the URNs of the extensions that places are in."""
    return list(dict.fromkeys(p.path.uri for p in places if p.path.uri is not None))
