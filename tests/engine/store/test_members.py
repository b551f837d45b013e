from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scimweave.store import sqlite_members
from scimweave.store.base import NO_MEMBERS, Intent, Link, MemberDelta, Record, Reference
from scimweave.store.sqlite import SqliteStore

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def record(id_: str, kind: str = "User", key: int | None = None, **resource: Any) -> Record:
    link = None if key is None else Link(key, {}, "r1")
    return Record(id_, kind, resource, 1, NOW, NOW, link)


ADA = record("ada", userName="ada@contoso.com", displayName="Ada", key=7)
BOB = record("bob", userName="bob@contoso.com")
CREW = record("crew", "Group", displayName="Crew", key=1)
TEAM = record("team", "Group", displayName="Team")


async def change(
    store: SqliteStore, put: Record | None, remove: str | None = None, *,
    integration: str = "x", members: MemberDelta = NO_MEMBERS,
) -> None:  # fmt: skip
    subject = put or record(remove or "", "Group" if remove in {"crew", "team"} else "User")
    intent = Intent(integration, subject.resource_type, subject.id, "update", "label", (), "r1")
    entry = await store.begin(intent)
    await store.commit(entry, "done", put=put, remove=remove, members=members)


@pytest.fixture
async def filled(store: SqliteStore) -> SqliteStore:
    for each in (ADA, BOB, CREW, TEAM):
        await change(store, each)
    await change(store, CREW, members=MemberDelta(("bob", "ada", "team")))
    await change(store, TEAM, members=MemberDelta(("ada",)))
    return store


async def test_members_come_with_what_others_see_of_them(filled: SqliteStore) -> None:
    assert await filled.members("x", ["crew", "nobody"]) == {
        "crew": [
            Reference("ada", "User", "Ada", 7),
            Reference("bob", "User", "bob@contoso.com", None),
            Reference("team", "Group", "Team", None),
        ]
    }


async def test_groups_of_a_member(filled: SqliteStore) -> None:
    found = await filled.memberships("x", ["ada", "bob", "crew"])
    assert {member: [group.id for group in groups] for member, groups in found.items()} == {
        "ada": ["crew", "team"],
        "bob": ["crew"],
    }


async def test_joining_and_leaving_twice_does_no_harm(filled: SqliteStore) -> None:
    for _ in range(2):
        await change(filled, CREW, members=MemberDelta(("ada", "bob"), ("team", "nobody")))
    assert await filled.member_ids("x", "crew") == ["ada", "bob"]


async def test_member_that_is_gone_does_not_join(filled: SqliteStore) -> None:
    await change(filled, TEAM, members=MemberDelta(("nobody", "bob")))
    assert await filled.member_ids("x", "team") == ["ada", "bob"]


async def test_who_of_some_is_a_member(filled: SqliteStore) -> None:
    assert await filled.members_among("x", "team", ["ada", "bob", "a\0", "\ud800"]) == {"ada"}
    assert await filled.members_among("x", "nobody", ["ada"]) == frozenset()


async def test_resources_of_any_type_are_found_by_id(filled: SqliteStore) -> None:
    found = await filled.referred("x", ["crew", "ada", "nobody"])
    assert {id_: each.resource_type for id_, each in found.items()} == {
        "crew": "Group",
        "ada": "User",
    }


@pytest.mark.parametrize(
    ("gone", "crew", "team"),
    [
        pytest.param("ada", ["bob", "team"], [], id="user"),
        pytest.param("team", ["ada", "bob"], [], id="nested-group"),
        pytest.param("crew", [], ["ada"], id="group"),
    ],
)
async def test_memberships_go_with_the_resource(
    filled: SqliteStore, gone: str, crew: list[str], team: list[str]
) -> None:
    await change(filled, None, gone)
    assert await filled.member_ids("x", "crew") == crew
    assert await filled.member_ids("x", "team") == team


async def test_group_that_loses_a_member_has_a_new_version(filled: SqliteStore) -> None:
    await change(filled, None, "bob")
    versions = {}
    for id_ in ("crew", "team"):
        found = await filled.get("x", "Group", id_)
        assert found is not None
        versions[id_] = found.version, found.last_modified > NOW
    assert versions == {"crew": (2, True), "team": (1, False)}


async def test_integrations_do_not_see_each_other(filled: SqliteStore) -> None:
    await change(filled, ADA, integration="y")
    await change(filled, CREW, integration="y", members=MemberDelta(("ada", "bob")))
    assert await filled.member_ids("y", "crew") == ["ada"]
    assert await filled.member_ids("x", "crew") == ["ada", "bob", "team"]
    assert await filled.memberships("y", ["bob"]) == {}


async def test_members_outlive_an_update_of_their_group(filled: SqliteStore) -> None:
    await change(filled, replace(TEAM, version=2))
    assert await filled.member_ids("x", "team") == ["ada"]


async def test_open_intent_keeps_who_joins_and_leaves(store: SqliteStore) -> None:
    delta = MemberDelta(("ada",), ("bob",))
    intent = Intent("x", "Group", "crew", "members", "Crew", (), "r1", after=CREW, members=delta)
    await store.begin(intent)
    (found,) = await store.open_intents("x")
    assert found.intent.members == delta


def steps(connection: sqlite3.Connection, work: Any) -> int:
    """Return how many steps of SQLite's machine ``work`` takes."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    connection.set_progress_handler(step, 1)
    work(connection)
    connection.set_progress_handler(None, 0)
    return count


FILL = """
INSERT INTO resource (integration, resource_type, id, body, version, created, modified)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
SELECT 'x', 'User', 'u' || i, '{"userName":"u"}', 1, 0, 0 FROM n
"""
JOIN_ALL = """
INSERT INTO member SELECT g.seq, m.seq FROM resource g, resource m
WHERE g.id = 'crew' AND m.resource_type = 'User' AND m.id != 'ada'
"""


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(
            lambda c, group: sqlite_members.change(c, "x", group, MemberDelta(("ada",))), id="add"
        ),
        pytest.param(
            lambda c, group: sqlite_members.change(c, "x", group, MemberDelta((), ("ada",))),
            id="remove",
        ),
        pytest.param(lambda c, group: sqlite_members.among(c, "x", group, ["ada"]), id="look"),
    ],
)
async def test_cost_of_one_member_does_not_grow_with_the_group(
    store: SqliteStore, path: Path, work: Any
) -> None:
    for each in (ADA, CREW, TEAM):
        await change(store, each)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(FILL)
        connection.execute(JOIN_ALL)
        large = steps(connection, lambda c: work(c, "crew"))
        empty = steps(connection, lambda c: work(c, "team"))
    assert 0 < large < 1.5 * empty
