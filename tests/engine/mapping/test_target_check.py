from __future__ import annotations

import pytest

from scimweave.mapping import Program, check_target
from small_mapping import program
from target_fields import TargetField

TITLE = "title: { from: title, max_length: 20 }"


def codes(made: Program, *fields: TargetField) -> list[str]:
    known = {
        each.name: each
        for each in (
            TargetField("id", nullable=False),
            TargetField("email", nullable=False, unique=True),
            TargetField("is_active", type="boolean", nullable=False),
            TargetField("title"),
            *fields,
        )
    }
    return [each.code for each in check_target(made, known)]


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        pytest.param(TITLE, TargetField("title", max_length=20), [], id="as-long"),
        pytest.param(TITLE, TargetField("title", max_length=19), ["too-short"], id="shorter"),
        pytest.param("title: title", TargetField("title", max_length=5), ["length-unchecked"]),
        pytest.param(
            "title: { from: title, values: { a: abcde } }", TargetField("title", max_length=5), []
        ),
        pytest.param(
            "title: { from: title, values: { a: abcdef } }",
            TargetField("title", max_length=5),
            ["too-short"],
        ),
        pytest.param("title: { const: abcdef }", TargetField("title", max_length=5), ["too-short"]),
        pytest.param("title: { const: abcde }", TargetField("title", max_length=5), []),
        pytest.param(
            "title: { from: title, max_length: 5, default: abcde }",
            TargetField("title", max_length=5),
            [],
        ),
        pytest.param("title: emails", TargetField("title", max_length=5), []),
        pytest.param(TITLE, TargetField("title", nullable=False), ["null-possible"], id="null"),
        pytest.param(
            "title: { from: title, default: none }", TargetField("title", nullable=False), []
        ),
        pytest.param(
            "title: { from: title, required: true }", TargetField("title", nullable=False), []
        ),
        pytest.param(
            "title: { from: title, absent: keep }", TargetField("title", nullable=False), []
        ),
        pytest.param("title: { const: x }", TargetField("title", nullable=False), []),
        pytest.param(TITLE, TargetField("more", nullable=False), ["not-null-without-value"]),
        pytest.param(TITLE, TargetField("more", nullable=False, has_default=True), []),
        pytest.param("titel: title", TargetField("title"), ["missing-field"], id="missing"),
        pytest.param(TITLE, TargetField("email"), ["no-unique-match"], id="not-unique"),
    ],
)
def test_mapping_against_a_target(line: str, field: TargetField, expected: list[str]) -> None:
    assert codes(program(line), field) == expected


@pytest.mark.parametrize(
    ("line", "wanted", "fits"),
    [
        ("x: title", "string", True),
        ("x: title", "any", True),
        ("x: title", "datetime", False),
        ("x: { from: title, type: datetime }", "datetime", True),
        ("x: title", "integer", False),
        ("x: { from: title, type: integer }", "integer", True),
        ("x: { from: title, type: integer }", "decimal", True),
        ("x: { from: title, type: date }", "datetime", False),
        ("x: { from: title, type: uuid }", "string", True),
        ("x: active", "string", False),
        ("x: active", "boolean", True),
        ("x: active", "integer", True),
        ("x: active", "decimal", False),
        ('x: { from: active, values: { "true": "Y", "false": "N" } }', "string", True),
        ("x: emails", "json", True),
        ("x: emails", "string", True),
        ("x: emails", "integer", False),
        ("x: { expr: length(userName) }", "integer", True),
    ],
)
def test_type_of_a_field_against_that_of_the_target(line: str, wanted: str, fits: bool) -> None:
    found = codes(program(line), TargetField("x", type=wanted))
    assert found == ([] if fits else ["unfit-type"])


def test_fields_that_operations_set_are_looked_for() -> None:
    users = "  operations: { deactivate: { set: { is_active: false, left: 1 } },"
    made = program(users=users + " reactivate: { set: { left: 0, back: 1 } } }\n")
    assert codes(made) == ["missing-field", "missing-field"]
    assert codes(made, TargetField("left"), TargetField("back")) == []
