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
            TargetField("is_active", nullable=False),
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
        pytest.param("title: title", TargetField("title", max_length=5), [], id="no-limit-known"),
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


def test_fields_that_operations_set_are_looked_for() -> None:
    users = "  operations: { deactivate: { set: { is_active: false, left: 1 } },"
    made = program(users=users + " reactivate: { set: { left: 0, back: 1 } } }\n")
    assert codes(made) == ["missing-field", "missing-field"]
    assert codes(made, TargetField("left"), TargetField("back")) == []
