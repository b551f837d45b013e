from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scim_directory import ScimDirectory, Scripted
from scimweave_server.simulate.dialect import Dialect
from scimweave_server.simulate.entra import EntraProvisioning
from scimweave_server.simulate.outcome import CycleReport, Outcome
from scimweave_server.simulate.people import Cycle

MakeCycle = Callable[..., Cycle]
ADA = "1,ada@contoso.com,Ada Byrne,Analyst,Ada,Byrne,Analytics"
DISABLED_HEADER = "objectId,userPrincipalName,accountEnabled,action"
FORMAT_ADA = "userName+eq+%22ada@contoso.com%22"


def outcomes(report: CycleReport) -> list[tuple[str, str]]:
    return [(each.user_name, each.outcome.value) for each in report.results]


def operations(directory: ScimDirectory) -> list[Any]:
    return [body["Operations"] for body in directory.bodies("PATCH")]


async def test_joiner_is_matched_then_created(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    report = await entra.run(cycle(ADA))
    assert outcomes(report) == [("ada@contoso.com", "created")]
    assert directory.requests() == [
        f"GET /scim/Users?filter={FORMAT_ADA}",
        "POST /scim/Users",
    ]


async def test_headers_are_those_of_entra(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    await entra.run(cycle(ADA))
    headers = [
        {name.lower(): value for name, value in each.headers.items()} for each in directory.seen
    ]
    assert all(each["authorization"] == "Bearer s3cr3t-t0ken" for each in headers)
    assert all("adscimversion" in each for each in headers)
    assert not any({"user-agent", "accept", "if-match"} & set(each) for each in headers)
    assert [each.get("content-type") for each in headers] == [
        None,
        None,
        "application/scim+json; charset=utf-8",
    ]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        pytest.param("o'brien@contoso.com", "o'brien@contoso.com", id="Q46 apostrophe"),
        pytest.param("a+b@contoso.com", "a%2Bb@contoso.com", id="Q46 plus"),
        pytest.param("zoë@contoso.com", "zo%C3%AB@contoso.com", id="Q46 non-ASCII"),
        pytest.param("a&b c@contoso.com", "a%26b+c@contoso.com", id="Q42 space as plus"),
    ],
)
async def test_match_finds_whatever_the_name_contains(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle, name: str, query: str
) -> None:
    directory.add(userName=name, active=True)
    report = await entra.run(cycle(f"1,{name},,,,,"))
    assert outcomes(report) == [(name, "unchanged")]
    assert directory.requests() == [f"GET /scim/Users?filter=userName+eq+%22{query}%22"]


async def test_unchanged_people_are_not_touched_in_later_cycles(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    await entra.run(cycle(ADA))
    directory.forget()
    report = await entra.run(cycle(ADA))
    assert outcomes(report) == [("ada@contoso.com", "unchanged")]
    assert directory.requests() == []


@pytest.mark.parametrize("dialect", Dialect)
async def test_mover_is_read_by_id_and_patched_with_what_differs(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle, dialect: Dialect
) -> None:
    entra.dialect = dialect
    await entra.run(cycle("1,ada@contoso.com,Ada Byrne,,Ada,Byrne,Analytics"))
    directory.forget()
    report = await entra.run(cycle("1,ada.lee@contoso.com,Ada Lee,Lead,Ada,Lee,Analytics"))
    assert outcomes(report) == [("ada.lee@contoso.com", "updated")]
    assert report.results[0].attributes == (
        "userName",
        "displayName",
        "title",
        "name.familyName",
        "name.formatted",
    )
    assert directory.requests() == ["GET /scim/Users/{id}", "PATCH /scim/Users/{id}"]
    [user] = directory.users.values()
    assert (user.user_name, user.title, user.name.formatted) == (
        "ada.lee@contoso.com",
        "Lead",
        "Ada Lee",
    )


async def test_emptied_value_stays_at_the_endpoint(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    await entra.run(cycle(ADA))
    report = await entra.run(cycle("1,ada@contoso.com,Ada Byrne,,Ada,Byrne,Analytics"))
    assert outcomes(report) == [("ada@contoso.com", "unchanged")]
    assert directory.by_name()["ada@contoso.com"].title == "Analyst"


async def test_match_compares_and_sends_adds_and_replaces(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    directory.add(userName="ADA@contoso.com", active=True, displayName="A. Byrne", title="Analyst")
    report = await entra.run(cycle("1,ada@contoso.com,Ada Byrne,Analyst,Ada,,"))
    assert outcomes(report) == [("ada@contoso.com", "updated")]
    assert operations(directory) == [
        [
            {"op": "Replace", "path": "displayName", "value": "Ada Byrne"},
            {"op": "Add", "path": "name.givenName", "value": "Ada"},
            {"op": "Add", "path": "name.formatted", "value": "Ada"},
        ]
    ]


async def test_leaver_is_disabled_and_restored_by_id(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    seen = []
    for enabled in ("true", "false", "false", "true"):
        row = f"1,ada@contoso.com,{enabled},"
        report = await entra.run(cycle(row, header=DISABLED_HEADER))
        seen.append(report.results[0].outcome.value)
    assert seen == ["created", "disabled", "unchanged", "restored"]
    assert operations(directory) == [
        [{"op": "Replace", "path": "active", "value": "False"}],
        [{"op": "Replace", "path": "active", "value": "True"}],
    ]


async def test_unassigned_is_disabled_then_no_longer_tracked_and_matched_on_return(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    await entra.run(cycle(ADA))
    directory.forget()
    gone = await entra.run(cycle())
    still_gone = await entra.run(cycle())
    back = await entra.run(cycle(ADA))
    assert outcomes(gone) == [("ada@contoso.com", "disabled")]
    assert outcomes(still_gone) == []
    assert outcomes(back) == [("ada@contoso.com", "restored")]
    assert directory.requests() == [
        "GET /scim/Users/{id}",
        "PATCH /scim/Users/{id}",
        f"GET /scim/Users?filter={FORMAT_ADA}",
        "PATCH /scim/Users/{id}",
    ]


async def test_purge_deletes_once(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    purge = "1,ada@contoso.com,true,delete"
    await entra.run(cycle(ADA))
    first = await entra.run(cycle(purge, header=DISABLED_HEADER))
    second = await entra.run(cycle(purge, header=DISABLED_HEADER))
    assert outcomes(first) == [("ada@contoso.com", "deleted")]
    assert outcomes(second) == [("ada@contoso.com", "skipped")]
    assert not directory.users


async def test_disabled_person_without_a_link_is_skipped(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    report = await entra.run(cycle("1,ada@contoso.com,false,", header=DISABLED_HEADER))
    assert outcomes(report) == [("ada@contoso.com", "skipped")]
    assert directory.requests() == []


async def test_unknown_id_leads_to_a_new_match_and_create(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    await entra.run(cycle(ADA))
    directory.users.clear()
    directory.forget()
    report = await entra.run(cycle(ADA.replace("Analyst", "Lead")))
    assert outcomes(report) == [("ada@contoso.com", "created")]
    assert directory.requests() == [
        "GET /scim/Users/{id}",
        f"GET /scim/Users?filter={FORMAT_ADA}",
        "POST /scim/Users",
    ]


@pytest.mark.parametrize("row", ["", "1,ada@contoso.com,true,delete"], ids=["unassigned", "purged"])
async def test_user_gone_already_is_no_failure(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle, row: str
) -> None:
    await entra.run(cycle(ADA))
    directory.users.clear()
    report = await entra.run(cycle(row, header=DISABLED_HEADER))
    assert [(each.outcome.value, each.reason) for each in report.results] == [
        ("skipped", "the user was gone already")
    ]
    assert not entra.links.by_key


@pytest.mark.parametrize(
    ("method", "answer", "reason", "code"),
    [
        pytest.param(
            "POST",
            Scripted.json(409, {"scimType": "uniqueness", "detail": "userName\x1b[31m exists"}),
            "create: 409 uniqueness: userName [31m exists",
            "EntryConflict",
            id="conflict, control characters removed",
        ),
        pytest.param(
            "POST",
            Scripted.json(400, {"scimType": "invalidValue", "detail": "title too long"}),
            "create: 400 invalidValue: title too long",
            "SystemForCrossDomainIdentityManagementServiceIncompatible",
            id="refused value",
        ),
        pytest.param(
            "POST",
            Scripted(500, b"<h1>oops</h1>", {"Content-Type": "text/html; charset=utf-8"}),
            "create: 500: a body of type text/html",
            "InternalServerError",
            id="HTML error page",
        ),
        pytest.param(
            "POST",
            Scripted.json(201, {"userName": "ada@contoso.com"}),
            "create: 201: the user that came back has no id",
            "SystemForCrossDomainIdentityManagementServiceIncompatible",
            id="Q62 no id",
        ),
        pytest.param(
            "POST",
            Scripted(307, b"", {"Location": "https://elsewhere.example/"}),
            "create: 307: a redirect to https://elsewhere.example/, which is not followed",
            "SystemForCrossDomainIdentityManagementServiceIncompatible",
            id="redirect",
        ),
        pytest.param(
            "POST",
            Scripted.json(401, {"detail": "key s3cr3t-t0ken was revoked"}),
            "create: 401: key … was revoked",
            "Unauthorized",
            id="the token is not repeated",
        ),
    ],
)
async def test_failure_is_reported_with_its_reason_and_tried_again_next_time(
    directory: ScimDirectory,
    entra: EntraProvisioning,
    cycle: MakeCycle,
    method: str,
    answer: Scripted,
    reason: str,
    code: str,
) -> None:
    directory.script(method, answer)
    report = await entra.run(cycle(ADA))
    [failed] = report.failed
    assert failed.failure is not None
    assert (failed.reason, failed.failure.code) == (reason, code)
    assert outcomes(await entra.run(cycle(ADA))) == [("ada@contoso.com", "created")]


async def test_several_matches_are_a_failure(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    directory.add(userName="ada@contoso.com")
    directory.add(userName="Ada@contoso.com")
    report = await entra.run(cycle(ADA))
    assert report.results[0].reason == "match: 200: 2 users have the userName ada@contoso.com"


async def test_one_failure_does_not_stop_the_others(
    directory: ScimDirectory, entra: EntraProvisioning, cycle: MakeCycle
) -> None:
    directory.script("POST", Scripted.json(400, {"detail": "no"}))
    report = await entra.run(cycle(*(f"{n},p{n}@contoso.com,,,,," for n in range(20))))
    assert (report.counts[Outcome.FAILED], report.counts[Outcome.CREATED]) == (1, 19)
    assert [each.user_name for each in report.results] == [f"p{n}@contoso.com" for n in range(20)]


@pytest.mark.parametrize(
    ("retry_after", "waited", "shortened"),
    [("2", 2.0, 0), ("120", 30.0, 1), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0, 0)],
    ids=["seconds", "longer than is waited", "date that has passed"],
)
async def test_retry_after_is_waited_for(
    directory: ScimDirectory,
    entra: EntraProvisioning,
    cycle: MakeCycle,
    waits: list[float],
    retry_after: str,
    waited: float,
    shortened: int,
) -> None:
    directory.script("POST", Scripted.json(503, {}, **{"Retry-After": retry_after}))
    report = await entra.run(cycle(ADA))
    assert outcomes(report) == [("ada@contoso.com", "created")]
    assert waits == [waited]
    assert (report.throttling.retries, report.throttling.shortened) == (1, shortened)


@pytest.mark.parametrize(
    ("headers", "retries"),
    [({"Retry-After": "1"}, 3), ({}, 0), ({"Retry-After": "soon"}, 0)],
    ids=["asked to come back", "not asked", "not understood"],
)
async def test_retries_are_bounded(
    directory: ScimDirectory,
    entra: EntraProvisioning,
    cycle: MakeCycle,
    waits: list[float],
    headers: dict[str, str],
    retries: int,
) -> None:
    busy = Scripted.json(429, {"detail": "slow down"}, **headers)
    directory.script("POST", *[busy] * (retries + 1))
    report = await entra.run(cycle(ADA))
    assert report.results[0].reason == "create: 429: slow down"
    assert waits == [1.0] * retries
