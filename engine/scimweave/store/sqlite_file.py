"""The file of a SQLite store: its address, its lock, its connections and its schema."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from scimweave.store.base import StoreError

BUSY_TIMEOUT = 5000  # milliseconds
APPLICATION_ID = int.from_bytes(b"scim")

_SCHEME = "sqlite:///"


def path_of(url: str | Path) -> Path:
    """Return the file of ``sqlite:///relative``, ``sqlite:////absolute`` or a plain path."""
    text = str(url)
    if text.startswith(_SCHEME):
        text = text.removeprefix(_SCHEME)
    elif "://" in text:
        raise StoreError(
            f"the store {text.partition('://')[0]}://… is not supported; write sqlite:///FILE"
        )
    if text in {"", ":memory:"}:
        raise StoreError("a store must outlive its process; write sqlite:///FILE, not memory")
    if "?" in text or "\0" in text:
        raise StoreError(f"the store {url!s} is not the name of a file; options are not supported")
    # Two names of one file are one store, with one lock.
    return Path(text).resolve()


def create(path: Path) -> None:
    """Make the file, readable by its owner alone, and its folder, where they do not exist."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"the store {path} cannot be opened: {error.strerror}") from error


def lock(path: Path) -> int:
    """Take the lock that one server holds on its store; returns its file descriptor."""
    name = f"{path}.lock"
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"the lock {name} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreError(
            f"the store {path} is in use by another server (process {holder or 'unknown'}, "
            f"lock {name}); stop that one, or give this one a store of its own"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a connection whose commits are on disk when they return."""
    connection = _connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that cannot write; only the thread that opens it may use it."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    return connection


_ANY_RESOURCE = "SELECT 1 FROM resource LIMIT 1"


def look(connection: sqlite3.Connection) -> None:
    """Read something, whatever it is."""
    connection.execute(_ANY_RESOURCE).fetchone()


def migrate(path: Path) -> None:
    """Bring the file's schema to this version's. Raises ``StoreError``."""
    try:
        with contextlib.closing(connect_writer(path)) as connection:
            _refuse_others(connection, path)
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise StoreError(
                    f"the store {path} cannot use a write-ahead log; put it on a local disk"
                )
            for version, script in _migrations():
                _apply(connection, path, version, script)
    except sqlite3.Error as error:
        raise failure(path, error) from error


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    # In this order: another process may be making the store, and its id comes with its tables.
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if objects and application != APPLICATION_ID:
        raise StoreError(
            f"{path} is the database of another program; give the store a file of its own"
        )
    known = max(version for version, _ in _migrations())
    if (found := _version(connection)) > known:
        raise StoreError(
            f"the store {path} was made by a newer scimweave (schema {found}, this one knows "
            f"{known}); install that version, or restore a backup from before"
        )


def _migrations() -> list[tuple[int, str]]:
    folder = files("scimweave.store") / "migrations" / "sqlite"
    scripts = (each for each in folder.iterdir() if each.name.endswith(".sql"))
    return sorted((int(each.name.partition("_")[0]), each.read_text("utf-8")) for each in scripts)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _apply(connection: sqlite3.Connection, path: Path, version: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Looked at under the lock: another process may have been first.
        if _version(connection) < version:
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


_ADVICE = {
    sqlite3.SQLITE_BUSY: "another process holds it; stop that one",
    sqlite3.SQLITE_LOCKED: "another process holds it; stop that one",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "look at the disk",
    sqlite3.SQLITE_CANTOPEN: "look at the permissions of the file and its folder",
    sqlite3.SQLITE_READONLY: "look at the permissions of the file and its folder",
    sqlite3.SQLITE_CORRUPT: "restore a backup",
    sqlite3.SQLITE_NOTADB: "give the store a file of its own",
}


def failure(path: Path, error: sqlite3.Error) -> StoreError:
    """Say what failed in which file, and what to do where that is known."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    advice = _ADVICE.get(code)
    return StoreError(f"the store {path}: {error}" + (f"; {advice}" if advice else ""))
