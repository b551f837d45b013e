"""What Okta sends (entra-facts 8.1): the whole user by PUT, a password with every creation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scim2_models import EnterpriseUser, ListResponse, User

from employees import Employees
from provider import Provider

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
HEADERS = {
    "User-Agent": "Okta SCIM Client 1.0.0",
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
}
ADA: dict[str, Any] = {
    "schemas": [CORE],
    "userName": "ada@contoso.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"primary": True, "value": "ada@contoso.com", "type": "work"}],
    "displayName": "Ada Lovelace",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


@pytest.fixture
def mapping(mapping: Path, target: Employees, edit: Callable[[str, str], None]) -> Path:
    """Return a mapping that takes the password too."""
    target.query("ALTER TABLE employees ADD COLUMN pass VARCHAR")
    edit("  attributes:\n", "  attributes:\n    pass: password\n")
    return mapping


@pytest.fixture
def okta(call: Provider) -> Provider:
    call.headers |= HEADERS
    return call


@pytest.fixture
async def ada(okta: Provider) -> dict[str, Any]:
    answer = await okta("POST", "/Users", ADA)
    assert answer.status == 201
    body: dict[str, Any] = answer.body
    return body


async def test_connection_is_tried_with_two_users(okta: Provider) -> None:
    answer = await okta("GET", "/Users?startIndex=1&count=2")
    assert answer.status == 200
    ListResponse[User[EnterpriseUser]].model_validate(answer.body)


async def test_user_is_looked_for_before_it_is_made(okta: Provider) -> None:
    query = "/Users?filter=userName%20eq%20%22ada%40contoso.com%22&startIndex=1&count=100"
    empty = await okta("GET", query)
    assert (empty.status, empty.body["totalResults"]) == (200, 0)
    created = await okta("POST", "/Users", ADA)
    assert created.status == 201
    assert "password" not in created.body
    found = await okta("GET", query)
    assert [user["id"] for user in found.body["Resources"]] == [created.body["id"]]
    assert (await okta("POST", "/Users", ADA)).status == 409


async def test_profile_is_put_back_whole_with_what_changed(
    okta: Provider, target: Employees, ada: dict[str, Any]
) -> None:
    one = f"/Users/{ada['id']}"
    got = (await okta("GET", one)).body
    merged = {
        **got,
        "title": "Countess",
        "groups": [{"value": "7", "display": "Engines"}],
        "meta": {**got["meta"], "version": 'W/"99"', "created": "1815-12-10T00:00:00Z"},
        "id": "another",
    }
    answer = await okta("PUT", one, merged)
    assert answer.status == 200
    expected = {**got, "title": "Countess", "meta": answer.body["meta"]}
    assert answer.body == expected
    assert answer.body["meta"]["created"] == got["meta"]["created"]
    assert answer.body["meta"]["version"] == 'W/"2"'
    row = target.row("ada@contoso.com")
    assert (row["job_title"], row["first_name"], row["pass"]) == ("Countess", "Ada", "1mz050nq")


async def test_put_of_what_was_read_changes_nothing(okta: Provider, ada: dict[str, Any]) -> None:
    assert (await okta("PUT", f"/Users/{ada['id']}", ada)).body == ada


async def test_put_takes_away_what_it_leaves_out(
    okta: Provider, target: Employees, ada: dict[str, Any]
) -> None:
    answer = await okta("PUT", f"/Users/{ada['id']}", {"userName": "ada@contoso.com"})
    assert not {"displayName", "name", "externalId"} & answer.body.keys()
    assert target.row("ada@contoso.com")["display_name"] is None


async def test_leaver_and_returner_by_put(
    okta: Provider, target: Employees, ada: dict[str, Any]
) -> None:
    one = f"/Users/{ada['id']}"
    for active in (False, True):
        answer = await okta("PUT", one, {**ada, "active": active})
        assert (answer.status, answer.body["active"]) == (200, active)
        row = target.row("ada@contoso.com")
        assert (row["is_active"], row["pass"]) == (active, "1mz050nq")


async def test_put_that_does_not_say_so_brings_nobody_back(
    okta: Provider, target: Employees, ada: dict[str, Any]
) -> None:
    one = f"/Users/{ada['id']}"
    await okta("PUT", one, {**ada, "active": False})
    silent = {name: value for name, value in ada.items() if name != "active"}
    assert (await okta("PUT", one, {**silent, "title": "Countess"})).body["active"] is False
    assert target.row("ada@contoso.com")["is_active"] == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_password_is_synchronised(
    okta: Provider, target: Employees, ada: dict[str, Any], method: str
) -> None:
    one = f"/Users/{ada['id']}"
    operation = {"op": "replace", "value": {"password": "n3w-passw0rd"}}
    body = {
        "PUT": {**ada, "password": "n3w-passw0rd"},
        "PATCH": {"schemas": [PATCH_OP], "Operations": [operation]},
    }[method]
    answer = await okta(method, one, body)
    assert answer.status == 200
    assert "password" not in answer.body
    assert target.row("ada@contoso.com")["pass"] == "n3w-passw0rd"


async def test_leaver_by_patch_without_a_path(
    okta: Provider, target: Employees, ada: dict[str, Any]
) -> None:
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": False}}]}
    answer = await okta("PATCH", f"/Users/{ada['id']}", body)
    assert (answer.status, answer.body["active"]) == (200, False)
    assert target.row("ada@contoso.com")["is_active"] == 0


async def test_put_to_another_name_that_is_taken_changes_nothing(
    okta: Provider, ada: dict[str, Any]
) -> None:
    await okta("POST", "/Users", {**ADA, "userName": "bob@contoso.com"})
    answer = await okta("PUT", f"/Users/{ada['id']}", {**ada, "userName": "Bob@contoso.com"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert (await okta("GET", f"/Users/{ada['id']}")).body == ada


async def test_put_to_nobody_is_not_found(okta: Provider) -> None:
    assert (await okta("PUT", "/Users/unknown", ADA)).status == 404
