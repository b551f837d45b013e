"""From an account back to the resource: what is read, what is not, and that nothing is guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping import ObjectProgram, Program, load, load_text
from scimweave.scim.resource import Checker
from scimweave.scim.schema import ENTERPRISE_USER, Attribute, common_attributes
from small_mapping import findings, mapping_text, program

MAPPINGS = Path(__file__).parents[3] / "mappings"
CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"


def back(mapping: Program, **fields: Any) -> dict[str, Any]:
    """Read an account back that has nothing odd."""
    found = mapping.users.reverse({"email": "ada", **fields})
    assert (found.unread, found.faults) == ({}, ())
    assert found.resource.pop("userName") == "ada"
    return found.resource


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        pytest.param("f: title", "Countess", {"title": "Countess"}, id="path"),
        pytest.param("f: name.givenName", "Ada", {"name": {"givenName": "Ada"}}, id="inside"),
        pytest.param(
            "f: enterprise.department",
            "Engines",
            {ENTERPRISE_USER: {"department": "Engines"}},
            id="extension",
        ),
        pytest.param(
            "f: enterprise.manager.value",
            "7",
            {ENTERPRISE_USER: {"manager": {"value": "7"}}},
            id="inside-an-extension",
        ),
        pytest.param(
            """f: 'emails[type eq "work"].value'""",
            "a@b",
            {"emails": [{"type": "work", "value": "a@b"}]},
            id="value-path",
        ),
        pytest.param(
            """f: 'emails[type eq "work" and primary eq true].value'""",
            "a@b",
            {"emails": [{"type": "work", "primary": True, "value": "a@b"}]},
            id="value-path-of-two-equalities",
        ),
        pytest.param(
            "f: emails",
            [{"value": "a@b", "TYPE": "work"}],
            {"emails": [{"value": "a@b", "type": "work"}]},
            id="list",
        ),
        pytest.param("f: active", False, {"active": False}, id="boolean"),
        pytest.param("f: { from: active, type: string }", "false", {"active": False}, id="word"),
        pytest.param("f: { from: title, type: integer }", 7, {"title": "7"}, id="integer"),
        pytest.param("f: { from: title, type: boolean }", True, {"title": "true"}, id="flag"),
        pytest.param(
            "f: { from: title, type: decimal }", Decimal("1.50"), {"title": "1.5"}, id="decimal"
        ),
        pytest.param(
            "f: { from: title, type: date }",
            date(2024, 2, 29),
            {"title": "2024-02-29"},
            id="date",
        ),
        pytest.param(
            "f: { from: title, type: datetime }",
            datetime(2024, 2, 29, 12, tzinfo=UTC),
            {"title": "2024-02-29T12:00:00Z"},
            id="datetime",
        ),
        pytest.param(
            "f: { from: title, type: uuid }",
            UUID("8d8f3c2e91d042228333444455556666"),
            {"title": "8d8f3c2e-91d0-4222-8333-444455556666"},
            id="uuid",
        ),
        pytest.param(
            "f: { from: title, values: { Boss: 1, Clerk: 2 } }", 2, {"title": "Clerk"}, id="table"
        ),
        pytest.param(
            "f: { from: active, values: { 'true': A, 'false': I } }",
            "I",
            {"active": False},
            id="table-of-a-boolean",
        ),
        pytest.param(
            "f: { from: title, values: { Boss: 1, '*': 2 } }", 1, {"title": "Boss"}, id="row"
        ),
        pytest.param("f: { const: 5 }", 5, {}, id="const"),
        pytest.param("f: title", None, {}, id="null"),
        pytest.param("f: title", "", {}, id="empty"),
        pytest.param("f: password", "secret", {}, id="secret"),
        pytest.param("f: { from: title, default: Clerk }", "Clerk", {}, id="default"),
        pytest.param(
            "f: { from: title, default: Clerk }", "Boss", {"title": "Boss"}, id="not-the-default"
        ),
        pytest.param(
            """f: { expr: "upper(title)", reverse: "p_case(f)" }""",
            "BOSS",
            {"title": "Boss"},
            id="expression",
        ),
        pytest.param(
            "f: { from: [nickName, title], reverse: { to: title, expr: f } }",
            "Boss",
            {"title": "Boss"},
            id="chosen-source",
        ),
    ],
)
def test_what_a_rule_wrote_is_read_back(rule: str, value: Any, expected: dict[str, Any]) -> None:
    assert back(program(rule), f=value) == expected


def test_several_attributes_come_back_from_one_field() -> None:
    mapping = program(
        """full: { expr: "join('|', [name.givenName, name.familyName])", reverse: ["""
        """{ to: name.givenName, expr: "split(full, '|')[0]" }, """
        """{ to: name.familyName, expr: "split(full, '|')[1]" }] }"""
    )
    assert back(mapping, full="Ada|Lovelace") == {
        "name": {"givenName": "Ada", "familyName": "Lovelace"}
    }


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('f: { expr: "upper(title)" }', "expression"),
        ("f: { from: [nickName, title] }", "several sources"),
        ("f: { from: title, reverse: false }", "reverse: false"),
        ("f: { from: emails.value, type: json }", "only a part"),
        ("""f: 'emails[type ne "home"].value'""", "no element"),
    ],
)
def test_field_that_nothing_reads_back_is_named_with_the_reason(rule: str, reason: str) -> None:
    found = program(rule).users.reverse({"email": "ada", "f": "x"})
    assert found.resource == {"userName": "ada"}
    assert reason in found.unread["f"]
    assert not program(rule).users.reverse({"email": "ada", "f": None}).unread


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ("f: { from: title, values: { A: 1, B: 1 } }", 1, 'several values: "A", "B"'),
        ("f: { from: title, values: { A: 1 } }", 2, "2 is in no row"),
        ("f: { from: title, values: { A: 1, '*': 2 } }", 2, "could have been anything"),
        ("f: { from: title, values: { A: 1, '*': 1 } }", 1, "several values"),
        ("f: active", "perhaps", "true or false"),
        ("f: emails", 5, "emails"),
        ("f: title", "a\0b", "cannot be stored"),
    ],
)
def test_value_that_no_user_has_is_a_fault_and_no_guess(rule: str, value: Any, reason: str) -> None:
    found = program(rule).users.reverse({"email": "ada", "f": value})
    assert found.resource == {"userName": "ada"}
    assert [(each.field, reason in each.reason) for each in found.faults] == [("f", True)]


def test_sensitive_value_is_in_no_fault() -> None:
    mapping = program("f: { from: title, sensitive: true, values: { A: 1 } }")
    (fault,) = mapping.users.reverse({"f": "hidden"}).faults
    assert "hidden" not in fault.reason


def test_two_fields_that_disagree_are_a_fault() -> None:
    found = program("login: userName").users.reverse({"email": "ada", "login": "bob"})
    assert found.resource == {"userName": "ada"}
    assert [each.field for each in found.faults] == ["login"]
    assert not program("login: userName").users.reverse({"email": "a", "login": "a"}).faults


def test_leaver_is_known_by_what_deactivation_sets_where_no_rule_maps_active() -> None:
    mapping = program("state: { const: in }", users=OPERATIONS).users
    text = mapping_text("state: { const: in }", users=OPERATIONS).replace(
        "    is_active: active\n", ""
    )
    unmapped = load_text(text, "small.yaml", {}).users
    assert unmapped.reverse({"email": "a", "state": "out"}).resource == {
        "userName": "a",
        "active": False,
    }
    assert unmapped.reverse({"email": "a", "state": "in"}).resource == {"userName": "a"}
    # With a rule the rule decides.
    assert mapping.reverse({"email": "a", "state": "out", "is_active": True}).resource["active"]


OPERATIONS = "  operations: { deactivate: { set: { state: out } } }\n"


def test_field_that_deactivation_has_overwritten_is_not_taken_for_the_attribute() -> None:
    mapping = program(
        "title: title",
        users="  operations: { deactivate: { set: { is_active: false, title: Left } } }\n",
    ).users
    found = mapping.reverse({"email": "a", "is_active": False, "title": "Left"})
    assert found.resource == {"userName": "a", "active": False}
    assert list(found.unread) == ["title"]
    assert mapping.reverse({"is_active": True, "title": "Left"}).resource["title"] == "Left"


def test_group_is_read_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", "sqlite:///x.db")
    groups = load(MAPPINGS / "directory.yaml").groups
    assert groups is not None
    assert groups.reverse({"name": "Engines", "external_id": "e"}).resource == {
        "displayName": "Engines",
        "externalId": "e",
    }


def test_counterexample_stands_in_the_message() -> None:
    (found,) = findings(
        mapping_text("""f: { expr: "upper(title)", reverse: "join('', [f, '!'])" }""")
    )
    assert 'title "Ada" → f "ADA" → title "ADA!" → "ADA!"' in found.message


# Text that every attribute takes: what is empty is absent, and NUL is refused.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
MOMENT = st.datetimes(
    min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(UTC)
).map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "decimal": st.floats(allow_nan=False, allow_infinity=False),
    "dateTime": MOMENT,
}


def values_of(attribute: Attribute) -> st.SearchStrategy[Any]:
    if attribute.type != "complex":
        one = SCALARS.get(attribute.type, TEXT)
    else:
        subs = [each for each in attribute.sub_attributes.values() if each.mutability != "readOnly"]
        one = st.fixed_dictionaries(
            {}, optional={each.name: values_of(each) for each in subs}
        ).filter(bool)
    return st.lists(one, min_size=1, max_size=3) if attribute.multi_valued else one


def users_of(objects: ObjectProgram) -> st.SearchStrategy[dict[str, Any]]:
    """Users with any of the attributes that rules of a mapping read, in canonical form."""
    accepted = objects.acceptance.accepted
    read = {(each.uri, each.attribute) for field in objects.fields for each in field.sources}
    attributes = {**common_attributes(), **accepted.core.attributes}
    bodies: dict[str, st.SearchStrategy[Any]] = {
        each.name: values_of(each)
        for each in attributes.values()
        if (None, each.name) in read and each.returned != "never"
    }
    for schema in accepted.extensions:
        inside = {
            each.name: values_of(each)
            for each in schema.attributes.values()
            if (schema.id, each.name) in read
        }
        bodies[schema.id] = st.fixed_dictionaries({}, optional=inside)
    label = bodies.pop(objects.label)
    checker = Checker(objects.resource_type, objects.acceptance)

    def canonical(body: dict[str, Any]) -> dict[str, Any]:
        return checker.check(body).resource

    return st.fixed_dictionaries({objects.label: label}, optional=bodies).map(canonical)


INVERTIBLE = program(
    "title: title",
    "given: name.givenName",
    "department: enterprise.department",
    """work: 'emails[type eq "work"].value'""",
    """home: 'emails[type eq "home"].value'""",
    "level: contoso.level",
    "when: { from: contoso.since, type: datetime }",
    "flag: { from: contoso.flag, values: { 'true': yes, 'false': no } }",
    "phones: phoneNumbers",
    "badge: contoso.badge",
    more=f"""schema:
  {CONTOSO}:
    alias: contoso
    attributes:
      level: integer
      since: dateTime
      flag: boolean
      badge: {{ type: complex, attributes: {{ number: integer, color: string }} }}
""",
)


def test_reverse_of_the_projection_is_the_user() -> None:
    objects = INVERTIBLE.users
    emails = st.lists(st.sampled_from(["work", "home"]), unique=True, max_size=2).flatmap(
        lambda kinds: st.tuples(*(st.tuples(st.just(kind), TEXT) for kind in kinds))
    )

    @given(users_of(objects), emails)
    def holds(resource: dict[str, Any], mails: Any) -> None:
        resource = {"active": True, **resource}
        resource.pop("emails", None)
        if mails:
            # In the order in which the fields stand in the file.
            elements = [{"type": kind, "value": mail} for kind, mail in mails]
            resource["emails"] = sorted(elements, key=lambda each: each["type"], reverse=True)
        made = objects.project(resource)
        if made.faults:
            return
        found = objects.reverse(made.values)
        assert (found.resource, found.unread, found.faults) == (resource, {}, ())

    holds()


@pytest.mark.parametrize("file", sorted(MAPPINGS.glob("*.yaml")), ids=lambda file: str(file.stem))
def test_shipped_mapping_reads_back_what_it_wrote(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", "sqlite:///x.db")
    for objects in load(file).objects:
        reads_back_what_it_wrote(objects)


def reads_back_what_it_wrote(objects: ObjectProgram) -> None:
    @given(users_of(objects))
    def holds(resource: dict[str, Any]) -> None:
        if objects.section == "users":
            resource = {"active": True, **resource}
        made = objects.project(resource)
        if made.faults:
            return
        found = objects.reverse(made.values)
        assert (found.unread, found.faults) == ({}, ())
        assert objects.project(found.resource) == made
        assert found.resource == _defaults(objects, resource, found.resource)

    holds()


def _defaults(
    objects: ObjectProgram, resource: dict[str, Any], found: dict[str, Any]
) -> dict[str, Any]:
    """Return the resource without what a default says too: it is left to the default."""
    name = resource.get("name", {})
    if objects.field("full_name") and "formatted" not in found.get("name", {}):
        name = {key: value for key, value in name.items() if key != "formatted"}
    if name:
        return {**resource, "name": name}
    return {key: value for key, value in resource.items() if key != "name"}
