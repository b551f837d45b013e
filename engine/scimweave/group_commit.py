"""One writing thread for a SQLite file: many transactions, one sync to disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

MAX_BATCH = 256


class WriterClosed(RuntimeError):
    """A job that came after ``close``."""


@dataclass(slots=True)
class _Pending:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class GroupCommitWriter:
    """Runs jobs on one connection in a thread of its own.

    All jobs that wait are run in one transaction; a job that fails takes back only its own
    changes. A job's result is given out after the commit that holds it is on disk. A job may be
    run again after its changes were taken back. ``connect`` is
    called in the thread and gives a connection with ``isolation_level=None``.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        # What a turn of a loop has brought so far; only loops and ``close`` come through the door.
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Pending]] = {}
        self._door = threading.Lock()
        self._closed = False
        # What the thread is to run; None is the last.
        self._handed: SimpleQueue[list[_Pending] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, job: Job[T]) -> T:
        """Run ``job(connection)`` in a transaction; returns its result once that is durable.

        Raises what the job raises, or the ``sqlite3.Error`` of the commit. A caller that is
        cancelled does not take back its job.
        """
        loop = asyncio.get_running_loop()
        pending = _Pending(job, loop, loop.create_future())
        with self._door:
            if self._closed:
                raise WriterClosed("the writer is closed")
            gathered = self._gathered.get(loop)
            if gathered is None:
                self._gathered[loop] = [pending]
                # Not at once: what this turn still brings goes into the same transaction.
                loop.call_soon(self._hand_over, loop)
            else:
                gathered.append(pending)
        result: T = await pending.future
        return result

    def close(self) -> None:
        """Finish what waits, then end the thread. A second call does nothing."""
        with self._door:
            self._closed = True
            for gathered in self._gathered.values():
                self._handed.put(gathered)
            self._gathered.clear()
            self._handed.put(None)
        self._thread.join()

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._door:
            # Nothing where ``close`` was first.
            if loop in self._gathered:
                self._handed.put(self._gathered.pop(loop))

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        waiting: list[_Pending] = []
        while self._fill(waiting):
            batch = waiting[:MAX_BATCH]
            del waiting[:MAX_BATCH]
            try:
                connection = connection or self._connect()
            except Exception as error:
                # Whatever it is, somebody waits for each of these jobs.
                _fail(batch, error)
            else:
                if not _transact(connection, batch):
                    # The file may have been replaced: a new connection sees the one that is there.
                    connection.close()
                    connection = None
            _hand_out(batch)
        if connection is not None:
            connection.close()

    def _fill(self, waiting: list[_Pending]) -> bool:
        """Take what was handed over, and wait where that is nothing; false: nothing will come."""
        while not waiting or not self._handed.empty():
            handed = self._handed.get()
            if handed is None:
                # It stays the last, for when all that waits is done.
                self._handed.put(None)
                return bool(waiting)
            waiting += handed
        return True


def _transact(connection: sqlite3.Connection, batch: list[_Pending]) -> bool:
    """Run a batch; returns whether the connection is still good."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        _run_all(connection, batch)
        connection.execute("COMMIT")
    except Exception as error:
        _roll_back(connection)
        if not isinstance(error, sqlite3.IntegrityError):
            _fail(batch, error)
            return False
        if len(batch) == 1:
            _fail(batch, error)
            return True
        # A constraint that is checked at the commit (a deferred foreign key) does not say whose
        # job broke it, and the others must not pay for that.
        return all([_transact(connection, [pending]) for pending in batch])
    return True


def _run_all(connection: sqlite3.Connection, batch: list[_Pending]) -> None:
    try:
        for pending in batch:
            pending.error = None
            pending.result = pending.job(connection)
    except Exception:
        # A savepoint writes each page that changes behind it to a file of its own: only where a
        # job fails is that worth it.
        _roll_back(connection)
        connection.execute("BEGIN IMMEDIATE")
        for pending in batch:
            _run_one(connection, pending)


def _run_one(connection: sqlite3.Connection, pending: _Pending) -> None:
    pending.error = None
    connection.execute("SAVEPOINT job")
    try:
        pending.result = pending.job(connection)
    except Exception as error:
        # The caller of ``run`` gets it; where SQLite has taken back the whole transaction (disk
        # full, I/O error), everybody does.
        if not connection.in_transaction:
            raise
        pending.error = error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _roll_back(connection: sqlite3.Connection) -> None:
    # Where this fails too, the connection is closed, which takes back the rest.
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _fail(batch: list[_Pending], error: Exception) -> None:
    for pending in batch:
        pending.error = error


def _hand_out(batch: list[_Pending]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Pending]] = {}
    for pending in batch:
        by_loop.setdefault(pending.loop, []).append(pending)
    for loop, own in by_loop.items():
        # A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, own)


def _resolve(batch: list[_Pending]) -> None:
    for pending in batch:
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.result)
