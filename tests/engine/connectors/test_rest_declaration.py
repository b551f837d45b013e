from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from api_double import Answer, ApiDouble, api_double, json
from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Gone,
    Key,
    MembersField,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.contract import SHAPE, refused
from scimweave.connectors.members_contract import GROUP_SHAPE
from scimweave.connectors.rest.connector import RestConnector
from servers.saas import running_saas

TEAMS = replace(GROUP_SHAPE, section="groups", members=MembersField("people"))
NESTED = AccountShape(
    "people",
    "id",
    ("mail",),
    (FieldShape("mail"), FieldShape("name.first"), FieldShape("name.last")),
)
ADA = {"email": "ada@example.com"}


@asynccontextmanager
async def target(
    options: dict[str, Any], *answers: Answer, shape: AccountShape = SHAPE
) -> AsyncIterator[tuple[Connector, ApiDouble]]:
    async with api_double(*answers or [json({"id": 7})]) as double:
        made = {"url": double.url, "retry": {"backoff": 0.001}, **options}
        connector = RestConnector.open(made, shape)
        try:
            yield connector, double
        finally:
            await connector.close()


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("fields", {"job_title": "Clerk", "display_name": None}),
        ("{user: fields}", {"user": {"job_title": "Clerk", "display_name": None}}),
        # What does not change is left out, and null is said.
        ("{t: fields.job_title, m: fields.email}", {"t": "Clerk"}),
        ("{n: {d: fields.display_name}, id: key}", {"n": {"d": None}, "id": 7}),
        ("{user: {mail: fields.email}, type: object}", {"user": {}, "type": "employees"}),
        ("{t: upper(fields.job_title)}", {"t": "CLERK"}),
        ("fields.email", None),
    ],
)
async def test_an_update_sends_what_changes_in_the_declared_form(body: str, sent: Any) -> None:
    async with target({"users": {"update": {"body": body}}}) as (connector, double):
        await connector.update(7, {"job_title": "Clerk", "display_name": None})
    assert double.requests() == ["PATCH /v1/employees/7"]
    assert double.seen[0].body == sent


@pytest.mark.parametrize(
    ("account", "key"),
    [
        pytest.param({"id": 42, "email": "ada@example.com"}, 42, id="as-the-account-tells-it"),
        pytest.param({"email": "ada@example.com"}, "42", id="where-it-does-not"),
    ],
)
async def test_a_created_account_may_be_told_by_its_location(account: Any, key: Key) -> None:
    made = json(None, 201, Location="/v1/employees/42/")
    async with target({}, made, json(account)) as (connector, double):
        assert await connector.create({"email": "ada@example.com"}) == key
    assert double.requests()[1:] == ["GET /v1/employees/42"]


async def test_an_account_that_was_made_and_cannot_be_read_is_no_failure_yet() -> None:
    made = json(None, 201, Location="/v1/employees/42")
    async with target({}, made, json({}, 403)) as (connector, _):
        error = await refused(Unreachable, connector.create({"email": "ada@example.com"}))
    assert error.applied is None


async def test_fields_with_dots_are_objects_within_objects() -> None:
    answer = json({"id": 7, "mail": "a", "name": {"first": "Ada", "last": None}})
    async with target({}, answer, shape=NESTED) as (connector, double):
        await connector.update(7, {"name.first": "Ada", "name.last": None})
        account = await connector.read(7)
    assert double.seen[0].body == {"name": {"first": "Ada", "last": None}}
    assert account is not None
    assert account.fields == {"mail": "a", "name.first": "Ada", "name.last": None}


async def test_fields_with_dots_may_be_plain_names() -> None:
    answer = json({"id": 7, "name.first": "Ada"})
    async with target({"nested_fields": False}, answer, shape=NESTED) as (connector, double):
        await connector.update(7, {"name.first": "Ada"})
        account = await connector.read(7)
    assert double.seen[0].body == {"name.first": "Ada"}
    assert account is not None
    assert account.fields["name.first"] == "Ada"


async def test_a_whole_update_keeps_what_others_wrote_and_says_what_it_has_seen() -> None:
    before = json({"id": 7, "role": "admin", "name": {"first": "A", "last": "L"}}, ETag='"3"')
    options = {"users": {"update": {"method": "PUT", "whole": True, "body": "{u: fields}"}}}
    async with target(options, before, json({}), shape=NESTED) as (connector, double):
        await connector.update(7, {"name.first": "Ada"})
    assert double.requests() == ["GET /v1/people/7", "PUT /v1/people/7"]
    name = {"first": "Ada", "last": "L"}
    assert double.seen[1].body == {"u": {"id": 7, "role": "admin", "name": name}}
    assert double.seen[1].headers["If-Match"] == '"3"'
    async with target(options, before, json({}, 412), shape=NESTED) as (connector, _):
        error = await refused(Unreachable, connector.update(7, {"name.first": "Ada"}))
    assert (error.applied, error.retry_after) == (False, 1)
    async with target(options, json({}, 404), shape=NESTED) as (connector, _):
        await refused(Gone, connector.update(7, {"name.first": "Ada"}))


@pytest.mark.parametrize(
    ("type_", "value", "wire"),
    [
        ("datetime", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        ("date", date(2026, 1, 2), "2026-01-02"),
        ("uuid", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("decimal", Decimal("1.50"), 1.5),
        ("decimal", Decimal("3"), 3),
        ("integer", 2**70, 2**70),
        ("boolean", False, False),
        ("json", {"a": [1, None]}, {"a": [1, None]}),
        ("string", "a\0b", "a\0b"),
    ],
)
async def test_values_go_out_and_come_back_by_their_type(type_: str, value: Any, wire: Any) -> None:
    shape = AccountShape("things", "id", (), (FieldShape("f", type_),))
    async with target({}, json({"id": 1, "f": wire}), shape=shape) as (connector, double):
        await connector.update(1, {"f": value})
        account = await connector.read(1)
    if type_ != "integer":
        assert double.seen[0].body == {"f": wire}
        assert account is not None
        assert account.fields == {"f": value}


@pytest.mark.parametrize("value", ["\ud800", Decimal("NaN"), {"a": "\ud800"}, object()])
async def test_what_json_cannot_hold_is_refused_by_name(value: Any) -> None:
    async with target({}) as (connector, double):
        error = await refused(Rejected, connector.create({"email": "a", "job_title": value}))
    assert error.field == "job_title"
    assert not double.seen


@pytest.mark.parametrize(
    ("find", "asked"),
    [
        ({}, "/employees?email=a%2Bb%26c%20%22d%22"),
        (
            {"query": {"q": "{field}:{value}", "x": "1"}},
            "/employees?q=email%3Aa%2Bb%26c%20%22d%22&x=1",
        ),
        (
            {"query": {"filter": {"expr": "join('', [field, ' eq ', to_string(value)])"}}},
            "/employees?filter=email%20eq%20a%2Bb%26c%20%22d%22",
        ),
        ({"path": "/by/{field}/{value}", "query": {}}, "/by/email/a%2Bb%26c%20%22d%22"),
    ],
)
async def test_a_search_is_what_is_declared(find: dict[str, Any], asked: str) -> None:
    async with target({"users": {"find": find}}, json([])) as (connector, double):
        assert await connector.find("email", 'a+b&c "d"') == []
    assert double.requests() == [f"GET /v1{asked}"]


async def test_a_search_by_path_that_finds_nobody_is_a_404() -> None:
    options = {"users": {"find": {"path": "/by-mail/{value}", "items": "[@]"}}}
    found = json({"id": 7, "email": "Ada@Example.com"})
    async with target(options, json({}, 404), found) as (connector, _):
        assert await connector.find("email", "ada@example.com") == []
        assert [each.key for each in await connector.find("email", "ada@example.com")] == [7]


async def test_a_search_that_finds_more_than_was_asked_for_is_no_match() -> None:
    people = [{"id": n, "email": m} for n, m in enumerate(["ada@example.com.evil", "", None])]
    async with target({}, json(people)) as (connector, _):
        assert await connector.find("email", "ada@example.com") == []


PAGES = [[1, 2], [3, 4], [5]]


def _people(keys: list[int]) -> list[dict[str, int]]:
    return [{"id": key} for key in keys]


@pytest.mark.parametrize(
    ("paging", "answers", "asked"),
    [
        pytest.param(
            {"style": "page", "parameter": "page", "size_parameter": "per", "size": 2},
            [json(_people(keys)) for keys in [*PAGES, []]],
            ["page=1&per=2", "page=2&per=2", "page=3&per=2", "page=4&per=2"],
            id="page",
        ),
        pytest.param(
            {"style": "page", "parameter": "p", "first": 0, "total": "pages"},
            [json({"pages": 3, "items": _people(keys)}) for keys in PAGES],
            ["p=0", "p=1", "p=2"],
            id="page-with-total",
        ),
        pytest.param(
            {"style": "offset", "parameter": "skip"},
            [json(_people(keys)) for keys in [*PAGES, []]],
            ["skip=0", "skip=2", "skip=4", "skip=5"],
            id="offset",
        ),
        pytest.param(
            {"style": "offset", "parameter": "from", "first": 1, "total": "n"},
            [json({"n": 5, "items": _people(keys)}) for keys in PAGES],
            ["from=1", "from=3", "from=5"],
            id="offset-with-total",
        ),
        pytest.param(
            {"style": "cursor", "parameter": "after", "next": "next"},
            [
                json({"next": cursor, "items": _people(keys)})
                for keys, cursor in zip(PAGES, ["a&b", 2, ""], strict=True)
            ],
            ["", "after=a%26b", "after=2"],
            id="cursor",
        ),
        pytest.param(
            {"style": "url", "next": "links.next"},
            [
                json({"links": {"next": link}, "items": _people(keys)})
                for keys, link in zip(PAGES, ["/v1/employees?a=%26", "?b=2", None], strict=True)
            ],
            ["", "a=%26", "b=2"],
            id="url",
        ),
        pytest.param(
            {"style": "link"},
            [
                json(_people(PAGES[0]), Link='</v1/employees?a=%26>; rel="next"'),
                json(_people(PAGES[1]), Link='<?b=2>; rel="next", <?z=1>; rel="first"'),
                json(_people(PAGES[2]), Link='<?z=1>; rel="prev"'),
            ],
            ["", "a=%26", "b=2"],
            id="link",
        ),
    ],
)
async def test_a_scan_walks_through_the_pages_of_any_style(
    paging: dict[str, Any], answers: list[Answer], asked: list[str]
) -> None:
    options = {"paging": paging, "answers": {"items": "items || @"}}
    async with target(options, *answers) as (connector, double):
        pages = [page async for page in connector.scan()]
    keys: list[Key] = [account.key for page in pages for account in page.accounts]
    assert keys == [1, 2, 3, 4, 5]
    assert pages[-1].cursor is None
    queries = [each.target.partition("?")[2] for each in double.seen]
    assert queries == asked
    # Another process goes on behind the first page.
    async with target(options, *answers[1:]) as (connector, double):
        cursor = pages[0].cursor
        assert cursor is not None
        moved = cursor.replace(cursor.partition("/v1")[0], double.url.removesuffix("/v1"))
        rest = [page async for page in connector.scan(moved if "/v1" in cursor else cursor)]
    assert [account.key for page in rest for account in page.accounts] == [3, 4, 5]


async def test_json_api_needs_no_declaration() -> None:
    made = {"data": {"type": "employees", "id": "7", "attributes": ADA}}
    async with target({"preset": "jsonapi"}, json(made, 201), json({}), json(made)) as (
        connector,
        double,
    ):
        assert await connector.create(ADA) == "7"
        await connector.update("7", {"job_title": "Clerk"})
        account = await connector.read("7")
    assert account is not None
    assert account.fields["email"] == "ada@example.com"
    creation, update, _ = double.seen
    assert creation.body == {"data": {"type": "employees", "attributes": ADA}}
    attributes = {"job_title": "Clerk"}
    assert update.body == {"data": {"type": "employees", "id": "7", "attributes": attributes}}
    assert creation.headers["Content-Type"] == "application/vnd.api+json"


async def test_json_api_links_members() -> None:
    found = json({"data": [{"type": "users", "id": "3"}], "links": {"next": None}})
    async with target({"preset": "jsonapi"}, json({}), json({}), found, shape=TEAMS) as (
        connector,
        double,
    ):
        await connector.add_members(1, [3, 5])
        await connector.remove_members(1, [5])
        assert await connector.members(1) == ["3"]
    place = "/v1/teams/1/relationships/people"
    assert [each.partition("?")[0] for each in double.requests()] == [
        f"POST {place}",
        f"DELETE {place}",
        f"GET {place}",
    ]
    linked = [{"type": "users", "id": "3"}, {"type": "users", "id": "5"}]
    assert double.seen[0].body == {"data": linked}


async def test_plain_rest_has_a_request_for_each_member() -> None:
    group = json({"id": 1, "people": [3, {"id": 5}]})
    async with target({}, json({}), json({}, 409), json({}, 404), group, shape=TEAMS) as (
        connector,
        double,
    ):
        await connector.add_members(1, [3, 5])
        await connector.remove_members(1, [5])
        assert await connector.members(1) == [3, 5]
    assert double.requests() == [
        "PUT /v1/teams/1/people/3",
        "PUT /v1/teams/1/people/5",
        "DELETE /v1/teams/1/people/5",
        "GET /v1/teams/1",
    ]


async def test_members_that_went_in_before_a_refusal_are_not_forgotten() -> None:
    options = {"groups": {"add_members": {"path": "/teams/{key}/people", "batch": 2}}}
    async with target(options, json({}), json({"message": "no"}, 422), shape=TEAMS) as (
        connector,
        _,
    ):
        error = await refused(Unreachable, connector.add_members(1, [1, 2, 3]))
        assert error.applied is None
        await refused(Rejected, connector.add_members(1, [1]))


async def test_status_codes_mean_what_is_declared() -> None:
    options = {
        "answers": {"conflict": [400], "gone": [402]},
        "users": {"delete": {"success": [404]}},
    }
    async with target(options, json({}, 400), json({}, 402), json({}, 404)) as (connector, _):
        await refused(Conflict, connector.create(ADA))
        await refused(Gone, connector.update(7, ADA))
        await connector.delete(7)


async def test_an_action_is_a_request_of_its_own() -> None:
    call = {"path": "/employees/{key}/suspend", "body": "{why: fields.job_title}"}
    options = {"users": {"calls": {"suspend": call}}}
    async with target(options, json({}, 204), json({}, 404)) as (connector, double):
        await connector.call("suspend", 7, {"job_title": "left", "email": "x"})
        await refused(Gone, connector.call("suspend", 7, {}))
        await refused(TargetError, connector.call("other", 7, {}))
    assert double.requests()[0] == "POST /v1/employees/7/suspend"
    assert double.seen[0].body == {"why": "left"}


async def test_health_is_the_declared_request_or_the_first_page() -> None:
    async with target({"health": {"path": "/status"}}, json({"ok": True}), json({}, 401)) as (
        connector,
        double,
    ):
        await connector.health()
        await refused(TargetError, connector.health())
    assert double.requests()[0] == "GET /v1/status"
    async with target({}, json([])) as (connector, double):
        await connector.health()
    assert double.requests() == ["GET /v1/employees"]


async def test_what_is_not_declared_is_said() -> None:
    async with target({"preset": "none"}) as (connector, _):
        with pytest.raises(TargetError, match="declares no create under users"):
            await connector.create(ADA)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"bearer": "t"}, "Authorization", "Bearer t"),
        ({"header": {"name": "X-Api-Key", "value": "k"}}, "X-Api-Key", "k"),
        (
            {"basic": {"user": "ü", "password": "p:w"}},
            "Authorization",
            "Basic " + base64.b64encode("ü:p:w".encode()).decode(),
        ),
    ],
)
async def test_requests_prove_who_sends_them(auth: Any, header: str, value: str) -> None:
    headers = {"X-Tenant": "acme"}
    async with target({"auth": auth, "headers": headers}) as (connector, double):
        await connector.read(7)
    assert double.seen[0].headers[header] == value
    assert double.seen[0].headers["X-Tenant"] == "acme"


@pytest.mark.parametrize(
    "auth",
    [
        {"bearer": ""},
        {"header": {"name": "X-Api-Key", "value": ""}},
        {"basic": {"user": "a", "password": ""}},
        {"oauth2": {"token_url": "/token", "client_id": "me", "client_secret": ""}},
    ],
)
def test_a_secret_that_the_environment_lacks_is_said_at_once(auth: Any) -> None:
    async def opened() -> Connector:
        return RestConnector.open({"url": "https://api.example.com", "auth": auth}, SHAPE)

    with pytest.raises(TargetError, match="is its environment variable set"):
        asyncio.run(opened())


TOKEN = {"token_url": "/token", "client_id": "me", "client_secret": "s3cr3t", "scope": "a b"}


def oauth2(**more: Any) -> dict[str, Any]:
    return {"auth": {"oauth2": {**TOKEN, **more}}}


async def test_a_token_is_fetched_once_and_kept() -> None:
    token = json({"access_token": "one", "expires_in": 3600})
    async with target(oauth2(client_auth="body"), token, json({"id": 7})) as (connector, double):
        await connector.read(7)
        await connector.read(7)
    assert double.requests() == ["POST /v1/token", *["GET /v1/employees/7"] * 2]
    form = "grant_type=client_credentials&scope=a+b&client_id=me&client_secret=s3cr3t"
    assert double.seen[0].body == form
    assert double.seen[2].headers["Authorization"] == "Bearer one"


async def test_a_refused_token_is_renewed_once() -> None:
    first, other = (json({"access_token": name}) for name in ("one", "two"))
    refusal = json({}, 401)
    async with target(oauth2(), first, refusal, other, json({"id": 7})) as (connector, double):
        assert await connector.read(7)
    assert double.seen[3].headers["Authorization"] == "Bearer two"
    async with target(oauth2(), first, refusal, other, refusal) as (connector, double):
        await refused(TargetError, connector.read(7))
    assert len(double.seen) == 4


async def test_no_token_is_said_without_the_secret() -> None:
    async with target(oauth2(), json({"error": "invalid_client"}, 401)) as (connector, _):
        error = await refused(TargetError, connector.read(7))
    assert "status 401, invalid_client" in str(error)
    assert "s3cr3t" not in str(error)


async def test_a_token_that_has_expired_at_the_service_is_renewed() -> None:
    async with running_saas() as saas:
        connector = RestConnector.open(saas.options(), SHAPE)
        first = await connector.create({"email": "ada@example.com"})
        saas.service.tokens.update(dict.fromkeys(saas.service.tokens, 0))
        other = await connector.create({"email": "grace@example.com"})
        await connector.close()
        assert first != other
        assert len(saas.service.tokens) == 2


async def test_a_token_is_renewed_before_it_expires() -> None:
    tokens = [json({"access_token": name, "expires_in": 1e-9}) for name in ("one", "two")]
    found = json({"id": 7})
    async with target(oauth2(), tokens[0], found, tokens[1], found) as (connector, double):
        await connector.read(7)
        await connector.read(7)
    assert double.seen[3].headers["Authorization"] == "Bearer two"


async def test_users_and_groups_share_the_limits_and_the_token() -> None:
    async with running_saas(rate=20) as saas:
        options = saas.options(limits={"per_second": 1000, "concurrency": 2})
        users = RestConnector.open(options, SHAPE)
        groups = RestConnector.open(options, TEAMS)
        await users.create(ADA)
        await groups.create({"name": "crew"})
        await users.close()
        await groups.close()
        assert len(saas.service.tokens) == 1


@pytest.mark.slow
async def test_a_service_with_a_rate_limit_gets_everybody() -> None:
    async with running_saas(rate=30) as saas:
        connector = RestConnector.open(saas.options(), SHAPE)
        for number in range(45):
            await connector.create({"email": f"{number}@example.com"})
        await connector.close()
        assert len(saas.service.records["employees"]) == 45


async def test_a_sensitive_value_is_not_repeated_from_the_targets_message() -> None:
    shape = replace(SHAPE, fields=(*SHAPE.fields, FieldShape("password", sensitive=True)))
    answer = json({"message": 'the password "hunter22" is too short'}, 422)
    async with target({}, answer, shape=shape) as (connector, _):
        error = await refused(Rejected, connector.create({**ADA, "password": "hunter22"}))
    assert (str(error), error.field) == ('the password "…" is too short', "password")
