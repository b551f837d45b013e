from __future__ import annotations

from pathlib import Path

import pytest

from scimweave.mapping import load
from scimweave.mapping.tests import TestResult, run_tests
from small_mapping import NO_ENVIRONMENT, program

PRECIATE = Path(__file__).parents[3] / "mappings" / "preciate.yaml"
OPERATIONS = "  operations: { deactivate: { set: { is_active: false } } }\n"


def run(test: str, *attributes: str, users: str = OPERATIONS) -> TestResult:
    """Run one test of a small mapping."""
    made = program(
        "title: title", *attributes, users=users, more=f"tests: [{{ name: t, {test} }}]\n"
    )
    (result,) = run_tests(made)
    return result


@pytest.mark.parametrize("result", run_tests(load(PRECIATE, NO_ENVIRONMENT)), ids=lambda r: r.name)
def test_reference_mapping_does_as_its_tests_say(result: TestResult) -> None:
    assert result.differences == ()


ADA = "user: { userName: ada, title: Analyst }"


@pytest.mark.parametrize(
    "test",
    [
        pytest.param(f"{ADA}, operation: create, target: {{ title: Analyst }}", id="create"),
        pytest.param(
            f"{ADA}, patch: [{{ op: Replace, path: title, value: B }}], operation: update,"
            " target: { title: B, email: ada }",
            id="update",
        ),
        pytest.param(
            f"{ADA}, patch: [{{ op: Add, path: title, value: Analyst }}], operation: none",
            id="nothing-differs",
        ),
        pytest.param(
            f"{ADA}, patch: [{{ op: Replace, path: nickName, value: A }}], operation: none",
            id="nothing-mapped-differs",
        ),
        pytest.param(f"{ADA}, put: {{ userName: ada }}, target: {{ title: null }}", id="put"),
        pytest.param(
            "user: { userName: ada, active: 'False' }, put: { userName: ada, title: B },"
            " operation: update, target: { is_active: false }",
            id="put-without-active-brings-nobody-back",
        ),
        pytest.param(
            f"{ADA}, patch: [{{ op: Replace, path: active, value: 'False' }}],"
            " operation: deactivate, target: { is_active: false }",
            id="Q2-deactivate",
        ),
        pytest.param(
            "user: { userName: ada, active: false },"
            " patch: [{ op: replace, value: { active: true } }],"
            " operation: reactivate, target: { is_active: true }",
            id="reactivate",
        ),
        pytest.param(
            f"{ADA}, delete: true, operation: delete, target: {{ is_active: false }}", id="delete"
        ),
        pytest.param("user: { title: B }, error: userName", id="error-of-the-check"),
        pytest.param(
            f"{ADA}, patch: [{{ op: Replace, path: id, value: 7 }}], error: id", id="error-of-patch"
        ),
    ],
)
def test_expectation_that_holds(test: str) -> None:
    assert run(test).differences == ()


@pytest.mark.parametrize(
    ("test", "differences"),
    [
        pytest.param(
            f"{ADA}, operation: update, target: {{ title: B, email: ada }}",
            ["operation: expected update, got create", 'title: expected "B", got "Analyst"'],
            id="operation-and-field",
        ),
        pytest.param(
            f"{ADA}, target: {{ is_active: 1 }}",
            ["is_active: expected 1, got true"],
            id="number-for-a-boolean",
        ),
        pytest.param(
            f"{ADA}, error: boom, operation: create",
            ['error: expected "boom", got none'],
            id="no-error",
        ),
        pytest.param(
            f"{ADA}, absent: [title]", ['title: expected nothing, got "Analyst"'], id="not-absent"
        ),
        pytest.param(
            "user: {}, operation: create",
            ["error: expected none, got userName is missing: a User needs one that is not empty"],
            id="unexpected-error",
        ),
    ],
)
def test_expectation_that_does_not_hold(test: str, differences: list[str]) -> None:
    result = run(test)
    assert not result.passed
    assert [str(each) for each in result.differences] == differences


def test_kept_field_is_absent() -> None:
    test = "user: { userName: ada }, absent: [nick], target: { email: ada }"
    assert run(test, "nick: { from: nickName, absent: keep }").passed


def test_deleted_account_has_no_fields() -> None:
    result = run(f"{ADA}, delete: true, target: {{ email: ada }}", users="")
    assert [str(each) for each in result.differences] == ['email: expected "ada", got nothing']


@pytest.mark.parametrize(
    ("expected", "passed"),
    [("2024-02-29T12:00:00Z", True), ("2024-02-29T13:00:00+01:00", True), ("2024-02-29", False)],
)
def test_expected_value_is_read_as_the_type_of_the_field(expected: str, passed: bool) -> None:
    result = run(
        "user: { userName: ada, nickName: '2024-02-29T12:00:00Z' },"
        f" target: {{ since: '{expected}' }}",
        "since: { from: nickName, type: datetime }",
    )
    assert result.passed is passed


BAD = "badge: { from: nickName, max_length: 3 }"
SICK = "user: { userName: ada, nickName: abcd }"


@pytest.mark.parametrize(
    ("test", "passed"),
    [
        pytest.param(f"{SICK}, error: 'nickName → badge: \"abcd\"'", True, id="create-is-refused"),
        pytest.param(
            f"{SICK}, patch: [{{ op: Replace, path: active, value: false }}],"
            " operation: deactivate",
            True,
            id="leaver-goes-all-the-same",
        ),
        pytest.param(
            f"{SICK}, patch: [{{ op: replace, value: {{ active: false, nickName: abcde }} }}],"
            " operation: deactivate",
            False,
            id="bad-value-that-comes-with-it-is-refused",
        ),
    ],
)
def test_value_that_does_not_fit(test: str, passed: bool) -> None:
    assert run(test, BAD).passed is passed


def test_reactivation_sets_its_fields() -> None:
    sets = "deactivate: { set: { state: out } }, reactivate: { set: { state: in } }"
    test = (
        "user: { userName: ada, active: false },"
        " patch: [{ op: Replace, path: active, value: true }], target: { state: in }"
    )
    assert run(test, users=f"  operations: {{ {sets} }}\n").passed


def test_result_says_where_the_test_stands() -> None:
    result = run(f"{ADA}, operation: create")
    assert (result.name, result.span.line) == ("t", 12)
