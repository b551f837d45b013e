"""An empty database of a real server, and another program that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol

from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

Rows = list[tuple[Any, ...]]

_DRIVERS = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+asyncmy"}
_numbers = count(1)


class Database:
    """A database; ``url`` is its address as a mapping file gives it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def execute(self, *statements: str) -> Rows:
        """Run statements, each in a transaction of its own; returns the rows of the last.

        It may be called where an event loop runs, and holds that up meanwhile.
        """
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, _run(self.url, statements)).result()


async def _run(url: str, statements: tuple[str, ...]) -> Rows:
    rows: Rows = []
    engine = create_async_engine(with_driver(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in statements:
                done = await connection.exec_driver_sql(statement)
                rows = [tuple(row) for row in done] if done.returns_rows else []
    finally:
        await engine.dispose()
    return rows


def with_driver(url: str) -> URL:
    """Return an address for SQLAlchemy's async engine."""
    parsed = make_url(url)
    return parsed.set(drivername=_DRIVERS[parsed.get_backend_name().replace("mariadb", "mysql")])


class Server(Protocol):
    """A database server at work."""

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""

    @property
    def admin(self) -> Database:
        """The database from which others are made."""


@contextmanager
def empty_database(server: Server, after: str = "") -> Iterator[Database]:
    """Make a database that is dropped at the end; ``after`` goes behind the statement for that."""
    name = f"scimweave_{next(_numbers)}"
    server.admin.execute(f"CREATE DATABASE {name}")
    try:
        yield Database(server.url(name))
    finally:
        server.admin.execute(f"DROP DATABASE {name} {after}")
