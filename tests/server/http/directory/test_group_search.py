"""Queries over groups and their members, sorted, by cursor and in bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provider import Provider
from scimweave.provisioning.engine import Engine


@pytest.fixture
async def ids(call: Provider) -> dict[str, str]:
    """Make ada, bob, and three groups: Crew has both, Bees has ada, Ants nobody."""
    made: dict[str, str] = {}
    for name in ("ada", "bob"):
        made[name] = (await call("POST", "/Users", {"userName": name})).body["id"]
    for name, members in (("Crew", ["ada", "bob"]), ("Bees", ["ada"]), ("Ants", [])):
        body = {"displayName": name, "members": [{"value": made[each]} for each in members]}
        made[name] = (await call("POST", "/Groups", body)).body["id"]
    return made


def names(body: dict[str, Any]) -> list[str]:
    return [each.get("displayName") or each["userName"] for each in body["Resources"]]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/Groups", {"sortBy": "displayName"}, ["Ants", "Bees", "Crew"]),
        ("/Groups", {"sortBy": "members.display"}, ["Crew", "Bees", "Ants"]),
        ("/Groups", {"filter": 'members eq "{bob}" or displayName eq "ants"'}, ["Crew", "Ants"]),
        ("/Groups", {"filter": 'members[value eq "{bob}" or value eq "{ada}"]'}, ["Crew", "Bees"]),
        ("/Groups", {"filter": 'members[value eq "{ada}" and type eq "Group"]'}, []),
        ("/Groups", {"filter": 'members eq "{ada}" and displayName co "e"'}, ["Crew", "Bees"]),
        ("/Groups", {"filter": 'members.display eq "bob" and not (externalId pr)'}, ["Crew"]),
        ("/Groups", {"filter": 'displayName eq "crew" and members.display eq "bob"'}, ["Crew"]),
        ("/Groups", {"filter": 'id eq "{Crew}" and members.display eq "eve"'}, []),
        ("/Users", {"filter": 'groups eq "{Bees}" and userName co "d"'}, ["ada"]),
        ("/Users", {"filter": 'groups.type eq "direct"', "sortBy": "userName"}, ["ada", "bob"]),
        ("/Groups", {"filter": 'members[not (display eq "bob")]'}, ["Crew", "Bees"]),
        ("/Groups", {"filter": "members[display eq null]"}, []),
        ("/Groups", {"filter": 'not (members[value ne "{bob}"])'}, ["Ants"]),
        ("/Users", {"filter": 'groups[value ne "{Bees}"]'}, ["ada", "bob"]),
        ("/Users", {"filter": 'groups.$ref ew "/scim/directory/v2/Groups/{Bees}"'}, ["ada"]),
        ("/Groups", {"filter": 'members[$ref co "v2/Users/{bob}"]'}, ["Crew"]),
        ("", {"sortBy": "displayName", "filter": "displayName pr"}, ["Ants", "Bees", "Crew"]),
        ("", {"filter": 'members eq "{bob}" or groups eq "{Bees}"'}, ["ada", "Crew"]),
    ],
)
async def test_search_knows_members_and_groups(
    call: Provider, ids: dict[str, str], path: str, body: dict[str, Any], expected: list[str]
) -> None:
    text = body.get("filter")
    if text is not None:
        body = {**body, "filter": text.format(**ids)}
    found = (await call("POST", f"{path}/.search", body)).body
    assert names(found) == expected
    assert found["totalResults"] == len(expected)
    collected: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await call("POST", f"{path}/.search", {**body, "cursor": cursor, "count": 1})).body
        collected += names(page)
        cursor = page.get("nextCursor")
    assert collected == expected


async def test_root_search_fills_in_members_and_groups(call: Provider, ids: dict[str, str]) -> None:
    found = (await call("POST", "/.search", {})).body["Resources"]
    referred = {
        each["id"]: [one["value"] for one in each.get("members") or each.get("groups") or []]
        for each in found
    }
    assert referred == {
        ids["ada"]: [ids["Crew"], ids["Bees"]],
        ids["bob"]: [ids["Crew"]],
        ids["Crew"]: [ids["ada"], ids["bob"]],
        ids["Bees"]: [ids["ada"]],
        ids["Ants"]: [],
    }


@pytest.mark.parametrize(
    "text",
    [
        'id eq "{Crew}" and members eq "{ada}"',
        'displayName eq "crew" and members.value eq "{ada}"',
        'members[value eq "{bob}"]',
        'id eq "{Crew}" and not (members eq "{Ants}")',
        'members eq "{bob}" and displayName ew "w"',
    ],
)
async def test_members_asked_for_by_id_are_not_loaded(
    call: Provider, ids: dict[str, str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*_: Any) -> Any:
        raise AssertionError("the members were read")

    monkeypatch.setattr("scimweave.store.sqlite_members.members", touched)
    parameters = {"filter": text.format(**ids), "excludedAttributes": "members"}
    answer = await call("GET", "/Groups", params=parameters)
    assert names(answer.body) == ["Crew"]


async def test_groups_have_indexes_of_their_own(
    engine: Engine, call: Provider, ids: dict[str, str]
) -> None:
    indexes = engine["directory"].groups.source().indexes
    assert {each.name for each in indexes} == {"displayName", "externalId"}
    found = await engine.store.find("directory", "Group", "displayName", "crew")
    assert [each.id for each in found] == [ids["Crew"]]


async def test_filterable_of_groups_is_compiled(directory_file: Path, engine: Engine) -> None:
    text = directory_file.read_text()
    directory_file.write_text(
        text.replace("\ngroups:\n", "\ngroups:\n  filterable: [externalId]\n")
    )
    assert (await engine.reload()).integrations == ("directory",)
    (path,) = engine["directory"].program.objects[1].filterable
    assert path.attribute == "externalId"
