from __future__ import annotations

from typing import Any

import pytest

from scimweave.scim.coercion import Findings
from scimweave.scim.error import ScimError
from scimweave.scim.members import MemberChange, replaced_members, split_members
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Acceptance, Checker
from scimweave.scim.schema import GROUP_TYPE

CHECKER = Checker(GROUP_TYPE, Acceptance.everything(GROUP_TYPE))


def split(*operations: Any) -> tuple[list[Any], list[tuple[str, tuple[str, ...]]]]:
    """Return the operations that are left, and the kinds and ids of the changes."""
    body, changes = split_members({"Operations": list(operations)}, CHECKER, Findings())
    return body["Operations"], [(each.kind, each.ids) for each in changes]


def test_members_and_the_rest_are_taken_apart() -> None:
    rest, changes = split(
        {"op": "replace", "path": "displayName", "value": "Crew"},
        {"op": "add", "path": "members", "value": ["a", {"value": "b"}]},
        {"op": "replace", "value": {"externalId": "x", "Members": []}},
    )
    assert changes == [("join", ("a", "b")), ("clear", ()), ("join", ())]
    patched = parse_patch({"Operations": rest}, CHECKER).apply({"displayName": "Old"})
    assert patched == {"displayName": "Crew", "externalId": "x"}


def test_operations_keep_their_numbers() -> None:
    rest, _ = split({"op": "add", "path": "members", "value": "a"}, {"op": "move"})
    with pytest.raises(ScimError, match=r"Operations\[1\]"):
        parse_patch({"Operations": rest}, CHECKER)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"Operations": [{"op": "add", "path": "displayName"}]}, id="no-members"),
        pytest.param({"Operations": [{"op": "x", "path": "members"}]}, id="unknown-op"),
        pytest.param({"Operations": [{"op": "remove", "path": "members[value"}]}, id="bad-path"),
        pytest.param({"Operations": [{"op": "remove", "path": "x:members"}]}, id="other-schema"),
        pytest.param({"Operations": ["members"]}, id="no-object"),
        pytest.param({"Operations": "members"}, id="no-list"),
        pytest.param("members", id="no-body"),
    ],
)
def test_what_is_not_about_members_is_left_as_it_is(body: Any) -> None:
    assert split_members(body, CHECKER, Findings()) == (body, ())


def test_too_many_operations_are_not_even_looked_at() -> None:
    body = {"Operations": [{"op": "add", "path": "members", "value": [{}]}] * 3}
    assert split_members(body, CHECKER, Findings(), max_operations=2) == (body, ())


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": 'members[value eq "a"].display', "value": "A"},
        {"op": "replace", "path": "members.type", "value": "User"},
        {"op": "replace", "value": {'members[value eq "a"].display': "A"}},
    ],
)
def test_what_the_server_fills_in_of_members_is_not_stored(operation: dict[str, Any]) -> None:
    rest, changes = split(operation)
    assert changes == []
    patched = parse_patch({"Operations": rest}, CHECKER).apply({"displayName": "Crew"})
    assert patched == {"displayName": "Crew"}


def test_members_are_found_under_the_urn_of_the_schema() -> None:
    value = {CHECKER.resource_type.core.id: {"members": ["a"], "displayName": "New"}}
    rest, changes = split({"op": "add", "value": value})
    assert changes == [("join", ("a",))]
    patched = parse_patch({"Operations": rest}, CHECKER).apply({"displayName": "Old"})
    assert patched == {"displayName": "New"}


def test_members_named_twice_are_refused() -> None:
    with pytest.raises(ScimError, match="name the same attribute"):
        split({"op": "add", "value": {"members": ["a"], "Members": ["b"]}})


def test_many_members_are_named_and_few_are_searched_for() -> None:
    named = [{"op": "remove", "path": f'members[value eq "{n}"]'} for n in range(1000)]
    assert len(split(*named)[1]) == 1000
    searched = [{"op": "remove", "path": 'members[display eq "a"]'}] * 11
    assert len(split(*searched[:10])[1]) == 10
    with pytest.raises(ScimError) as caught:
        split(*searched)
    assert caught.value.status == 413


def test_value_path_can_be_replaced() -> None:
    value = {"value": "b", "display": "B"}
    _, changes = split({"op": "replace", "path": 'members[value eq "a"]', "value": value})
    assert changes == [("leave", ("a",)), ("join", ("b",))]


@pytest.mark.parametrize(
    ("path", "quirks"), [('members[value eq "a"]', set()), ("members[value eq a]", {"Q45"})]
)
def test_quirks_of_a_selection_are_noted(path: str, quirks: set[str]) -> None:
    findings = Findings()
    split_members({"Operations": [{"op": "remove", "path": path}]}, CHECKER, findings)
    assert findings.quirks == quirks


def test_all_members_are_replaced() -> None:
    assert replaced_members([{"value": "a"}, {"value": "b"}, {"value": "a"}]) == (
        MemberChange("clear"),
        MemberChange("join", ("a", "b")),
    )
    assert replaced_members(None)[1].ids == ()
