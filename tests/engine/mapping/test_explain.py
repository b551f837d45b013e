from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping import Program, to_json
from scimweave.mapping.explain import Explanation, explain, follow, rules_of
from scimweave.mapping.expression.compiled import compile_expression
from scimweave.mapping.expression.explained import Piece, explain_expression
from scimweave.mapping.functions.registry import REGISTRY
from scimweave.mapping.functions.spec import Example
from scimweave.mapping.project import KEEP, FieldError
from small_mapping import program, resource

DEACTIVATE = "  operations: { deactivate: { set: { is_active: false, left: true } } }\n"
LINES = (
    "title: { from: [title, nickName], default: none }",
    "kept: { from: nickName, absent: keep }",
    "always: { const: 7 }",
    "needed: { from: title, required: true }",
    "site: { from: locale, values: { sv: Malmö, de: ~, '*': Oslo } }",
    "strict: { from: locale, values: { sv: 1, de: 2 } }",
    "full: { from: name.formatted, default: { expr: \"join(' ', [name.givenName, title])\" } }",
    "code: { expr: \"switch(title, 'x', 'a', 'A', '', 'none')\", max_length: 3 }",
    "length: { expr: 'length(nickName)' }",
    """work: 'emails[type eq "work"].value'""",
    "cleared: { from: nickName, default: '' }",
    "bare: { from: nickName, required: true, default: { expr: title } }",
)
MAPPING = program(*LINES, users=DEACTIVATE)


def explained(field: str, mapping: Program = MAPPING, **attributes: Any) -> Explanation:
    found = explain(mapping, resource(mapping, **attributes))
    return next(each for each in found if each.field == field)


words = st.sampled_from(["", "a", "b", "sv", "de", "long word"])
people = st.fixed_dictionaries(
    {},
    optional={
        "title": words,
        "nickName": words,
        "locale": words,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({}, optional={"givenName": words, "formatted": words}),
        "emails": st.lists(
            st.fixed_dictionaries({"value": words, "type": st.sampled_from(["work", "home"])}),
            max_size=2,
        ),
    },
)


@settings(max_examples=300, deadline=None)
@given(people)
def test_following_a_rule_comes_to_what_the_program_makes(attributes: dict[str, Any]) -> None:
    person = {"active": True, **resource(MAPPING, **attributes)}
    rules = rules_of(MAPPING)
    for field in MAPPING.users.fields:
        trace = follow(rules[field.name], field, person)
        try:
            expected = field.read(person)
        except FieldError:
            assert trace.error is not None
            continue
        assert trace.error is None
        raw = trace.raw
        assert (raw if raw is KEEP or raw is None else field.fit(raw)) == expected


@pytest.mark.parametrize(
    ("field", "attributes", "taken", "value"),
    [
        ("title", {"title": "Analyst"}, "source", "Analyst"),
        ("title", {}, "default", "none"),
        ("kept", {}, "kept", None),
        ("always", {}, "const", 7),
        ("needed", {}, "required", None),
        ("site", {"locale": "sv"}, "row", "Malmö"),
        ("is_active", {"active": False}, "deactivated", False),
        ("left", {"active": False}, "deactivated", True),
        ("work", {}, "cleared", None),
    ],
)
def test_what_decided_a_value(
    field: str, attributes: dict[str, Any], taken: str, value: Any
) -> None:
    found = explained(field, **attributes)
    assert (found.trace.taken, found.value) == (taken, value)


def test_every_source_is_shown_and_the_first_present_is_taken() -> None:
    sources = explained("title", nickName="Ada").trace.sources
    assert [(each.path, each.value, each.taken) for each in sources] == [
        ("title", None, False),
        ("nickName", "Ada", True),
    ]


def test_rule_is_shown_with_its_line() -> None:
    found = explained("full")
    assert (found.span.file, found.span.line) == ("small.yaml", 16)
    assert found.rule.startswith("full: { from: name.formatted")


def test_fault_and_kept_field_are_told_apart() -> None:
    assert explained("needed").error == "is required"
    assert explained("kept").is_kept
    assert not explained("needed").is_kept


def test_values_are_in_json_form() -> None:
    mapping = program("hired: { from: title, type: date }")
    assert explained("hired", mapping, title="2024-02-29").value == "2024-02-29"
    assert to_json(None) is None


def test_each_piece_of_an_expression_has_its_value() -> None:
    text = "join(' ', [enterprise.department, lower(title)])"
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    document = {urn: {"department": "Engines"}, "title": "ANALYST"}
    whole = explain_expression(text, document, roots={"enterprise": urn})
    assert shown(whole) == [
        (text, "Engines analyst"),
        ("[enterprise.department, lower(title)]", ["Engines", "analyst"]),
        ("enterprise.department", "Engines"),
        ("lower(title)", "analyst"),
        ("title", "ANALYST"),
    ]


def test_piece_that_fails_says_why() -> None:
    whole = explain_expression("upper(length(title))", {})
    assert whole.error == "argument 1 of length(), value, takes string|array|object, got null"
    (inner,) = whole.children
    assert inner.text == "upper(length(title))"


@pytest.mark.parametrize(
    ("title", "arm"), [("a", "'a'"), ("", "''"), (None, "''"), ("z", "default")]
)
def test_switch_says_which_arm_was_chosen(title: str | None, arm: str) -> None:
    whole = explain_expression("switch(title, 'x', 'a', 'A', '', 'none')", {"title": title})
    assert whole.arm == arm


def shown(piece: Piece) -> list[tuple[str, Any]]:
    return [(piece.text, piece.value), *(each for c in piece.children for each in shown(c))]


@pytest.mark.parametrize(
    "example",
    [each for function in REGISTRY.values() for each in function.examples],
    ids=lambda each: each.expression,
)
def test_explaining_a_function_gives_what_the_documentation_says(example: Example) -> None:
    whole = explain_expression(example.expression, example.document)
    assert whole.error is None
    assert whole.value == example.result
    assert compile_expression(example.expression)(example.document) == whole.value


def test_group_is_explained_by_the_rules_for_groups() -> None:
    mapping = program(
        more="groups:\n  object: teams\n  key: id\n  match: [name]\n  attributes:\n"
        "    name: displayName\n"
        "    code: { from: [externalId, displayName], max_length: 3 }\n"
    )
    name, code = explain(mapping, {"displayName": "Crew"}, mapping.groups)
    assert (name.value, name.span.line) == ("Crew", 15)
    assert [each.taken for each in code.trace.sources] == [False, True]
    assert code.error is not None


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("x: password", "kept"),
        ("x: { from: password, required: true }", "kept"),
        ("x: { from: [password, title], default: none }", "kept"),
        ("x: title", "source"),
    ],
)
def test_field_of_a_password_is_left_alone_without_one(line: str, taken: str) -> None:
    found = explained("x", program(line), title="Poet")
    assert (found.trace.taken, found.is_kept) == (taken, taken == "kept")


def test_expression_over_everything_does_not_see_the_password() -> None:
    found = explained("x", program("x: { expr: to_string(@) }"), password="hunter2")
    assert '"userName":"ada"' in str(found)
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("lines", "users", "rule"),
    [
        (("x: { const: t0p, sensitive: true }",), "", "x: const"),
        (("x: { from: title, sensitive: true, default: t0p }",), "", "x: title"),
        (("x:\n      from: title\n      sensitive: true\n      default: t0p",), "", "x: title"),
        (
            ("x: { from: title, sensitive: true }",),
            "  operations: { deactivate: { set: { is_active: false, x: t0p } } }\n",
            "x",
        ),
    ],
)
def test_rule_does_not_show_the_literals_of_a_sensitive_field(
    lines: tuple[str, ...], users: str, rule: str
) -> None:
    mapping = program(*lines, "y: title", users=users)
    found = explain(mapping, resource(mapping, active=False))
    assert rule in [each.rule for each in found]
    assert "y: title" in [each.rule for each in found]
    assert all("t0p" not in each.rule for each in found)
