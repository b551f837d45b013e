"""SQL of the access keys."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from scimweave.store.base import KeyRecord
from scimweave.store.sqlite_rows import key_from, micros

_END = """
UPDATE access_key SET expires = :at
WHERE integration = :integration AND (expires IS NULL OR expires > :at)
  AND (:key IS NULL OR id = :key)
"""


def end(connection: sqlite3.Connection, integration: str, key: int | None, at: datetime) -> int:
    """End the keys of an integration, or one of them, at ``at``; returns how many.

    A key that ends before that is left alone.
    """
    parameters = {"at": micros(at), "integration": integration, "key": key}
    return connection.execute(_END, parameters).rowcount


_ADD = "INSERT INTO access_key (integration, digest, hint, created) VALUES (?, ?, ?, ?)"


def add(
    connection: sqlite3.Connection,
    integration: str,
    digest: bytes,
    hint: str,
    now: datetime,
    grace: timedelta | None,
) -> KeyRecord:
    """Add a key, and end those before it after ``grace`` (None: at once)."""
    end(connection, integration, None, now + (grace or timedelta()))
    id_ = connection.execute(_ADD, (integration, digest, hint, micros(now))).lastrowid
    assert id_ is not None  # noqa: S101 - an INSERT that worked has a rowid
    return KeyRecord(id_, integration, digest, hint, now, None, None)


_BY_DIGEST = """
SELECT id, integration, digest, hint, created, expires, last_used
FROM access_key WHERE digest = ?
"""


def by_digest(connection: sqlite3.Connection, digest: bytes) -> KeyRecord | None:
    """Return the key with this digest, expired or not."""
    row = connection.execute(_BY_DIGEST, (digest,)).fetchone()
    return key_from(row) if row else None


_ALL = """
SELECT id, integration, digest, hint, created, expires, last_used
FROM access_key WHERE integration = ? ORDER BY id
"""


def of_integration(connection: sqlite3.Connection, integration: str) -> list[KeyRecord]:
    """Return the keys of an integration, oldest first."""
    return [key_from(row) for row in connection.execute(_ALL, (integration,)).fetchall()]


_USED = "UPDATE access_key SET last_used = ? WHERE id = ?"


def used(connection: sqlite3.Connection, key: int, at: datetime) -> None:
    """Remember when a key was last used."""
    connection.execute(_USED, (micros(at), key))
