"""Does the request of a test on a group, whose members are kept apart from its attributes."""

from __future__ import annotations

from typing import Any

from scimweave.mapping.operation import Operation
from scimweave.mapping.outcome import Outcome, done, refused_for
from scimweave.mapping.project import GroupProgram, MappingTest
from scimweave.scim.coercion import Findings
from scimweave.scim.members import MEMBERS, MemberChange, replaced_members, split_members
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checker

_Members = dict[str, dict[str, Any]]


def run_group(groups: GroupProgram, test: MappingTest, checker: Checker) -> Outcome:
    """Do the request, after the group was created where it changes one. Raises ``ScimError``."""
    before, members = _read(test.resource, checker)
    if test.request == "create":
        return _outcome(groups, test, None, before, ({}, members))
    if test.request == "delete":
        return done(groups, "delete", Operation.DELETE, {}, before, ())
    if test.request == "put":
        after, left = _read(test.body, checker)
        return _outcome(groups, test, before, after, (members, left))
    body, changes = split_members(test.body, checker, Findings())
    after = parse_patch(body, checker).apply(before)
    left = dict(members)
    for change in changes:
        _change(left, change)
    return _outcome(groups, test, before, after, (members, left))


def _read(body: Any, checker: Checker) -> tuple[dict[str, Any], _Members]:
    resource = dict(checker.check(body).resource)
    members: _Members = {}
    for change in replaced_members(resource.pop(MEMBERS, None)):
        _change(members, change)
    return resource, members


def _change(members: _Members, change: MemberChange) -> None:
    if change.kind == "clear":
        members.clear()
    elif change.where is not None:
        for each in [name for name, member in members.items() if change.where(member)]:
            del members[each]
    elif change.kind == "leave":
        for each in change.ids:
            members.pop(each, None)
    else:
        for each in change.ids:
            display = change.displays.get(each)
            named = {} if display is None else {"display": display}
            members.setdefault(each, {"value": each, "type": "User", **named})


def _outcome(
    groups: GroupProgram,
    test: MappingTest,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    members: tuple[_Members, _Members],
) -> Outcome:
    projection = groups.project(after, creating=before is None)
    if projection.faults:
        return refused_for(list(projection.faults))
    had, has = members
    if before is None:
        what: str = Operation.CREATE
    elif projection.values != groups.project(before).values:
        what = Operation.UPDATE
    else:
        what = Operation.MEMBERS if had.keys() != has.keys() else "none"
    return done(groups, test.request, what, projection.values, after, tuple(has))
