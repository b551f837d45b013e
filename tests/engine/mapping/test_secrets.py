"""Fields made of a password: written by the request that brings it, sensitive without saying so."""

from __future__ import annotations

from typing import Any

import pytest

from scimweave.mapping.tests import run_tests
from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checker
from scimweave.scim.schema import USER_TYPE
from small_mapping import program, resource

ABSENT = object()
SECRET = "hunter2-hunter2"


def projected(line: str, creating: bool, **attributes: Any) -> Any:
    made = program(line)
    projection = made.users.project(resource(made, **attributes), creating=creating)
    assert projection.faults == ()
    return projection.values.get("x", ABSENT)


@pytest.mark.parametrize(
    ("line", "carried", "created", "kept"),
    [
        ("x: password", SECRET, None, ABSENT),
        ("x: { from: password, default: start }", SECRET, "start", ABSENT),
        ("""x: { expr: "join(':', [userName, password])" }""", f"ada:{SECRET}", "ada", ABSENT),
        ("x: { from: [password, title] }", SECRET, "Analyst", ABSENT),
        ("x: { from: title, default: { expr: password } }", "Analyst", "Analyst", ABSENT),
        ("x: { from: password, required: true }", SECRET, "fault", ABSENT),
    ],
)
def test_field_is_left_alone_by_a_change_without_the_password(
    line: str, carried: str, created: Any, kept: Any
) -> None:
    for creating in (True, False):
        assert projected(line, creating, title="Analyst", password=SECRET) == carried
    assert projected(line, False, title="Analyst") is kept
    if created == "fault":
        made = program(line)
        (fault,) = made.users.project(resource(made), creating=True).faults
        assert fault.reason == "is required"
    else:
        assert projected(line, True, title="Analyst") == created


@pytest.mark.parametrize(
    ("line", "is_secret"),
    [
        ("x: password", True),
        ("""x: { expr: "join(':', [userName, password])" }""", True),
        ("x: { from: title, default: { expr: password } }", True),
        ("x: title", False),
        ("""x: { expr: "to_string(@)" }""", False),
    ],
)
def test_field_that_reads_a_password_is_sensitive(line: str, is_secret: bool) -> None:
    field = program(line).users.field("x")
    assert field is not None
    assert (field.sensitive, bool(field.secrets)) == (is_secret, is_secret)


def test_expression_over_everything_does_not_see_the_password() -> None:
    value = projected("""x: { expr: "to_string(@)" }""", True, title="A", password=SECRET)
    assert '"title":"A"' in value
    assert SECRET not in value


@pytest.mark.parametrize(
    "line",
    [
        "x: { from: password, max_length: 3 }",
        "x: { from: password, type: integer }",
        "x: { from: password, values: { a: b } }",
        """x: { expr: "to_number(password)", type: integer, required: true }""",
    ],
)
def test_fault_does_not_show_the_password(line: str) -> None:
    made = program(line)
    faults = made.users.project(resource(made, password=SECRET)).faults
    assert len(faults) == 1
    assert SECRET not in str(faults)


@pytest.mark.parametrize("unmapped", ["drop", "keep", "reject"])
def test_password_that_nothing_maps_is_not_counted_and_not_kept(unmapped: Any) -> None:
    made = program("x: title")
    checker = Checker(USER_TYPE, made.users.acceptance, unmapped)
    checked = checker.check({"userName": "ada", "Password": SECRET})
    assert (checked.resource, checked.dropped) == ({"userName": "ada"}, ())
    path = parse_patch({"Operations": [{"op": "add", "path": "password", "value": "x"}]}, checker)
    whole = parse_patch({"Operations": [{"op": "add", "value": {"password": "x"}}]}, checker)
    for patch in (path, whole):
        assert (patch.dropped, patch.apply({"userName": "ada"})) == ((), {"userName": "ada"})


@pytest.mark.parametrize(
    "text", ['password eq "x"', "password pr", 'userName eq "ada" and not (password sw "h")']
)
def test_nobody_can_filter_by_a_password(text: str) -> None:
    with pytest.raises(ScimError, match="never returned") as caught:
        compile_filter(parse_filter(text), USER_TYPE)
    assert caught.value.scim_type == "invalidFilter"


def test_tests_of_a_mapping_know_that_a_password_is_not_stored() -> None:
    made = program(
        "x: password",
        more="""tests:
  - name: a joiner
    user: { userName: ada, password: hunter2 }
    target: { x: hunter2 }
  - name: another title
    user: { userName: ada, password: hunter2 }
    patch: [{ op: replace, path: active, value: false }]
    operation: deactivate
    absent: [x]
  - name: another password
    user: { userName: ada }
    patch: [{ op: replace, path: password, value: hunter3 }]
    operation: update
    target: { x: hunter3 }
""",
    )
    assert [result.differences for result in run_tests(made)] == [(), (), ()]
