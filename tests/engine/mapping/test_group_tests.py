"""Tests of a mapping file that are about groups, and about answers."""

from __future__ import annotations

import pytest

from scimweave.mapping.tests import run_tests
from small_mapping import codes, mapping_text, program

GROUPS = (
    "groups: { object: teams, key: id, match: [name], attributes: { name: displayName, "
    "code: { from: externalId, max_length: 3 } } }\n"
)
ENGINES = "group: { displayName: Engines, members: [{ value: ada, display: Ada }, { value: eve }] }"


def differences(test: str) -> list[str]:
    made = program("title: title", more=GROUPS + f"tests: [{{ name: t, {test} }}]\n")
    (result,) = run_tests(made)
    return list(map(str, result.differences))


def _patch(*operations: str) -> str:
    return f"{ENGINES}, patch: [{', '.join(f'{{ {each} }}' for each in operations)}], "


@pytest.mark.parametrize(
    "test",
    [
        f"{ENGINES}, operation: create, target: {{ name: Engines }}, members: [eve, ada]",
        _patch("op: add, path: members, value: [{ value: kim }]")
        + "operation: members, members: [ada, eve, kim]",
        _patch("op: add, path: members, value: [{ value: ada }]") + "operation: none",
        _patch("op: remove, path: members, value: [{ value: ada }]") + "members: [eve]",
        _patch("""op: remove, path: 'members[value eq "ada"]'""") + "members: [eve]",
        _patch("""op: remove, path: 'members[display co "d"]'""") + "members: [eve]",
        _patch("op: remove, path: members") + "members: [], operation: members",
        _patch("op: replace, path: members, value: []") + "members: []",
        _patch("op: replace, path: members, value: [{ value: kim }]") + "members: [kim]",
        _patch("op: replace, value: { displayName: X, members: [{ value: kim }] }")
        + "operation: update, target: { name: X }, members: [kim]",
        _patch("op: replace, path: externalId, value: g1") + "target: { code: g1 }",
        f"{ENGINES}, put: {{ displayName: Engines }}, operation: members, members: []",
        f"{ENGINES}, put: {{ displayName: X, members: [{{ value: ada }}] }}, members: [ada], "
        "target: { name: X }, reply: { status: 200 }",
        f"{ENGINES}, delete: true, operation: delete, members: [], reply: {{ status: 204 }}",
        "group: { externalId: x }, error: displayName",
        "group: { displayName: X, externalId: long }, error: at most 3",
        "group: { displayName: X, externalId: long }, reply: { status: 400, "
        "body: { scimType: invalidValue } }",
        f"{ENGINES}, reply: {{ status: 201, body: {{ members: [{{ value: ada }}, "
        "{ value: eve }] } }",
    ],
)
def test_group_does_as_expected(test: str) -> None:
    assert differences(test) == []


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (f"{ENGINES}, members: [ada]", ['members: expected ["ada"], got ["ada", "eve"]']),
        (f"{ENGINES}, operation: update", ["operation: expected update, got create"]),
        (f"{ENGINES}, target: {{ name: X }}", ['name: expected "X", got "Engines"']),
        (f"{ENGINES}, absent: [name]", ['name: expected nothing, got "Engines"']),
    ],
)
def test_group_does_otherwise(test: str, expected: list[str]) -> None:
    assert differences(test) == expected


ADA = "user: { userName: ada, title: Analyst }"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (f"{ADA}, reply: {{ status: 201, body: {{ title: Analyst, active: true }} }}", []),
        (f"{ADA}, reply: {{ body: {{ nickName: null }} }}", []),
        (f"{ADA}, reply: {{ status: 200 }}", ["reply status: expected 200, got 201"]),
        (f"{ADA}, reply: {{ body: {{ title: x }} }}", ['reply title: expected "x", got "Analyst"']),
        (f"{ADA}, reply: {{ body: {{ active: 1 }} }}", ["reply active: expected 1, got true"]),
        (f"{ADA}, reply: {{ body: {{ id: x }} }}", ['reply id: expected "x", got nothing']),
        (f"{ADA}, put: {{ userName: eve }}, reply: {{ body: {{ title: null }} }}", []),
        (f"{ADA}, delete: true, reply: {{ status: 204 }}", []),
        (
            f"{ADA}, patch: [{{ op: replace, path: title, value: B }}], "
            "reply: { status: 200, body: { title: B } }",
            [],
        ),
        (
            f"{ADA}, patch: [{{ op: jump }}], reply: {{ status: 400, "
            "body: { status: '400', scimType: invalidSyntax } }",
            [],
        ),
        (
            "user: { title: x }, reply: { status: 409 }",
            ["reply status: expected 409, got 400"],
        ),
        (f"{ADA}, error: x, reply: {{ status: 201 }}", ['error: expected "x", got none']),
        (
            "user: { title: x }, reply: { body: { detail: y } }",
            [
                'reply detail: expected "y", got "userName is missing: a User needs one that is '
                'not empty"',
                "error: expected none, got userName is missing: a User needs one that is not empty",
            ],
        ),
    ],
)
def test_answer_to_a_user(test: str, expected: list[str]) -> None:
    assert differences(test) == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("operation: none", ["missing-key"]),
        ("user: { userName: a }, group: { displayName: b }, operation: none", ["conflicting-keys"]),
        ("group: { displayName: b }, operation: create", ["missing-key"]),
        ("user: { userName: a }, members: [b]", ["conflicting-keys"]),
        ("user: { userName: a }, reply: { status: 2000 }", ["bad-value"]),
        ("user: { userName: a }, reply: { code: 200 }", ["unknown-key"]),
    ],
)
def test_test_that_means_nothing(test: str, expected: list[str]) -> None:
    assert codes(mapping_text(more=f"tests: [{{ name: t, {test} }}]\n")) == expected


def test_target_of_a_group_has_fields_of_groups() -> None:
    text = "tests: [{ name: t, group: { displayName: b }, target: { email: b } }]\n"
    assert codes(mapping_text(more=GROUPS + text)) == ["unknown-field"]
