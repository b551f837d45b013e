from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import (
    Conflict,
    Connector,
    Gone,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.contract import SHAPE, ConnectorContract
from scimweave.connectors.registry import Target, open_connector
from scimweave.connectors.sql import table as sql_table
from scimweave.connectors.sql.ddl import init_target

Execute = Callable[[str], list[tuple[Any, ...]]]
Open = Callable[..., Awaitable[Connector]]


class TestSqlContract(ConnectorContract):
    @pytest.fixture
    def connector(self, sql_connector: Connector) -> Connector:
        return sql_connector


class TestSqlContractWithARollbackJournal(ConnectorContract):
    @pytest.fixture
    async def connector(self, execute: Execute, target: Target) -> AsyncIterator[Connector]:
        init_target(target, [SHAPE])
        execute("PRAGMA journal_mode = DELETE")
        connector = await open_connector(target, SHAPE)
        yield connector
        await connector.close()


class TestSqlContractWithTextKeys(ConnectorContract):
    unknown_key = "nobody"

    @pytest.fixture
    async def connector(self, open_table: Open) -> Connector:
        return await open_table(
            "CREATE TABLE employees (id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL,"
            " display_name, job_title VARCHAR(50), is_active BOOL) WITHOUT ROWID",
            *SHAPE.fields,
        )


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("id INTEGER PRIMARY KEY", 1),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT", 1),
        ("id TEXT PRIMARY KEY DEFAULT ('made by ' || 'the database')", "made by the database"),
        ("id INTEGER NOT NULL UNIQUE DEFAULT 42", 42),
    ],
)
async def test_the_database_gives_the_key(open_table: Open, column: str, key: int | str) -> None:
    connector = await open_table(f"CREATE TABLE employees ({column}, name TEXT)", "name")
    assert await connector.create({"name": "Ada"}) == key
    account = await connector.read(key)
    assert account is not None
    assert account.fields == {"name": "Ada"}


async def test_an_account_needs_no_fields(open_table: Open) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'new')", "name"
    )
    account = await connector.read(await connector.create({}))
    assert account is not None
    assert account.fields == {"name": "new"}


@pytest.mark.parametrize(
    ("declared", "length"), [("TEXT", 36), ("CHAR(36)", 36), ("UUID", 36), ("CHAR(32)", 32)]
)
async def test_a_text_key_without_a_default_is_a_uuid(
    open_table: Open, declared: str, length: int
) -> None:
    connector = await open_table(
        f"CREATE TABLE employees (id {declared} PRIMARY KEY, name TEXT)", "name"
    )
    keys = {await connector.create({"name": "Ada"}) for _ in range(3)}
    assert [len(str(key)) for key in keys] == [length] * 3
    for key in keys:
        assert await connector.read(key) is not None
    assert (await connector.describe())["id"].has_default


async def test_a_key_that_the_mapping_gives_is_kept(open_table: Open) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id TEXT PRIMARY KEY, name TEXT)", "id", "name"
    )
    assert await connector.create({"id": "ada", "name": "Ada"}) == "ada"
    with pytest.raises(Conflict) as raised:
        await connector.create({"id": "ada"})
    assert raised.value.field == "id"
    await connector.update("ada", {"id": "ada", "name": "Augusta"})
    with pytest.raises(Rejected, match="cannot be changed"):
        await connector.update("ada", {"id": "grace"})


async def test_a_key_that_nobody_gives_is_refused_and_no_row_stays(
    open_table: Open, execute: Execute
) -> None:
    connector = await open_table("CREATE TABLE employees (id INT PRIMARY KEY, name TEXT)", "name")
    with pytest.raises(TargetError, match="no usable id"):
        await connector.create({"name": "Ada"})
    assert execute("SELECT * FROM employees") == []


async def test_a_key_that_is_not_unique_changes_nothing(open_table: Open, execute: Execute) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id TEXT, name TEXT);"
        "INSERT INTO employees VALUES ('x', 'Ada'), ('x', 'Grace')",
        "name",
    )
    for attempt in (connector.update("x", {"name": "new"}), connector.delete("x")):
        with pytest.raises(TargetError, match="2 rows in employees have id x"):
            await attempt
    assert execute("SELECT name FROM employees") == [("Ada",), ("Grace",)]


@pytest.mark.parametrize("key", [2**70, -(2**70), "\ud800", "a\0b", "", "1", -1])
async def test_a_key_that_no_row_can_have_is_gone(sql_connector: Connector, key: int | str) -> None:
    assert await sql_connector.read(key) is None
    for attempt in (sql_connector.update(key, {"job_title": "x"}), sql_connector.delete(key)):
        with pytest.raises(Gone):
            await attempt


async def test_any_name_is_quoted(open_table: Open, path: Path) -> None:
    names = ['we"ird', "a b", "order", "50%", "a:b", "(x)", "ünï", "0", "é.[1]", "p0", "value"]
    quoted = ['"{}"'.format(name.replace('"', '""')) for name in names]
    columns = ", ".join(f"{name} TEXT" for name in quoted)
    table = 'my "table" %s'
    connector = await open_table(
        f'CREATE TABLE "my ""table"" %s" ("the key" INTEGER PRIMARY KEY, {columns})',
        *names,
        key="the key",
        table=table,
    )
    values = {name: f"value of {name}" for name in reversed(names)}
    key = await connector.create(values)
    account = await connector.read(key)
    assert account is not None
    assert account.fields == values
    for name in names:
        assert [found.key for found in await connector.find(name, values[name])] == [key]
        await connector.update(key, {name: "new", names[0]: "new"})
    account = await connector.read(key)
    assert account is not None
    assert set(account.fields.values()) == {"new"}


async def test_values_reach_their_columns_in_any_order_of_fields(open_table: Open) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT)", "a", "b", "c"
    )
    key = await connector.create({"c": "3", "a": "1", "b": "2"})
    await connector.update(key, {"b": "two", "a": "one"})
    account = await connector.read(key)
    assert account is not None
    assert account.fields == {"a": "one", "b": "two", "c": "3"}


async def test_find_compares_as_the_column_does(open_table: Open) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, name TEXT);"
        "INSERT INTO employees VALUES (1, 'Ada@Example.com', 'Ada')",
        "email",
        "name",
    )
    assert [account.key for account in await connector.find("email", "ada@example.COM")] == [1]
    assert await connector.find("name", "ada") == []


@pytest.mark.parametrize("value", ["a\0b", "\ud800", {"a": 1}, True])
async def test_what_a_column_cannot_hold_is_found_nowhere(
    sql_connector: Connector, value: object
) -> None:
    assert await sql_connector.find("email", value) == []


async def test_the_table_is_described(open_table: Open) -> None:
    connector = await open_table(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE,"
        " active BOOLEAN NOT NULL DEFAULT 1, hired DATE, salary NUMERIC(10, 2), notes,"
        " twice INTEGER AS (id * 2), a TEXT, b TEXT, UNIQUE (a, b));"
        "CREATE UNIQUE INDEX some_a ON employees (a) WHERE b IS NOT NULL",
        "email",
    )
    described = {
        field.name: (
            field.type,
            field.nullable,
            field.has_default,
            field.max_length,
            field.unique,
        )
        for field in (await connector.describe()).values()
    }
    assert described == {
        "id": ("integer", False, True, None, True),
        "email": ("string", False, False, 80, True),
        "active": ("boolean", False, True, None, False),
        "hired": ("date", True, False, None, False),
        "salary": ("decimal", True, False, None, False),
        "notes": ("any", True, False, None, False),
        "twice": ("integer", True, True, None, False),
        "a": ("string", True, False, None, False),
        "b": ("string", True, False, None, False),
    }


async def test_two_connectors_on_one_file_share_its_writer(target: Target) -> None:
    init_target(target, [SHAPE])
    one, other = [await open_connector(target, SHAPE) for _ in range(2)]
    keys = await asyncio.gather(
        *(
            connector.create({"email": f"{connector is one}{number}@example.com"})
            for number in range(20)
            for connector in (one, other)
        )
    )
    assert len(set(keys)) == 40
    await one.close()
    with pytest.raises(Unreachable, match="closed"):
        await one.create({"email": "late@example.com"})
    with pytest.raises(Unreachable, match="closed"):
        await one.read(1)
    await other.create({"email": "late@example.com"})
    await other.close()


async def test_sqlalchemy_is_imported_by_sql_targets_only() -> None:
    program = (
        "import sys, scimweave.connectors.registry\n"
        "assert 'sqlalchemy' not in sys.modules, 'imported'"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0


async def test_scan_goes_on_after_a_page_that_was_seen(
    sql_connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_table, "PAGE", 2)
    keys = [await sql_connector.create({"email": f"{n}@example.com"}) for n in range(5)]
    pages = [page async for page in sql_connector.scan()]
    assert [len(page.accounts) for page in pages] == [2, 2, 1]
    rest = [page async for page in sql_connector.scan(pages[0].cursor)]
    assert [each.key for page in rest for each in page.accounts] == keys[2:]
    assert pages[-1].cursor is None
