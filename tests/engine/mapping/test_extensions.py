"""Extensions that a mapping file declares: mapped, checked, tested and accepted as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from scimweave.mapping import Program
from scimweave.mapping.tests import run_tests
from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checker
from scimweave.scim.schema import USER_TYPE
from small_mapping import codes, mapping_text, program, resource

CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
SCHEMA = f"""schema:
  {CONTOSO}:
    alias: contoso
    attributes:
      costCode: {{ type: string, caseExact: true, canonicalValues: [A1, B2] }}
      level: integer
      vip: boolean
      badge: {{ type: complex, attributes: {{ number: integer, color: string }} }}
      tags: {{ type: string, multiValued: true }}
"""


@pytest.fixture(scope="module")
def contoso() -> Program:
    return program(
        "code: contoso.costCode",
        f"level: {CONTOSO}:level",
        "badge: contoso.badge.number",
        "vip: { expr: contoso.vip }",
        more=SCHEMA,
    )


def checker(mapping: Program) -> Checker:
    return Checker(mapping.users.resource_type, mapping.users.acceptance)


def test_attributes_are_mapped_by_alias_and_by_urn(contoso: Program) -> None:
    body = {"costCode": "A1", "level": "7", "VIP": "True", "badge": {"number": 9}}
    values = contoso.users.project(resource(contoso, **{CONTOSO: body})).values
    assert values["code"] == "A1"
    assert (values["level"], values["badge"], values["vip"]) == (7, 9, True)


def test_types_follow_from_the_schema(contoso: Program) -> None:
    found = {field.name: field.type for field in contoso.users.fields}
    assert (found["code"], found["level"], found["badge"]) == ("string", "integer", "integer")


def test_q19_name_that_entra_may_not_export_is_taken_and_warned_of() -> None:
    more = "schema: { urn:contoso:hr:1.0:Person: { alias: hr, attributes: { level: integer } } }\n"
    text = mapping_text("level: hr.level", more=more)
    assert codes(text) == ["unusual-urn"]
    body = {"urn:contoso:hr:1.0:Person": {"level": "7"}}
    mapping = program("level: hr.level", more=more)
    assert mapping.users.project(resource(mapping, **body)).values["level"] == 7


def test_all_that_is_declared_is_accepted(contoso: Program) -> None:
    body = {"tags": ["a", "b"], "badge": {"color": "red"}}
    assert resource(contoso, **{CONTOSO: body})[CONTOSO] == body
    assert [schema.id for schema in contoso.users.acceptance.schemas()][1:] == [CONTOSO]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"level": "x"}, "level takes a whole number"),
        ({"badge": {"number": "x"}}, "badge.number takes a whole number"),
        ({"vip": "maybe"}, "vip takes true or false"),
    ],
)
def test_values_are_checked(contoso: Program, body: dict[str, Any], reason: str) -> None:
    with pytest.raises(ScimError, match=reason):
        resource(contoso, **{CONTOSO: body})


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": f"{CONTOSO}:level", "value": "8"}, {"level": 8}),
        (
            {"op": "add", "path": f"{CONTOSO}:badge.color", "value": "red"},
            {"level": 7, "badge": {"color": "red"}},
        ),
        ({"op": "replace", "value": {f"{CONTOSO}:vip": "False"}}, {"level": 7, "vip": False}),
        (
            {"op": "add", "path": f"{CONTOSO}:tags", "value": [{"value": "1"}]},
            {"level": 7, "tags": ["1"]},
        ),
        ({"op": "remove", "path": CONTOSO}, {}),
    ],
    ids=["colon", "sub-attribute", "pathless", "Q23-list", "whole"],
)
def test_attributes_are_patched(
    contoso: Program, operation: dict[str, Any], expected: dict[str, Any]
) -> None:
    patch = parse_patch({"Operations": [operation]}, checker(contoso))
    assert patch.apply({"userName": "ada", CONTOSO: {"level": 7}}).get(CONTOSO, {}) == expected


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (f'{CONTOSO}:costCode eq "A1"', True),
        (f'{CONTOSO}:costCode eq "a1"', False),
        (f"{CONTOSO}:level gt 6", True),
        (f"{CONTOSO}:badge.number eq 9", True),
    ],
)
def test_attributes_are_filtered(contoso: Program, text: str, holds: bool) -> None:
    condition = compile_filter(parse_filter(text), contoso.users.resource_type)
    user = {CONTOSO: {"costCode": "A1", "level": 7, "badge": {"number": 9}}}
    assert condition(user) is holds


@pytest.mark.parametrize(
    ("declared", "exact"),
    [
        ("reference", True),
        ("binary", True),
        ("{ type: reference, caseExact: false }", False),
        ("string", False),
        ("{ type: complex, attributes: { to: reference } }", True),
    ],
)
def test_addresses_and_binary_data_are_case_exact(declared: str, exact: bool) -> None:
    vocabulary = program(more=SCHEMA.replace("level: integer", f"link: {declared}")).users
    found = vocabulary.resource_type.schema(CONTOSO)
    assert found is not None
    link = found.attributes["link"]
    assert link.sub_attributes.get("to", link).case_exact is exact


def test_required_attribute_is_asked_for() -> None:
    mapping = program(
        more=SCHEMA.replace("level: integer", "level: {type: integer, required: true}")
    )
    with pytest.raises(ScimError, match=f"{CONTOSO}:level is missing"):
        resource(mapping)
    user = resource(mapping, **{CONTOSO: {"level": 1}})
    for path in (CONTOSO, f"{CONTOSO}:level"):
        with pytest.raises(ScimError, match="level is"):
            parse_patch({"Operations": [{"op": "remove", "path": path}]}, checker(mapping)).apply(
                user
            )


@pytest.mark.parametrize("many", ["false", "true"])
def test_required_sub_attribute_is_asked_for_in_each_value(many: str) -> None:
    badge = f"badge: {{ type: complex, multiValued: {many}, attributes: {{ number: "
    more = SCHEMA.replace("badge: { type: complex, attributes: { number: integer", f"{badge}X")
    mapping = program(more=more.replace("X", "{ type: integer, required: true }"))
    with pytest.raises(ScimError, match=f"{CONTOSO}:badge.number is missing"):
        resource(mapping, **{CONTOSO: {"badge": {"color": "red"}}})
    assert CONTOSO not in resource(mapping)
    user = resource(mapping, **{CONTOSO: {"badge": {"number": 1, "color": "red"}}})
    operation = {"op": "remove", "path": f"{CONTOSO}:badge.number"}
    with pytest.raises(ScimError, match=r"badge\.number is missing"):
        parse_patch({"Operations": [operation]}, checker(mapping)).apply(user)


def test_tests_of_the_file_know_the_extension() -> None:
    tests = f"tests: [{{ name: x, user: {{ userName: a, {CONTOSO}: {{ level: 5 }} }}, "
    mapping = program("level: contoso.level", more=SCHEMA + tests + "target: { level: 5 } }]\n")
    assert [result.differences for result in run_tests(mapping)] == [()]


def test_revision_changes_with_the_schema(contoso: Program) -> None:
    lines = ("code: contoso.costCode",)
    first, second = (
        program(*lines, more=SCHEMA.replace("integer", each)).revision
        for each in ("integer", "decimal")
    )
    assert first != second


def test_without_a_schema_the_type_is_the_usual_one() -> None:
    assert program().users.resource_type == USER_TYPE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("level: integer", "level: 5", ["wrong-type"]),
        ("alias: contoso", "alias: enterprise", ["bad-schema"]),
        ("alias: contoso", "alias: a.b", ["bad-schema"]),
        ("    attributes:", "    attribute:", ["missing-key", "unknown-key"]),
        (CONTOSO, "urn:a:1.0:b:2.0:User", ["unusual-urn"]),
        (CONTOSO, "urn:contoso:User", ["bad-urn"]),
        (CONTOSO, "urn:contoso:2.0:User-x", ["bad-urn"]),
        (SCHEMA, "schema: 5\n", ["wrong-type"]),
        (SCHEMA, f"schema: {{ {CONTOSO}: x }}\n", ["wrong-type"]),
        (SCHEMA, f"schema: {{ {CONTOSO}: {{ attributes: {{}} }} }}\n", ["bad-value"]),
        (SCHEMA, "schema: { 5: { a: b }, x: y }\n", ["bad-urn", "bad-urn"]),
        ("type: string, caseExact", "caseExact", ["missing-key"]),
    ],
)
def test_what_is_found(old: str, new: str, expected: list[str]) -> None:
    text = mapping_text(more=SCHEMA)
    assert old in text
    assert codes(text.replace(old, new, 1)) == expected
