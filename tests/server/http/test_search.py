from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from scim2_models import EnterpriseUser, Error, ListResponse, User

from provider import Provider

SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
async def ids(call: Provider) -> list[str]:
    """Return the ids of four users."""
    people = [
        {"userName": "Ada@contoso.com", "title": "Countess", "name": {"familyName": "Lovelace"}},
        {"userName": "grace@contoso.com", "title": "admiral"},
        {"userName": "linus@contoso.com", "displayName": 'O\'Malley & Søn + "Co"'},
        {"userName": "zoë@contoso.com", "title": "Admiral", "active": False},
    ]
    return [(await call("POST", "/Users", each)).body["id"] for each in people]


def names(body: dict[str, Any]) -> list[str]:
    return [user["userName"].partition("@")[0] for user in body["Resources"]]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param('/Users?filter=id eq "4f6f0a5e-0000-4000"', [], id="Q40"),
        pytest.param('/Users?filter=userName eq "ADA@contoso.com"', ["Ada"], id="Q41"),
        pytest.param(
            "/Users?filter=DisplayName+eq+%22O'Malley+%26+S%C3%B8n+%2B+%5C%22Co%5C%22%22",
            ["linus"],
            id="Q42-Q46",
        ),
        pytest.param('/Users/?filter=userName eq "ada@contoso.com"', ["Ada"], id="Q44"),
        pytest.param("/Users?filter=name.FamilyName eq lovelace", ["Ada"], id="Q45"),
        pytest.param('/Users?filter=userName eq "ZOË@contoso.com"', ["zoë"], id="Q46-non-ascii"),
        pytest.param('/Users?filter=title eq "admiral"', ["grace", "zoë"], id="Q63-inactive-too"),
        pytest.param("/Users?sortBy=title", ["grace", "zoë", "Ada", "linus"], id="sorted"),
        pytest.param(
            "/Users?sortBy=title&sortOrder=Descending",
            ["linus", "Ada", "grace", "zoë"],
            id="descending",
        ),
        pytest.param("/Users?sortBy=userName&startIndex=2&count=2", ["grace", "linus"], id="page"),
    ],
)
async def test_query_in_the_address_and_in_a_body_are_one(
    call: Provider, ids: list[str], address: str, expected: list[str]
) -> None:
    answer = await call("GET", address.replace(" ", "%20"))
    assert (answer.status, names(answer.body)) == (200, expected)
    ListResponse[User[EnterpriseUser]].model_validate(answer.body)
    path, _, parameters = address.partition("?")
    body: dict[str, Any] = {"schemas": [SEARCH_REQUEST]}
    for parameter in parameters.replace("+", " ").split("&"):
        name, _, value = parameter.partition("=")
        plain = value.replace("%26", "&").replace("%2B", "+").replace("%22", '"')
        plain = plain.replace("%5C", "\\").replace("%C3%B8", "ø")
        body[name] = int(plain) if plain.isdecimal() else plain
    for where in (f"{path.rstrip('/')}/.search", "/.search"):
        assert (await call("POST", where, body)).body == answer.body


async def test_body_selects_attributes(call: Provider, ids: list[str]) -> None:
    body = {"Filter": 'userName sw "ada"', "attributes": ["userName", "name.familyName"]}
    (found,) = (await call("POST", "/.search", body)).body["Resources"]
    assert found.keys() == {"schemas", "id", "userName", "name"}
    fewer = {"excludedAttributes": ["title", "meta"], "count": 1}
    (found,) = (await call("POST", "/Users/.search", fewer)).body["Resources"]
    assert not found.keys() & {"title", "meta"}


@pytest.mark.parametrize("more", ["", "&sortBy=userName", '&filter=userName co "contoso"'])
async def test_cursor_leads_through_all_once(call: Provider, ids: list[str], more: str) -> None:
    collected: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        address = f"/Users?count=3&cursor={cursor}{more}".replace(" ", "%20")
        body = (await call("GET", address)).body
        assert quote(cursor, safe="") == cursor
        assert "startIndex" not in body
        assert body["itemsPerPage"] == len(body["Resources"]) <= 3
        collected += [user["id"] for user in body["Resources"]]
        cursor = body.get("nextCursor")
    assert collected == ids


async def test_cursor_goes_on_in_a_body(call: Provider, ids: list[str]) -> None:
    body = {"schemas": [SEARCH_REQUEST], "cursor": "", "count": 2}
    first = (await call("POST", "/.search", body)).body
    rest = (await call("POST", "/.search", {**body, "cursor": first["nextCursor"]})).body
    assert [user["id"] for user in first["Resources"] + rest["Resources"]] == ids
    assert "nextCursor" not in rest


@pytest.mark.parametrize(
    ("method", "path", "body", "scim_type"),
    [
        ("GET", "/Users?cursor=x", None, "invalidCursor"),
        ("GET", "/Users?cursor=&count=0", None, "invalidCount"),
        ("GET", "/Users?cursor=&count=many", None, "invalidCount"),
        ("GET", "/Users?startIndex=first", None, "invalidValue"),
        ("GET", "/Users?sortBy=usrName", None, "invalidPath"),
        ("GET", "/Users?sortBy=title&sortOrder=up", None, "invalidValue"),
        ("GET", "/Users?filter=password+sw+%22a%22", None, "invalidFilter"),
        ("GET", "/Users?filter=" + "(" * 60 + "title+pr" + ")" * 60, None, "invalidFilter"),
        ("POST", "/.search", {"filter": "a" * 9000}, "invalidFilter"),
        ("POST", "/.search", [], "invalidSyntax"),
        ("POST", "/.search", {"filter": 7}, "invalidValue"),
        ("POST", "/.search", {"count": True}, "invalidValue"),
        ("POST", "/.search", {"count": 1.5}, "invalidValue"),
        ("POST", "/.search", {"attributes": [7]}, "invalidValue"),
        ("POST", "/.search", {"filter": 'usrName eq "a"'}, "invalidFilter"),
    ],
)
async def test_bad_query_is_a_scim_error(
    call: Provider, method: str, path: str, body: Any, scim_type: str
) -> None:
    answer = await call(method, path, body)
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)
    Error.model_validate(answer.body)


@pytest.mark.parametrize("path", ["/.search", "/Users/.search"])
async def test_search_takes_post_only(call: Provider, path: str) -> None:
    answer = await call("GET", path)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST, OPTIONS")


async def test_more_than_a_page_takes_comes_in_pages(call: Provider, ids: list[str]) -> None:
    for count, found in ((10**6, 4), (10**19, 4), ("9" * 4000, 4), ("-" + "9" * 4000, 0)):
        body = (await call("POST", "/.search", {"count": count})).body
        assert (body["totalResults"], body["itemsPerPage"]) == (4, found)
    body = (await call("POST", "/.search", {"startIndex": "9" * 4000})).body
    assert (body["totalResults"], body["itemsPerPage"]) == (4, 0)


async def test_config_names_sort_and_both_ways_of_paging(call: Provider) -> None:
    body = (await call("GET", "/ServiceProviderConfig")).body
    assert body["sort"] == {"supported": True}
    assert body["pagination"]["cursor"] is body["pagination"]["index"] is True
    assert body["pagination"]["defaultPaginationMethod"] == "index"
