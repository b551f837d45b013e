"""The SQLite file of a sql target: its address, its connections, and its one writer."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from scimweave.connectors.base import TargetError
from scimweave.group_commit import GroupCommitWriter

BUSY_TIMEOUT = 5000  # milliseconds


def backend_of(url: str) -> str:
    """Return the kind of database: sqlite, postgresql, mariadb or mysql. Raises ``TargetError``."""
    backend = parse(url).get_backend_name()
    if backend not in _BACKENDS:
        raise TargetError(
            f"{backend} databases are not supported; there are {', '.join(_BACKENDS)}"
        )
    return backend


_BACKENDS = ("sqlite", "postgresql", "mariadb", "mysql")


def parse(url: str) -> URL:
    """Return the parts of a SQLAlchemy URL. Raises ``TargetError`` without repeating secrets."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise TargetError("the target's url is not a database URL; write sqlite:///FILE") from None


def path_of(url: str) -> Path:
    """Return the file of a SQLite URL. Raises ``TargetError`` without repeating secrets."""
    parsed = parse(url)
    if parsed.query:
        raise TargetError("options behind ? in the target's url are not supported")
    if not parsed.database or parsed.database == ":memory:":
        raise TargetError(
            "a database in memory has no tables to begin with; write sqlite:///FILE, "
            "or `connector: memory`"
        )
    # Two names of one file are one database, with one writer.
    return Path(parsed.database).resolve()


def connect(path: Path, *, busy_timeout: int = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open an existing file, and leave its journal mode as its owner chose it."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout)}")
    # Like FULL where there is a write-ahead log; without one it syncs the folder too, so that a
    # power failure cannot bring back the journal of a transaction that was committed.
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_reader(path: Path, *, busy_timeout: int = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open an existing file for reading."""
    connection = connect(path, busy_timeout=busy_timeout)
    connection.execute("PRAGMA query_only = ON")
    return connection


@dataclass(slots=True)
class _Shared:
    writer: GroupCommitWriter
    users: int = 0


# Two writers in one process would wait for each other's lock, and sync to disk twice.
_writers: dict[Path, _Shared] = {}
_guard = threading.Lock()


def acquire_writer(path: Path) -> GroupCommitWriter:
    """Return the process's writer of a file; give it back by ``release_writer``."""
    with _guard:
        shared = _writers.get(path)
        if shared is None:
            shared = _Shared(GroupCommitWriter(partial(connect, path), name="scimweave-target"))
            _writers[path] = shared
        shared.users += 1
        return shared.writer


def release_writer(path: Path) -> None:
    """Let go of the writer; the last one to do so waits until everything is written."""
    with _guard:
        shared = _writers[path]
        shared.users -= 1
        if shared.users:
            return
        del _writers[path]
    shared.writer.close()
