from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from scim2_models import Error

from employees import Employees
from provider import Client, Provider
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key

ADA = {"userName": "ada@contoso.com", "title": "Analyst"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        pytest.param("POST", "/Users", b"{", 400, "not JSON", id="broken-json"),
        pytest.param("POST", "/Users", b"", 400, "not JSON", id="empty-body"),
        pytest.param("POST", "/Users", b"\xff\xfe", 400, "not JSON", id="not-utf-8"),
        pytest.param("POST", "/Users", b'{"userName": "\\ud800"}', 400, "not JSON", id="surrogate"),
        pytest.param("POST", "/Users", [], 400, "", id="list"),
        pytest.param("POST", "/Users", {"title": "x"}, 400, "userName", id="no-user-name"),
        pytest.param("POST", "/Users", {"userName": 7}, 400, "userName", id="wrong-type"),
        pytest.param("POST", "/Users", {**ADA, "active": "maybe"}, 400, "active", id="no-boolean"),
        pytest.param("POST", "/Users", {**ADA, "name": "Ada"}, 400, "name", id="no-object"),
        pytest.param("POST", "/Users", {**ADA, "title": "a\0b"}, 400, "title", id="nul"),
        pytest.param("POST", "/Users", b"[" * 500 + b"]" * 500, 400, "levels deep", id="deep-json"),
        pytest.param("POST", "/Users", b"[" * 100_000, 400, "not JSON", id="very-deep-json"),
        pytest.param(
            "POST", "/Users", b'{"userName":"' + b"x" * 1_048_577, 413, "1048576", id="too-large"
        ),
        pytest.param("GET", "/Users/unknown", None, 404, "'unknown'", id="unknown-id"),
        pytest.param("GET", "/Users/a%2Fb%00%27", None, 404, "a/b", id="odd-id"),
        pytest.param("PATCH", "/Users/unknown", {"Operations": []}, 404, "", id="patch-unknown"),
        pytest.param("DELETE", "/Users/unknown", None, 404, "", id="delete-unknown"),
        pytest.param("GET", "/Users?filter=userName", None, 400, "operator", id="bad-filter"),
        pytest.param("GET", "/Users?filter=", None, 400, "empty", id="empty-filter"),
        pytest.param(
            "GET", "/Users?filter=usrName+eq+%22a%22", None, 400, "userName", id="unknown-attribute"
        ),
        pytest.param("GET", "/Users?count=many", None, 400, "count", id="count-is-no-number"),
        pytest.param(
            "GET", "/Users?attributes=id&excludedAttributes=title", None, 400, "", id="both"
        ),
        pytest.param("GET", "/Groups", None, 404, "/Users", id="no-groups"),
        pytest.param("GET", "/Users/a/b", None, 404, "", id="too-deep"),
        pytest.param("PUT", "/Users", ADA, 405, "GET", id="method"),
        pytest.param("GET", "/Me", None, 501, "", id="me"),
        pytest.param("GET", "/Schemas?filter=a+pr", None, 403, "filter", id="filter-on-schemas"),
        pytest.param("GET", "/Schemas/urn:nothing", None, 404, "urn:nothing", id="unknown-schema"),
    ],
)
async def test_bad_request_is_a_scim_error_and_stores_nothing(
    call: Provider,
    target: Employees,
    method: str,
    path: str,
    body: Any,
    status: int,
    detail: str,
) -> None:
    answer = await call(method, path, body)
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    error = Error.model_validate(answer.body)
    assert answer.status == status
    assert answer.body["status"] == str(status)
    assert detail in (error.detail or "")
    assert target.rows() == []
    assert (await call("GET", "/Users")).body["totalResults"] == 0


async def test_path_outside_of_every_integration_is_a_scim_error(client: Client) -> None:
    async with client.get("/scim/v2/Users") as answer:
        assert answer.status == 404
        assert "Tenant URL" in (await answer.json(content_type=None))["detail"]


async def test_method_that_is_not_there_names_those_that_are(call: Provider) -> None:
    answer = await call("PATCH", "/Users", {})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", "Basic YWRhOmFkYQ==", "Bearer \u00e9"],
)
async def test_without_the_key_nothing_opens(
    call: Provider, target: Employees, authorization: str
) -> None:
    headers = {"Authorization": authorization}
    for method, path in (("GET", "/Users"), ("POST", "/Users"), ("GET", "/Schemas")):
        answer = await call(method, path, ADA if method == "POST" else None, headers=headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        Error.model_validate(answer.body)
    assert target.rows() == []


async def test_key_that_is_no_text_opens_nothing(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"GET /api/v1/scim/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: Bearer \xff\xfe\r\n\r\n"
    )
    assert (await reader.readline()).split()[1] in {b"400", b"401"}
    writer.close()


async def test_new_key_ends_the_one_before(call: Provider, engine: Engine) -> None:
    assert (await call("GET", "/Users")).status == 200
    secret, _ = await generate_key(engine.store, "preciate")
    assert (await call("GET", "/Users")).status == 401
    fresh = {"Authorization": f"bearer {secret}"}
    assert (await call("GET", "/Users", headers=fresh)).status == 200


async def test_grace_keeps_the_key_before(call: Provider, engine: Engine) -> None:
    await generate_key(engine.store, "preciate", timedelta(hours=1))
    assert (await call("GET", "/Users")).status == 200


async def test_key_of_another_integration_opens_nothing(call: Provider, engine: Engine) -> None:
    secret, _ = await generate_key(engine.store, "other")
    answer = await call("GET", "/Users", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 401


async def test_duplicate_is_a_conflict_with_its_type(call: Provider) -> None:
    assert (await call("POST", "/Users", ADA)).status == 201
    answer = await call("POST", "/Users", {**ADA, "userName": "ADA@contoso.com"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert "ADA@contoso.com" in answer.body["detail"] or "ada@contoso.com" in answer.body["detail"]


@pytest.mark.parametrize(
    ("operation", "scim_type", "detail"),
    [
        ({"op": "Replace", "path": "emails[type eq", "value": "x"}, "invalidPath", "emails[type"),
        ({"op": "move", "path": "title", "value": "x"}, "invalidSyntax", "move"),
        ({"op": "Replace", "path": "active", "value": "maybe"}, "invalidValue", "active"),
        ({"op": "Replace", "path": "id", "value": "7"}, "mutability", "id"),
        ({"op": "Remove", "path": "userName"}, "invalidValue", "userName"),
        ("no operation", "invalidSyntax", ""),
    ],
)
async def test_bad_operation_leaves_everything_as_it_was(
    call: Provider, target: Employees, operation: Any, scim_type: str, detail: str
) -> None:
    user = (await call("POST", "/Users", ADA)).body
    good = {"op": "Replace", "path": "title", "value": "Countess"}
    answer = await call("PATCH", f"/Users/{user['id']}", {"Operations": [good, operation]})
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)
    assert detail in answer.body["detail"]
    assert target.row("ada@contoso.com")["job_title"] == "Analyst"
    assert (await call("GET", f"/Users/{user['id']}")).body == user


async def test_silent_target_is_a_503_with_retry_after(call: Provider, target: Employees) -> None:
    target.query("ALTER TABLE employees RENAME TO elsewhere")
    answer = await call("POST", "/Users", ADA)
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
    Error.model_validate(answer.body)
    assert (await call("GET", "/Users")).body["totalResults"] == 0
