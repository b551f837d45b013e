"""Accounts in a table of a SQLite database."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scimweave.connectors import sql_database
from scimweave.connectors.base import (
    Account,
    AccountShape,
    FieldDescription,
    Key,
    MembersShape,
    NoSuchObject,
    ScanPage,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.sql_errors import is_busy, is_stale, passing, translate
from scimweave.connectors.sql_members import MemberTable, reflect_members
from scimweave.connectors.sql_reflection import Reflection, reflect
from scimweave.connectors.sql_table import PAGE, SqlTable
from scimweave.connectors.sql_types import Unfit
from scimweave.group_commit import Job, WriterClosed
from scimweave.reading_thread import ReaderClosed, ReadingThread, Work

T = TypeVar("T")


class _Reflected(Protocol):
    """A table that was looked at."""

    reflection: Reflection


class SqlConnector:
    """Implements ``Connector``.

    Rows that an index finds are read at once, in the thread of the event loop; other reads, and
    those that find the file locked, go to a thread of their own.
    """

    def __init__(self, path: Path, shape: AccountShape) -> None:
        self._path = path
        self._shape = shape
        self._table: SqlTable | None = None
        self._reader: sqlite3.Connection | None = None
        self._thread = ReadingThread(
            partial(sql_database.connect_reader, path), name="scimweave-target-read"
        )
        self._writer = sql_database.acquire_writer(path)
        self._closed = False
        self._member_table: MemberTable | None = None

    @classmethod
    async def open(cls, options: Mapping[str, Any], shape: AccountShape) -> SqlConnector:
        """Open ``options["url"]``, a SQLAlchemy URL of an existing SQLite file.

        The table is looked at when it is first used. Raises ``TargetError``.
        """
        url = options.get("url")
        if not isinstance(url, str):
            raise TargetError("a sql target needs a url, such as sqlite:///var/target.db")
        path = sql_database.path_of(url)
        if not await asyncio.to_thread(path.is_file):
            raise NoSuchObject(
                f"there is no database {path}; `scimweave init-target` with the mapping file "
                "creates it"
            )
        return cls(path, shape)

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Insert a row; returns the key that the database or the mapping gave it, or a UUID."""
        table = await self._table_with(fields)
        row = table.with_key(table.bind(fields))
        return await self._write(table, lambda connection: table.insert(connection, row), row)

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set columns of a row and leave the others. Raises ``Gone``."""
        table = await self._table_with(fields)
        if not _is_storable(key) or (not fields and await self.read(key) is None):
            raise table.gone(key)
        if not fields:
            return
        row = table.bind(fields)
        await self._write(table, lambda connection: table.update(connection, key, row), row)

    async def delete(self, key: Key) -> None:
        """Delete a row. Raises ``Gone``."""
        table = await self._table_with(())
        if not _is_storable(key):
            raise table.gone(key)
        await self._write(table, lambda connection: table.delete(connection, key))

    async def read(self, key: Key) -> Account | None:
        """Return the row as it is now."""
        table = await self._table_with(())
        if not _is_storable(key):
            return None
        found = await self._select(table, table.key, key)
        return found[0] if found else None

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the rows with a value, compared by the column's own collation."""
        table = await self._table_with((field,))
        if value is None:
            return []
        try:
            stored = table.reflection.codecs[field].store(value)
        except Unfit:
            # The column cannot hold it, so no row does.
            return []
        return await self._select(table, field, stored)

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield the rows in the order of their keys; the cursor is the last key, as JSON."""
        table = await self._table_with(())
        cursor = after
        while True:
            last: Key | None = None if cursor is None else json.loads(cursor)
            accounts = await self._background(table, partial(table.select_after, key=last))
            full = len(accounts) == PAGE
            cursor = json.dumps(accounts[-1].key) if full else None
            yield ScanPage(accounts, cursor)
            if cursor is None:
                return

    async def health(self) -> None:
        """Look into the table."""
        table = await self._table_with(())
        await self._background(table, table.probe)

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: there is nothing in a table to call."""
        raise TargetError(f'a table has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Look at the table anew, and return its columns by name."""
        self._table = None
        return (await self._reflected()).describe()

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Insert the pairs that are not there, in one transaction."""
        table = await self._pairs()
        await self._write(table, lambda connection: table.add(connection, group, members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Delete pairs, in one transaction."""
        table = await self._pairs()
        await self._write(table, lambda connection: table.remove(connection, group, members))

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members."""
        table = await self._pairs()
        return await self._background(table, partial(table.members, group=group))

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Look at the membership table anew, and return its columns by name."""
        self._member_table = None
        made = partial(reflect_members, shape=self._members_shape())
        return (await asyncio.to_thread(_looked_at, self._path, made)).descriptions

    async def close(self) -> None:
        """Let go of the file; what is in flight finishes first. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(sql_database.release_writer, self._path)
        await asyncio.to_thread(self._thread.close)
        self._forget_reader()

    async def _table_with(self, names: Collection[str]) -> SqlTable:
        """Return the table; looks again where it has no such column. Raises ``TargetError``."""
        table = await self._reflected()
        if table.missing(names):
            self._table = None
            table = await self._reflected()
        if missing := table.missing(names):
            raise TargetError(f'table "{table.name}" has no column "{missing[0]}"')
        return table

    async def _reflected(self) -> SqlTable:
        if self._table is None:
            made = partial(_reflect, shape=self._shape)
            self._table = await asyncio.to_thread(_looked_at, self._path, made)
        return self._table

    async def _pairs(self) -> MemberTable:
        if self._member_table is None:
            made = partial(MemberTable, shape=self._members_shape())
            self._member_table = await asyncio.to_thread(_looked_at, self._path, made)
        return self._member_table

    def _members_shape(self) -> MembersShape:
        if not isinstance(self._shape.members, MembersShape):
            raise TargetError(f'no table is named for the members of "{self._shape.object}"')
        return self._shape.members

    async def _write(self, table: _Reflected, job: Job[T], written: Collection[str] = ()) -> T:
        if self._closed:
            raise Unreachable("the connector is closed")
        try:
            return await self._writer.run(job)
        except WriterClosed as error:
            raise Unreachable("the connector is closed") from error
        except sqlite3.Error as error:
            raise self._translated(error, table, written) from error

    async def _select(self, table: SqlTable, name: str, value: Any) -> list[Account]:
        work: Work[list[Account]] = partial(table.select, name=name, value=value)
        try:
            if table.is_indexed(name):
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
            raise self._translated(error, table) from error

    async def _background(self, table: _Reflected, work: Work[T]) -> T:
        """Read in the thread that may take long."""
        try:
            return await self._thread.run(work)
        except ReaderClosed as error:
            raise Unreachable("the connector is closed") from error
        except sqlite3.Error as error:
            raise self._translated(error, table) from error

    def _translated(
        self, error: sqlite3.Error, table: _Reflected, written: Collection[str] = ()
    ) -> TargetError:
        if is_stale(error):
            self._table = None
            self._member_table = None
        return translate(error, table.reflection, written)

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


def _reflect(connection: sqlite3.Connection, shape: AccountShape) -> SqlTable:
    return SqlTable(reflect(connection, shape), shape)


def _looked_at(path: Path, make: Callable[[sqlite3.Connection], T]) -> T:
    try:
        with closing(sql_database.connect_reader(path)) as connection:
            return make(connection)
    except sqlite3.Error as error:
        raise passing(error) or TargetError(f"{path}: {error}") from error


def _is_storable(key: Key) -> bool:
    """Whether any row can have this key."""
    if isinstance(key, int):
        return -(2**63) <= key < 2**63
    return key.encode(errors="replace").decode() == key
