"""The SCIM attributes that a mapping takes, as an admin of Entra enters them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scimweave.mapping.project import Field, UserProgram
from scimweave.mapping.providers import PROFILES
from scimweave.scim.acceptance import ALWAYS_ACCEPTED
from scimweave.scim.path import parse_path
from scimweave.scim.schema import Attribute, ResolvedPath
from scimweave.scim.syntax import AttributePath

# Of the types that Entra's list of target attributes knows; it has no decimals.
_TYPES: Mapping[str, str] = {
    "boolean": "Boolean",
    "integer": "Integer",
    "dateTime": "DateTime",
    "reference": "Reference",
    "binary": "Binary",
}
# entra-facts §1.1, §3.9
_NOT_SENT: Mapping[str, str] = {
    "password": "Entra never sends passwords",
    "photos": "Entra does not send photos",
    "entitlements": "Entra does not send entitlements",
}
_MAIN_PARTS = ("value", "formatted")


@dataclass(slots=True)
class Row:
    """One line of the attribute list.

    ``name`` is the target attribute as Entra spells it, ``source`` the attribute of Entra that
    flows into it by default, ``fields`` the target fields made of it. ``precedence`` is that of a
    matching attribute, None for others. ``remarks`` are sentences without a full stop.
    """

    name: str
    type: str
    multi_valued: bool
    case_exact: bool
    required: bool
    filterable: bool
    source: str = ""
    fields: list[str] = field(default_factory=list)
    precedence: int | None = None
    remarks: list[str] = field(default_factory=list)


def rows_of(users: UserProgram) -> list[Row]:
    """Return what the mapping takes, in the order of the file; what is always taken is last."""
    found: dict[str, Row] = {}
    for each in users.fields:
        for path in each.sources:
            for name, row in _rows(path, users):
                taken = found.setdefault(name.lower(), row)
                _add(taken, each)
    for attribute in ALWAYS_ACCEPTED["User"]:
        for name, row in _rows(AttributePath(None, attribute), users):
            if name.lower() not in found:
                row.remarks.append("kept here, and no part of the account")
                found[name.lower()] = row
    _number(found, users)
    return list(found.values())


def left_out(users: UserProgram) -> list[tuple[str, str]]:
    """Return what Entra maps by default and the mapping does not take: target and source."""
    return [
        (each.path, each.source)
        for each in PROFILES["entra"]
        if not users.acceptance.accepts(users.resource_type.resolve(parse_path(each.path)))
    ]


def _add(row: Row, target: Field) -> None:
    if target.name not in row.fields:
        row.fields.append(target.name)
    remarks = []
    if target.required and len(target.sources) == 1:
        row.required = True
    elif target.required:
        remarks.append(f"one of those that make {target.name} is required")
    if target.apply == "on_create":
        remarks.append(f"{target.name} is written at creation only")
    if target.max_length is not None and len(target.sources) == 1:
        remarks.append(f"at most {target.max_length} characters")
    if target.sensitive:
        remarks.append("sensitive: never in a log")
    row.remarks += [each for each in remarks if each not in row.remarks]


def _rows(path: AttributePath, users: UserProgram) -> Iterator[tuple[str, Row]]:
    """Yield what has to be entered for one path; a complex attribute is several rows."""
    resolved = users.resource_type.resolve(path)
    attribute = resolved.attribute
    if attribute.name == "manager":
        # Entra has one target attribute for it, a reference (entra-facts §3.6).
        yield _row(f"{resolved.schema.id}:manager", "Reference", resolved, ["the manager's id"])
    elif attribute.multi_valued:
        yield _of_many(path, resolved)
    elif attribute.sub_attributes and resolved.sub_attribute is None:
        for sub in attribute.sub_attributes.values():
            inner = AttributePath(path.uri, attribute.name, sub.name)
            part = ResolvedPath(resolved.schema, attribute, sub, resolved.is_extension)
            yield _row(str(inner), _type(sub), part)
    else:
        yield _row(str(path), _type(resolved.sub_attribute or attribute), resolved)


def _of_many(path: AttributePath, resolved: ResolvedPath) -> tuple[str, Row]:
    attribute = resolved.attribute
    sub = resolved.sub_attribute or _main_part(attribute)
    prefix = f"{path.uri}:" if path.uri else ""
    behind = f".{sub.name}" if sub else ""
    leaf = ResolvedPath(resolved.schema, attribute, sub, resolved.is_extension)
    kind = _type(sub or attribute)
    if path.filter is not None:
        return _row(f"{prefix}{attribute.name}[{path.filter}]{behind}", kind, leaf)
    label = attribute.sub_attributes.get("type")
    types = label.canonical_values if label else ()
    if types:
        name = f'{prefix}{attribute.name}[type eq "{types[0]}"]{behind}'
        others = ", ".join(f'"{each}"' for each in types[1:])
        return _row(name, kind, leaf, [f"and of other types: {others}"] if others else [])
    if "primary" in attribute.sub_attributes:
        # Booleans in a filter are text to Entra (entra-facts §3.4).
        return _row(f'{prefix}{attribute.name}[primary eq "True"]{behind}', kind, leaf)
    return _row(f"{prefix}{attribute.name}", kind, leaf)


def _main_part(attribute: Attribute) -> Attribute | None:
    subs = attribute.sub_attributes
    named = (subs[name] for name in _MAIN_PARTS if name in subs)
    return next(named, next(iter(subs.values()), None))


def _row(
    name: str, kind: str, resolved: ResolvedPath, remarks: list[str] | None = None
) -> tuple[str, Row]:
    attribute = resolved.attribute
    leaf = resolved.sub_attribute or attribute
    hidden = "never" in {attribute.returned, leaf.returned}
    is_single = resolved.sub_attribute is None
    more = [_NOT_SENT[attribute.name]] if attribute.name in _NOT_SENT else []
    row = Row(
        name=name,
        type=kind,
        multi_valued=attribute.multi_valued and "[" not in name,
        case_exact=leaf.case_exact,
        required=is_single and attribute.required,
        filterable=not hidden,
        source=_DEFAULTS.get(name.lower(), ""),
        remarks=[*(remarks or []), *more],
    )
    return name, row


_DEFAULTS: Mapping[str, str] = {each.path.lower(): each.source for each in PROFILES["entra"]}


def _type(leaf: Attribute) -> str:
    return _TYPES.get(leaf.type, "String")


def _number(rows: Mapping[str, Row], users: UserProgram) -> None:
    """Give matching attributes their precedence: those that find accounts, and userName."""
    order = []
    for name in users.match:
        target = users.field(name)
        # What is computed of several cannot be asked for.
        if target is not None and len(target.sources) == 1:
            order += [each for each, _ in _rows(target.sources[0], users)]
    for name in dict.fromkeys(each.lower() for each in (*order, "userName")):
        row = rows[name]
        if row.filterable and row.type == "String":
            row.precedence = 1 + sum(each.precedence is not None for each in rows.values())
