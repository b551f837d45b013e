"""Accounts in a table of a SQLite database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from scimweave.connectors.base import AccountShape, NoSuchObject, TargetError, Unreachable
from scimweave.connectors.sql import database as sql_database
from scimweave.connectors.sql.connector import Reflect, Reflected, Stale, TableConnector, Work
from scimweave.connectors.sql.errors import is_busy, is_stale, passing, translate
from scimweave.connectors.sql.options import SqlOptions
from scimweave.connectors.sql.reflection import reflect
from scimweave.group_commit import WriterClosed
from scimweave.reading_thread import ReaderClosed, ReadingThread

T = TypeVar("T")


class SqliteConnector(TableConnector):
    """Implements ``Connector``.

    Rows that an index finds are read at once, in the thread of the event loop; other reads, and
    those that find the file locked, go to a thread of their own.
    """

    def __init__(self, path: Path, options: SqlOptions, shape: AccountShape) -> None:
        super().__init__(options, shape)
        self._path = path
        self._reader: sqlite3.Connection | None = None
        self._thread = ReadingThread(
            partial(sql_database.connect_reader, path), name="scimweave-target-read"
        )
        self._writer = sql_database.acquire_writer(path)
        self._closed = False

    @classmethod
    async def open(cls, options: SqlOptions, shape: AccountShape) -> SqliteConnector:
        """Open an existing file. Raises ``TargetError``."""
        path = sql_database.path_of(options.url)
        if not await asyncio.to_thread(path.is_file):
            raise NoSuchObject(
                f"there is no database {path}; `scimweave init-target` with the mapping file "
                "creates it"
            )
        return cls(path, options, shape)

    async def close(self) -> None:
        """Let go of the file; what is in flight finishes first. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(sql_database.release_writer, self._path)
        await asyncio.to_thread(self._thread.close)
        self._forget_reader()

    async def _look(self, make: Callable[[Any, Reflect], T]) -> T:
        return await asyncio.to_thread(_looked_at, self._path, make)

    async def _write(self, table: Reflected, work: Work[T], written: Collection[str] = ()) -> T:
        if self._closed:
            raise Unreachable("the connector is closed")
        try:
            return await self._writer.run(work)
        except WriterClosed as error:
            raise Unreachable("the connector is closed") from error
        except sqlite3.Error as error:
            raise _translated(error, table, written) from error

    async def _read(self, table: Reflected, work: Work[T], indexed: bool = False) -> T:
        try:
            if indexed:
                try:
                    return work(self._open_reader())
                except sqlite3.OperationalError as error:
                    if not is_busy(error):
                        raise
            return await self._thread.run(work)
        except ReaderClosed as error:
            raise Unreachable("the connector is closed") from error
        except sqlite3.Error as error:
            self._forget_reader()
            raise _translated(error, table) from error

    def _open_reader(self) -> sqlite3.Connection:
        if self._closed:
            raise ReaderClosed("the reader is closed")
        if self._reader is None:
            # Waiting for a lock would hold up everybody's requests; the thread can wait.
            self._reader = sql_database.connect_reader(self._path, busy_timeout=0)
        return self._reader

    def _forget_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _translated(
    error: sqlite3.Error, table: Reflected, written: Collection[str] = ()
) -> TargetError:
    translated = translate(error, table.reflection, written)
    return Stale(translated) if is_stale(error) else translated


def _looked_at(path: Path, make: Callable[[Any, Reflect], T]) -> T:
    try:
        with closing(sql_database.connect_reader(path)) as connection:
            return make(connection, reflect)
    except sqlite3.Error as error:
        raise passing(error) or TargetError(f"{path}: {error}") from error
