from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping import FieldFault, to_json
from scimweave.mapping.rules.convert import CONVERTERS, Unfit
from scimweave.scim.schema import ENTERPRISE_USER
from small_mapping import program, resource

ADA = {
    "title": "Analyst",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "work", "value": "a@work"}, {"type": "home", "value": "a@home"}],
    ENTERPRISE_USER: {"department": "Engines"},
}
ABSENT = object()


def projected(line: str, **attributes: Any) -> Any:
    """Return the value of field ``x``; ``ABSENT`` where it is left as it is."""
    made = program(line)
    projection = made.users.project(resource(made, **attributes))
    assert projection.faults == ()
    return projection.values.get("x", ABSENT)


def refused(line: str, **attributes: Any) -> FieldFault:
    made = program(line)
    projection = made.users.project(resource(made, **attributes))
    (fault,) = projection.faults
    assert "x" not in projection.values
    return fault


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("x: title", "Analyst", id="path"),
        pytest.param("x: name.givenName", "Ada", id="sub-attribute"),
        pytest.param("x: enterprise.department", "Engines", id="extension"),
        pytest.param("""x: 'emails[type eq "home"].value'""", "a@home", id="filter"),
        pytest.param("x: emails.value", ["a@work", "a@home"], id="all-values"),
        pytest.param("x: { from: [nickName, title] }", "Analyst", id="first-present"),
        pytest.param("""x: { expr: "join(' ', [title, name.givenName])" }""", "Analyst Ada"),
        pytest.param("""x: { expr: "enterprise.department" }""", "Engines", id="expr-alias"),
        pytest.param("x: { const: fixed }", "fixed", id="constant"),
        pytest.param("x: { const: '' }", "", id="empty-constant"),
        pytest.param("x: { const: null }", None, id="null"),
        pytest.param("x: { const: '7', type: integer }", 7, id="constant-of-a-type"),
        pytest.param("x: { from: title, values: { Analyst: A1 } }", "A1", id="table"),
        pytest.param("x: { from: title, values: { '*': other } }", "other", id="rest-of-table"),
        pytest.param("x: { from: title, values: { Analyst: ~ } }", None, id="table-to-null"),
        pytest.param("x: { from: active, values: { true: Y, false: N } }", "Y", id="table-boolean"),
        pytest.param("x: { from: title, values: { Analyst: '7' }, type: integer }", 7),
        pytest.param("x: { from: title, default: none }", "Analyst", id="default-unused"),
        pytest.param("x: { from: active, type: string }", "true", id="boolean-as-text"),
    ],
)
def test_value_comes_from_its_source(line: str, expected: Any) -> None:
    value = projected(line, **ADA)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("x: title", None, id="cleared"),
        pytest.param("x: { from: title, absent: keep }", ABSENT, id="kept"),
        pytest.param("x: { from: title, default: none }", "none", id="default"),
        pytest.param("x: { from: title, default: none, required: true }", "none", id="required"),
        pytest.param("""x: { from: title, default: { expr: "userName" } }""", "ada", id="expr"),
        pytest.param("""x: { from: title, default: { expr: "nickName" } }""", None, id="twice"),
        pytest.param(
            """x: { from: title, absent: keep, default: { expr: "nickName" } }""",
            ABSENT,
            id="keep2",
        ),
        pytest.param("x: { from: title, values: { '*': other } }", None, id="not-looked-up"),
        pytest.param("x: { from: title, values: { a: 1 }, default: 0 }", 0, id="default-of-table"),
        pytest.param("""x: { expr: "join('', [title])" }""", None, id="empty-text-is-absent"),
        pytest.param("x: active", True, id="Q66-active-unless-said"),
        pytest.param("""x: { expr: "active" }""", True, id="Q66-in-expressions"),
    ],
)
def test_absent_source(line: str, expected: Any) -> None:
    assert projected(line) == expected


@pytest.mark.parametrize(
    ("line", "source", "reason"),
    [
        pytest.param("x: { from: nickName, required: true }", "nickName", "is required"),
        pytest.param(
            "x: { from: enterprise.division, required: true }", "enterprise.division", "is required"
        ),
        pytest.param(
            "x: { from: title, type: integer }", "title", '"Analyst" is not a whole number'
        ),
        pytest.param(
            "x: { from: title, max_length: 3 }",
            "title",
            '"Analyst" is 7 characters long, at most 3 are taken',
        ),
        pytest.param(
            "x: { from: title, values: { Boss: 1, Clerk: 2 } }",
            "title",
            '"Analyst" is not in the table; known are "Boss", "Clerk"',
        ),
        pytest.param(
            "x: { from: title, values: { Analyst: ~ }, required: true }",
            "title",
            '"Analyst" stands for nothing, and the field is required',
        ),
        pytest.param(
            "x: { from: title, type: date, sensitive: true }",
            "title",
            "the value is not a date such as 2024-02-29",
        ),
        pytest.param(
            """x: { expr: "title", type: boolean }""", "title", '"Analyst" is not true or false'
        ),
        pytest.param(
            """x: { from: nickName, default: { expr: "title" }, max_length: 2 }""",
            "nickName",
            '"Analyst" is 7 characters long, at most 2 are taken',
            id="default-expression",
        ),
    ],
)
def test_fault_names_attribute_and_reason(line: str, source: str, reason: str) -> None:
    assert refused(line, **ADA) == FieldFault("x", source, reason)


def test_value_in_a_fault_is_cut() -> None:
    reason = refused("x: { from: title, type: integer }", title="y" * 500).reason
    assert len(reason) < 100


@pytest.mark.parametrize(
    "rule",
    [
        "from: title, type: integer",
        "from: title, max_length: 3",
        "from: title, values: { a: b }",
        'expr: "c_bool(title)"',
    ],
)
def test_fault_of_a_sensitive_field_holds_no_value(rule: str) -> None:
    reason = refused(f"x: {{ {rule}, sensitive: true }}", title="geheim-4711").reason
    assert "geheim" not in reason


def test_faults_of_several_fields_come_together() -> None:
    made = program("x: { from: title, required: true }", "y: { from: nickName, required: true }")
    projection = made.users.project(resource(made))
    assert [fault.field for fault in projection.faults] == ["x", "y"]
    assert projection.values == {"email": "ada", "is_active": True}


def test_length_counts_characters() -> None:
    assert projected("x: { from: title, max_length: 2 }", title="中文") == "中文"


LEAVER = "  operations: { deactivate: { set: { is_active: false, x: gone, left: 1 } } }\n"


def test_leaver_gets_what_deactivation_sets() -> None:
    made = program("x: title", users=LEAVER + "  unmapped: drop\n")
    active = made.users.project(resource(made, title="Analyst", active=True))
    left = made.users.project(resource(made, title="Analyst", active=False))
    assert active.values == {"email": "ada", "is_active": True, "x": "Analyst"}
    assert left.values == {"email": "ada", "is_active": False, "x": "gone", "left": 1}


def test_fault_of_a_field_that_deactivation_sets_vanishes() -> None:
    made = program("x: { from: title, required: true }", "y: { from: title, required: true }")
    set_ = program(
        "x: { from: title, required: true }", "y: { from: title, required: true }", users=LEAVER
    )
    left = {"userName": "ada", "active": False}
    assert [fault.field for fault in made.users.project(left).faults] == ["x", "y"]
    assert [fault.field for fault in set_.users.project(left).faults] == ["y"]


def test_fields_come_in_the_order_of_the_file() -> None:
    made = program("z: title", "a: nickName")
    assert list(made.users.project(resource(made)).values) == ["email", "is_active", "z", "a"]


@given(
    st.fixed_dictionaries(
        {"userName": st.text(min_size=1)},
        optional={
            "title": st.text(),
            "active": st.booleans(),
            "name": st.dictionaries(st.sampled_from(["givenName", "familyName"]), st.text()),
        },
    )
)
def test_projection_is_a_pure_function(user: dict[str, Any]) -> None:
    before = copy.deepcopy(user)
    first, second = PURE.users.project(user), PURE.users.project(user)
    assert (first, user) == (second, before)


PURE = program(
    "x: title",
    """y: { expr: "join(' ', [name.givenName, name.familyName])", default: nobody }""",
    "z: { from: title, type: integer }",
    users="  operations: { deactivate: { set: { is_active: false } } }\n",
)

UUID_TEXT = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"


@pytest.mark.parametrize(
    ("type_name", "value", "expected"),
    [
        ("string", "x", "x"),
        ("string", 4, "4"),
        ("string", 4.5, "4.5"),
        ("string", True, "true"),
        ("integer", 42, 42),
        ("integer", "42", 42),
        ("integer", "-007", -7),
        ("integer", 4.0, 4),
        ("decimal", "4.50", Decimal("4.50")),
        ("decimal", 0.1, Decimal("0.1")),
        ("decimal", 7, Decimal(7)),
        ("boolean", True, True),
        ("boolean", "TRUE", True),
        ("boolean", "False", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("datetime", "2024-02-29T12:00:00+02:00", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("datetime", "2024-02-29t12:00:00.5000000z", datetime(2024, 2, 29, 12, 0, 0, 500000, UTC)),
        ("uuid", UUID_TEXT, UUID(UUID_TEXT)),
        ("uuid", UUID_TEXT.upper().replace("-", ""), UUID(UUID_TEXT)),
        ("json", {"a": [1, None]}, {"a": [1, None]}),
    ],
)
def test_conversion_loses_nothing(type_name: str, value: Any, expected: Any) -> None:
    converted = CONVERTERS[type_name](value)
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("string", ["x"]),
        ("string", {"a": 1}),
        ("integer", "4.5"),
        ("integer", 4.5),
        ("integer", float("inf")),
        ("integer", True),
        ("integer", " 4"),
        ("integer", "٤"),
        ("integer", "9" * 5000),
        ("decimal", "x"),
        ("decimal", "NaN"),
        ("decimal", float("nan")),
        ("decimal", True),
        ("boolean", "yes"),
        ("boolean", 1),
        ("date", "2023-02-29"),
        ("date", "2024-02-29T00:00:00Z"),
        ("date", "20240229"),
        ("date", 20240229),
        ("datetime", "2024-02-29"),
        ("datetime", "2024-02-29T12:00:00"),
        ("datetime", "2024-02-30T12:00:00Z"),
        ("datetime", "0001-01-01T00:00:00+14:00"),
        ("datetime", "2024-02-29T12:00:00.1234567Z"),
        ("uuid", "not-a-uuid"),
        ("uuid", 5),
    ],
)
def test_conversion_refuses_what_does_not_fit(type_name: str, value: Any) -> None:
    with pytest.raises(Unfit):
        CONVERTERS[type_name](value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("x", "x"),
        (True, True),
        (4.5, 4.5),
        (Decimal("4.50"), "4.5"),
        (Decimal("400"), 400),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12:00:00.000000Z"),
        (UUID(UUID_TEXT), UUID_TEXT),
        ({"a": [1]}, {"a": [1]}),
    ],
)
def test_json_form_of_a_target_value(value: Any, expected: Any) -> None:
    assert to_json(value) == expected
