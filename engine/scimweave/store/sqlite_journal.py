"""SQL of the journal: intents that are open, and the provisioning log."""

from __future__ import annotations

import sqlite3
from typing import Any

from scimweave.store.base import Entry, Key, OpenIntent, StoreError
from scimweave.store.sqlite_rows import entry_from, open_intent_from

_BEGIN = """
INSERT INTO journal (at, integration, resource_type, resource_id, operation, label, label_folded,
                     changes, revision, key, payload, leaver)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def begin(connection: sqlite3.Connection, columns: tuple[Any, ...]) -> int:
    """Write an intent; returns the number of its entry."""
    number = connection.execute(_BEGIN, columns).lastrowid
    assert number is not None  # noqa: S101 - an INSERT that worked has a rowid
    return number


_SUBJECT = "SELECT integration, resource_type, closed FROM journal WHERE id = ?"
_CLOSE = """
UPDATE journal SET outcome = :outcome, detail = :detail, closed = :at, key = coalesce(:key, key),
       payload = NULL, leaver = CASE WHEN :outcome = 'failed' THEN NULL ELSE leaver END
WHERE id = :entry
"""


def close(
    connection: sqlite3.Connection,
    entry: int,
    outcome: str,
    *,
    detail: str | None,
    at: int,
    key: Key | None,
) -> tuple[str, str]:
    """Close an entry; returns its integration and resource type.

    ``key`` is the account's, where the target has only now given it.
    """
    row = connection.execute(_SUBJECT, (entry,)).fetchone()
    if row is None:
        raise StoreError(f"the journal has no entry {entry}")
    integration, resource_type, closed = row
    if closed is not None:
        raise StoreError(f"journal entry {entry} has its outcome already")
    closing = {"outcome": outcome, "detail": detail, "at": at, "key": key, "entry": entry}
    connection.execute(_CLOSE, closing)
    return integration, resource_type


_OPEN = """
SELECT id, integration, resource_type, resource_id, operation, label, changes, revision, key,
       payload
FROM journal
WHERE integration = :integration AND closed IS NULL
  AND (:resource_id IS NULL OR resource_id = :resource_id)
ORDER BY id
"""


def open_intents(
    connection: sqlite3.Connection, integration: str, resource_id: str | None
) -> list[OpenIntent]:
    """Return the intents without an outcome, oldest first."""
    parameters = {"integration": integration, "resource_id": resource_id}
    rows = connection.execute(_OPEN, parameters).fetchall()
    return [open_intent_from(row) for row in rows]


_ENTRIES = """
SELECT id, at, integration, resource_type, resource_id, operation, label, changes, revision, key,
       outcome, detail, closed
FROM journal WHERE integration = ? AND id > ? ORDER BY id DESC LIMIT ?
"""
# A name finds all entries of whoever had it: people are renamed.
_ENTRIES_OF = """
SELECT id, at, integration, resource_type, resource_id, operation, label, changes, revision, key,
       outcome, detail, closed
FROM journal
WHERE integration = :integration AND id > :after AND resource_id IN (
    SELECT :user UNION
    SELECT resource_id FROM journal WHERE integration = :integration AND label_folded = :label
)
ORDER BY id DESC LIMIT :limit
"""


def entries(
    connection: sqlite3.Connection, integration: str, user: str | None, after: int, limit: int
) -> list[Entry]:
    """Return the last ``limit`` entries behind ``after``, newest last."""
    limit = max(0, limit)
    if user is None:
        rows = connection.execute(_ENTRIES, (integration, after, limit)).fetchall()
    else:
        parameters = {
            "integration": integration,
            "after": after,
            "limit": limit,
            "user": user,
            "label": user.casefold(),
        }
        rows = connection.execute(_ENTRIES_OF, parameters).fetchall()
    return [entry_from(row) for row in reversed(rows)]
