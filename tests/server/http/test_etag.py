"""Versions: what changed is told apart from what did not, and nobody overwrites unseen changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scim2_models import Error

from employees import Employees
from provider import Provider

ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst"}


@pytest.fixture
async def one(call: Provider) -> str:
    return f"/Users/{(await call('POST', '/Users', ADA)).body['id']}"


def replace(title: str) -> dict[str, Any]:
    return {"Operations": [{"op": "replace", "path": "title", "value": title}]}


async def test_every_answer_with_one_resource_has_its_version(call: Provider) -> None:
    created = await call("POST", "/Users", ADA)
    one = f"/Users/{created.body['id']}"
    answers = [
        created,
        await call("GET", one),
        await call("PATCH", one, replace("Countess")),
        await call("PUT", one, ADA),
    ]
    assert [each.headers["ETag"] for each in answers] == ['W/"1"', 'W/"1"', 'W/"2"', 'W/"3"']
    assert all(each.headers["ETag"] == each.body["meta"]["version"] for each in answers)


async def test_request_that_changes_nothing_keeps_the_version(call: Provider, one: str) -> None:
    assert (await call("PATCH", one, replace("Analyst"))).headers["ETag"] == 'W/"1"'


async def test_saying_that_somebody_is_active_who_is_changes_nothing(
    call: Provider, one: str
) -> None:
    body = (await call("GET", one)).body
    assert body["active"] is True
    change = {"op": "Replace", "path": "active", "value": "True"}
    for answer in (
        await call("PATCH", one, {"Operations": [change]}),
        await call("PUT", one, body),
        await call("GET", one),
    ):
        assert (answer.status, answer.headers["ETag"]) == (200, 'W/"1"')
    await call("PATCH", one, {"Operations": [{**change, "value": False}]})
    again = await call("PATCH", one, {"Operations": [change]})
    assert (again.headers["ETag"], again.body["active"]) == ('W/"3"', True)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ('W/"1"', 304),
        ('"1"', 304),
        ("1", 304),
        ("*", 304),
        ('W/"7", W/"1"', 304),
        ('W/"2"', 200),
        ('"W/1"', 200),
        ("", 200),
        ('W/"1', 400),
    ],
)
async def test_what_the_provider_has_already_is_not_sent_again(
    call: Provider, one: str, known: str, status: int
) -> None:
    answer = await call("GET", one, headers={"If-None-Match": known})
    assert answer.status == status
    assert (answer.body is None) == (status == 304)
    if status != 400:
        assert answer.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("expected", "is_current"),
    [
        ('W/"2"', True),
        ('"2"', True),
        ("*", True),
        ('W/"1", W/"2"', True),
        ('W/"1"', False),
        ('"nonsense"', False),
    ],
)
async def test_change_is_made_to_the_expected_version_only(
    call: Provider, target: Employees, one: str, method: str, expected: str, is_current: bool
) -> None:
    await call("PATCH", one, replace("Countess"))
    body = {"PUT": {**ADA, "title": "Boss"}, "PATCH": replace("Boss"), "DELETE": None}[method]
    answer = await call(method, one, body, headers={"If-Match": expected})
    if is_current:
        assert answer.status in {200, 204}
        return
    assert answer.status == 412
    assert 'W/"2"' in (Error.model_validate(answer.body).detail or "")
    assert (await call("GET", one)).body["title"] == "Countess"
    assert target.row("ada@contoso.com")["job_title"] == "Countess"


async def test_of_many_changes_to_one_version_one_is_made(call: Provider, one: str) -> None:
    answers = await asyncio.gather(
        *(
            call("PATCH", one, replace(f"title {number}"), headers={"If-Match": 'W/"1"'})
            for number in range(8)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, *[412] * 7]


async def test_unknown_id_is_not_found_whatever_is_expected(call: Provider) -> None:
    answer = await call("PUT", "/Users/unknown", ADA, headers={"If-Match": "*"})
    assert answer.status == 404


async def test_config_says_that_there_are_versions(call: Provider) -> None:
    assert (await call("GET", "/ServiceProviderConfig")).body["etag"] == {"supported": True}


@pytest.mark.parametrize("path", ["/Users", "one", "/Schemas", "/ServiceProviderConfig"])
async def test_head_is_get_without_a_body(call: Provider, one: str, path: str) -> None:
    path = one if path == "one" else path
    got, head = await call("GET", path), await call("HEAD", path)
    assert (head.status, head.body) == (200, None)
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/Users", "GET, HEAD, POST, OPTIONS"),
        ("/Users/any", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/Schemas", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_names_the_methods(call: Provider, path: str, allowed: str) -> None:
    answer = await call("OPTIONS", path)
    assert (answer.status, answer.headers["Allow"], answer.body) == (204, allowed, None)
    refused = await call("TRACE", path)
    assert (refused.status, refused.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
async def test_me_is_not_there_and_says_so(call: Provider, method: str) -> None:
    answer = await call(method, "/Me", {} if method != "GET" else None)
    assert (answer.status, answer.body["status"]) == (501, "501")
