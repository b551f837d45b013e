"""How a store reaches its SQLite file: who reads and writes in which thread, and what fails."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from scimweave.group_commit import GroupCommitWriter, WriterClosed
from scimweave.reading_thread import ReaderClosed, ReadingThread
from scimweave.store import sqlite_file
from scimweave.store.base import StoreError
from scimweave.store.conditions import Condition, is_narrow

T = TypeVar("T")
P = ParamSpec("P")
OnConnection = Callable[Concatenate[sqlite3.Connection, P], T]

# More than that would hold up the requests of others.
MANY = 50


class SqliteAccess:
    """Runs functions of a connection, and says ``StoreError`` where they fail.

    What is found by a key is read at once, in the thread of the event loop: that takes
    microseconds, where handing it to another thread takes longer than the reading. What grows
    with the number of rows is read in a thread of its own. A read gives ``nothing`` where it is
    asked for a text that no row can hold.
    """

    def __init__(self, path: Path, lock: int | None) -> None:
        self.path = path
        self._lock = lock
        self._reader = sqlite_file.connect_reader(path)
        self._writer = GroupCommitWriter(
            partial(sqlite_file.connect_writer, path), name="scimweave-store"
        )
        self._scanner = ReadingThread(
            partial(sqlite_file.connect_reader, path), name="scimweave-scan"
        )

    @classmethod
    async def open(cls, url: str | Path, *, exclusive: bool = True) -> Self:
        """Open ``sqlite:///FILE`` or a plain path, and make it where there is none.

        ``exclusive`` keeps a second server away; without it the file opens beside a running one.
        Raises ``StoreError``.
        """
        path = sqlite_file.path_of(url)
        lock = await asyncio.to_thread(_prepare, path, exclusive)
        try:
            return cls(path, lock)
        except sqlite3.Error as error:
            raise _failure(path, error) from error

    async def health(self) -> None:
        """Raise ``StoreError`` where the store cannot be read."""
        self._read(None, sqlite_file.look)

    async def close(self) -> None:
        """Finish what waits, and close. A second call does nothing."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._scanner.close)
        self._reader.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _write(
        self,
        job: OnConnection[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return await self._writer.run(lambda connection: job(connection, *args, **kwargs))
        except _FAULTS as error:
            raise _failure(self.path, error) from error

    def _read(
        self,
        nothing: T,
        work: OnConnection[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return work(self._reader, *args, **kwargs)
        except UnicodeEncodeError:
            # Asked for half a surrogate pair, which no row holds.
            return nothing
        except _FAULTS as error:
            raise _failure(self.path, error) from error

    async def _scan(
        self,
        nothing: T,
        work: OnConnection[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return await self._scanner.run(lambda connection: work(connection, *args, **kwargs))
        except UnicodeEncodeError:
            return nothing
        except _FAULTS as error:
            raise _failure(self.path, error) from error

    async def _ask(
        self,
        condition: Condition | None,
        nothing: T,
        work: OnConnection[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if condition is not None and is_narrow(condition):
            return self._read(nothing, work, *args, **kwargs)
        return await self._scan(nothing, work, *args, **kwargs)

    async def _look_up(
        self,
        ids: Sequence[str],
        nothing: T,
        work: OnConnection[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if len(ids) > MANY:
            return await self._scan(nothing, work, *args, **kwargs)
        return self._read(nothing, work, *args, **kwargs)


_FAULTS = (ReaderClosed, WriterClosed, sqlite3.Error, OverflowError, ValueError)


def _failure(path: Path, error: Exception) -> StoreError:
    match error:
        case ReaderClosed() | WriterClosed():
            return StoreError(f"the store {path} is closed")
        case sqlite3.Error():
            return sqlite_file.failure(path, error)
        case UnicodeEncodeError() | OverflowError():
            return StoreError(f"a value cannot be stored: {error}")
        case _:
            return StoreError(f"the store {path} holds a row that is broken: {error}")


def _prepare(path: Path, exclusive: bool) -> int | None:
    sqlite_file.create(path)
    lock = sqlite_file.lock(path) if exclusive else None
    try:
        sqlite_file.migrate(path)
    except StoreError:
        if lock is not None:
            os.close(lock)
        raise
    return lock
