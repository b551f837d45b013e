"""What an answer holds, by Q-number, and the suites of entra-facts 7.1 and 7.2 for users."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from employees import Employees
from provider import Answer, Provider

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "userName": "Ada@Contoso.com",
    "active": True,
    "displayName": "Ada Lovelace",
    "title": "Analyst",
    "externalId": "Ada-1",
    "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    ENTERPRISE: {"department": "Engines"},
}


@pytest.fixture
async def ada(call: Provider) -> str:
    created = await call("POST", "/Users", ADA)
    assert created.status == 201
    return f"/Users/{created.body['id']}"


async def found(call: Provider, text: str) -> Answer:
    return await call("GET", f"/Users?filter={quote(text)}")


async def change(call: Provider, one: str, *operations: dict[str, Any]) -> Answer:
    return await call("PATCH", one, {"Operations": list(operations)})


async def test_q60_q61_q70_results_are_always_a_list(call: Provider, ada: str) -> None:
    for text, total in (('userName eq "nobody"', 0), ('userName eq "ada@contoso.com"', 1)):
        answer = await found(call, text)
        assert answer.status == 200
        body = answer.body
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
        assert (body["totalResults"], len(body["Resources"])) == (total, total)
        numbers = [body[name] for name in ("totalResults", "startIndex", "itemsPerPage")]
        assert all(type(number) is int for number in numbers)


async def test_q62_q66_every_user_has_id_and_active(call: Provider) -> None:
    sents: list[dict[str, Any]] = [{}, {"active": "False"}, {"active": True}]
    for number, sent in enumerate(sents):
        await call("POST", "/Users", {"userName": f"u{number}", **sent})
    users = (await call("GET", "/Users")).body["Resources"]
    assert [user["active"] for user in users] == [True, False, True]
    assert all(isinstance(user["id"], str) and user["id"] for user in users)


async def test_q63_inactive_users_stay_in_sight(call: Provider, ada: str) -> None:
    await change(call, ada, {"op": "Replace", "path": "active", "value": "False"})
    for text in ('userName eq "ada@contoso.com"', 'externalId eq "Ada-1"', "active eq false"):
        (user,) = (await found(call, text)).body["Resources"]
        assert user["active"] is False
    assert (await call("GET", ada)).body["active"] is False


@pytest.mark.parametrize("name", ["Ada@Contoso.com", "ADA@CONTOSO.COM", "ada@contoso.com"])
@pytest.mark.parametrize("state", ["active", "inactive", "deleted"])
async def test_q64_q73_uniqueness_and_filter_see_the_same(
    call: Provider, ada: str, name: str, state: str
) -> None:
    if state == "inactive":
        await change(call, ada, {"op": "Replace", "path": "active", "value": "False"})
    if state == "deleted":
        await call("DELETE", ada)
    total = (await found(call, f'userName eq "{name}"')).body["totalResults"]
    again = await call("POST", "/Users", {"userName": name})
    assert (total, again.status) == ((0, 201) if state == "deleted" else (1, 409))
    if again.status == 409:
        assert (again.body["scimType"], again.body["status"]) == ("uniqueness", "409")


VALUES = [
    *(
        "55555555555",
        "+5 (555) 555-5555",
        " a  b ",
        "Ä\u0308 \u202e 👩🏽‍💻",
        "True",
        "null",
        "0012",
    ),
    *('quote " and \\ and %41', "2026-02-30T25:00:00Z", "<b>&amp;</b>", "x" * 5000),
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
async def test_q65_values_come_back_as_sent(call: Provider, ada: str, value: str) -> None:
    answers = [
        await change(call, ada, {"op": "Replace", "path": "displayName", "value": value}),
        await call("GET", ada),
        await call("PUT", ada, ADA | {"displayName": value}),
    ]
    assert [answer.body["displayName"] for answer in answers] == [value] * 3


async def test_q65_case_is_kept_where_it_does_not_count(call: Provider, ada: str) -> None:
    (user,) = (await found(call, 'userName eq "ADA@CONTOSO.COM"')).body["Resources"]
    assert user["userName"] == "Ada@Contoso.com"
    assert (await found(call, 'externalId eq "ada-1"')).body["totalResults"] == 0


async def test_q69_q71_answers_are_scim_and_fresh(call: Provider, ada: str) -> None:
    changed = await change(call, ada, {"op": "Replace", "path": "title", "value": "Countess"})
    read = await call("GET", ada)
    missing = await call("GET", "/Users/nobody")
    assert read.body["title"] == "Countess"
    for answer in (changed, read, missing):
        assert answer.headers["Content-Type"].startswith("application/scim+json")


async def test_q72_the_path_at_fault_is_named(call: Provider, ada: str) -> None:
    answer = await change(
        call,
        ada,
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Replace", "path": "title", "value": {"a": 1}},
    )
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert 'Operations[1] (path "title")' in answer.body["detail"]
    assert (await call("GET", ada)).body["active"] is True


async def test_q74_a_user_pushed_as_active_is_active(call: Provider, ada: str) -> None:
    await change(call, ada, {"op": "replace", "value": {"active": False}})
    for answer in (await call("PUT", ada, ADA), await call("GET", ada)):
        assert answer.body["active"] is True


async def test_validator_users_preview(call: Provider, ada: str) -> None:
    """7.1, tests 9, 12, 13, 14: rename, several operations on one attribute, delete twice."""
    await change(call, ada, {"op": "replace", "value": {"userName": "countess"}})
    assert (await found(call, 'userName eq "COUNTESS"')).body["totalResults"] == 1
    assert (await found(call, 'userName eq "ada@contoso.com"')).body["totalResults"] == 0
    several = [{"op": "Replace", "path": "title", "value": text} for text in ("a", "b", "c")]
    assert (await change(call, ada, *several)).body["title"] == "c"
    statuses = [(await call("DELETE", each)).status for each in (ada, ada, "/Users/nobody")]
    assert statuses == [204, 404, 404]
    assert (await call("GET", ada)).status == 404


CLEARABLE = ["displayName", "title", "name.givenName", "name.familyName", "name.formatted"]
CLEARABLE += [f"{ENTERPRISE}:department", 'emails[type eq "work"].value']


@pytest.mark.parametrize("verbose", [True, False], ids=["verbose", "pathless"])
async def test_null_update(call: Provider, ada: str, target: Employees, verbose: bool) -> None:
    """7.2: everything but what is exempt is set to "", then to null; both are taken."""
    for nothing in ("", None):
        operations: list[dict[str, Any]]
        if verbose:
            operations = [{"op": "Replace", "path": p, "value": nothing} for p in CLEARABLE]
        else:
            operations = [{"op": "replace", "value": dict.fromkeys(CLEARABLE, nothing)}]
        assert (await change(call, ada, *operations)).status == 200
        left = (await call("GET", ada)).body
        assert left.keys() == {"schemas", "id", "userName", "externalId", "active", "meta"}
    row = target.row("Ada@Contoso.com")
    assert (row["job_title"], row["department"], row["first_name"]) == (None, None, None)


async def test_user_update(call: Provider, ada: str) -> None:
    """7.2: synthetic values everywhere, compared string for string."""
    paths = ["userName", "externalId", *CLEARABLE[:-1]]
    values = {path: f"upd-{number:08x}" for number, path in enumerate(paths)}
    operations = [{"op": "Replace", "path": p, "value": value} for p, value in values.items()]
    assert (await change(call, ada, *operations)).status == 200
    body = (await call("GET", ada)).body
    name, extension = body["name"], body[ENTERPRISE]
    read = {
        **{path: body[path] for path in paths if path.isalpha()},
        **{path: name[path.partition(".")[2]] for path in paths if path.startswith("name.")},
        f"{ENTERPRISE}:department": extension["department"],
    }
    assert read == values


async def test_schema_discoverability(call: Provider) -> None:
    """7.2: every mapped attribute is in /Schemas as the suite flattens them."""
    names = set()
    for schema in (await call("GET", "/Schemas")).body["Resources"]:
        prefix = f"{schema['id']}:" if ":extension:" in schema["id"] else ""
        for attribute in schema["attributes"]:
            subs = [sub["name"] for sub in attribute.get("subAttributes", [])]
            name = prefix + attribute["name"]
            names |= {f"{name}.{sub}" for sub in subs} if subs and not prefix else {name}
    assert names >= {"userName", "active", "externalId", *CLEARABLE[:-1]}


async def test_user_pagination(call: Provider) -> None:
    """7.2: 11 users by 5 parallel POSTs, then pages of 5."""
    gate = asyncio.Semaphore(5)

    async def create(number: int) -> int:
        async with gate:
            return (await call("POST", "/Users", {"userName": f"page-{number}"})).status

    assert set(await asyncio.gather(*map(create, range(11)))) == {201}
    pages = []
    for start in (1, 6, 11):
        body = (await call("GET", f"/Users?startIndex={start}&count=5")).body
        assert (body["startIndex"], body["totalResults"]) == (start, 11)
        pages.append([user["userName"] for user in body["Resources"]])
    assert [len(page) for page in pages] == [5, 5, 1]
    assert len({name for page in pages for name in page}) == 11
