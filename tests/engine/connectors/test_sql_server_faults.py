"""Database servers that go away, are slow, are locked, or change under the connector."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from scimweave.connectors.base import (
    AccountShape,
    Connector,
    FieldShape,
    Gone,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.registry import open_connector
from servers.database import Database, with_driver
from servers.mariadb import MariaDB
from servers.part import free_port
from servers.postgresql import PostgreSQL
from sql_servers import SqlTarget

SHAPE = AccountShape("employees", "id", ("name",), (FieldShape("name"), FieldShape("title")))
TABLE = (
    "CREATE TABLE employees (id integer PRIMARY KEY, name varchar(50) UNIQUE, title varchar(50))"
)
ADA = "INSERT INTO employees VALUES (1, 'Ada', 'Countess')"

Open = Callable[..., Awaitable[Connector]]


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    found.execute(TABLE, ADA)
    return found


@pytest.fixture
async def open_at() -> AsyncIterator[Open]:
    opened = []

    async def make(url: str, **options: Any) -> Connector:
        opened.append(await open_connector(SqlTarget({"url": url, **options}), SHAPE))
        return opened[-1]

    yield make
    for connector in opened:
        await connector.close()


def postgres(database: Database) -> bool:
    return "postgresql" in database.url


def kill_connections(database: Database, server: MariaDB | PostgreSQL) -> None:
    """End all connections to a database, as an administrator would."""
    name = database.url.rpartition("/")[2]
    if postgres(database):
        server.admin.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        return
    found = server.admin.execute(
        f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
    )
    for (number,) in found:
        server.admin.execute(f"KILL {number}")


@pytest.fixture
def server(request: pytest.FixtureRequest, database: Database) -> MariaDB | PostgreSQL:
    name = "postgresql_server" if postgres(database) else "mariadb_server"
    found: MariaDB | PostgreSQL = request.getfixturevalue(name)
    return found


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """Hold a lock on the row of Ada."""
    engine = create_async_engine(with_driver(database.url))
    async with engine.connect() as connection:
        await connection.exec_driver_sql("UPDATE employees SET title = 'held' WHERE id = 1")
        yield
        await connection.rollback()
    await engine.dispose()


async def test_connections_that_died_in_their_sleep_are_made_anew(
    database: Database, server: MariaDB | PostgreSQL, open_at: Open
) -> None:
    connector = await open_at(database.url)
    await asyncio.gather(*(connector.read(1) for _ in range(5)))
    kill_connections(database, server)
    await connector.update(1, {"title": "Admiral"})
    account = await connector.read(1)
    assert account is not None
    assert account.fields["title"] == "Admiral"


async def test_connection_that_is_lost_again_and_again_is_unreachable_and_nothing_applied(
    database: Database, server: MariaDB | PostgreSQL, open_at: Open
) -> None:
    connector = await open_at(database.url)
    await connector.read(1)
    async with locked(database):
        writing = asyncio.create_task(connector.update(1, {"title": "Admiral"}))
        for _ in range(2):
            await waiting(database, server)
            await asyncio.to_thread(kill_waiting, database, server)
        with pytest.raises(Unreachable) as raised:
            await writing
    assert raised.value.applied is False
    assert database.execute("SELECT title FROM employees") == [("Countess",)]
    await connector.update(1, {"title": "Admiral"})


AT_COMMIT = (
    "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON employees DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION slowly()",
)


async def test_connection_that_is_lost_at_the_commit_leaves_it_unknown(
    postgresql: Database, postgresql_server: PostgreSQL, open_at: Open
) -> None:
    postgresql.execute(TABLE, ADA, *AT_COMMIT)
    connector = await open_at(postgresql.url)
    engine = create_async_engine(with_driver(postgresql.url))
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        writing = asyncio.create_task(connector.update(1, {"title": "Admiral"}))
        await waiting(postgresql, postgresql_server)
        await asyncio.to_thread(kill_waiting, postgresql, postgresql_server)
        with pytest.raises(Unreachable) as raised:
            await writing
        await connection.rollback()
    await engine.dispose()
    assert raised.value.applied is None


WAITING = {
    True: "SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'",
    False: "SELECT id FROM information_schema.processlist "
    "WHERE db = '{name}' AND command = 'Query' AND state = 'Updating'",
}


def who_waits(database: Database, server: MariaDB | PostgreSQL) -> list[int]:
    name = database.url.rpartition("/")[2]
    rows = server.admin.execute(WAITING[postgres(database)].format(name=name))
    return [number for (number,) in rows]


async def waiting(database: Database, server: MariaDB | PostgreSQL) -> None:
    """Return when a statement waits for a lock."""
    found: list[int] = []
    while not found:
        found = await asyncio.to_thread(who_waits, database, server)


def kill_waiting(database: Database, server: MariaDB | PostgreSQL) -> None:
    for number in who_waits(database, server):
        kill = f"SELECT pg_terminate_backend({number})" if postgres(database) else f"KILL {number}"
        server.admin.execute(kill)


@pytest.mark.slow
async def test_statement_that_waits_too_long_for_a_lock_is_unreachable(
    database: Database, open_at: Open
) -> None:
    connector = await open_at(database.url, statement_timeout=1)
    async with locked(database):
        with pytest.raises(Unreachable) as raised:
            await connector.update(1, {"title": "Admiral"})
    assert raised.value.applied is False
    await connector.update(1, {"title": "Admiral"})


@pytest.mark.slow
async def test_slow_read_ends_at_the_time_out(database: Database, open_at: Open) -> None:
    sleep = "pg_sleep(20)::text" if postgres(database) else "sleep(20)"
    database.execute(
        "ALTER TABLE employees RENAME TO people",
        f"CREATE VIEW employees AS SELECT id, name, {sleep} AS title FROM people",
    )
    connector = await open_at(database.url, statement_timeout=1)
    async with asyncio.timeout(10):
        with pytest.raises(Unreachable):
            await connector.read(1)


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Hold a process, all its threads, until the block ends."""
    os.kill(process, signal.SIGSTOP)
    try:
        while not all("T (stopped)" in each.read_text() for each in statuses(process)):
            pass
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def statuses(process: int) -> Iterator[Path]:
    return Path(f"/proc/{process}/task").glob("*/status")


@pytest.mark.slow
async def test_server_that_does_not_answer_is_unreachable_and_used_again_when_it_does(
    mariadb: Database, mariadb_server: MariaDB, open_at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scimweave.connectors.sql.server.GRACE", 0)
    mariadb.execute(TABLE, ADA)
    connector = await open_at(mariadb.url, statement_timeout=1, connect_timeout=1)
    await connector.read(1)
    with stopped(mariadb_server.process), pytest.raises(Unreachable) as raised:
        await connector.update(1, {"title": "Admiral"})
    assert raised.value.applied is False
    await connector.update(1, {"title": "Admiral"})


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
async def test_nobody_who_listens_is_unreachable(open_at: Open, scheme: str) -> None:
    connector = await open_at(f"{scheme}://ada:secret@127.0.0.1:{free_port()}/x")
    with pytest.raises(Unreachable) as raised:
        await connector.health()
    assert raised.value.applied is False
    assert "secret" not in str(raised.value)


async def test_wrong_password_or_database_is_no_passing_fault(
    mariadb_server: MariaDB, postgresql_server: PostgreSQL, open_at: Open
) -> None:
    wrong = mariadb_server.url("mysql").replace(":scimweave@", ":wrong@")
    for url in (wrong, mariadb_server.url("nothing"), postgresql_server.url("nothing")):
        connector = await open_at(url)
        with pytest.raises(TargetError) as raised:
            await connector.health()
        assert not isinstance(raised.value, Unreachable)
        assert "wrong@" not in str(raised.value)


async def test_read_only_database_is_unreachable(
    postgresql_server: PostgreSQL, open_at: Open
) -> None:
    with postgresql_server.database() as database:
        await read_only(database, open_at)


async def read_only(postgresql: Database, open_at: Open) -> None:
    name = postgresql.url.rpartition("/")[2]
    postgresql.execute(TABLE, ADA, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    connector = await open_at(postgresql.url)
    with pytest.raises(Unreachable, match="read-only"):
        await connector.update(1, {"title": "Admiral"})
    assert await connector.read(1) is not None


async def test_too_many_connections_are_a_passing_fault(
    mariadb_server: MariaDB, mariadb: Database, open_at: Open
) -> None:
    mariadb.execute(
        TABLE,
        ADA,
        "CREATE USER narrow@'127.0.0.1' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 1",
        "GRANT ALL ON *.* TO narrow@'127.0.0.1'",
    )
    try:
        url = mariadb.url.replace("scimweave:scimweave@", "narrow:x@")
        one, other = [await open_at(url) for _ in range(2)]
        await one.read(1)
        with pytest.raises(Unreachable, match="max_user_connections"):
            await other.read(1)
        await one.close()
        assert await other.read(1) is not None
    finally:
        mariadb.execute("DROP USER narrow@'127.0.0.1'")


@pytest.mark.slow
async def test_pool_that_is_used_up_is_a_passing_fault(database: Database, open_at: Open) -> None:
    connector = await open_at(database.url, pool={"size": 1, "timeout": 1})
    await connector.read(1)
    async with locked(database):
        writing = asyncio.create_task(connector.update(1, {"title": "Admiral"}))
        await asyncio.sleep(0)
        with pytest.raises(Unreachable, match="all 1 connections are in use"):
            await connector.read(1)
    await writing


async def test_deadlock_is_tried_again(postgresql: Database, open_at: Open) -> None:
    postgresql.execute(
        TABLE,
        ADA,
        "CREATE SEQUENCE attempts",
        "CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('attempts') = 1 THEN "
        "RAISE EXCEPTION USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER t BEFORE UPDATE ON employees FOR EACH ROW EXECUTE FUNCTION once()",
    )
    connector = await open_at(postgresql.url)
    await connector.update(1, {"title": "Admiral"})
    assert postgresql.execute("SELECT last_value FROM attempts") == [(2,)]


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        ("DROP TABLE employees", TABLE),
        (
            "ALTER TABLE employees DROP COLUMN title",
            "ALTER TABLE employees ADD COLUMN title varchar(50)",
        ),
        (
            "ALTER TABLE employees RENAME COLUMN id TO number",
            "ALTER TABLE employees RENAME COLUMN number TO id",
        ),
    ],
    ids=["dropped-table", "dropped-column", "renamed-key"],
)
async def test_changed_table_is_an_error_until_it_is_repaired(
    database: Database, open_at: Open, damage: str, repair: str
) -> None:
    connector = await open_at(database.url)
    fields = {"name": "Grace", "title": "Admiral"}
    await connector.read(1)
    await connector.find("name", "Ada")
    database.execute(damage)
    for _ in range(2):
        with pytest.raises(TargetError, match=r"no column|no table"):
            await connector.update(1, fields)
    database.execute(repair)
    if "CREATE" in repair:
        database.execute(ADA)
    await connector.update(1, fields)
    account = await connector.read(1)
    assert account is not None
    assert account.fields == fields


async def test_dropped_column_that_is_not_written_is_not_missed(
    database: Database, open_at: Open
) -> None:
    connector = await open_at(database.url)
    await connector.read(1)
    database.execute("ALTER TABLE employees DROP COLUMN title")
    account = await connector.read(1)
    assert account is not None
    assert account.fields == {"name": "Ada"}


async def test_column_that_gets_another_type_is_looked_at_anew(
    database: Database, open_at: Open
) -> None:
    connector = await open_at(database.url)
    await connector.update(1, {"title": "Countess"})
    using = " USING 7" if postgres(database) else ""
    word = "ALTER COLUMN title TYPE integer" if using else "MODIFY COLUMN title integer"
    database.execute("UPDATE employees SET title = NULL", f"ALTER TABLE employees {word}{using}")
    with pytest.raises(Rejected) as raised:
        await connector.update(1, {"title": "Admiral"})
    assert raised.value.field == "title"
    await connector.describe()
    await connector.update(1, {"title": 12})
    account = await connector.read(1)
    assert account is not None
    assert account.fields["title"] == 12


async def test_closed_connector_is_unreachable(database: Database, open_at: Open) -> None:
    connector = await open_at(database.url)
    writing = asyncio.create_task(connector.update(1, {"title": "Admiral"}))
    await asyncio.sleep(0)
    await connector.close()
    await writing
    with pytest.raises(Unreachable, match="closed"):
        await connector.read(1)


async def test_update_of_a_row_that_is_gone_changes_nothing(
    database: Database, open_at: Open
) -> None:
    connector = await open_at(database.url)
    database.execute("DELETE FROM employees")
    for attempt in (connector.update(1, {"title": "x"}), connector.delete(1), connector.delete(1)):
        with pytest.raises(Gone):
            await attempt


@pytest.mark.parametrize("module", ["asyncpg", "asyncmy"])
async def test_missing_driver_says_what_to_install(
    open_at: Open, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    scheme, extra = {"asyncpg": ("postgresql", "postgres"), "asyncmy": ("mariadb", "mariadb")}[
        module
    ]
    with pytest.raises(TargetError, match=rf"pip install 'scimweave\[{extra}\]'"):
        await open_at(f"{scheme}://x@127.0.0.1/x")
