"""What is accepted against the RFCs is noted by its number, and what they allow is not."""

from __future__ import annotations

from typing import Any

import pytest

from scimweave.scim.filter import parse_filter
from scimweave.scim.patch import parse_patch
from scimweave.scim.quirks import QUIRKS, quirks_of_filter
from scimweave.scim.resource import Acceptance, Checker
from scimweave.scim.schema import ENTERPRISE_USER, GROUP_TYPE, USER, USER_TYPE, ResourceType

USERS = Checker(USER_TYPE, Acceptance.everything(USER_TYPE))
GROUPS = Checker(GROUP_TYPE, Acceptance.everything(GROUP_TYPE))
DEPARTMENT = f"{ENTERPRISE_USER}:department"
WORK = 'emails[type eq "work"]'
ADA = {"userName": "ada", "active": True, "emails": [{"type": "work", "value": "a@b"}]}
TEAM = {"displayName": "t", "members": [{"value": "1"}, {"value": "2"}]}

BODIES = [
    pytest.param({"active": "True"}, {"Q2"}, id="Q2"),
    pytest.param({"active": 1}, {"Q2"}, id="Q2-number"),
    pytest.param({"roles": [{"primary": "True", "value": "Admin"}]}, {"Q3"}, id="Q3"),
    pytest.param({"name.givenName": "Ada"}, {"Q6"}, id="Q6"),
    pytest.param({DEPARTMENT: "Engines"}, {"Q7"}, id="Q7"),
    pytest.param({f"{ENTERPRISE_USER}.department": "Engines"}, {"Q7", "Q20"}, id="Q20"),
    pytest.param({f"{WORK}.value": "a@b"}, {"Q8", "Q9"}, id="Q8"),
    pytest.param({"emails": ["a@b"]}, {"Q15"}, id="Q15"),
    pytest.param({ENTERPRISE_USER: {"manager": "42"}}, {"Q16"}, id="Q16"),
    pytest.param({"schemas": [USER, "urn:x:2.0:y"]}, {"Q17"}, id="Q17"),
    pytest.param({"schemas": [USER, {}, 1]}, {"Q17"}, id="Q17-no-strings"),
    pytest.param({"schemas": [USER], ENTERPRISE_USER: {"department": "E"}}, {"Q18"}, id="Q18"),
    pytest.param({"title": [{"value": "Dr"}]}, {"N5"}, id="N5"),
    pytest.param(
        {"schemas": [USER.upper()], "id": "x", "meta": {}, "title": None}, set(), id="none"
    ),
    pytest.param({"Name": {"GivenName": "Ada"}, "emails": [], "foo": 1}, set(), id="case"),
    pytest.param({"foo.bar": 1, "urn:x:2.0:y": {}}, set(), id="unknown-names"),
]


@pytest.mark.parametrize(("body", "quirks"), BODIES)
def test_quirks_of_a_body(body: dict[str, Any], quirks: set[str]) -> None:
    assert USERS.check({"userName": "ada", **body}).quirks == quirks


PATCHES = [
    pytest.param({"op": "Replace", "path": "title", "value": "x"}, {"Q1"}, id="Q1"),
    pytest.param({"op": "replace", "path": "active", "value": "False"}, {"Q2"}, id="Q2"),
    pytest.param({"op": "replace", "value": {"name.givenName": "x"}}, {"Q6"}, id="Q6"),
    pytest.param({"op": "replace", "value": {DEPARTMENT: "x"}}, {"Q7"}, id="Q7"),
    pytest.param({"op": "replace", "value": {f"{WORK}.value": "x"}}, {"Q8"}, id="Q8"),
    pytest.param(
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"}, {"Q9"}, id="Q9"
    ),
    pytest.param(
        {"op": "add", "path": f"{ENTERPRISE_USER}:manager", "value": "42"}, {"Q16"}, id="Q16"
    ),
    pytest.param({"op": "add", "path": "Manager", "value": {"value": "42"}}, {"S1"}, id="S1"),
    pytest.param(
        {"op": "replace", "path": f"{ENTERPRISE_USER}:manager", "value": ""},
        {"Q16"},
        id="Q16-cleared",
    ),
    pytest.param({"op": "remove", "path": f"{ENTERPRISE_USER}.department"}, {"Q20"}, id="Q20"),
    pytest.param({"op": "replace", "value": {"id": "x", "title": "y"}}, {"Q28"}, id="Q28"),
    pytest.param(
        {"op": "replace", "path": 'roles[primary eq "True"].value', "value": "x"},
        {"Q3", "Q9"},
        id="Q3-selected",
    ),
    pytest.param(
        {"op": "remove", "path": "emails[type eq work and primary eq true]"},
        {"Q45"},
        id="Q45-selected",
    ),
    pytest.param({"op": "add", "path": "active", "value": False}, set(), id="Q5-is-allowed"),
    pytest.param({"op": "replace", "path": f"{WORK}.value", "value": "x"}, set(), id="value-path"),
    pytest.param({"op": "replace", "path": f"{USER}:title", "value": "x"}, set(), id="Q29"),
    pytest.param(
        {"op": "replace", "value": {ENTERPRISE_USER: {"department": "x"}}}, set(), id="extension"
    ),
    pytest.param({"op": "replace", "value": {"foo.bar": 1, "schemas": []}}, set(), id="unknown"),
]


@pytest.mark.parametrize(("operation", "quirks"), PATCHES)
def test_quirks_of_a_patch(operation: dict[str, Any], quirks: set[str]) -> None:
    patch = parse_patch({"Operations": [operation]}, USERS)
    patch.apply(ADA)
    assert patch.quirks == quirks


@pytest.mark.parametrize(
    ("operation", "quirks"),
    [
        pytest.param(
            {"op": "remove", "path": "members", "value": [{"value": "1"}]}, {"Q12"}, id="Q12"
        ),
        pytest.param({"op": "add", "path": "members", "value": "3"}, {"Q15"}, id="Q15"),
        pytest.param({"op": "remove", "path": 'members[value eq "1"]'}, set(), id="Q13"),
        pytest.param({"op": "remove", "path": "members[value eq a1]"}, {"Q45"}, id="Q45"),
        pytest.param(
            {"op": "add", "path": "members", "value": [{"$ref": None, "value": "3"}]},
            set(),
            id="Q14-is-allowed",
        ),
    ],
)
def test_quirks_of_members(operation: dict[str, Any], quirks: set[str]) -> None:
    patch = parse_patch({"Operations": [operation]}, GROUPS)
    patch.apply(TEAM)
    assert patch.quirks == quirks


def test_patch_without_operations() -> None:
    assert parse_patch({"Operations": []}, USERS).quirks == {"Q24"}


@pytest.mark.parametrize(
    ("text", "quirks", "resource_type"),
    [
        pytest.param("userName eq ada", {"Q45"}, USER_TYPE, id="Q45"),
        pytest.param('userName eq "ada" and title eq x', {"Q45"}, USER_TYPE, id="Q45-inside"),
        pytest.param('active eq "True"', {"Q3"}, USER_TYPE, id="Q3"),
        pytest.param('emails[primary eq "true"].value eq "x"', {"Q3"}, USER_TYPE, id="Q3-selected"),
        pytest.param('not (emails[primary eq "true"])', {"Q3"}, USER_TYPE, id="Q3-value-path"),
        pytest.param("emails[primary eq true]", set(), USER_TYPE, id="Q4-is-allowed"),
        pytest.param('members eq "1" or id pr', set(), GROUP_TYPE, id="Q43-is-allowed"),
        pytest.param('foo eq "1"', set(), USER_TYPE, id="unknown"),
    ],
)
def test_quirks_of_a_filter(text: str, quirks: set[str], resource_type: ResourceType) -> None:
    assert quirks_of_filter(parse_filter(text), resource_type) == quirks


def test_every_quirk_is_met_here() -> None:
    # Q44 is met by the endpoint.
    met: set[str] = {"Q24", "Q12", "Q44", "Q45"}
    for case in (*BODIES, *PATCHES):
        quirks = case.values[1]
        assert isinstance(quirks, set)
        met |= quirks
    assert met == set(QUIRKS)
