"""A thread with a SQLite connection of its own, for reads that may take long."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class ReaderClosed(RuntimeError):
    """A read that came after ``close``."""


class ReadingThread:
    """Runs one read after the other; the connection is made by the first.

    A connection that failed is not used again: the file may have been replaced.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Work[T]) -> T:
        """Return ``work(connection)``. Raises what that raises."""
        loop = asyncio.get_running_loop()
        try:
            running = loop.run_in_executor(self._thread, self._run, work)
        except RuntimeError as error:
            raise ReaderClosed("the reader is closed") from error
        return await running

    def close(self) -> None:
        """Finish what waits, then end the thread. A second call does nothing."""
        with contextlib.suppress(RuntimeError):
            self._thread.submit(self._disconnect)
        self._thread.shutdown()

    def _run(self, work: Work[T]) -> T:
        self._connection = self._connection or self._connect()
        try:
            return work(self._connection)
        except sqlite3.Error:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
