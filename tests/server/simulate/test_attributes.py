from __future__ import annotations

import pytest

from scimweave_server.simulate.attributes import Targets, differences, held, new_resource, targets
from scimweave_server.simulate.people import Person

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA = Person(
    key="1",
    attributes={
        "userPrincipalName": "ada@contoso.com",
        "displayName": "Ada Lovelace",
        "jobTitle": "Analyst",
        "givenName": "Ada",
        "surname": "Lovelace",
        "mailNickname": "ada",
        "department": "Engines",
    },
)


def test_new_resource_is_the_create_request_of_preciate() -> None:
    assert new_resource(targets(ADA)) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "ada@contoso.com",
        "active": True,
        "displayName": "Ada Lovelace",
        "title": "Analyst",
        "externalId": "ada",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        ENTERPRISE: {"department": "Engines"},
        "meta": {"resourceType": "User"},
    }


def test_what_a_person_lacks_is_left_out() -> None:
    person = Person("1", {"userPrincipalName": "w@contoso.com", "surname": "Wulandari"})
    assert targets(person) == {
        "userName": "w@contoso.com",
        "active": True,
        "name.familyName": "Wulandari",
        "name.formatted": "Wulandari",
    }


def test_held_reads_back_what_was_created_in_any_case_of_names() -> None:
    resource = new_resource(targets(ADA))
    resource["DisplayName"] = resource.pop("displayName")
    resource["name"]["FamilyName"] = resource["name"].pop("familyName")
    resource["title"] = None
    assert held(resource) == {
        path: value for path, value in targets(ADA).items() if path != "title"
    }


@pytest.mark.parametrize(
    ("shown", "wanted", "expected"),
    [
        pytest.param({}, {"title": "A"}, [("title", False)], id="missing is added"),
        pytest.param({"title": "B"}, {"title": "A"}, [("title", True)], id="other is replaced"),
        pytest.param({"title": "A"}, {"title": "A"}, [], id="equal is not sent"),
        pytest.param({"title": "A"}, {}, [], id="null is never sent"),
        pytest.param({"title": "a"}, {"title": "A"}, [], id="case alone is no change"),
        pytest.param(
            {"externalId": "a"},
            {"externalId": "A"},
            [("externalId", True)],
            id="case counts in externalId",
        ),
        pytest.param({"active": True}, {"active": False}, [("active", True)], id="active"),
        pytest.param({"active": "True"}, {"active": True}, [], id="active shown as a string"),
    ],
)
def test_differences(shown: Targets, wanted: Targets, expected: list[tuple[str, bool]]) -> None:
    assert [(each.path, each.known) for each in differences(shown, wanted)] == expected
