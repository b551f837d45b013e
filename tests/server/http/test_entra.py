"""What Entra sends, by its number in the fact sheet, and the reading order of its section 1.10."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from employees import Employees
from provider import Provider

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ADA: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "userName": "ada@contoso.com",
    "active": True,
    "displayName": "Ada Lovelace",
    "title": "Analyst",
    "externalId": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    ENTERPRISE: {"department": "Engines"},
    "meta": {"resourceType": "User"},
}


@pytest.fixture
async def ada(call: Provider) -> dict[str, Any]:
    answer = await call("POST", "/Users", ADA)
    assert answer.status == 201
    body: dict[str, Any] = answer.body
    return body


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


async def test_user_who_was_there_before_is_matched_and_not_created(
    call: Provider, target: Employees
) -> None:
    target.query("INSERT INTO employees (email, is_active, job_title) VALUES (?, 1, ?)",
                 "ada@contoso.com", "Analyst")  # fmt: skip
    found = await call("GET", "/Users?filter=userName+eq+%22ada%40contoso.com%22")
    (user,) = found.body["Resources"]
    assert (found.body["totalResults"], user["title"], user["active"]) == (1, "Analyst", True)
    add = {"op": "Add", "path": "displayName", "value": "Ada Lovelace"}
    assert (await call("PATCH", f"/Users/{user['id']}", patch(add))).status == 200
    assert (await call("GET", f"/Users/{user['id']}")).body["displayName"] == "Ada Lovelace"
    (row,) = target.rows()
    assert (row["display_name"], row["job_title"]) == ("Ada Lovelace", "Analyst")


async def test_reading_order_of_one_user(call: Provider, target: Employees) -> None:
    probe = await call("GET", f"/Users?filter=userName+eq+%22{uuid.uuid4()}%22")
    assert (probe.status, probe.body["totalResults"], probe.body["Resources"]) == (200, 0, [])
    match = "/Users?filter=userName+eq+%22ada%40contoso.com%22"
    assert (await call("GET", match)).body["totalResults"] == 0
    created = await call("POST", "/Users", ADA)
    assert created.status == 201
    one = f"/Users/{created.body['id']}"
    assert created.headers["Location"].endswith(f"/api/v1/scim{one}")
    manager = {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": str(uuid.uuid4())}
    assert (await call("PATCH", one, patch(manager))).status == 200
    assert (await call("GET", one)).body["displayName"] == "Ada Lovelace"
    rename = {"op": "Replace", "path": "displayName", "value": "Ada King"}
    assert (await call("PATCH", one, patch(rename))).status == 200
    assert target.row("ada@contoso.com")["display_name"] == "Ada King"
    leave = {"op": "Replace", "path": "active", "value": "False"}
    assert (await call("PATCH", one, patch(leave))).status == 200
    assert target.row("ada@contoso.com")["is_active"] == 0
    found = await call("GET", match)
    assert [user["active"] for user in found.body["Resources"]] == [False]
    back = {"op": "Replace", "path": "active", "value": "True"}
    assert (await call("PATCH", one, patch(back))).body["active"] is True
    assert target.row("ada@contoso.com")["is_active"] == 1
    gone = await call("DELETE", one)
    assert (gone.status, gone.body) == (204, None)
    assert target.row("ada@contoso.com")["is_active"] == 0
    assert (await call("GET", one)).status == 404
    assert (await call("DELETE", one)).status == 404


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "Replace", "path": "active", "value": False}, id="1"),
        pytest.param({"op": "Replace", "path": "active", "value": "False"}, id="2-Q2"),
        pytest.param({"op": "replace", "path": "active", "value": False}, id="3-Q1"),
        pytest.param({"op": "Add", "path": "active", "value": "False"}, id="4-Q5"),
        pytest.param({"op": "replace", "value": {"active": False}}, id="5-pathless"),
        pytest.param({"op": "Replace", "path": "active", "value": "FALSE"}, id="6"),
        pytest.param({"op": "Replace", "path": f"{CORE}:active", "value": "False"}, id="7-Q29"),
        pytest.param({"op": "replace", "value": {"id": "x", "active": False}}, id="Q28"),
    ],
)
async def test_leaver_is_out_in_any_dialect(
    call: Provider, ada: dict[str, Any], target: Employees, operation: dict[str, Any]
) -> None:
    answer = await call("PATCH", f"/Users/{ada['id']}", patch(operation))
    assert (answer.status, answer.body["active"]) == (200, False)
    assert target.row("ada@contoso.com")["is_active"] == 0


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param(
            [
                {"op": "Replace", "path": "displayName", "value": "Pvlo"},
                {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "a@b.c"},
                {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
                {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Eqpj"},
                {"op": "Add", "path": "nickName", "value": "Babs"},
            ],
            {"display_name": "Pvlo", "first_name": "Gtfd", "department": "Eqpj"},
            id="dialect-A",
        ),
        pytest.param(
            [
                {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@b.c"},
                {
                    "op": "replace",
                    "value": {
                        "displayName": "Bjfe",
                        "name.givenName": "Kkom",
                        "name.familyName": "Unua",
                        f"{ENTERPRISE}:department": "Aklq",
                    },
                },
            ],
            {"display_name": "Bjfe", "first_name": "Kkom", "last_name": "Unua"}
            | {"department": "Aklq"},
            id="dialect-B-Q6-Q7",
        ),
        pytest.param(
            [{"op": "Replace", "path": f"{ENTERPRISE}.department", "value": "Looms"}],
            {"department": "Looms"},
            id="Q20-legacy-dot",
        ),
        pytest.param(
            [{"op": "replace", "value": {"Title": "Boss"}}], {"job_title": "Boss"}, id="Q21"
        ),
        pytest.param([{"op": "replace", "value": {"title": None}}], {"job_title": None}, id="null"),
        pytest.param(
            [{"op": "Replace", "path": "title", "value": ""}], {"job_title": None}, id="empty"
        ),
        pytest.param([{"op": "remove", "path": "title"}], {"job_title": None}, id="remove"),
        pytest.param([], {"job_title": "Analyst"}, id="Q24-empty-operations"),
        pytest.param(
            [{"op": "replace", "value": {"userName": "ada.king@contoso.com"}}],
            {"email": "ada.king@contoso.com"},
            id="rename",
        ),
    ],
)
async def test_mover_arrives(
    call: Provider,
    ada: dict[str, Any],
    target: Employees,
    operations: list[dict[str, Any]],
    expected: dict[str, Any],
) -> None:
    answer = await call("PATCH", f"/Users/{ada['id']}", patch(*operations))
    assert answer.status == 200
    (row,) = target.rows()
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("filter=userName+eq+%22ada%40contoso.com%22", id="Q42-plus"),
        pytest.param("filter=userName%20eq%20%22ada@contoso.com%22", id="Q42-percent"),
        pytest.param("filter=userName+eq+%22ADA%40CONTOSO.COM%22", id="Q41-case"),
        pytest.param("filter=externalId+eq+ada", id="Q45-bare-word"),
        pytest.param("filter=userName+Eq+%22ada@contoso.com%22&startIndex=1&count=100", id="ping"),
        pytest.param("filter=displayName+co+%22LOVE%22", id="co"),
        pytest.param("filter=title+sw+%22Ana%22+and+active+eq+true", id="sw-and"),
        pytest.param("filter=name.familyName+pr", id="pr"),
        pytest.param(f"filter={ENTERPRISE}:department+eq+%22Engines%22", id="extension"),
        pytest.param("aadOptscim062020=&filter=userName+sw+%22ada%22", id="flag-arrives"),
    ],
)
async def test_filter_finds_one(call: Provider, ada: dict[str, Any], query: str) -> None:
    for path in (f"/Users?{query}", f"/Users/?{query}"):
        answer = await call("GET", path)
        assert (answer.status, [user["id"] for user in answer.body["Resources"]]) == (
            200,
            [ada["id"]],
        )


async def test_reference_check_by_id(call: Provider, ada: dict[str, Any]) -> None:
    answer = await call(
        "GET", f'/Users?filter=id eq "{ada["id"]}" and active eq true&attributes=id'
    )
    assert answer.body["Resources"] == [{"schemas": ada["schemas"], "id": ada["id"]}]


async def test_q47_request_without_headers_is_answered(call: Provider, ada: dict[str, Any]) -> None:
    answer = await call("GET", "/Users", skip_auto_headers=["Accept", "User-Agent", "Content-Type"])
    assert answer.status == 200


async def test_value_comes_back_as_sent(call: Provider, target: Employees) -> None:
    user = ADA | {"displayName": "  Zoë  ", "title": "+5 (555) 'x' \\ %"}
    created = (await call("POST", "/Users", user)).body
    assert (created["displayName"], created["title"]) == ("  Zoë  ", "+5 (555) 'x' \\ %")
    assert target.row("ada@contoso.com")["display_name"] == "  Zoë  "


async def test_same_request_twice_has_no_new_version(call: Provider, ada: dict[str, Any]) -> None:
    active = {"op": "Replace", "path": "active", "value": "True"}
    answer = await call("PATCH", f"/Users/{ada['id']}", patch(active))
    assert answer.body["meta"] == ada["meta"]
