"""The tables of a sql target, made from what mappings say of their fields."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from scimweave.connectors.base import AccountShape, TargetError
from scimweave.connectors.registry import Target
from scimweave.connectors.sql import database as sql_database
from scimweave.connectors.sql.options import SqlOptions, read_options
from scimweave.connectors.sql.tables import SQLITE, missing_tables, server_style


def create_statements(target: Target, shapes: Iterable[AccountShape]) -> list[str]:
    """Return the DDL of the tables that the target lacks; writes nothing.

    Nothing is lacking where the target is not of kind sql. Raises ``TargetError``.
    """
    if target.connector != "sql":
        return []
    options, shapes = read_options(target.options), tuple(shapes)
    if sql_database.backend_of(options.url) != "sqlite":
        return _on_server(options, lambda connection: _lacking(connection, options, shapes))
    path = sql_database.path_of(options.url)
    if not path.is_file():
        return missing_tables(options, shapes, SQLITE, lambda name: False)
    with _translated(path), closing(sql_database.connect_reader(path)) as connection:
        return _lacking_in_file(connection, options, shapes)


def init_target(target: Target, shapes: Iterable[AccountShape]) -> list[str]:
    """Create the tables that the target lacks, and a SQLite file; returns the DDL that was run.

    Tables that exist are left as they are. Raises ``TargetError``, and then no table was made,
    save on MariaDB and MySQL, where each statement stands for itself.
    """
    shapes = tuple(shapes)
    if target.connector == "sql":
        options = read_options(target.options)
        if sql_database.backend_of(options.url) != "sqlite":
            return _on_server(options, lambda connection: _make(connection, options, shapes))
    statements = create_statements(target, shapes)
    if not statements:
        return []
    path = sql_database.path_of(options.url)
    with _translated(path):
        if not path.is_file():
            _create_file(path)
        with closing(sql_database.connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # Looked at again under the lock; closing takes back what was not committed.
            statements = _lacking_in_file(connection, options, shapes)
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
    return statements


def _create_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        # Readers and the writer do not wait for each other then.
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise TargetError(f"{path}: {error}") from error


_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"


def _lacking_in_file(
    connection: sqlite3.Connection, options: SqlOptions, shapes: tuple[AccountShape, ...]
) -> list[str]:
    existing = {_folded(name) for (name,) in connection.execute(_TABLES).fetchall()}
    return missing_tables(options, shapes, SQLITE, lambda name: _folded(name) in existing)


def _folded(name: str) -> str:
    # SQLite compares names so: ASCII letters in any case.
    return name.encode().lower().decode()


def _lacking(
    connection: Connection, options: SqlOptions, shapes: tuple[AccountShape, ...]
) -> list[str]:
    from scimweave.connectors.sql.server_reflection import is_there  # noqa: PLC0415

    inspector = inspect(connection)
    style = server_style(connection.dialect, inspector.has_schema)
    return missing_tables(options, shapes, style, lambda name: is_there(inspector, name))


def _make(
    connection: Connection, options: SqlOptions, shapes: tuple[AccountShape, ...]
) -> list[str]:
    statements = _lacking(connection, options, shapes)
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()
    return statements


def _on_server(options: SqlOptions, work: Callable[[Connection], list[str]]) -> list[str]:
    """Run ``work`` on a connection; also where an event loop runs already, and waits."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _connected(options, work)).result()


async def _connected(options: SqlOptions, work: Callable[[Connection], list[str]]) -> list[str]:
    # The async engine takes a while to import, and SQLite does without.
    from scimweave.connectors.sql.server import open_engine, server_of  # noqa: PLC0415

    server = server_of(options.url)
    engine = open_engine(server, options)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise TargetError(server.fault(error).message) from error
    finally:
        await engine.dispose()
