"""SCIM attributes as a mapping file names them: found, or reported with what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scimweave.mapping.diagnostics import closest
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.report import Report
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_condition
from scimweave.scim.path import PathError, parse_path
from scimweave.scim.schema import ENTERPRISE_USER, Attribute, ResolvedPath, Schema
from scimweave.scim.syntax import AttributePath

# What the service makes itself: a resource that is projected does not hold it.
_OWN = frozenset({"id", "meta", "schemas", "groups", "members"})
_FIELD_TYPES = {
    "string": "string",
    "reference": "string",
    "binary": "string",
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "decimal",
    "dateTime": "datetime",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A SCIM attribute that a file names, in canonical case, and the field type that it has."""

    path: AttributePath
    resolved: ResolvedPath
    type: str


def named(text: str, where: YamlPath, vocabulary: Vocabulary, report: Report) -> Named | None:
    """Find the attribute of a SCIM path; None where something was reported."""
    try:
        path = parse_path(text, aliases=vocabulary.aliases)
    except PathError as error:
        code = "bad-filter" if "[" in text[: error.position] else "bad-path"
        report.inside(code, error.reason, where, error.position)
        return None
    try:
        resolved = vocabulary.resource_type.resolve(path)
    except ScimError:
        message, label = unknown(path, text, vocabulary)
        report.inside("unknown-attribute", message, where, 0, len(text), label)
        return None
    if not is_readable(resolved):
        message = unreadable(_cut(text), resolved)
        report.inside("unreadable-attribute", message, where, 0, len(text))
        return None
    if not _filter_fits(path, resolved, text, where, report):
        return None
    return Named(canonical(path, resolved), resolved, _type(path, resolved))


def ignored_path(
    text: str, where: YamlPath, vocabulary: Vocabulary, report: Report
) -> AttributePath | None:
    """Read a path of what is knowingly not mapped; providers also send what no schema has."""
    try:
        path = parse_path(text, aliases=vocabulary.aliases)
        vocabulary.resource_type.resolve(path)
    except PathError:
        if "[" not in text:
            return AttributePath(None, text)
    except ScimError:
        if not _is_misspelt(path, text, vocabulary):
            return path
    found = named(text, where, vocabulary, report)
    return found.path if found else None


def _is_misspelt(path: AttributePath, text: str, vocabulary: Vocabulary) -> bool:
    """Whether what no schema has is so close to what one has that it is hardly meant."""
    schema = vocabulary.resource_type.schema(path.uri)
    if schema is None:
        return False
    attribute = schema.attributes.get(path.attribute.lower())
    if attribute is not None and path.sub_attribute is not None:
        return closest(path.sub_attribute, attribute.sub_attributes) is not None
    return bool(unknown(path, text, vocabulary)[1])


def named_by_expression(
    chain: tuple[str, ...],
    text: str,
    where: YamlPath,
    vocabulary: Vocabulary,
    report: Report,
) -> tuple[AttributePath, ...]:
    """Find the attributes that a chain of fields in an expression reads.

    A resource has its attributes in canonical case, so here the case counts.
    """
    resource_type = vocabulary.resource_type
    extension = next((each for each in resource_type.extensions if each.id == chain[0]), None)
    names = chain[1:] if extension else chain
    if extension is not None and not names:
        return tuple(each for each in every_attribute(vocabulary) if each.uri == extension.id)
    uri = extension.id if extension else None
    path = AttributePath(uri, names[0], names[1] if len(names) > 1 else None)
    try:
        resolved = resource_type.resolve(path)
    except ScimError:
        resolved = None
    written = _written(chain, vocabulary)
    position = max(text.find(written), 0)
    if resolved is None or canonical(path, resolved) != path:
        message, label = unknown(path, written, vocabulary)
        report.inside("unknown-attribute", message, where, position, len(written), label)
        return ()
    if not is_readable(resolved):
        message = unreadable(written, resolved)
        report.inside("unreadable-attribute", message, where, position, len(written))
        return ()
    return (path,)


def canonical(path: AttributePath, resolved: ResolvedPath) -> AttributePath:
    """Return the path in canonical case, with a URN for extensions only."""
    return AttributePath(
        resolved.schema.id if resolved.is_extension else None,
        resolved.attribute.name,
        resolved.sub_attribute.name if resolved.sub_attribute else None,
        path.filter,
    )


def every_attribute(vocabulary: Vocabulary) -> tuple[AttributePath, ...]:
    """Return all that a mapping may read of a resource at once: not what nobody may see."""
    resource_type = vocabulary.resource_type
    return tuple(
        AttributePath(None if schema is resource_type.core else schema.id, attribute.name)
        for schema in (resource_type.core, *resource_type.extensions)
        for attribute in schema.attributes.values()
        if attribute.name not in _OWN
        and attribute.mutability != "readOnly"
        and attribute.returned != "never"
    )


def unknown(path: AttributePath, text: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Return a message about a path that names nothing, and a label with what was meant."""
    resource_type = vocabulary.resource_type
    schema = resource_type.schema(path.uri)
    if schema is None:
        known = [each.id for each in (resource_type.core, *resource_type.extensions)]
        meant = closest(path.uri or "", known)
        label = _label(text.replace(path.uri or "", meant, 1)) if meant else ""
        return f'there is no schema "{path.uri}"', label
    attribute = schema.attributes.get(path.attribute.lower())
    if attribute is None or path.sub_attribute is None:
        owner, name, known_here = (
            _schema_name(schema),
            path.attribute,
            schema.attributes,
        )
    else:
        owner, name, known_here = attribute.name, path.sub_attribute, attribute.sub_attributes
    message = f'{owner} has no attribute "{_cut(name)}"'
    names = [each.name for each in known_here.values()]
    return message, _label(_meant(text, name, names, vocabulary))


def _meant(text: str, name: str, known_here: list[str], vocabulary: Vocabulary) -> str | None:
    everywhere = list(_written_paths(vocabulary))
    for each in everywhere:
        if re.split("[.:]", each)[-1].lower() == name.lower():
            return each
    close = closest(name, known_here)
    if close and name in text:
        before, _, behind = text.rpartition(name)
        return f"{before}{close}{behind}"
    return closest(text, everywhere)


def _written_paths(vocabulary: Vocabulary) -> Iterator[str]:
    """Every attribute in the form that people write."""
    resource_type = vocabulary.resource_type
    prefixes = {uri: f"{alias}." for alias, uri in vocabulary.aliases.items()}
    prefixes[resource_type.core.id] = ""
    for schema in (resource_type.core, *resource_type.extensions):
        prefix = prefixes.get(schema.id, f"{schema.id}:")
        for attribute in schema.attributes.values():
            yield f"{prefix}{attribute.name}"
            if not attribute.multi_valued:
                for sub in attribute.sub_attributes.values():
                    yield f"{prefix}{attribute.name}.{sub.name}"


def is_readable(resolved: ResolvedPath) -> bool:
    """Whether a mapping may read what a path names."""
    leaf = resolved.sub_attribute or resolved.attribute
    return resolved.attribute.name not in _OWN and leaf.mutability != "readOnly"


def unreadable(text: str, resolved: ResolvedPath) -> str:
    """Say why a mapping cannot read what a path names."""
    if resolved.attribute.name == "members":
        return f'"{text}" is no field of an account; groups.members names the table it goes to'
    return f'"{text}" is made by the service; a mapping cannot read it'


def _filter_fits(
    path: AttributePath, resolved: ResolvedPath, text: str, where: YamlPath, report: Report
) -> bool:
    if path.filter is None:
        return True
    position = text.index("[")
    length = text.rindex("]") + 1 - position
    if not resolved.attribute.multi_valued:
        message = f"{resolved.attribute.name} has one value, there is nothing to choose from"
        report.inside("bad-filter", message, where, position, length)
        return False
    try:
        compile_condition(path.filter, resolved.attribute)
    except ScimError as error:
        report.inside("bad-filter", error.detail, where, position, length)
        return False
    return True


def _type(path: AttributePath, resolved: ResolvedPath) -> str:
    if resolved.attribute.multi_valued and path.filter is None:
        return "json"
    leaf: Attribute = resolved.sub_attribute or resolved.attribute
    return _FIELD_TYPES.get(leaf.type, "json")


def _schema_name(schema: Schema) -> str:
    return "enterprise User" if schema.id == ENTERPRISE_USER else schema.name


def _written(chain: tuple[str, ...], vocabulary: Vocabulary) -> str:
    """The chain as an expression has it."""
    aliases = {uri: alias for alias, uri in vocabulary.aliases.items()}
    return ".".join((aliases.get(chain[0], chain[0]), *chain[1:]))


def _label(meant: str | None) -> str:
    return f'did you mean "{meant}"?' if meant else ""


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
