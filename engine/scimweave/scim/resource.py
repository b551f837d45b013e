"""Resources as plain dicts: checked on the way in, dressed up on the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scimweave.scim.acceptance import Acceptance
from scimweave.scim.coercion import Findings, Take, is_empty, wrong_type
from scimweave.scim.edit import Dropped, KeptEdit, ReadOnly
from scimweave.scim.editor import Editor
from scimweave.scim.error import invalid_syntax, invalid_value
from scimweave.scim.fields import (
    Entry,
    Fields,
    Unmapped,
    compile_fields,
    flattening,
    only_element,
)
from scimweave.scim.quirks import NO_QUIRKS
from scimweave.scim.schema import ResourceType, common_attributes
from scimweave.scim.selection import without
from scimweave.scim.syntax import AttributePath

__all__ = ["Acceptance", "Checked", "Checker", "to_wire"]

# What a reply says where nothing is stored (Q66).
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {"User": {"active": True}}


@dataclass(frozen=True, slots=True)
class Checked:
    """A resource in canonical form, and the paths of what was left out of it.

    ``resource`` has no ``id``, ``meta``, ``schemas``, read-only or empty attributes; those of an
    extension stand under its URN. ``quirks`` are numbers of ``scim.quirks``.
    """

    resource: dict[str, Any]
    dropped: tuple[str, ...]
    quirks: frozenset[str] = NO_QUIRKS


class Checker:
    """Reads the resources of one type, as far as a mapping takes them; compiled once."""

    def __init__(
        self, resource_type: ResourceType, acceptance: Acceptance, unmapped: Unmapped = "drop"
    ) -> None:
        self.resource_type = resource_type
        self.unmapped = unmapped
        self.required = tuple(_required(acceptance.accepted))
        self._required_subs = tuple(_required_subs(acceptance.accepted))
        self._fields, extensions = _compile(resource_type, acceptance, unmapped)
        self._extensions = tuple(extensions)
        self._known = frozenset(map(str.lower, (resource_type.core.id, *extensions)))
        self.editor = Editor(resource_type.core.id, self._fields, extensions, unmapped)

    def check(self, body: Any) -> Checked:
        """Read the body of a POST; it is not modified. Raises ``ScimError``."""
        checked = self.read(body)
        self.require(checked.resource)
        return checked

    def read(self, body: Any) -> Checked:
        """Like ``check``, whatever is missing."""
        if not isinstance(body, dict):
            raise invalid_syntax(f"the body is a {self.resource_type.name}: it has to be an object")
        findings = Findings()
        resource = self._fields.read(body, findings)
        for path, value, quirk in findings.flattened:
            self._write_flattened(resource, path, value, quirk, findings)
        dropped = tuple(dict.fromkeys(findings.dropped))
        self.refuse_dropped(dropped)
        self._look_at_schemas(body, resource, findings)
        return Checked(
            resource, dropped, frozenset(findings.quirks) if findings.quirks else NO_QUIRKS
        )

    def require(self, resource: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
        """Raise ``ScimError`` (invalidValue) where a required attribute is missing.

        Who is inactive may go on without what ``before`` was without: no edit of a mapping keeps a
        leaver in.
        """
        for uri, name in self.required:
            owner = resource if uri is None else resource.get(uri, {})
            if name not in owner:
                if before is not None and resource.get("active") is False:
                    earlier = before if uri is None else before.get(uri, {})
                    if name not in earlier:
                        continue
                path = AttributePath(uri, name)
                raise invalid_value(
                    f"{path} is missing: a {self.resource_type.name} needs one that is not empty"
                )

        for path in self._required_subs:
            owner = resource if path.uri is None else resource.get(path.uri, {})
            value = owner.get(path.attribute)
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, dict) and path.sub_attribute not in each:
                    raise invalid_value(f"{path} is missing: each {path.attribute} needs one")

    def refuse_dropped(self, dropped: Iterable[str]) -> None:
        """Raise ``ScimError`` (invalidSyntax) for what nothing maps, where the mapping says so."""
        if self.unmapped == "reject" and dropped:
            names = ", ".join(list(dropped)[:10])
            raise invalid_syntax(f"not mapped here: {names}; remove them from what is sent")

    def _look_at_schemas(
        self, body: dict[str, Any], resource: dict[str, Any], findings: Findings
    ) -> None:
        """Note where ``schemas`` is not what the body says (Q17, Q18)."""
        named = body.get("schemas")
        if not isinstance(named, list):
            return
        for uri in named:
            if not isinstance(uri, str) or uri.lower() not in self._known:
                findings.quirks.add("Q17")
        for uri in self._extensions:
            if uri in resource and uri not in named and not _names(named, uri):
                findings.quirks.add("Q18")

    def _write_flattened(
        self, resource: dict[str, Any], path: str, value: Any, quirk: str, findings: Findings
    ) -> None:
        edit = self.editor.edit_member(path)
        if is_empty(value) or isinstance(edit, ReadOnly):
            return
        if not isinstance(edit, Dropped | KeptEdit):
            findings.quirks.add(quirk)
        change = edit.assign(value, False, findings)
        if change is not None:
            change(resource)


def to_wire(
    resource: Mapping[str, Any],
    *,
    id: str,
    resource_type: ResourceType,
    version: int,
    created: datetime,
    last_modified: datetime,
    location: str,
) -> dict[str, Any]:
    """Return a resource as it is sent; values below the top level are shared with ``resource``.

    Attributes that are never returned are left out.
    """
    schemas = [resource_type.core.id]
    for name in resource:
        if ":" in name:
            schemas.append(name)
    wire = {
        "schemas": schemas,
        "id": id,
        **_DEFAULTS.get(resource_type.name, {}),
        **resource,
        "meta": {
            "resourceType": resource_type.name,
            "created": _timestamp(created),
            "lastModified": _timestamp(last_modified),
            "location": location,
            "version": f'W/"{version}"',
        },
    }
    if resource_type.secrets.isdisjoint(resource):
        return wire
    return without(wire, resource_type.never_returned)


def _required(accepted: ResourceType) -> Iterator[tuple[str | None, str]]:
    """Return the required attributes, each with the URN of its extension."""
    for schema in (accepted.core, *accepted.extensions):
        uri = None if schema is accepted.core else schema.id
        for attribute in schema.attributes.values():
            if attribute.required:
                yield uri, attribute.name


def _required_subs(accepted: ResourceType) -> Iterator[AttributePath]:
    """Return the sub-attributes that are required wherever their attribute has a value."""
    for schema in (accepted.core, *accepted.extensions):
        uri = None if schema is accepted.core else schema.id
        for attribute in schema.attributes.values():
            for sub in attribute.sub_attributes.values():
                if sub.required:
                    yield AttributePath(uri, attribute.name, sub.name)


def _names(schemas: list[Any], uri: str) -> bool:
    lower = uri.lower()
    return any(isinstance(each, str) and each.lower() == lower for each in schemas)


def _timestamp(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _compile(
    resource_type: ResourceType, acceptance: Acceptance, unmapped: Unmapped
) -> tuple[Fields, dict[str, Fields]]:
    """Compile the top level, and the extensions by their URN."""
    core, *others = acceptance.schemas()
    accepted = {schema.id: schema.attributes for schema in others}
    extensions = {
        schema.id: compile_fields(
            schema.attributes,
            accepted.get(schema.id, {}),
            f"{schema.id}:",
            unmapped,
            flattening(f"{schema.id}:", ".[", unmapped),
        )
        for schema in resource_type.extensions
    }
    known = {**common_attributes(), **resource_type.core.attributes}
    top = compile_fields(known, core.attributes, "", unmapped, flattening("", ".:[", unmapped))
    for uri, fields in extensions.items():
        top.add(uri, Entry(uri, _extension_reader(uri, fields), uri, None, fields))
    return top, extensions


def _extension_reader(uri: str, fields: Fields) -> Take:
    def take(value: Any, findings: Findings) -> Any:
        if is_empty(value):
            return None
        members = only_element(value)
        if not isinstance(members, dict):
            raise wrong_type(uri, None, value)
        return fields.read(members, findings) or None

    return take
