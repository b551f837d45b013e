"""Accounts in a table of PostgreSQL, MariaDB or MySQL."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from scimweave.connectors.base import AccountShape, FieldDescription, TargetError, Unreachable
from scimweave.connectors.sql import database as sql_database
from scimweave.connectors.sql import mariadb as sql_mariadb
from scimweave.connectors.sql import postgresql as sql_postgresql
from scimweave.connectors.sql.connector import Reflect, Reflected, Stale, TableConnector, Work
from scimweave.connectors.sql.executor import Cursor
from scimweave.connectors.sql.faults import Fault, translate
from scimweave.connectors.sql.members import MemberTable
from scimweave.connectors.sql.options import SqlOptions, TlsOptions
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.server_reflection import reflect
from scimweave.connectors.sql.table import SqlTable

T = TypeVar("T")

# The server's own time-out comes first, and says more.
GRACE = 5  # seconds
MAX_ATTEMPTS = 5

_ERRORS = (SQLAlchemyError, OSError, TimeoutError)


class ServerConnector(TableConnector):
    """Implements ``Connector``: every operation is a transaction on a connection of a pool."""

    def __init__(self, server: ModuleType, options: SqlOptions, shape: AccountShape) -> None:
        super().__init__(options, shape)
        self._server = server
        self._engine = open_engine(server, options)
        self._reading = self._engine
        if server.READING_LEVEL:
            self._reading = self._engine.execution_options(isolation_level=server.READING_LEVEL)
        self._closed = False
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @classmethod
    def open(cls, options: SqlOptions, shape: AccountShape) -> ServerConnector:
        """Make a connector, which connects when it is first used. Raises ``TargetError``."""
        return cls(server_of(options.url), options, shape)

    async def close(self) -> None:
        """Close the connections; what is in flight finishes first. A second call does nothing."""
        self._closed = True
        await self._idle.wait()
        await self._engine.dispose()

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Look at the table anew, and return its columns by name."""
        with self._in_flight():
            return await super().describe()

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Look at the membership table anew, and return its columns by name."""
        with self._in_flight():
            return await super().describe_members()

    async def _on_table(
        self, names: Collection[str], attempt: Callable[[SqlTable], Awaitable[T]]
    ) -> T:
        with self._in_flight():
            return await super()._on_table(names, attempt)

    async def _on_pairs(self, attempt: Callable[[MemberTable], Awaitable[T]]) -> T:
        with self._in_flight():
            return await super()._on_pairs(attempt)

    async def _look(self, make: Callable[[Any, Reflect], T]) -> T:
        return await self._run(
            self._engine, lambda connection: make(connection, reflect), commit=False
        )

    async def _write(self, table: Reflected, work: Work[T], written: Collection[str] = ()) -> T:
        return await self._run(
            self._engine, lambda connection: work(_Executor(connection)), table.reflection, written
        )

    async def _read(self, table: Reflected, work: Work[T], indexed: bool = False) -> T:
        return await self._run(
            self._reading,
            lambda connection: work(_Executor(connection)),
            table.reflection,
            commit=False,
        )

    async def _run(
        self,
        engine: AsyncEngine,
        work: Callable[[Connection], T],
        reflection: Reflection | None = None,
        written: Collection[str] = (),
        *,
        commit: bool = True,
    ) -> T:
        """Run ``work`` in a transaction, and again where nothing can have come of the first.

        A connection of the pool may have died in its sleep; that shows when it is used.
        """
        attempts = 1
        while True:
            transaction = _Transaction(self._options, commit)
            try:
                return await transaction.run(engine, work)
            except _ERRORS as error:
                fault, committing = self._fault(error), transaction.committing
                died = fault.kind == "lost" and transaction.was_open
                again = fault.kind == "circle" or (died and not isinstance(error, TimeoutError))
                if again and not committing and attempts < MAX_ATTEMPTS:
                    # The whole pool is made anew with the first that died.
                    attempts = MAX_ATTEMPTS if died else attempts + 1
                    continue
                translated = translate(fault, reflection, written, committing=committing)
                if fault.kind != "stale":
                    raise translated from error
                # Connections keep statements that were prepared for the table as it was.
                await self._engine.dispose()
                raise Stale(translated) from error

    def _fault(self, error: BaseException) -> Fault:
        if isinstance(error, PoolTimeoutError):
            return Fault("passing", f"all {self._options.pool.size} connections are in use")
        if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError):
            return Fault("other", str(error))
        understood: Fault = self._server.fault(error)
        return understood

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        if self._closed:
            raise Unreachable("the connector is closed")
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()


class _Transaction:
    """One attempt; it says afterwards how far it came."""

    def __init__(self, options: SqlOptions, commit: bool) -> None:
        self._options = options
        self._commit = commit
        self.was_open = False
        self.committing = False

    async def run(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns, once that is durable. Raises what it raises."""
        opening = self._options.pool.timeout + self._options.connect_timeout + GRACE
        async with asyncio.timeout(opening):
            connection = await engine.connect()
        try:
            self.was_open = True
            return await self._work(connection, work)
        finally:
            await connection.close()

    async def _work(self, connection: AsyncConnection, work: Callable[[Connection], T]) -> T:
        limit = self._options.statement_timeout + GRACE
        async with asyncio.timeout(limit):
            result = await connection.run_sync(work)
        if self._commit:
            self.committing = True
            async with asyncio.timeout(limit):
                await connection.commit()
            self.committing = False
        return result


class _Executor:
    """A connection of SQLAlchemy that is given SQL as the driver takes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        return self._connection.exec_driver_sql(sql, tuple(parameters))


def server_of(url: str) -> ModuleType:
    """Return the module of the kind of server. Raises ``TargetError``."""
    return sql_postgresql if sql_database.backend_of(url) == "postgresql" else sql_mariadb


def open_engine(server: ModuleType, options: SqlOptions) -> AsyncEngine:
    """Return SQLAlchemy's engine of a server; it connects when it is used.

    Raises ``TargetError``.
    """
    for module in (server.DRIVER, "greenlet"):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise TargetError(
                f"{server.DRIVER} is not installed: pip install 'scimweave[{server.EXTRA}]'"
            ) from error
    url, tls = server.address(sql_database.parse(options.url))
    said = options.tls or (TlsOptions.model_validate(_tls(tls)) if tls else None)
    more: dict[str, Any] = {"isolation_level": server.ISOLATION} if server.ISOLATION else {}
    return create_async_engine(
        url,
        connect_args=server.connect_arguments(options, said),
        pool_size=options.pool.size,
        max_overflow=0,
        pool_timeout=options.pool.timeout,
        # The message of an error would hold the values.
        hide_parameters=True,
        **more,
    )


def _tls(query: dict[str, str]) -> dict[str, str]:
    # libpq's "allow" is more than "disable", and no promise either.
    return {
        **query,
        "mode": {"allow": "prefer"}.get(query.get("mode", ""), query.get("mode", "prefer")),
    }
