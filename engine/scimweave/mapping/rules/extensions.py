"""The ``schema`` of a mapping file: extensions of its own, as schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scimweave.mapping.diagnostics import Related
from scimweave.mapping.document.source import MapNode, YamlPath
from scimweave.mapping.report import Report
from scimweave.mapping.rules.fitting import shown
from scimweave.mapping.rules.vocabulary import USER_VOCABULARY, Vocabulary
from scimweave.scim.path import PathError, parse_path
from scimweave.scim.schema import Attribute, Schema
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import ExtensionModel, MappingModel, SchemaAttributeModel

_URN = re.compile(
    r"urn:[a-z0-9][a-z0-9-]{0,31}:[a-z0-9().,:=@;$_!*'%/?#+-]*\d+\.\d+:[a-z]\w*", re.IGNORECASE
)
# Entra exports attributes of other extensions on update, and not on create (Q19).
_USUAL = re.compile(r"urn:ietf:params:scim:schemas:extension:[^:]+:2\.0:User", re.IGNORECASE)
_OF_GROUPS = re.compile(r":\d+\.\d+:group\Z", re.IGNORECASE)
# RFC 7643 §2.3.6 and §2.3.7.
_CASE_EXACT = frozenset({"binary", "reference"})
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_ALIAS = re.compile(r"[A-Za-z]\w*", re.ASCII)
_EXAMPLE = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
_PLACE: YamlPath = ("schema",)
# schema, URN, attributes, name.
_DEPTH = 4


def is_urn(text: object) -> bool:
    """Whether a key under ``schema`` can be a URN at all."""
    return isinstance(text, str) and text[:4].lower() == "urn:"


def compile_extensions(model: MappingModel, report: Report) -> Vocabulary:
    """Return what the rules of a mapping can name; what is at fault is reported and left out."""
    _check_urns(report)
    aliases = dict(USER_VOCABULARY.aliases)
    extensions = []
    for urn, extension in model.schema_.items():
        if _is_good(urn):
            extensions.append(_schema(urn, extension, report))
            _add_alias(urn, extension, aliases, report)
    known = USER_VOCABULARY.resource_type
    resource_type = replace(known, extensions=(*known.extensions, *extensions))
    return Vocabulary(resource_type, MappingProxyType(aliases))


def declared(vocabulary: Vocabulary) -> Iterator[AttributePath]:
    """Return the attributes that the file declares, all of which are accepted."""
    built_in = USER_VOCABULARY.resource_type.extensions
    for schema in vocabulary.resource_type.extensions:
        if schema not in built_in:
            for attribute in schema.attributes.values():
                yield AttributePath(schema.id, attribute.name)


def _check_urns(report: Report) -> None:
    node = report.document.exactly(_PLACE)
    first: dict[str, str] = {}
    for urn in node.entries if isinstance(node, MapNode) else ():
        where = (*_PLACE, urn)
        message, hint = _fault(urn)
        if message:
            report.at_key("bad-urn", message, where, help=hint)
            report.complete = False
        elif not _USUAL.fullmatch(urn):
            report.at_key(
                "unusual-urn",
                f'"{urn}" is not of the form that every provider exports',
                where,
                help=f"Entra may leave it out when it creates a user; write {_EXAMPLE}",
            )
        _check_twice(urn, first, where, report)


def _fault(urn: str) -> tuple[str, str]:
    """Return what is wrong with the URN of an extension, and what to do; "" for nothing."""
    lower = urn.lower()
    known = USER_VOCABULARY.resource_type
    if not is_urn(urn):
        hint = f"attributes of your own live in an extension: {_EXAMPLE}: {{ attributes: … }}"
        return f"{shown(urn)} is not the URN of an extension", hint
    if lower.startswith("urn:ietf:params:scim:schemas:core:"):
        return "the core schemas are fixed", f"put the attributes into an extension: {_EXAMPLE}"
    if any(lower == each.id.lower() for each in known.extensions):
        return "the enterprise User is fixed", f"put the attributes into another one: {_EXAMPLE}"
    if _OF_GROUPS.search(urn):
        return "extensions of groups are not supported yet", ""
    if not _is_good(urn):
        hint = f"a name, a version and what it extends: {_EXAMPLE}"
        return f"{shown(urn)} is not a URN that paths can begin with", hint
    return "", ""


def _is_good(urn: str) -> bool:
    if not _URN.fullmatch(urn) or _OF_GROUPS.search(urn):
        return False
    known = USER_VOCABULARY.resource_type
    if known.schema(urn) is not None:
        return False
    try:
        return parse_path(f"{urn}:a.b") == AttributePath(urn, "a", "b")
    except PathError:
        return False


def _check_twice(name: str, first: dict[str, str], where: YamlPath, report: Report) -> None:
    earlier = first.setdefault(name.lower(), name)
    if earlier != name:
        place = report.document.key((*where[:-1], earlier))
        report.at_key(
            "duplicate-attribute",
            f'"{earlier}" and "{name}" are the same name: case does not count',
            where,
            related=(Related(place, "first here"),),
        )


def _add_alias(
    urn: str, extension: ExtensionModel, aliases: dict[str, str], report: Report
) -> None:
    alias = extension.alias
    if alias is None:
        return
    where = (*_PLACE, urn, "alias")
    if not _ALIAS.fullmatch(alias):
        report.at_value("bad-schema", '"alias" is letters, digits and underscores', where)
    elif alias in aliases:
        report.at_value("bad-schema", f'"{alias}" is the alias of {aliases[alias]}', where)
    elif _is_attribute(alias):
        message = f'"{alias}" is an attribute of User, and cannot be an alias too'
        report.at_value("bad-schema", message, where)
    else:
        aliases[alias] = urn


def _is_attribute(name: str) -> bool:
    return name.lower() in USER_VOCABULARY.resource_type.core.attributes


def _schema(urn: str, extension: ExtensionModel, report: Report) -> Schema:
    name = extension.name or urn.split(":")[-3]
    attributes = _attributes(extension.attributes, (*_PLACE, urn, "attributes"), report)
    return Schema(urn, name, extension.description or name, attributes)


def _attributes(
    models: Mapping[str, SchemaAttributeModel], where: YamlPath, report: Report
) -> Mapping[str, Attribute]:
    first: dict[str, str] = {}
    found = {}
    for name, model in models.items():
        place = (*where, name)
        if not _NAME.fullmatch(name):
            message = f"{shown(name)} is not the name of an attribute"
            hint = "letters, digits, hyphens and underscores; it starts with a letter"
            report.at_key("bad-schema", message, place, help=hint)
            continue
        _check_twice(name, first, place, report)
        found[name.lower()] = _attribute(name, model, place, report)
    return MappingProxyType(found)


def _attribute(
    name: str, model: SchemaAttributeModel, where: YamlPath, report: Report
) -> Attribute:
    subs: Mapping[str, Attribute] = {}
    if model.attributes is not None:
        if len(where) > _DEPTH:
            message = "sub-attributes have no sub-attributes of their own"
            report.at_key("bad-schema", message, (*where, "attributes"))
        elif model.type != "complex":
            message = f'"attributes" is for the type complex, and "{name}" is {model.type}'
            report.at_key("bad-schema", message, (*where, "attributes"))
        else:
            subs = _attributes(model.attributes, (*where, "attributes"), report)
    elif model.type == "complex":
        report.at_key("bad-schema", f'"{name}" is complex and has no "attributes"', where)
    return Attribute(
        name=name,
        type=model.type,
        multi_valued=model.multiValued,
        required=model.required,
        case_exact=model.caseExact if model.has("caseExact") else model.type in _CASE_EXACT,
        description=model.description or name,
        canonical_values=tuple(model.canonicalValues),
        reference_types=("external",) if model.type == "reference" else (),
        sub_attributes=subs,
    )
