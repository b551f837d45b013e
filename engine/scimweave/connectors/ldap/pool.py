"""A few connections to a directory for many callers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from scimweave.connectors.base import Unreachable
from scimweave.connectors.ldap.session import Session

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapOptions

T = TypeVar("T")
Job = Callable[[Session], T]


class SessionPool:
    """A few connections, each used by one job at a time in a thread of its own."""

    def __init__(self, options: LdapOptions) -> None:
        self._options = options
        self._threads = ThreadPoolExecutor(options.pool, thread_name_prefix="scimweave-ldap")
        self._idle: list[Session] = []
        self._guard = threading.Lock()
        self._closed = False

    async def run(self, job: Job[T]) -> T:
        """Run a job on a connection. Raises what it raises, and ``TargetError``."""
        if self._closed:
            raise Unreachable("the connector is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, job)

    async def close(self) -> None:
        """Let jobs under way finish, and close all connections. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for session in self._idle:
            session.close()
        self._idle.clear()

    def _run(self, job: Job[T]) -> T:
        session = self._take()
        session.changed = False
        try:
            result = job(session)
        except Unreachable:
            session.close()
            raise
        except BaseException:
            self._give_back(session)
            raise
        self._give_back(session)
        return result

    def _take(self) -> Session:
        while True:
            with self._guard:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return Session(self._options)
            if session.is_usable():
                return session
            # The directory was started anew, or closes who does not say anything.
            session.close()

    def _give_back(self, session: Session) -> None:
        with self._guard:
            self._idle.append(session)
