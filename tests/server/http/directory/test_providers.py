"""Shapes of entra-facts 7.4 and 8 that are not Okta's: Postman collection, OneLogin, Google, …"""

from __future__ import annotations

from typing import Any

import pytest

from provider import Provider
from scimweave.provisioning.engine import Engine

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA: dict[str, Any] = {
    "userName": "Ada@contoso.com",
    "externalId": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"Primary": True, "type": "work", "value": "ada@contoso.com"},
        {"type": "home", "value": "ada@example.org"},
    ],
    ENTERPRISE: {"department": "Engines"},
}


@pytest.fixture
async def ada(call: Provider) -> dict[str, Any]:
    answer = await call("POST", "/Users", ADA)
    assert answer.status == 201
    body: dict[str, Any] = answer.body
    return body


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        pytest.param(
            "filter=name.FamilyName eq Lovelace and (emails.Value co contoso or emails.Value co x)",
            1,
            id="postman-complex",
        ),
        pytest.param('filter=userName sw "a"', 1, id="postman-sw"),
        pytest.param('filter=meta.Created gt "2020-01-01T00:00:00Z"', 1, id="postman-created"),
        pytest.param("startIndex=1&count=2", 1, id="postman-page"),
        pytest.param("count=1", 1, id="google-probe"),
        pytest.param('filter=userName Eq "ADA@contoso.com"', 1, id="ping-eq"),
        pytest.param('filter=emails.value Co "example"', 1, id="ping-co"),
        pytest.param('filter=emails eq "ada@example.org"', 1, id="ping-emails"),
        pytest.param('filter=emails eq "nobody@example.org"', 0, id="ping-emails-miss"),
    ],
)
async def test_queries(call: Provider, ada: dict[str, Any], query: str, hits: int) -> None:
    answer = await call("GET", f"/Users?{query}")
    assert (answer.status, answer.body["totalResults"]) == (200, hits)


async def test_manager_as_entra_once_named_it(
    call: Provider, engine: Engine, ada: dict[str, Any]
) -> None:
    boss = (await call("POST", "/Users", {"userName": "boss"})).body["id"]
    one, asked = f"/Users/{ada['id']}", f'id eq "{ada["id"]}" and manager eq "{boss}"'
    params = {"filter": asked, "attributes": "id"}
    assert (await call("GET", "/Users", params=params)).body["totalResults"] == 0
    value = [{"$ref": f"http://host/scim/Users/{boss}", "value": boss}]
    change = {"op": "Add", "path": "manager", "value": value}
    assert (await call("PATCH", one, {"Operations": [change]})).status == 200
    assert (await call("GET", one)).body[ENTERPRISE]["manager"]["value"] == boss
    assert (await call("GET", "/Users", params=params)).body["totalResults"] == 1
    assert engine.integrations["directory"].sight.quirks["S1"] == 3
    odd = "not (manager pr) or MANAGER.value eq 7"
    assert (await call("GET", "/Users", params={"filter": odd})).body["totalResults"] == 1
    assert (await call("GET", "/Groups", params={"filter": odd})).status == 400


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("userName,emails", {"userName", "emails"}),
        ('emails[type eq "work"]', {"emails"}),
        ("name.givenName", {"name"}),
    ],
)
async def test_postman_selects_attributes(
    call: Provider, ada: dict[str, Any], attributes: str, expected: set[str]
) -> None:
    answer = await call("GET", f"/Users/{ada['id']}?attributes={attributes}")
    assert answer.body.keys() - {"schemas", "id"} == expected
    if "[" in attributes:
        assert [each["value"] for each in answer.body["emails"]] == ["ada@contoso.com"]


async def test_postman_puts_a_misspelt_attribute(call: Provider, ada: dict[str, Any]) -> None:
    answer = await call("PUT", f"/Users/{ada['id']}", {**ADA, "displayNam": "Ada"})
    assert (answer.status, "displayNam" in answer.body) == (200, False)
    without = {name: value for name, value in ADA.items() if name != "userName"}
    assert (await call("PUT", f"/Users/{ada['id']}", without)).status == 400


async def test_onelogin_ends_the_address_with_a_question_mark(
    call: Provider, ada: dict[str, Any]
) -> None:
    group = (await call("POST", "/Groups", {"displayName": "Crew"})).body
    add = {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
    body = {"Operations": [add]}
    assert (await call("PATCH", f"/Groups/{group['id']}?", body)).status == 204
    found = await call("GET", f"/Groups/{group['id']}")
    assert [each["value"] for each in found.body["members"]] == [ada["id"]]


async def test_jumpcloud_creates_and_deletes_when_it_is_activated(call: Provider) -> None:
    for path, body in (("/Users", {"userName": "test"}), ("/Groups", {"displayName": "test"})):
        made = await call("POST", path, body)
        assert (await call("DELETE", f"{path}/{made.body['id']}")).status == 204
        assert (await call("GET", path)).body["totalResults"] == 0


async def test_ping_overwrites_the_members(call: Provider, ada: dict[str, Any]) -> None:
    members = [{"value": ada["id"]}]
    group = (await call("POST", "/Groups", {"displayName": "Crew", "members": members})).body
    one = f"/Groups/{group['id']}"
    for left in ([], members):
        replace = {"op": "replace", "path": "members", "value": left}
        assert (await call("PATCH", one, {"Operations": [replace]})).status == 204
        assert len((await call("GET", one)).body.get("members", [])) == len(left)


async def test_slash_at_the_end_is_taken_and_counted(call: Provider, engine: Engine) -> None:
    assert (await call("GET", '/Users/?filter=userName eq "x"')).status == 200
    assert dict(engine["directory"].sight.quirks) == {"Q44": 1}
