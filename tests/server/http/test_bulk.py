"""Many operations in one request: each as if it had come alone, in an order that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer
from scim2_models import BulkResponse, EnterpriseUser, Error, User

from employees import Employees
from provider import Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave_server.http.handler import create_handler
from scimweave_server.http.limits import Limits

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def mapping(mapping: Path, target: Employees) -> Path:
    """Return a mapping that takes managers too."""
    target.query("ALTER TABLE employees ADD COLUMN boss VARCHAR")
    line = "  attributes:\n"
    text = mapping.read_text().replace(line, f"{line}    boss: enterprise.manager.value\n")
    mapping.write_text(text)
    return mapping


def post(name: str, bulk_id: str | None = None, boss: str | None = None) -> dict[str, Any]:
    data: dict[str, Any] = {"userName": name}
    if boss is not None:
        data[ENTERPRISE] = {"manager": {"value": boss}}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def replace(path: str, **values: Any) -> dict[str, Any]:
    operations = [{"op": "replace", "path": name, "value": each} for name, each in values.items()]
    return {"method": "PATCH", "path": path, "data": {"Operations": operations}}


async def bulk(call: Provider, *operations: Any, **members: Any) -> list[dict[str, Any]]:
    body = {"schemas": [BULK_REQUEST], "Operations": list(operations), **members}
    answer = await call("POST", "/Bulk", body)
    assert answer.status == 200
    BulkResponse[User[EnterpriseUser]].model_validate(answer.body)
    found: list[dict[str, Any]] = answer.body["Operations"]
    for each in found:
        if "response" in each:
            Error.model_validate(each["response"])
    return found


def local(outcome: dict[str, Any]) -> str:
    """Return the path of a resource below the Tenant URL."""
    return "/Users/" + str(outcome["location"]).rpartition("/")[2]


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in outcomes]


async def test_every_method_does_what_it_does_alone(call: Provider, target: Employees) -> None:
    outcomes = await bulk(
        call,
        post("ada", "a"),
        post("bob", "b"),
        replace("/Users/bulkId:a", title="Countess"),
        {"method": "put", "path": "/Users/bulkId:b", "data": {"userName": "bob", "title": "Boss"}},
    )
    assert statuses(outcomes) == ["201", "201", "200", "200"]
    assert [each.get("bulkId") for each in outcomes] == ["a", "b", None, None]
    assert [each["version"] for each in outcomes] == ['W/"1"', 'W/"1"', 'W/"2"', 'W/"2"']
    assert outcomes[2]["location"] == outcomes[0]["location"]
    assert (await call("GET", local(outcomes[0]))).body["title"] == "Countess"
    assert [row["job_title"] for row in target.rows()] == ["Countess", "Boss"]
    gone = await bulk(call, {"method": "DELETE", "path": outcomes[0]["location"]})
    assert (gone[0]["status"], gone[0]["location"]) == ("204", outcomes[0]["location"])
    assert (await call("GET", local(outcomes[0]))).status == 404


async def test_error_says_what_it_would_say_alone(call: Provider) -> None:
    await call("POST", "/Users", {"userName": "ada"})
    outcomes = await bulk(
        call,
        post("ADA", "again"),
        replace("/Users/unknown", title="x"),
        post("bob", "b"),
        replace("/Users/bulkId:b", active="maybe"),
    )
    assert statuses(outcomes) == ["409", "404", "201", "400"]
    assert outcomes[0]["response"]["scimType"] == "uniqueness"
    assert "location" not in outcomes[0]
    assert outcomes[1]["location"].endswith("/api/v1/scim/Users/unknown")
    assert "active" in outcomes[3]["response"]["detail"]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"method": "POST"}, "404"),
        ({"method": "POST", "path": "/Users"}, "400"),
        ({"method": "POST", "path": "/Users/7", "data": {}}, "404"),
        ({"method": "POST", "path": "/Users", "data": [1]}, "400"),
        ({"method": "PATCH", "path": "/Users", "data": {}}, "404"),
        ({"method": "DELETE", "path": "/Users/"}, "404"),
        ({"method": "DELETE", "path": "/Users/a/b"}, "404"),
        ({"method": "POST", "path": "/Schemas", "data": {}}, "404"),
        ({"method": "POST", "path": "/Bulk", "data": {"Operations": []}}, "404"),
        ({"method": "POST", "path": 7, "data": {}}, "404"),
        ({"method": "DELETE", "path": "/Users/bulkId:nobody"}, "400"),
        ({"method": "DELETE", "path": "/Users/7", "version": 'W/"1'}, "400"),
    ],
)
async def test_bad_operation_is_its_own_error(call: Provider, operation: Any, status: str) -> None:
    assert statuses(await bulk(call, operation, post("ada"))) == [status, "201"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ([], 400, "object"),
        ({}, 400, "Operations"),
        ({"Operations": {}}, 400, "Operations"),
        ({"Operations": ["text"]}, 400, "object"),
        ({"Operations": [post("a"), {}]}, 400, "method"),
        ({"Operations": [post("a"), {"method": "GET", "path": "/Users"}]}, 400, "method"),
        ({"Operations": [], "failOnErrors": "one"}, 400, "failOnErrors"),
        ({"Operations": [post("a", "x"), post("b", "x")]}, 400, '"x"'),
        ({"Operations": [{}] * 1001}, 413, "1000"),
    ],
)
async def test_bad_request_is_one_error(
    call: Provider, target: Employees, body: Any, status: int, detail: str
) -> None:
    answer = await call("POST", "/Bulk", body)
    assert answer.status == status
    assert detail in answer.body["detail"]
    assert target.rows() == []


async def test_who_refers_to_another_comes_after_it(call: Provider, target: Employees) -> None:
    outcomes = await bulk(
        call, post("c", "c", "bulkId:b"), post("b", "b", "bulkId:a"), post("a", "a")
    )
    assert [each["bulkId"] for each in outcomes] == ["c", "b", "a"]
    assert statuses(outcomes) == ["201"] * 3
    ids = {each["bulkId"]: each["location"].rpartition("/")[2] for each in outcomes}
    bosses = {row["email"]: row["boss"] for row in target.rows()}
    assert bosses == {"a": None, "b": ids["a"], "c": ids["b"]}


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_circle_is_closed_once_everybody_is_there(
    call: Provider, target: Employees, size: int
) -> None:
    circle = [post(str(n), str(n), f"bulkId:{(n + 1) % size}") for n in range(size)]
    follower = post("follower", "f", "bulkId:0")
    outcomes = await bulk(call, follower, *circle)
    assert statuses(outcomes) == ["201"] * (size + 1)
    ids = {each["bulkId"]: each["location"].rpartition("/")[2] for each in outcomes}
    for row in target.rows():
        wanted = "0" if row["email"] == "follower" else str((int(row["email"]) + 1) % size)
        assert row["boss"] == ids[wanted]
        user = (await call("GET", f"/Users/{ids[row['email'].replace('follower', 'f')]}")).body
        assert user[ENTERPRISE]["manager"]["value"] == ids[wanted]


async def test_circle_that_cannot_be_closed_says_what_is_there(
    call: Provider, target: Employees
) -> None:
    await call("POST", "/Users", {"userName": "b"})
    outcomes = await bulk(call, post("a", "a", "bulkId:b"), post("b", "b", "bulkId:a"))
    assert statuses(outcomes) == ["409", "409"]
    assert 'bulkId "b"' in outcomes[0]["response"]["detail"]
    assert (await call("GET", local(outcomes[0]))).body["userName"] == "a"
    assert "location" not in outcomes[1]


async def test_leaver_of_a_circle_stays_out(call: Provider, target: Employees) -> None:
    change = replace("/Users/bulkId:a", title="Countess", active=False)
    outcomes = await bulk(call, post("a", "a", "bulkId:b"), change, post("b", "b", "bulkId:a"))
    assert statuses(outcomes) == ["201", "200", "201"]
    boss = outcomes[2]["location"].rpartition("/")[2]
    row = target.row("a")
    assert (row["is_active"], row["job_title"], row["boss"]) == (False, "Countess", boss)
    assert (await call("GET", local(outcomes[0]))).body["active"] is False


async def test_member_of_a_circle_can_be_deleted_at_once(call: Provider, target: Employees) -> None:
    gone = {"method": "DELETE", "path": "/Users/bulkId:a"}
    outcomes = await bulk(call, post("a", "a", "bulkId:b"), gone, post("b", "b", "bulkId:a"))
    assert statuses(outcomes) == ["201", "204", "201"]
    assert (await call("GET", local(outcomes[0]))).status == 404


async def test_last_error_leaves_no_circle_open(call: Provider, target: Employees) -> None:
    await call("POST", "/Users", {"userName": "b"})
    circle = [post("a", "a", "bulkId:b"), post("b", "b", "bulkId:a")]
    outcomes = await bulk(call, *circle, failOnErrors=1)
    assert statuses(outcomes) == ["409", "409"]
    assert 'bulkId "b"' in outcomes[0]["response"]["detail"]
    circle = [post("d", "d", "bulkId:e"), post("e", "e", "bulkId:d")]
    outcomes = await bulk(call, replace("/Users/bulkId:d", active="?"), *circle, failOnErrors=1)
    assert statuses(outcomes) == ["400", "201", "201"]
    assert target.row("d")["boss"] == outcomes[2]["location"].rpartition("/")[2]


async def test_who_refers_to_a_failure_fails(call: Provider, target: Employees) -> None:
    outcomes = await bulk(call, post("", "a"), post("b", "b", "bulkId:a"), post("c", None))
    assert statuses(outcomes) == ["400", "409", "201"]
    assert [row["email"] for row in target.rows()] == ["c"]


@pytest.mark.parametrize(("allowed", "tried"), [(0, 2), (1, 2), (2, 4), (3, 5), (None, 5)])
async def test_job_ends_after_so_many_errors(
    call: Provider, allowed: int | None, tried: int
) -> None:
    operations = [post("a"), post(""), post("b"), post(""), post("c")]
    outcomes = await bulk(call, *operations, failOnErrors=allowed)
    assert len(outcomes) == tried


async def test_version_is_expected(call: Provider) -> None:
    one = (await call("POST", "/Users", {"userName": "a"})).headers["Location"]
    path = one.removeprefix(one.partition("/Users")[0])
    stale = await bulk(
        call,
        {**replace(path, title="x"), "version": 'W/"1"'},
        {**replace(path, title="y"), "version": 'W/"1"'},
        {"method": "DELETE", "path": path, "version": 'W/"2"'},
    )
    assert statuses(stale) == ["200", "412", "204"]


async def test_references_are_found_inside_paths_and_addresses(call: Provider) -> None:
    outcomes = await bulk(
        call,
        post("a", "a"),
        post("b", "b"),
        {
            "method": "PATCH",
            "path": "/Users/bulkId:b",
            "data": {
                "Operations": [
                    {
                        "op": "add",
                        "path": f"{ENTERPRISE}:manager",
                        "value": {"value": "bulkId:a", "$ref": "../Users/bulkId:a"},
                    },
                    {"op": "replace", "path": "title", "value": "see bulkId:a"},
                ]
            },
        },
    )
    assert statuses(outcomes) == ["201", "201", "200"]
    boss = outcomes[0]["location"].rpartition("/")[2]
    user = (await call("GET", local(outcomes[1]))).body
    assert user[ENTERPRISE]["manager"]["value"] == boss
    assert user["title"] == "see bulkId:a"


async def test_thousand_operations_in_the_worst_order(call: Provider, target: Employees) -> None:
    operations = [post(str(n), str(n), f"bulkId:{n + 1}") for n in range(999)]
    outcomes = await bulk(call, *operations, post("999", "999"))
    assert statuses(outcomes) == ["201"] * 1000
    assert len(target.rows()) == 1000


async def test_limits_are_settings_and_stand_in_the_config(
    engine: Engine,
    token: str,
    aiohttp_client: Serve,
) -> None:
    limits = Limits(max_body=500, max_bulk_payload=2000, max_bulk_operations=3)
    call = Provider(
        await aiohttp_client(RawTestServer(create_handler(engine, limits=limits))),
        "/api/v1/scim",
        token,
    )
    config = (await call("GET", "/ServiceProviderConfig")).body
    assert config["bulk"] == {"supported": True, "maxOperations": 3, "maxPayloadSize": 2000}
    assert len(await bulk(call, *[post(f"{n}" * 300) for n in range(3)])) == 3
    for operations in ([post("d" * 2000)], [post("x")] * 4):
        answer = await call("POST", "/Bulk", {"Operations": operations})
        assert answer.status == 413
    assert (await call("POST", "/Users", {"userName": "e" * 600})).status == 413


async def test_bulk_is_posted(call: Provider) -> None:
    assert (await call("OPTIONS", "/Bulk")).headers["Allow"] == "POST, OPTIONS"
    assert (await call("GET", "/Bulk")).status == 405
