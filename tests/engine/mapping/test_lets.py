"""Named expressions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping import Program
from scimweave.mapping.coverage import run_with_coverage
from scimweave.mapping.explain import explain
from scimweave.mapping.expression.compiled import ExpressionError, compile_expression
from scimweave.mapping.expression.fault import EvaluationError
from small_mapping import codes, findings, mapping_text, program, resource

ADA = {"name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "Analyst"}
FULL = """let:
  full: "join(' ', [name.givenName, name.familyName])"
  shout: "upper($full)"
"""


def value(expression: str, let: str = FULL, **attributes: Any) -> Any:
    mapping = program(f"x: {{ expr: {expression} }}", more=let)
    projection = mapping.users.project(resource(mapping, **(attributes or ADA)))
    assert not projection.faults
    return projection.values["x"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$shout", "ADA LOVELACE"),
        ("\"join(': ', [title, $shout])\"", "Analyst: ADA LOVELACE"),
        ('"name.{given: givenName, full: $full}"', {"given": "Ada", "full": "Ada Lovelace"}),
        ('"$full | upper(@)"', "ADA LOVELACE"),
        ('"title || $full"', "Analyst"),
        ('"[$full, $shout][1]"', "ADA LOVELACE"),
    ],
)
def test_named_expression_is_about_the_user(expression: str, expected: Any) -> None:
    assert value(expression) == expected


def test_named_expression_keeps_its_meaning_for_each_element() -> None:
    emails = [{"value": "a", "type": "work"}, {"value": "b", "type": "other"}]
    let = "let: { wanted: title }\n"
    expression = '"emails[?type == $wanted].value"'
    assert value(expression, let, title="other", emails=emails) == ["b"]


def test_default_may_read_one() -> None:
    mapping = program("x: { from: nickName, default: { expr: $full } }", more=FULL)
    assert mapping.users.project(resource(mapping, **ADA)).values["x"] == "Ada Lovelace"


def test_what_it_reads_counts_as_read_by_the_rule() -> None:
    mapping = program("x: { expr: $shout }", more=FULL)
    field = mapping.users.field("x")
    assert field is not None
    assert sorted(map(str, field.sources)) == ["name.familyName", "name.givenName"]
    assert field.source_text == "name.familyName, name.givenName"


def test_field_is_secret_that_reads_a_secret_by_name() -> None:
    mapping = program("x: { expr: $secret }", more="let: { secret: upper(password) }\n")
    field = mapping.users.field("x")
    assert field is not None
    assert field.sensitive
    assert field.secrets
    whole = program("x: { expr: $all }", more="let: { all: '@' }\n")
    made = whole.users.project(resource(whole, title="Analyst", password="t1meMa$heen"))
    assert "t1meMa$heen" not in str(made)


def test_error_names_the_expression_and_no_secret() -> None:
    mapping = program(
        "x: { expr: $size }",
        "y: { expr: $size, sensitive: true }",
        more="let: { size: length(title) }\n",
    )
    x, y = mapping.users.project(resource(mapping)).faults
    assert x.reason.startswith("$size: argument 1 of length()")
    assert y.reason == "the expression has no result"


def test_it_is_computed_once_for_a_projection() -> None:
    rules = [f"{name}: {{ expr: $id, apply: on_create }}" for name in "xy"]
    mapping = program(*rules, more="let: { id: guid() }\n")
    first, second = (mapping.users.project(resource(mapping)).values for _ in range(2))
    assert first["x"] == first["y"]
    assert second["x"] == second["y"]
    assert first["x"] != second["x"]


names = st.sampled_from([None, "", "Ada", "x"])


@settings(max_examples=100, deadline=None)
@given(names, names)
def test_named_or_written_out_is_the_same(given_name: str | None, title: str | None) -> None:
    attributes = {"name": {"givenName": given_name}, "title": title}
    text = "coalesce(title, name.givenName, 'none')"
    mapping = program(
        f'x: {{ expr: "{text}" }}', "y: { expr: $x }", more=f'let: {{ x: "{text}" }}\n'
    )
    values = mapping.users.project(resource(mapping, **attributes)).values
    assert values["x"] == values["y"]


@pytest.mark.parametrize(
    ("let", "code"),
    [
        pytest.param("let: { x: $x }\n", "circular-let", id="itself"),
        pytest.param("let: { x: $y, y: '[$z]', z: lower($x) }\n", "circular-let", id="circle"),
        pytest.param("let: { x: titel }\n", "unknown-attribute", id="attribute"),
        pytest.param("let: { x: lowr(title) }\n", "unknown-function", id="function"),
        pytest.param("let: { x: 'lower(' }\n", "bad-expression", id="syntax"),
        pytest.param("let: { x: 7 }\n", "wrong-type", id="number"),
        pytest.param("let: { x: lower($y), y: 7 }\n", "wrong-type", id="number-below"),
        pytest.param("let: { x: title, a-b: title }\n", "bad-value", id="name"),
    ],
)
def test_fault_is_told_once_where_it_stands(let: str, code: str) -> None:
    found = findings(mapping_text("x: { expr: $x }", "y: { expr: lower($x) }", more=let))
    assert [each.code for each in found] == [code]
    assert found[0].span is not None
    assert found[0].span.text.startswith("let:")


def test_chain_of_names_is_bounded() -> None:
    lines = "".join(f"  a{n}: $a{n + 1}\n" for n in range(40))
    more = f"let:\n{lines}  a40: title\n"
    assert set(codes(mapping_text("x: { expr: $a0 }", more=more))) == {"circular-let"}


@pytest.mark.parametrize("last", ["title", "$a0"])
@pytest.mark.parametrize("length", [30, 3000])
def test_long_chain_and_long_circle_are_refused(length: int, last: str) -> None:
    lines = "".join(f"  a{n}: $a{n + 1}\n" for n in range(length))
    more = f"let:\n{lines}  a{length}: {last}\n"
    assert set(codes(mapping_text("x: { expr: $a0 }", more=more))) == {"circular-let"}


def test_growth_goes_through_names() -> None:
    lines = "".join(f"  a{n}: '[$a{n + 1}, $a{n + 1}]'\n" for n in range(12))
    more = f"let:\n{lines}  a12: '@'\n"
    assert "bad-expression" in codes(mapping_text("x: { expr: $a0 }", more=more))


def test_large_value_is_not_read_for_each_element() -> None:
    mapping = program(
        "x: { expr: 'emails[?contains($kinds, type)].value' }",
        more="let: { kinds: 'emails[*].type' }\n",
    )
    few = resource(mapping, emails=[{"value": "a", "type": "work"}])
    assert mapping.users.project(few).values["x"] == ["a"]
    many = resource(mapping, emails=[{"value": str(n), "type": "work"} for n in range(100)])
    assert "too many" in mapping.users.project(many).faults[0].reason


def test_users_and_groups_read_their_own() -> None:
    groups = (
        "groups:\n  object: teams\n  key: id\n  match: [name]\n"
        "  attributes: { name: { expr: $name }, code: externalId }\n"
    )
    mapping = program(
        "x: { expr: $person }", more="let: { name: displayName, person: userName }\n" + groups
    )
    assert mapping.groups is not None
    assert set(mapping.groups.vocabulary.lets) == {"name"}
    assert set(mapping.users.vocabulary.lets) == {"person"}


def test_change_of_a_named_expression_is_another_revision() -> None:
    one, other = (
        program("x: { expr: $a }", more=f"let: {{ a: {path} }}\n") for path in ("title", "nickName")
    )
    assert one.revision != other.revision


def test_null_is_not_forgotten_in_one() -> None:
    found = findings(mapping_text("x: { expr: $a }", more="let: { a: length(title) }\n"))
    assert [each.code for each in found] == ["null-ignored"]


def _explained(mapping: Program) -> Any:
    found = explain(mapping, resource(mapping, **ADA))
    return next(each.trace.expression for each in found if each.field == "x")


def test_explain_shows_it_as_a_step() -> None:
    piece = _explained(program("x: { expr: lower($shout) }", more=FULL))
    (shout,) = piece.children
    assert (piece.text, piece.value) == ("lower($shout)", "ada lovelace")
    assert [(each.text, each.value) for each in [shout, *shout.children]] == [
        ("$shout", "ADA LOVELACE"),
        ("upper($full)", "ADA LOVELACE"),
    ]


def test_switch_in_one_is_a_branch_of_the_rule() -> None:
    more = (
        "let: { kind: \"switch(title, 'x', 'a', 'A')\" }\n"
        "tests: [{ name: t, user: { userName: u, title: a }, target: { x: A } }]\n"
    )
    _, coverage = run_with_coverage(program("x: { expr: $kind }", more=more))
    covered = next(each for each in coverage.fields if each.field == "x")
    assert [each.rpartition(" ")[2] for each in covered.taken] == ["'a'"]
    assert [each.rpartition(" ")[2] for each in covered.missed] == ["default"]


@pytest.mark.parametrize("text", ["$", "a.$b", "{$a: b}", "$a(b)", "$none", "$a.$b"])
def test_misplaced_name_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)


def test_quoted_field_is_none() -> None:
    assert compile_expression('manager."$ref"')({"manager": {"$ref": 7}}) == 7


def test_error_is_one_of_evaluation() -> None:
    with pytest.raises(EvaluationError):
        compile_expression("length(a)")({})
