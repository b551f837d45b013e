"""Members of groups in PATCH bodies: who joins and who leaves, apart from all other attributes.

A group may have more members than anybody wants to load, so what is asked for is kept as a list of
changes (RFC 7644 §3.5.2, entra-facts 1.7 and 8.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scimweave.scim.coercion import Findings
from scimweave.scim.elements import ListEdit
from scimweave.scim.error import ScimError, invalid_value, no_target
from scimweave.scim.fields import lowered, refuse_duplicates
from scimweave.scim.filter import Condition, compile_condition
from scimweave.scim.path import PathError, parse_path
from scimweave.scim.quirks import quirks_of_selection
from scimweave.scim.resource import Checker
from scimweave.scim.schema import GROUP, GROUP_TYPE
from scimweave.scim.syntax import AttributePath, Compare, Filter, Or

MEMBERS = "members"
_OPS = frozenset({"add", "replace", "remove"})
# Each of them looks at every member of the group.
MAX_FILTERS = 10
_NO_CHANGE = {"op": "add", "value": {}}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class MemberChange:
    """``ids`` join or leave; with ``clear`` everybody leaves, with ``where`` whom it selects.

    ``displays`` are what the provider calls those who join, by id.
    """

    kind: Literal["join", "leave", "clear", "where"]
    ids: tuple[str, ...] = ()
    where: Condition | None = None
    displays: Mapping[str, str] = field(default_factory=dict)


def replaced_members(members: Any) -> tuple[MemberChange, ...]:
    """Return the changes that make ``members``, as a checked resource has them, all there are."""
    return MemberChange("clear"), _joining(members or [])


def split_members(
    body: Any, checker: Checker, findings: Findings, *, max_operations: int = 1000
) -> tuple[Any, tuple[MemberChange, ...]]:
    """Return a PatchOp body without what it says of members, and that, in its order.

    Operations keep their places. What is at fault elsewhere is left for ``parse_patch`` to refuse.
    ``findings`` gets the quirks. Raises ``ScimError`` that names the operation at fault.
    """
    if not isinstance(body, dict):
        return body, ()
    key = next((each for each in body if lowered(each) == "operations"), None)
    operations = body[key] if key is not None else None
    if not isinstance(operations, list) or len(operations) > max_operations:
        return body, ()
    rest: list[Any] = []
    changes: list[MemberChange] = []
    for number, operation in enumerate(operations):
        try:
            kept, found = _split(operation, checker, findings)
        except ScimError as error:
            place = f"Operations[{number}] (members): {error.detail}"
            raise ScimError(error.status, place, error.scim_type) from None
        rest.append(kept)
        changes += found
    if sum(each.kind == "where" for each in changes) > MAX_FILTERS:
        raise ScimError(
            413, f"at most {MAX_FILTERS} filters on members in a request; name them by their value"
        )
    is_whole = all(kept is sent for kept, sent in zip(rest, operations, strict=True))
    return (body if is_whole else {**body, key: rest}), tuple(changes)


def _split(operation: Any, checker: Checker, findings: Findings) -> tuple[Any, list[MemberChange]]:
    if not isinstance(operation, dict):
        return operation, []
    refuse_duplicates(operation)
    parts = {lowered(name): value for name, value in operation.items()}
    op, path, value = parts.get("op"), parts.get("path"), parts.get("value", _MISSING)
    if not isinstance(op, str) or op.lower() not in _OPS:
        return operation, []
    if path and isinstance(path, str) and path.strip().lower() != GROUP.lower():
        named = _members_path(path)
        if named is None:
            return operation, []
        if op != op.lower():
            findings.quirks.add("Q1")
        return _NO_CHANGE, _changes(op.lower(), named, value, checker, findings)
    if not isinstance(value, dict) or op.lower() == "remove":
        return operation, []
    others, found = _taken_apart(op.lower(), value, checker, findings)
    return (operation if others == value else {**parts, "value": others}), found


def _taken_apart(
    op: str, value: dict[str, Any], checker: Checker, findings: Findings
) -> tuple[dict[str, Any], list[MemberChange]]:
    """Return a value without path without its members, and what becomes of them."""
    found: list[MemberChange] = []
    others: dict[str, Any] = {}
    for name, each in value.items():
        named = _members_path(name)
        if named is not None:
            found += _changes(op, named, each, checker, findings)
        elif isinstance(each, dict) and name.strip().lower() == GROUP.lower():
            others[name], inside = _taken_apart(op, each, checker, findings)
            found += inside
        else:
            others[name] = each
    if found:
        refuse_duplicates(value)
    return others, found


def _members_path(text: Any) -> AttributePath | None:
    if not isinstance(text, str) or MEMBERS not in text.lower():
        return None
    try:
        path = parse_path(text)
    except PathError:
        return None
    is_core = path.uri is None or path.uri.lower() == GROUP.lower()
    return path if is_core and path.attribute.lower() == MEMBERS else None


def _changes(
    op: str, path: AttributePath, value: Any, checker: Checker, findings: Findings
) -> list[MemberChange]:
    if path.sub_attribute is not None and path.sub_attribute.lower() != "value":
        # The others are filled in from the member itself.
        return []
    if path.filter is not None:
        findings.quirks |= quirks_of_selection(path.filter, GROUP_TYPE.core.attributes[MEMBERS])
        return _selected(op, path.filter, value, checker)
    if op == "remove":
        if value is _MISSING or value is None:
            return [MemberChange("clear")]
        # Entra names the members to remove here: not all of them are meant (Q12).
        findings.quirks.add("Q12")
        return [MemberChange("leave", _ids(_taken(value, checker, findings)))]
    if value is _MISSING:
        raise invalid_value(f"{op} takes a value: send [] to remove all members")
    joining = _joining(_taken(value, checker, findings))
    return [joining] if op == "add" else [MemberChange("clear"), joining]


def _selected(op: str, found: Filter, value: Any, checker: Checker) -> list[MemberChange]:
    """Read ``members[…]``: most name members by their ids (Q13)."""
    ids = named_ids(found)
    if op == "remove":
        if ids is not None:
            return [MemberChange("leave", ids)]
        attribute = GROUP_TYPE.core.attributes[MEMBERS]
        return [MemberChange("where", where=compile_condition(found, attribute))]
    if ids is None:
        raise no_target(f"no member can be made from [{found}]; name it by its value")
    if op == "add":
        return [MemberChange("join", ids)]
    given = value.get("value") if isinstance(value, dict) else None
    return [
        MemberChange("leave", ids),
        MemberChange("join", (given,) if isinstance(given, str) else ids),
    ]


def named_ids(found: Filter) -> tuple[str, ...] | None:
    """Return the ids that a filter of ``value eq`` joined by ``or`` names; None for others."""
    match found:
        case Or(left, right):
            first, second = named_ids(left), named_ids(right)
            return None if first is None or second is None else (*first, *second)
        case Compare(AttributePath(None, name, None, None), "eq", str(value)):
            return (value,) if name.lower() == "value" else None
    return None


def _taken(value: Any, checker: Checker, findings: Findings) -> list[dict[str, Any]]:
    """Return the members in a list, one object, or plain strings (Q14, Q15)."""
    edit = checker.editor.edit(MEMBERS)
    assert isinstance(edit, ListEdit)  # noqa: S101 - multi-valued in the schema
    return edit.entry.take(value, findings) or []


def _joining(members: list[dict[str, Any]]) -> MemberChange:
    displays = {
        each["value"]: each["display"] for each in members if {"value", "display"} <= each.keys()
    }
    return MemberChange("join", _ids(members), displays=displays)


def _ids(members: list[dict[str, Any]]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(each["value"] for each in members))
    except KeyError:
        raise invalid_value('a member needs a "value": the id of a User or a Group') from None
