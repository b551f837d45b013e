from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import (
    Connector,
    NoSuchObject,
    TargetError,
    Unreachable,
)
from scimweave.connectors.contract import SHAPE
from scimweave.connectors.registry import Target, open_connector

Execute = Callable[[str], list[tuple[Any, ...]]]
Open = Callable[..., Awaitable[Connector]]
MakeTarget = Callable[[dict[str, Any]], Target]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_missing_table_is_named(open_table: Open) -> None:
    connector = await open_table("CREATE TABLE employee (id INTEGER PRIMARY KEY)", "name")
    with pytest.raises(NoSuchObject, match='no table "employees"; did you mean "employee"'):
        await connector.describe()
    with pytest.raises(NoSuchObject, match='no table "employees"'):
        await connector.create({"name": "Ada"})


async def test_a_table_that_is_made_later_works_without_a_restart(
    open_table: Open, execute: Execute
) -> None:
    connector = await open_table("", "name")
    with pytest.raises(NoSuchObject):
        await connector.find("name", "Ada")
    execute("CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT)")
    assert await connector.create({"name": "Ada"}) == 1


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        ("DROP TABLE employees", "CREATE TABLE employees (id INTEGER PRIMARY KEY, name, title)"),
        (
            "ALTER TABLE employees DROP COLUMN title",
            "ALTER TABLE employees ADD COLUMN title TEXT",
        ),
        (
            "ALTER TABLE employees RENAME COLUMN id TO number",
            "ALTER TABLE employees RENAME COLUMN number TO id",
        ),
    ],
    ids=["dropped-table", "dropped-column", "renamed-key"],
)
async def test_a_changed_table_is_an_error_until_it_is_repaired(
    open_table: Open, execute: Execute, damage: str, repair: str
) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT, title TEXT)", "name", "title"
    )
    await connector.create({"name": "Ada", "title": "Countess"})
    await connector.find("name", "Ada")
    execute(damage)
    for _ in range(2):
        with pytest.raises(TargetError, match=r"no column|no such column|no table"):
            await connector.create({"name": "Grace", "title": "Admiral"})
    execute(repair)
    key = await connector.create({"name": "Grace", "title": "Admiral"})
    account = await connector.read(key)
    assert account is not None
    assert account.fields == {"name": "Grace", "title": "Admiral"}


async def test_a_column_that_was_dropped_does_not_keep_others_from_being_read(
    open_table: Open, execute: Execute
) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT, title TEXT)", "name", "title"
    )
    key = await connector.create({"name": "Ada"})
    await connector.read(key)
    execute("ALTER TABLE employees DROP COLUMN title")
    account = await connector.read(key)
    assert account is not None
    assert account.fields == {"name": "Ada"}


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
async def test_a_locked_file_is_unreachable_and_nothing_was_applied(
    sql_connector: Connector,
    path: Path,
    execute: Execute,
    mode: str,
) -> None:
    execute(f"PRAGMA journal_mode = {mode}")
    key = await sql_connector.create({"email": "ada@example.com"})
    writer = sql_connector._writer  # type: ignore[attr-defined]
    await writer.run(lambda connection: connection.execute("PRAGMA busy_timeout = 10"))
    with locked(path), pytest.raises(Unreachable) as raised:
        await sql_connector.update(key, {"job_title": "Countess"})
    assert raised.value.applied is False
    await sql_connector.update(key, {"job_title": "Countess"})


async def test_a_read_waits_for_a_lock_beside_the_event_loop(open_table: Open, path: Path) -> None:
    # Without a write-ahead log, who writes keeps readers out.
    connector = await open_table("CREATE TABLE employees (id INTEGER PRIMARY KEY, name)", "name")
    key = await connector.create({"name": "Ada"})
    with locked(path):
        reading = asyncio.create_task(connector.read(key))
        await asyncio.wait([reading], timeout=0.05)
        assert not reading.done()
    account = await reading
    assert account is not None


async def test_the_journal_mode_of_an_existing_file_stays(
    open_table: Open, execute: Execute
) -> None:
    connector = await open_table("CREATE TABLE employees (id INTEGER PRIMARY KEY, name)", "name")
    await connector.create({"name": "Ada"})
    assert execute("PRAGMA journal_mode") == [("delete",)]


async def test_a_read_only_file_is_unreachable(sql_connector: Connector, execute: Execute) -> None:
    key = await sql_connector.create({"email": "ada@example.com"})
    writer = sql_connector._writer  # type: ignore[attr-defined]
    await writer.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(Unreachable, match="readonly"):
        await sql_connector.update(key, {"job_title": "Countess"})


async def test_a_missing_file_is_not_made(path: Path, target: Target) -> None:
    with pytest.raises(NoSuchObject, match="scimweave init-target"):
        await open_connector(target, SHAPE)
    assert not path.exists()


async def test_a_file_that_is_no_database_is_refused(path: Path, target: Target) -> None:
    path.write_text("These are my notes. " * 100)
    connector = await open_connector(target, SHAPE)
    with pytest.raises(TargetError, match="not a database"):
        await connector.describe()
    with pytest.raises(TargetError, match="not a database"):
        await connector.create({"email": "ada@example.com"})
    await connector.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs a url"),
        ({"url": 7}, "needs a url"),
        ({"url": "target.db"}, "not a database URL"),
        ({"url": "sqlite://"}, "in memory"),
        ({"url": "sqlite:///:memory:"}, "in memory"),
        ({"url": "sqlite:///x.db?mode=ro"}, "not supported"),
        ({"url": "postgresql://ada:secret@db/x?foo=1"}, 'an option "foo"'),
        ({"url": "mysql+pymysql://ada:secret@db/x?foo=1"}, 'an option "foo"'),
        ({"url": "what://ada:secret@db/x"}, "what databases are not supported"),
        ({"url": "sqlite:///x.db", "pool": {"size": 0}}, r"target.pool.size: .* greater than 0"),
        ({"url": "postgresql://ada:secret@db/x", "tls": {"ca": "/no/file"}}, "cannot be read"),
        ({"url": "mysql://ada:secret@db/x", "tls": {"mode": "prefer"}}, "MariaDB takes disable"),
    ],
)
async def test_another_address_is_refused(
    make_target: MakeTarget, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TargetError, match=message) as raised:
        await open_connector(make_target(options), SHAPE)
    assert "secret" not in str(raised.value)
