import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, User

from scimweave.scim.error import ScimError
from scimweave.scim.schema import (
    ENTERPRISE_USER,
    GROUP_TYPE,
    USER,
    USER_TYPE,
    ResourceType,
    schema_from_dict,
)
from scimweave.scim.selection import parse_selection

SECRETS = "urn:ietf:params:scim:schemas:extension:Secrets:2.0:User"
SECRET_TYPE = ResourceType(
    "User",
    "/Users",
    USER_TYPE.core,
    (
        *USER_TYPE.extensions,
        schema_from_dict(
            {
                "id": SECRETS,
                "name": "Secrets",
                "attributes": [
                    {"name": "always", "type": "string", "returned": "always"},
                    {"name": "never", "type": "string", "returned": "never"},
                    {"name": "asked", "type": "string", "returned": "request"},
                    {"name": "usual", "type": "string"},
                ],
            }
        ),
    ),
)
SCHEMAS = [USER, ENTERPRISE_USER]
META = {"resourceType": "User", "created": "2026-01-01T00:00:00.000Z", "version": 'W/"1"'}
WORK = {"type": "work", "value": "ada@work.example", "primary": True}
HOME = {"type": "home", "value": "ada@home.example"}
ADA: dict[str, Any] = {
    "schemas": SCHEMAS,
    "id": "7",
    "userName": "ada",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [WORK, HOME],
    ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "42", "$ref": "x"}},
    "meta": META,
}


def selected(attributes: str | None, excluded: str | None = None) -> dict[str, Any]:
    kept = copy.deepcopy(ADA)
    selection = parse_selection(attributes, excluded, USER_TYPE)
    assert selection is not None
    result = selection.apply(ADA)
    assert kept == ADA
    User[EnterpriseUser].model_validate(result)
    return result


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param("id", {}, id="Q48-id"),
        pytest.param("userName", {"userName": "ada"}, id="simple"),
        pytest.param(
            "USERNAME, emails.Value",
            {
                "userName": "ada",
                "emails": [{"value": "ada@work.example"}, {"value": "ada@home.example"}],
            },
            id="Q21-any-case-and-list",
        ),
        pytest.param("name.givenName", {"name": {"givenName": "Ada"}}, id="sub-attribute"),
        pytest.param("name.givenName,name", {"name": ADA["name"]}, id="whole-wins"),
        pytest.param("name.middleName", {}, id="absent-sub-attribute"),
        pytest.param('emails[type eq "work"]', {"emails": [WORK]}, id="Postman-value-path"),
        pytest.param(
            'emails[type eq "work"].value,emails.primary',
            {"emails": [{"value": "ada@work.example", "primary": True}]},
            id="value-path-and-more",
        ),
        pytest.param('emails[value eq "a,b]\\",c"],active', {"active": True}, id="comma-in-filter"),
        pytest.param(
            f"{ENTERPRISE_USER}:department",
            {ENTERPRISE_USER: {"department": "Engines"}},
            id="extension-attribute",
        ),
        pytest.param(
            f"{ENTERPRISE_USER}:manager.value",
            {ENTERPRISE_USER: {"manager": {"value": "42"}}},
            id="extension-sub-attribute",
        ),
        pytest.param(
            ENTERPRISE_USER.upper(), {ENTERPRISE_USER: ADA[ENTERPRISE_USER]}, id="extension"
        ),
        pytest.param(
            USER,
            {name: ADA[name] for name in ("userName", "active", "name", "emails")},
            id="core-urn",
        ),
        pytest.param(f"{USER}:active", {"active": True}, id="Q29-core-urn-attribute"),
        pytest.param("meta.created", {"meta": {"created": META["created"]}}, id="meta"),
        pytest.param("foo,foo.bar,urn:x:y:2.0:User:z,nickName,,", {}, id="unknown-or-absent"),
    ],
)
def test_attributes_are_what_stays(attributes: str, expected: dict[str, Any]) -> None:
    assert selected(attributes) == {"schemas": SCHEMAS, "id": "7", **expected}


@pytest.mark.parametrize(
    ("excluded", "gone", "expected"),
    [
        pytest.param("emails", {"emails"}, {}, id="Q49-key-goes"),
        pytest.param("id,schemas", set(), {}, id="always-returned"),
        pytest.param("meta", {"meta"}, {}, id="meta"),
        pytest.param("name.givenName", set(), {"name": {"familyName": "Lovelace"}}, id="sub"),
        pytest.param("name.givenName,name.familyName", {"name"}, {}, id="all-subs"),
        pytest.param('emails[type eq "work"]', set(), {"emails": [HOME]}, id="value-path"),
        pytest.param("emails[value pr]", {"emails"}, {}, id="all-elements"),
        pytest.param(
            'emails[type eq "work"].primary',
            set(),
            {"emails": [{"type": "work", "value": "ada@work.example"}, HOME]},
            id="value-path-sub",
        ),
        pytest.param(
            f"{ENTERPRISE_USER}:manager",
            set(),
            {ENTERPRISE_USER: {"department": "Engines"}},
            id="extension-attribute",
        ),
        pytest.param(ENTERPRISE_USER, {ENTERPRISE_USER}, {}, id="extension"),
        pytest.param("foo", set(), {}, id="unknown"),
    ],
)
def test_excluded_attributes_are_what_goes(
    excluded: str, gone: set[str], expected: dict[str, Any]
) -> None:
    rest = {name: value for name, value in ADA.items() if name not in gone}
    assert selected(None, excluded) == {**rest, **expected}


def test_members_of_a_group_can_be_left_out() -> None:
    selection = parse_selection(None, "members", GROUP_TYPE)
    assert selection is not None
    group = {"schemas": [], "id": "7", "displayName": "G", "members": [{"value": "1"}]}
    assert selection.apply(group) == {"schemas": [], "id": "7", "displayName": "G"}


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_asked_is_everything(nothing: str | None) -> None:
    assert parse_selection(nothing, nothing, USER_TYPE) is None


def test_a_password_cannot_be_asked_for() -> None:
    secret = {**ADA, "password": "hunter2"}
    for attributes, excluded in [("password", None), (USER, None), (None, "title")]:
        selection = parse_selection(attributes, excluded, USER_TYPE)
        assert selection is not None
        assert "password" not in selection.apply(secret)


@pytest.mark.parametrize(
    ("attributes", "excluded", "expected"),
    [
        ("userName", None, {"always"}),
        (f"{SECRETS}:asked", None, {"always", "asked"}),
        (f"{SECRETS}:never", None, {"always"}),
        (None, f"{SECRETS}:always,{SECRETS}:usual", {"always"}),
        (None, None, {"always", "usual"}),
    ],
)
def test_returned_is_heeded(
    attributes: str | None, excluded: str | None, expected: set[str]
) -> None:
    resource = {"id": "7", SECRETS: dict.fromkeys(("always", "never", "asked", "usual"), "x")}
    selection = parse_selection(attributes, excluded, SECRET_TYPE)
    assert selection is not None
    assert set(selection.apply(resource)[SECRETS]) == expected


@pytest.mark.parametrize(
    ("attributes", "excluded", "scim_type"),
    [
        ("userName", "emails", "invalidSyntax"),
        ("emails[type eq", None, "invalidPath"),
        ("a b", None, "invalidPath"),
        ("userName," * 501, None, "invalidValue"),
        (None, "," * 100_000, "invalidValue"),
        ("emails[type pr]," * 60_000, None, "invalidValue"),
        (",".join(["emails[" + "type pr or " * 150 + "type pr]"] * 10), None, "invalidValue"),
        ('emails[foo eq "x"]', None, "invalidFilter"),
    ],
)
def test_refusal(attributes: str | None, excluded: str | None, scim_type: str) -> None:
    with pytest.raises(ScimError) as caught:
        parse_selection(attributes, excluded, USER_TYPE)
    assert (caught.value.status, caught.value.scim_type) == (400, scim_type)


texts = st.lists(
    st.sampled_from(["id", "name", "name.givenName", "emails.value", "emails[type pr]", "active"])
    | st.sampled_from([ENTERPRISE_USER, f"{ENTERPRISE_USER}:manager.value", "meta", "foo", USER])
    | st.text(max_size=5),
    min_size=1,
).map(",".join)


@given(texts)
def test_what_is_excluded_is_what_would_be_included(text: str) -> None:
    try:
        named = parse_selection(text, None, USER_TYPE)
        rest = parse_selection(None, text, USER_TYPE)
    except ScimError:
        return
    if named is None or rest is None:
        assert not text
        return
    for name in ADA.keys() - {"id", "schemas"}:
        assert (name in named.apply(ADA)) or (name in rest.apply(ADA))
        assert rest.apply(ADA).get(name) != ADA[name] or name not in named.apply(ADA)


@pytest.mark.parametrize(
    ("attributes", "excluded", "wanted"),
    [
        pytest.param("displayName", None, False, id="others-named"),
        pytest.param("members", None, True, id="named"),
        pytest.param("Members.value", None, True, id="part-named"),
        pytest.param(None, "members", False, id="excluded"),
        pytest.param(None, "displayName", True, id="others-excluded"),
        pytest.param(None, "members.display", True, id="part-excluded"),
        pytest.param(None, 'members[type eq "Group"]', True, id="some-excluded"),
    ],
)
def test_whether_an_attribute_is_wanted_at_all(
    attributes: str | None, excluded: str | None, wanted: bool
) -> None:
    selection = parse_selection(attributes, excluded, GROUP_TYPE)
    assert selection is not None
    assert selection.wants("members") is wanted
