"""What to write into a mapping file about an attribute that providers send and nothing maps."""

from __future__ import annotations

import re

from scimweave.mapping.project import UserProgram
from scimweave.scim.error import ScimError
from scimweave.scim.path import ALIASES, parse_path
from scimweave.scim.schema import Attribute, ResolvedPath, ResourceType
from scimweave.scim.syntax import AttributePath, is_extension

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIXES = {uri: f"{alias}." for alias, uri in ALIASES.items()}


def is_settled(name: str, users: UserProgram) -> bool:
    """Whether the mapping has come to map or to ignore an attribute since it was counted."""
    if users.ignores(name):
        return True
    try:
        return users.acceptance.accepts(users.resource_type.resolve(parse_path(name)))
    except ScimError:
        return False


def suggested_line(name: str, resource_type: ResourceType) -> str:
    """Return a line for ``attributes:``; for what no schema has, one for ``schema:`` or ``users:``.

    ``name`` is the path that an attribute is counted under.
    """
    try:
        path = parse_path(name)
    except ScimError:
        return _ignored(name)
    try:
        resolved = resource_type.resolve(path)
    except ScimError:
        if path.uri is None or resource_type.schema(path.uri) is not None or is_extension(name):
            return _ignored(name)
        return f"{path.uri}: {{ attributes: {{ {path.attribute}: string }} }}"
    scim_path = _written(path, resolved)
    if "[" in scim_path:
        scim_path = f"'{scim_path}'"
    return f"{_snake(path.sub_attribute or path.attribute)}: {scim_path}"


def _ignored(name: str) -> str:
    if re.fullmatch(r"[\w.:-]+", name):
        return f"ignore: [{name}]"
    return "ignore: ['{}']".format(name.replace("'", "''"))


def _written(path: AttributePath, resolved: ResolvedPath) -> str:
    attribute = resolved.attribute
    prefix = f"{resolved.schema.id}:" if resolved.is_extension else ""
    text = _PREFIXES.get(resolved.schema.id, prefix) + attribute.name
    if resolved.sub_attribute is not None:
        return f"{text}.{resolved.sub_attribute.name}"
    return text + (_selection(attribute) if attribute.multi_valued else "")


def _selection(attribute: Attribute) -> str:
    """Return what makes one value of a multi-valued attribute, where it has parts."""
    subs = attribute.sub_attributes
    leaf = subs.get("value") or next((each for each in subs.values()), None)
    if leaf is None:
        return ""
    label = subs.get("type")
    if label is not None and label.canonical_values:
        return f'[type eq "{label.canonical_values[0]}"].{leaf.name}'
    return f"[primary eq true].{leaf.name}" if "primary" in subs else ""


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).replace("$", "").lower()
