from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import (
    AccountShape,
    Connector,
    FieldShape,
    Key,
    MembersShape,
    NoSuchObject,
    Rejected,
    TargetError,
)
from scimweave.connectors.contract import SHAPE
from scimweave.connectors.members_contract import GROUP_SHAPE, MembersContract
from scimweave.connectors.memory import MemoryConnector
from scimweave.connectors.registry import Target, open_connector
from scimweave.connectors.sql.ddl import init_target

Execute = Callable[[str], list[tuple[Any, ...]]]
Open = Callable[[str, AccountShape], Awaitable[Connector]]


class TestMemory(MembersContract):
    @pytest.fixture
    async def connector(self) -> Connector:
        return MemoryConnector(GROUP_SHAPE)


class TestSql(MembersContract):
    @pytest.fixture
    async def connector(self, target: Target) -> AsyncIterator[Connector]:
        init_target(target, [SHAPE, GROUP_SHAPE])
        connector = await open_connector(target, GROUP_SHAPE)
        yield connector
        await connector.close()


@pytest.fixture
async def open_groups(path: Path, target: Target) -> AsyncIterator[Open]:
    opened = []

    async def make(ddl: str, shape: AccountShape) -> Connector:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(ddl)
        opened.append(await open_connector(target, shape))
        return opened[-1]

    yield make
    for connector in opened:
        await connector.close()


def shape(table: str, group: str, member: str) -> AccountShape:
    return replace(GROUP_SHAPE, members=MembersShape(table, FieldShape(group), FieldShape(member)))


TEAMS = "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT);"


def test_init_target_makes_a_table_of_pairs(target: Target, execute: Execute) -> None:
    init_target(target, [SHAPE, GROUP_SHAPE])
    columns = execute("SELECT name, type, pk FROM pragma_table_info('team_members')")
    assert columns == [("team_id", "INTEGER", 1), ("employee_id", "INTEGER", 2)]
    (plan,) = execute("EXPLAIN QUERY PLAN SELECT * FROM team_members WHERE employee_id = 1")
    assert "USING INDEX" in plan[3] or "USING COVERING INDEX" in plan[3]
    assert init_target(target, [SHAPE, GROUP_SHAPE]) == []


def test_keys_that_are_text_have_text_columns(target: Target, execute: Execute) -> None:
    members = MembersShape(
        "pairs", FieldShape("team", "string", 36), FieldShape("person", "string")
    )
    init_target(target, [replace(GROUP_SHAPE, members=members)])
    columns = execute("SELECT name, type FROM pragma_table_info('pairs')")
    assert columns == [("team", "VARCHAR(36)"), ("person", "TEXT")]


async def test_names_are_quoted(open_groups: Open, execute: Execute) -> None:
    ddl = TEAMS + 'CREATE TABLE "order; --" ("group" INTEGER, "in ""it""" TEXT);'
    connector = await open_groups(ddl, shape("order; --", "group", 'in "it"'))
    await connector.add_members(7, ["O'Brien", "x"])
    await connector.remove_members(7, ["x"])
    assert execute('SELECT * FROM "order; --"') == [(7, "O'Brien")]


async def test_pairs_need_not_be_unique_at_the_target(open_groups: Open, execute: Execute) -> None:
    connector = await open_groups(
        TEAMS + "CREATE TABLE team_members (team_id, employee_id);"
        "INSERT INTO team_members VALUES (1, 2), (1, 2);",
        GROUP_SHAPE,
    )
    await connector.add_members(1, [2, 3])
    assert await connector.members(1) == [2, 3]
    await connector.remove_members(1, [2])
    assert execute("SELECT * FROM team_members") == [(1, 3)]


async def test_refused_member_changes_nothing(open_groups: Open, execute: Execute) -> None:
    connector = await open_groups(
        TEAMS + "CREATE TABLE people (id INTEGER PRIMARY KEY); INSERT INTO people VALUES (1);"
        "CREATE TABLE team_members (team_id INTEGER, employee_id INTEGER REFERENCES people (id));",
        GROUP_SHAPE,
    )
    with pytest.raises(Rejected):
        await connector.add_members(1, [1, 2])
    assert execute("SELECT * FROM team_members") == []


@pytest.mark.parametrize(
    ("ddl", "kind", "words"),
    [
        pytest.param(TEAMS, NoSuchObject, 'no table "team_members"', id="no-table"),
        pytest.param(
            TEAMS + "CREATE TABLE team_members (team_id, person_id);",
            TargetError,
            'no column "employee_id"',
            id="no-column",
        ),
    ],
)
async def test_missing_table_is_named(
    open_groups: Open, ddl: str, kind: type[TargetError], words: str
) -> None:
    connector = await open_groups(ddl, GROUP_SHAPE)
    with pytest.raises(kind, match=words):
        await connector.add_members(1, [2])


async def test_missing_column_is_described_as_it_is(open_groups: Open) -> None:
    ddl = TEAMS + "CREATE TABLE team_members (team_id, person_id);"
    connector = await open_groups(ddl, GROUP_SHAPE)
    assert set(await connector.describe_members()) == {"team_id", "person_id"}


async def test_table_that_is_made_later_is_found(open_groups: Open, execute: Execute) -> None:
    connector = await open_groups(TEAMS, GROUP_SHAPE)
    with pytest.raises(NoSuchObject):
        await connector.members(1)
    execute("CREATE TABLE team_members (team_id, employee_id)")
    await connector.add_members(1, [2])
    keys: list[Key] = [2]
    assert await connector.members(1) == keys
