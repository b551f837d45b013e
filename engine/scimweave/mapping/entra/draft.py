"""A draft of a mapping file from Entra's synchronization schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from scimweave.mapping.checks.matching import is_shared
from scimweave.mapping.compiler import compile_text
from scimweave.mapping.entra.field_names import field_name
from scimweave.mapping.entra.schema import EntraSchema, EntraSchemaError, Flow, Objects
from scimweave.mapping.rules.attributes import canonical
from scimweave.scim.error import ScimError
from scimweave.scim.path import ALIASES, parse_path
from scimweave.scim.schema import ENTERPRISE_USER, USER_TYPE

_COLUMN = 46
_WIDEST = 80
_SHOWN = 160
_PLAIN_PATH = re.compile(r"[A-Za-z][\w:.$-]*\w")
_REQUIRED = "required: true"
_ALWAYS_THERE = frozenset({"username", "active"})
_NO_FIELDS = "# Not in the draft, and why:"
# Nothing can be found or switched off without these.
_NEEDED: Mapping[str, str] = MappingProxyType(
    {"userName": "not in the schema; every user has one", "active": "not in the schema"}
)
_HOW_OFTEN: Mapping[str, str] = MappingProxyType(
    {
        "MultiValueAddOnly": "Entra only adds values, and never takes one away",
        "ValueAddOnly": "Entra only adds values, and never takes one away",
        "AttributeAddOnly": "Entra sends it only while the attribute is empty",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute of the draft: the SCIM path that fills a target field."""

    field: str
    path: str
    options: tuple[str, ...]
    remarks: tuple[str, ...]
    matching: int

    @property
    def text(self) -> str:
        """The line of the file, without the indentation."""
        path = _quoted(self.path)
        rule = f"{{ {', '.join([f'from: {path}', *self.options])} }}" if self.options else path
        return f"{self.field}: {rule}"


def draft(schema: EntraSchema, integration: str) -> str:
    """Write a mapping file that lints clean, with what it leaves out as comments.

    Raises ``EntraSchemaError`` where the schema has no mapping of users.
    """
    users = _users(schema)
    lines = list(_lines(users.flows, schema.required))
    left_out = [*_without_a_place(users.flows)]
    while True:
        text = "\n".join(_file(schema, users, integration, lines, left_out))
        faults = _faults(text)
        faulty = [line for line in lines if line.field in faults]
        if not faulty:
            return text
        left_out += [f"{line.path}: {faults[line.field]}" for line in faulty]
        lines = _complete([line for line in lines if line.field not in faults])


def _users(schema: EntraSchema) -> Objects:
    found = [each for each in schema.objects if each.is_of_users]
    if not found:
        targets = ", ".join(_shown(each.target) for each in schema.objects)
        raise EntraSchemaError(f"no object mapping has users as its target; there are: {targets}")
    return next((each for each in found if each.enabled), found[0])


def _lines(flows: Sequence[Flow], required: frozenset[str]) -> Iterator[Line]:
    lines: list[Line] = []
    taken: set[str] = set()
    for flow in flows:
        path = _path(flow.target)
        if path and path not in {line.path for line in lines}:
            name = field_name(path, taken)
            taken.add(name)
            lines.append(_line(flow, path, name, flow.target in required))
    yield from _complete(lines)


def _complete(lines: list[Line]) -> list[Line]:
    """Add what a mapping cannot be without."""
    have = {line.path.lower() for line in lines}
    taken = {line.field for line in lines}
    added = [
        Line(field_name(path, taken), path, (), (why,), 0)
        for path, why in _NEEDED.items()
        if path.lower() not in have
    ]
    lines = [*added, *lines]
    matching = [line for line in lines if line.matching > 0]
    # Entra wants a value for one of the matching attributes, whichever that is.
    if any(line.path.lower() in _ALWAYS_THERE or _REQUIRED in line.options for line in matching):
        return lines
    last = max((line.matching for line in matching), default=0) + 1
    remark = "Entra matches by nothing that every user has here"
    return [
        replace(line, matching=last, remarks=(*line.remarks, remark))
        if line.path.lower() == "username"
        else line
        for line in lines
    ]


def _line(flow: Flow, path: str, name: str, is_required: bool) -> Line:
    options, remarks = [], []
    if is_required:
        options.append(_REQUIRED)
    # Whoever leaves loses the account, whatever Entra was told of it.
    if flow.only_on_create and path.lower() != "active":
        options.append("apply: on_create")
    remarks.append(f"Entra: {_shown(flow.source)}" if flow.source else "Entra: None, nothing sent")
    if flow.default is not None:
        remarks.append(f"where that is null, on creation: {_shown(flow.default)}")
    if flow.flow_type in _HOW_OFTEN:
        remarks.append(_HOW_OFTEN[flow.flow_type])
    if path.lower().endswith("manager.value"):
        remarks.append("the SCIM id of the manager")
    matching = flow.matching
    if matching > 0 and _is_shared(path):
        matching = 0
        remarks.append("Entra matches by it; many people may have the same")
    return Line(name, path, tuple(options), tuple(remarks), matching)


def _is_shared(path: str) -> bool:
    try:
        parsed = parse_path(path, aliases=ALIASES)
        return is_shared(canonical(parsed, USER_TYPE.resolve(parsed)))
    except ScimError:
        return False


def _path(target: str) -> str:
    """The SCIM path of a target attribute, with the alias for the enterprise extension."""
    prefix = f"{ENTERPRISE_USER}:"
    if target.lower().startswith(prefix.lower()):
        rest = target[len(prefix) :]
        return f"enterprise.{'manager.value' if rest.lower() == 'manager' else rest}"
    return target if target.isprintable() else ""


def _faults(text: str) -> dict[str, str]:
    """What is wrong with each field of a draft."""
    _, findings = compile_text(text, "draft", {})
    faults: dict[str, str] = {}
    for found in findings:
        line = found.span.text if found.span else ""
        faults.setdefault(line.strip().partition(":")[0], found.message)
    return faults


def _file(
    schema: EntraSchema,
    users: Objects,
    integration: str,
    lines: list[Line],
    left_out: list[str],
) -> Iterator[str]:
    matching = sorted((line for line in lines if line.matching > 0), key=lambda each: each.matching)
    yield "# A draft from the synchronization schema of Entra: the provider's side is what it was."
    yield "# What the target calls its object, its key and its fields is a guess; review them."
    yield f"integration: {integration}"
    yield ""
    yield "target:"
    yield _remarked("  connector: sql", ("review",))
    yield "  url: ${DATABASE_URL:-sqlite:///var/target.db}"
    yield ""
    yield "users:"
    yield _remarked("  object: users", ("review: the table",))
    yield _remarked("  key: id", ("review: the target's own identifier of an account",))
    matched = f"  match: [{', '.join(line.field for line in matching)}]"
    yield _remarked(matched, ("in Entra's order of precedence",))
    yield "  attributes:"
    width = max(len(line.text) for line in lines)
    yield from (f"    {_remarked(line.text, line.remarks, width)}" for line in lines)
    yield from _notes(schema, users, left_out)
    yield ""


def _notes(schema: EntraSchema, users: Objects, left_out: list[str]) -> Iterator[str]:
    notes = [*left_out, *_about_scope(users), *_about_actions(users)]
    for each in schema.objects:
        if each is not users:
            kind = "groups" if each.is_of_groups else "objects"
            state = "" if each.enabled else ", which is switched off"
            notes.append(f"the mapping of {kind} to {_shown(each.target)}{state}: users only")
            notes += [f"  {_shown(flow.source)} -> {_shown(flow.target)}" for flow in each.flows]
    if not users.enabled:
        notes.append(
            "the mapping of users is switched off in Entra: nothing is sent until it is on"
        )
    if notes:
        yield ""
        yield _NO_FIELDS
        yield from (f"# - {_shown(note)}" for note in notes)


def _about_scope(users: Objects) -> Iterator[str]:
    if users.scope:
        yield "scoping filters: Entra applies them, and sends nobody else; it uses its own names"
    for clause in users.scope:
        yield f"  {clause.group}: {clause.text}" if clause.group else f"  {clause.text}"


def _about_actions(users: Objects) -> Iterator[str]:
    for action in ("Add", "Update", "Delete"):
        if users.actions and action not in users.actions:
            yield f"{action}: switched off in Entra, which will send no request of this kind"


def _without_a_place(flows: Sequence[Flow]) -> Iterator[str]:
    first: set[str] = set()
    for flow in flows:
        path = _path(flow.target)
        if not path:
            yield f"{_shown(flow.target) or 'an attribute mapping'}: names no target attribute"
        elif path in first:
            yield f"{path}: mapped twice; the second, {_shown(flow.source)}, is left out"
        first.add(path)


def _quoted(path: str) -> str:
    if _PLAIN_PATH.fullmatch(path):
        return path
    return json.dumps(path, ensure_ascii=False) if "'" in path or "\\" in path else f"'{path}'"


def _remarked(text: str, remarks: Sequence[str], width: int = _COLUMN) -> str:
    return f"{text:<{min(width, _WIDEST)}} # {'; '.join(remarks)}"


def _shown(text: str) -> str:
    """Text for a comment: one line, not too long."""
    plain = "".join(each if each.isprintable() else " " for each in text).rstrip()
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"
