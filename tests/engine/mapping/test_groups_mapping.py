from __future__ import annotations

import pytest

from scimweave.mapping import Membership, Program, check_members, check_target
from small_mapping import codes, findings, mapping_text, program
from target_fields import TargetField

GROUPS = (
    "groups:\n"
    "  object: teams\n"
    "  key: id\n"
    "  match: [name]\n"
    "  attributes: { name: displayName, ref: externalId }\n"
)
MEMBERS = "  members: { object: team_people, group: team_id, member: person_id }\n"


def with_groups(more: str = MEMBERS) -> Program:
    return program(more=GROUPS + more)


def test_groups_are_part_of_the_program() -> None:
    groups = with_groups().groups
    assert groups is not None
    assert isinstance(groups.members, Membership)
    assert (groups.object, groups.members.object) == ("teams", "team_people")
    assert groups.project({"displayName": "Crew"}).values == {"name": "Crew", "ref": None}
    accepted = {each.name for each in groups.acceptance.accepted.core.attributes.values()}
    assert accepted == {"displayName", "externalId", "members"}


def test_mapping_without_groups_has_none() -> None:
    assert program().groups is None
    assert len(program().objects) == 1


@pytest.mark.parametrize(
    ("users", "groups", "expected"),
    [
        pytest.param("", "", (200, 204), id="Q67-auto"),
        pytest.param("204", "200", (204, 200), id="chosen"),
    ],
)
def test_patch_response(users: str, groups: str, expected: tuple[int, int]) -> None:
    line = "  patch_response: {}\n"
    made = program(
        users=line.format(users) if users else "",
        more=GROUPS + (line.format(groups) if groups else ""),
    )
    assert tuple(each.patch_status for each in made.objects) == expected


def test_revision_follows_the_rules_of_groups() -> None:
    one, other = with_groups(), program(more=GROUPS.replace("externalId", "displayName") + MEMBERS)
    assert one.revision != other.revision


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        pytest.param(
            "displayName", "displayNam", "unknown-attribute",
            'Group has no attribute "displayNam"', id="unknown-attribute",
        ),
        pytest.param(
            "externalId", "userName", "unknown-attribute",
            'Group has no attribute "userName"', id="attribute-of-a-user",
        ),
        pytest.param(
            "externalId", "members", "unreadable-attribute", "groups.members", id="members",
        ),
        pytest.param("[name]", "[nam]", "match-unmapped", '"nam"', id="match-unmapped"),
        pytest.param("  object: teams\n", "", "missing-key", '"object"', id="missing-object"),
        pytest.param("member: person_id", "", "missing-key", '"member"', id="missing-member"),
        pytest.param(
            "  key: id", "  key: id\n  operations: { deactivate: { set: { a: 1 } } }",
            "unknown-key", '"deactivate"', id="no-deactivation",
        ),
        pytest.param(
            "  key: id", "  key: id\n  operations: { delete: deactivate }",
            "bad-value", '"delete"', id="no-deactivation-for-delete",
        ),
        pytest.param(
            "  key: id", "  key: id\n  patch_response: 202",
            "bad-value", "200 or 204", id="patch-response",
        ),
        pytest.param(
            "name: displayName", "name: [displayName]", "wrong-type",
            "a SCIM path or a mapping", id="wrong-type",
        ),
        pytest.param(
            "name: displayName", "name: displayName, Name: externalId", "duplicate-field",
            '"Name"', id="duplicate-field",
        ),
    ],
)  # fmt: skip
def test_findings_about_groups(old: str, new: str, code: str, words: str) -> None:
    text = mapping_text(more=(GROUPS + MEMBERS).replace(old, new, 1))
    (found,) = findings(text)
    assert found.code == code
    assert words in found.message
    assert found.span is not None
    assert found.span.line > mapping_text().count("\n")


def test_group_table_is_compared_with_the_rules() -> None:
    made = with_groups()
    fields = [TargetField("id", nullable=False), TargetField("name", unique=True, nullable=False)]
    found = check_target(made, {each.name: each for each in fields}, made.groups)
    assert [(each.code, each.message) for each in found] == [
        ("missing-field", 'teams has no field "ref"')
    ]


def test_membership_table_is_compared_with_the_mapping() -> None:
    fields = [TargetField("team_id"), TargetField("persn_id"), TargetField("at", nullable=False)]
    found = check_members(with_groups(), {each.name: each for each in fields})
    assert [each.message for each in found] == [
        'team_people wants a value for "at", and a membership has none',
        'team_people has no field "person_id"',
    ]
    assert all(each.span and each.span.line == 15 for each in found)


def test_without_a_membership_table_nothing_is_compared() -> None:
    assert check_members(with_groups(""), {}) == []


def test_groups_alone_do_not_replace_users() -> None:
    assert codes("integration: x\ntarget: { connector: memory }\n" + GROUPS) == ["missing-key"]
