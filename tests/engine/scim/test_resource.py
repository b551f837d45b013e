import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, User

from scimweave.scim.error import ScimError
from scimweave.scim.fields import Unmapped
from scimweave.scim.path import parse_path
from scimweave.scim.resource import Acceptance, Checker, to_wire
from scimweave.scim.schema import (
    ENTERPRISE_USER,
    GROUP_TYPE,
    USER,
    USER_TYPE,
    ResourceType,
    schema_from_dict,
)

CUSTOM = "urn:ietf:params:scim:schemas:extension:Custom:2.0:User"
CUSTOM_TYPE = ResourceType(
    "User",
    "/Users",
    USER_TYPE.core,
    (
        *USER_TYPE.extensions,
        schema_from_dict(
            {
                "id": CUSTOM,
                "name": "Custom",
                "attributes": [
                    {"name": "level", "type": "integer"},
                    {"name": "rate", "type": "decimal"},
                    {"name": "vip", "type": "boolean"},
                    {"name": "since", "type": "dateTime"},
                    {"name": "tags", "type": "string", "multiValued": True},
                ],
            }
        ),
    ),
)
EVERYTHING = Checker(CUSTOM_TYPE, Acceptance.everything(CUSTOM_TYPE))
PRECIATE = (
    "userName",
    "active",
    "displayName",
    "title",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "externalId",
    f"{ENTERPRISE_USER}:department",
)


def accepting(*paths: str, unmapped: Unmapped = "drop") -> Checker:
    acceptance = Acceptance.of(CUSTOM_TYPE, [parse_path(path) for path in paths])
    return Checker(CUSTOM_TYPE, acceptance, unmapped)


def checked(**members: Any) -> dict[str, Any]:
    """The resource that EVERYTHING makes of a user, without its userName."""
    resource = EVERYTHING.check({"userName": "ada", **members}).resource
    return {name: value for name, value in resource.items() if name != "userName"}


def refusal(body: Any, checker: Checker = EVERYTHING) -> ScimError:
    with pytest.raises(ScimError) as caught:
        checker.check(body)
    assert caught.value.status == 400
    return caught.value


def test_user_of_the_reference_scenario() -> None:
    body = {
        "schemas": [USER, ENTERPRISE_USER],
        "userName": "ada@contoso.com",
        "active": True,
        "displayName": "Ada Lovelace",
        "title": "Analyst",
        "externalId": "ada",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        ENTERPRISE_USER: {"department": "Engines"},
        "meta": {"resourceType": "User"},
    }
    sent = copy.deepcopy(body)
    found = accepting(*PRECIATE).check(body)
    assert found.resource == {k: v for k, v in body.items() if k not in {"schemas", "meta"}}
    assert found.dropped == ()
    assert body == sent


MANAGER = {ENTERPRISE_USER: {"manager": {"value": "42"}}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param({"active": "True"}, {"active": True}, id="Q2-string-boolean"),
        pytest.param({"active": "FALSE"}, {"active": False}, id="Q2-any-case"),
        pytest.param({"active": "1"}, {"active": True}, id="Q2-digit"),
        pytest.param({"active": 0}, {"active": False}, id="Q2-number"),
        pytest.param({"active": ["False"]}, {"active": False}, id="list-of-one"),
        pytest.param({"title": [{"value": "Dr"}]}, {"title": "Dr"}, id="list-of-one-value"),
        pytest.param({"title": [{"Value": "Dr"}]}, {"title": "Dr"}, id="Q21-list-of-one-value"),
        pytest.param(
            {"roles": [{"primary": "True", "value": "Admin"}]},
            {"roles": [{"primary": True, "value": "Admin"}]},
            id="Q3-string-primary",
        ),
        pytest.param({"roles": []}, {}, id="Q25-empty-list"),
        pytest.param({"title": None, "addresses": None, "name": None}, {}, id="Q25-null"),
        pytest.param({"title": "", "active": "", "name": ""}, {}, id="empty-string"),
        pytest.param({"name": {}}, {}, id="empty-object"),
        pytest.param({"name": {"givenName": "", "familyName": None}}, {}, id="empty-members"),
        pytest.param({"emails": [None, "", {}, {"value": ""}]}, {}, id="empty-elements"),
        pytest.param({"emails": "a@x"}, {"emails": [{"value": "a@x"}]}, id="scalar-as-list"),
        pytest.param(
            {"emails": ["a", "b"]}, {"emails": [{"value": "a"}, {"value": "b"}]}, id="Q15"
        ),
        pytest.param(
            {"emails": {"type": "work", "value": "a"}},
            {"emails": [{"type": "work", "value": "a"}]},
            id="object-as-list",
        ),
        pytest.param(
            {"emails": [{"Primary": True, "VALUE": "a", "tYpe": "work"}]},
            {"emails": [{"primary": True, "value": "a", "type": "work"}]},
            id="Q21-capital-members",
        ),
        pytest.param({"DisplayName": "Ada"}, {"displayName": "Ada"}, id="Q21-capital-name"),
        pytest.param({ENTERPRISE_USER: {"manager": "42"}}, MANAGER, id="Q16-manager-as-string"),
        pytest.param({ENTERPRISE_USER: {"manager": {"value": "42"}}}, MANAGER, id="Q16-manager"),
        pytest.param({ENTERPRISE_USER: {"manager": [{"value": "42"}]}}, MANAGER, id="Q16-list"),
        pytest.param({ENTERPRISE_USER: {"manager": ""}}, {}, id="Q16-manager-empty"),
        pytest.param({ENTERPRISE_USER: {"manager": {"value": ""}}}, {}, id="Q16-value-empty"),
        pytest.param(
            {ENTERPRISE_USER: {"manager": {"value": "42", "displayName": "Eve"}}},
            MANAGER,
            id="read-only-member",
        ),
        pytest.param({ENTERPRISE_USER: None}, {}, id="extension-null"),
        pytest.param(
            {ENTERPRISE_USER.upper(): {"Department": "X"}},
            {ENTERPRISE_USER: {"department": "X"}},
            id="Q21-urn-in-any-case",
        ),
        pytest.param(
            {"schemas": [USER], CUSTOM: {"level": "3"}},
            {CUSTOM: {"level": 3}},
            id="Q18-urn-not-in-schemas",
        ),
        pytest.param(
            {
                "schemas": ["urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
                "title": "x",
            },
            {"title": "x"},
            id="Q17-misspelt-urn",
        ),
        pytest.param({"schemas": "what", "title": "x"}, {"title": "x"}, id="Q17-odd-schemas"),
        pytest.param(
            {"meta": {"resourceType": "Users"}, "id": "7", "groups": [{"value": "1"}]},
            {},
            id="Q26-Q28-read-only",
        ),
        pytest.param(
            {"roles": [{"value": '{"id":"1","value":"Admin"}'}]},
            {"roles": [{"value": '{"id":"1","value":"Admin"}'}]},
            id="Q22-stringified-json",
        ),
        pytest.param(
            {"emails": [{"type": "work", "value": "a"}, {"type": "work", "value": "b"}]},
            {"emails": [{"type": "work", "value": "a"}, {"type": "work", "value": "b"}]},
            id="Q27-same-type-twice",
        ),
        pytest.param(
            {"timezone": "upd-1a2b3c4d", "locale": "x y", "profileUrl": "no url"},
            {"timezone": "upd-1a2b3c4d", "locale": "x y", "profileUrl": "no url"},
            id="Q32-no-format-check",
        ),
        pytest.param({"title": " Dr\t"}, {"title": " Dr\t"}, id="Q65-strings-as-they-came"),
        pytest.param({"name.givenName": "Ada"}, {"name": {"givenName": "Ada"}}, id="Q6-dotted-key"),
        pytest.param(
            {"name.givenName": "Ada", "name": {"familyName": "L"}},
            {"name": {"givenName": "Ada", "familyName": "L"}},
            id="Q6-dotted-key-joins",
        ),
        pytest.param(
            {f"{ENTERPRISE_USER}:department": "X"},
            {ENTERPRISE_USER: {"department": "X"}},
            id="Q7-urn-key",
        ),
        pytest.param(
            {f"{ENTERPRISE_USER}.department": "X"},
            {ENTERPRISE_USER: {"department": "X"}},
            id="Q20-legacy-dot",
        ),
        pytest.param(
            {ENTERPRISE_USER: {"manager.value": "42", "department": "X"}},
            {ENTERPRISE_USER: {"manager": {"value": "42"}, "department": "X"}},
            id="Q6-dotted-key-in-extension",
        ),
        pytest.param(
            {'emails[type eq "work"].value': "a"},
            {"emails": [{"type": "work", "value": "a"}]},
            id="Q8-value-path-key",
        ),
        pytest.param({f"{USER}:title": "Dr"}, {"title": "Dr"}, id="Q29-core-urn-key"),
        pytest.param(
            {CUSTOM: {"level": 3.0, "rate": "1.5", "vip": "true"}},
            {CUSTOM: {"level": 3, "rate": 1.5, "vip": True}},
            id="numbers",
        ),
        pytest.param(
            {CUSTOM: {"tags": [{"value": "1"}, "2", ""]}},
            {CUSTOM: {"tags": ["1", "2"]}},
            id="simple-list",
        ),
        pytest.param(
            {CUSTOM: {"since": "2026-01-01T00:00:00.000Z"}},
            {CUSTOM: {"since": "2026-01-01T00:00:00.000Z"}},
            id="date-time-as-it-came",
        ),
    ],
)
def test_dialects_become_canonical(sent: dict[str, Any], expected: dict[str, Any]) -> None:
    assert checked(**sent) == expected


@pytest.mark.parametrize(
    ("body", "scim_type", "detail"),
    [
        ([], "invalidSyntax", "object"),
        (None, "invalidSyntax", "object"),
        ({}, "invalidValue", "userName is missing"),
        ({"userName": ""}, "invalidValue", "userName is missing"),
        ({"userName": None}, "invalidValue", "userName is missing"),
        ({"userName": 5}, "invalidValue", "userName takes a string, not the number 5"),
        (
            {"userName": "a", "active": "maybe"},
            "invalidValue",
            "active takes true or false, not the string 'maybe'",
        ),
        ({"userName": "a", "active": 2}, "invalidValue", "active takes true or false"),
        ({"userName": "a", "title": True}, "invalidValue", "not the boolean True"),
        ({"userName": "a", "title": ["a", "b"]}, "invalidValue", "title takes a string, not the a"),
        ({"userName": "a", "title": {"value": "b"}}, "invalidValue", "not the object"),
        ({"userName": "a", "name": "Ada"}, "invalidValue", "name takes an object"),
        ({"userName": "a", "emails": [["b"]]}, "invalidValue", "emails takes an object"),
        ({"userName": "a", "emails": [{"value": 1}]}, "invalidValue", "emails.value takes a str"),
        ({"userName": "a", ENTERPRISE_USER: "x"}, "invalidValue", f"{ENTERPRISE_USER} takes an"),
        (
            {"userName": "a", ENTERPRISE_USER: {"manager": {"value": 1}}},
            "invalidValue",
            f"{ENTERPRISE_USER}:manager.value takes a string",
        ),
        ({"userName": "a", CUSTOM: {"level": 2**63}}, "invalidValue", "64 bits"),
        ({"userName": "a", CUSTOM: {"level": "9" * 5000}}, "invalidValue", "64 bits"),
        ({"userName": "a", CUSTOM: {"level": 10**5000}}, "invalidValue", "64 bits"),
        ({"userName": "a", CUSTOM: {"level": 1.5}}, "invalidValue", "the number 1.5"),
        ({"userName": "a", CUSTOM: {"rate": float("inf")}}, "invalidValue", "rate takes a number"),
        ({"userName": "a", CUSTOM: {"rate": "1,5"}}, "invalidValue", "rate takes a number"),
        ({"userName": "a\0"}, "invalidValue", "userName has a character"),
        ({"userName": "a", "title": "\ud800"}, "invalidValue", "title has a character"),
        ({"userName": "a", "USERNAME": "b"}, "invalidSyntax", '"userName" and "USERNAME"'),
        ({"userName": "a", "USERNAME": None}, "invalidSyntax", '"userName" and "USERNAME"'),
        ({"userName": "a", "emails": [{"type": "x", "Type": "x"}]}, "invalidSyntax", '"Type"'),
        ({"userName": "a", "foo": 1, "FOO": 2}, "invalidSyntax", '"FOO"'),
        ({"userName": "a", "emails[type eq": 1}, "invalidPath", "emails[type eq"),
    ],
)
def test_refusal_names_the_path(body: Any, scim_type: str, detail: str) -> None:
    error = refusal(body)
    assert error.scim_type == scim_type
    assert detail in error.detail


def test_refusal_shows_a_short_value() -> None:
    assert len(refusal({"userName": [["x" * 10_000] * 50] * 50}).detail) < 200


def test_refusal_keeps_a_password_to_itself() -> None:
    error = refusal({"userName": "a", "password": ["hunter2", "hunter2"]})
    assert "password takes a string" in error.detail
    assert "hunter2" not in error.detail


@pytest.mark.parametrize(
    ("sent", "dropped"),
    [
        pytest.param({"nickName": "x"}, ("nickName",), id="unmapped"),
        pytest.param({"NICKNAME": "x"}, ("nickName",), id="in-canonical-case"),
        pytest.param({"nickName": None, "addresses": [], "foo": ""}, (), id="Q25-nothing-sent"),
        pytest.param({"foo": {"bar": 1}}, ("foo",), id="unknown"),
        pytest.param({"F" * 300: 1}, ("F" * 200,), id="unknown-cut"),
        pytest.param({"\ud800": 1}, ("\\ud800",), id="unknown-not-encodable"),
        pytest.param({"name": {"middleName": "x"}}, ("name.middleName",), id="sub-attribute"),
        pytest.param({"name.middleName": "x"}, ("name.middleName",), id="Q6-dotted-key"),
        pytest.param({"name": {"foo": "x"}}, ("name.foo",), id="unknown-sub-attribute"),
        pytest.param({"emails": ["a", "b"]}, ("emails",), id="list"),
        pytest.param({"emails": 5}, ("emails",), id="unmapped-whatever-its-type"),
        pytest.param(
            {ENTERPRISE_USER: {"costCenter": "x", "manager": {"value": "1", "displayName": "E"}}},
            (f"{ENTERPRISE_USER}:costCenter", f"{ENTERPRISE_USER}:manager.value"),
            id="extension",
        ),
        pytest.param({f"{CUSTOM}:level": 1}, (f"{CUSTOM}:level",), id="Q7-urn-key"),
        pytest.param(
            {"urn:x:y:2.0:User": {"a": 1, "b": "", "c": {"d": 1}}},
            ("urn:x:y:2.0:User:a", "urn:x:y:2.0:User:c"),
            id="unknown-extension",
        ),
        pytest.param({"foo.bar": 1, "a b": 1}, ("a b", "foo.bar"), id="unknown-paths"),
    ],
)
def test_what_nothing_maps_is_dropped_and_named(
    sent: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    checker = accepting("name.givenName", f"{ENTERPRISE_USER}:department")
    found = checker.check({"userName": "ada", **sent})
    assert found.resource == {"userName": "ada"}
    assert found.dropped == dropped


@pytest.mark.parametrize(
    "sent",
    [
        {"nickName": "x"},
        {"foo": 1},
        {"name": {"givenName": "Ada", "foo": [1, None, {"b": True}]}},
        {"urn:x:y:2.0:User": {"a": {"b": 1.5}}},
        {ENTERPRISE_USER: {"costCenter": "x", "foo": "y"}},
    ],
)
def test_what_nothing_maps_can_be_kept(sent: dict[str, Any]) -> None:
    found = accepting("name.givenName", unmapped="keep").check({"userName": "ada", **sent})
    assert found.resource == {"userName": "ada", **sent}
    assert found.dropped == ()


@pytest.mark.parametrize("value", [{"a": 2**64}, "\0", [float("nan")], {"\ud800": 1}, object()])
def test_what_cannot_be_stored_is_not_kept(value: Any) -> None:
    error = refusal({"userName": "ada", "foo": value}, accepting(unmapped="keep"))
    assert error.scim_type == "invalidValue"
    assert "foo" in error.detail


def test_what_is_nested_without_end_is_not_kept() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    assert "deep" in refusal({"userName": "a", "foo": value}, accepting(unmapped="keep")).detail


def test_what_nothing_maps_can_be_refused() -> None:
    checker = accepting("title", unmapped="reject")
    error = refusal({"userName": "ada", "nickName": "x", "foo": 1, "title": "Dr"}, checker)
    assert "nickName, foo" in error.detail
    assert checker.check({"userName": "ada", "nickName": None, "id": "7"}).dropped == ()


def test_always_accepted_whatever_the_mapping_names() -> None:
    body = {"userName": "ada", "externalId": "1", "active": False}
    assert accepting().check(body).resource == body


def test_group_is_checked_by_its_own_schema() -> None:
    checker = Checker(GROUP_TYPE, Acceptance.of(GROUP_TYPE, [parse_path("members")]))
    body = {"displayName": "G", "members": [{"$ref": None, "value": "1"}, "2"], "externalId": "x"}
    assert checker.check(body).resource == {
        "displayName": "G",
        "members": [{"value": "1"}, {"value": "2"}],
        "externalId": "x",
    }
    assert "displayName is missing" in refusal({"externalId": "x"}, checker).detail


def test_acceptance_reduces_the_schemas() -> None:
    paths = ["title", "name.givenName", 'emails[type eq "work"].value']
    acceptance = Acceptance.of(USER_TYPE, [parse_path(path) for path in paths])
    (schema,) = acceptance.schemas()
    assert [a.name for a in schema.attributes.values()] == [
        "userName",
        "name",
        "title",
        "active",
        "emails",
        "externalId",
    ]
    assert list(schema.attributes["name"].sub_attributes) == ["givenname"]
    assert list(schema.attributes["emails"].sub_attributes) == [
        "value",
        "display",
        "type",
        "primary",
    ]


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("userName", True),
        ("externalId", True),
        ("emails.display", True),
        ("name.givenName", True),
        ("name.familyName", False),
        ("nickName", False),
        (f"{ENTERPRISE_USER}:manager.value", True),
        (f"{ENTERPRISE_USER}:manager.$ref", True),
        (f"{ENTERPRISE_USER}:department", False),
        (f"{CUSTOM}:level", False),
        ("id", False),
    ],
)
def test_acceptance_accepts_what_it_was_made_of(path: str, accepted: bool) -> None:
    taken = ["emails.value", "name.givenName", f"{ENTERPRISE_USER}:manager"]
    acceptance = Acceptance.of(CUSTOM_TYPE, [parse_path(each) for each in taken])
    assert acceptance.accepts(CUSTOM_TYPE.resolve(parse_path(path))) is accepted


def test_acceptance_of_a_path_that_names_nothing() -> None:
    with pytest.raises(ScimError, match='did you mean "nickName"'):
        Acceptance.of(USER_TYPE, [parse_path("nickNam")])


def wire(resource: dict[str, Any]) -> dict[str, Any]:
    return to_wire(
        resource,
        id="7",
        resource_type=USER_TYPE,
        version=3,
        created=datetime(2026, 1, 2, 3, 4, 5, 678900, UTC),
        last_modified=datetime(2026, 1, 2, 4, 4, 5, 0, timezone(timedelta(hours=1))),
        location="https://scim.example/Users/7",
    )


def test_wire_form_is_a_user_to_others() -> None:
    resource = {
        "userName": "ada",
        "active": False,
        "name": {"givenName": "Ada"},
        "emails": [{"type": "work", "value": "a@x.org", "primary": True}],
        ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "42"}},
    }
    body = wire(resource)
    user = User[EnterpriseUser].model_validate(body)
    assert body["schemas"] == [USER, ENTERPRISE_USER]
    assert user.id == "7"
    assert user.active is False
    assert user.emails is not None
    assert user.emails[0].value == "a@x.org"
    assert user[EnterpriseUser].department == "Engines"
    assert body["meta"] == {
        "resourceType": "User",
        "created": "2026-01-02T03:04:05.678Z",
        "lastModified": "2026-01-02T03:04:05.000Z",
        "location": "https://scim.example/Users/7",
        "version": 'W/"3"',
    }


def test_wire_form_says_active_and_hides_passwords() -> None:
    body = wire({"userName": "ada", "password": "hunter2"})
    assert body["active"] is True  # Q66
    assert "password" not in body
    assert body["schemas"] == [USER]


names = st.sampled_from(
    [
        *("userName", "USERNAME", "active", "title", "name", "Name", "emails", "roles", "groups"),
        *("id", "meta", "schemas", "foo", "name.givenName", "emails.value", "name.", "a b", ""),
        *('emails[type eq "work"].value', "roles[primary eq true]", "emails[", "x[y]"),
        *("givenName", "value", "Value", "type", "primary", "$ref", "level", "tags", "manager"),
        *(ENTERPRISE_USER, CUSTOM, f"{CUSTOM}:level", f"{ENTERPRISE_USER}.department", "urn:x:y"),
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["True", "", "12", "\0", "\ud800", "work"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names, values, max_size=8) | values


@given(bodies, st.sampled_from(["drop", "keep", "reject"]))
def test_any_body_is_checked_or_refused(body: Any, unmapped: Unmapped) -> None:
    sent = copy.deepcopy(body)
    checker = accepting("name.givenName", "emails", "roles", f"{CUSTOM}:tags", unmapped=unmapped)
    if isinstance(body, dict) and "userName" not in body:
        body = {"userName": "ada", **body}
        sent = copy.deepcopy(body)
    try:
        found = checker.check(body)
    except ScimError as error:
        assert error.status == 400  # noqa: PT017 - refusing is one of two ways
        assert repr(body) == repr(sent)
        return
    assert repr(body) == repr(sent)
    again = checker.check(found.resource)
    assert again.resource == found.resource
    assert again.dropped == ()
