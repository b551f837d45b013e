"""SQL of the journal: intents that are open, and the provisioning log."""

from __future__ import annotations

import sqlite3
from typing import Any

from scimweave.store.base import Entry, Key, OpenIntent, StoreError
from scimweave.store.sqlite_rows import entry_from, open_intent_from

# Both tables share one row of numbers.
_BEGIN = """
INSERT INTO intent (id, at, integration, resource_type, resource_id, operation, label, changes,
                    revision, key, leaver, payload)
VALUES (1 + max(ifnull((SELECT max(id) FROM intent), 0), ifnull((SELECT max(id) FROM journal), 0)),
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_KNOW = "INSERT OR IGNORE INTO known_by (integration, label_folded, resource_id) VALUES (?, ?, ?)"


def begin(
    connection: sqlite3.Connection, columns: tuple[Any, ...], known_by: tuple[str, str, str]
) -> int:
    """Write an intent; returns the number of its entry."""
    number = connection.execute(_BEGIN, columns).lastrowid
    assert number is not None  # noqa: S101 - an INSERT that worked has a rowid
    connection.execute(_KNOW, known_by)
    return number


_SUBJECT = "SELECT integration, resource_type FROM intent WHERE id = ?"
_LINE = "at, integration, resource_type, resource_id, operation, label, changes, revision"
_CLOSE = f"""
INSERT INTO journal (id, {_LINE}, key, leaver, outcome, detail, closed)
SELECT id, {_LINE}, coalesce(?1, key), iif(?2 = 'failed', NULL, leaver), ?2, ?3, ?4
FROM intent WHERE id = ?5
"""  # noqa: S608 - constants
_FORGET = "DELETE FROM intent WHERE id = ?"
_CLOSED = "SELECT 1 FROM journal WHERE id = ?"


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
    subject: tuple[str, str] | None = connection.execute(_SUBJECT, (entry,)).fetchone()
    if subject is None:
        if connection.execute(_CLOSED, (entry,)).fetchone():
            raise StoreError(f"journal entry {entry} has its outcome already")
        raise StoreError(f"the journal has no entry {entry}")
    connection.execute(_CLOSE, (key, outcome, detail, at, entry))
    connection.execute(_FORGET, (entry,))
    return subject


_OPEN = """
SELECT id, integration, resource_type, resource_id, operation, label, changes, revision, key,
       payload
FROM intent
WHERE integration = :integration AND (:resource_id IS NULL OR resource_id = :resource_id)
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
SELECT id, {line}, key, outcome, detail, closed FROM journal WHERE {chosen}
UNION ALL
SELECT id, {line}, key, NULL, NULL, NULL FROM intent WHERE {chosen}
ORDER BY id DESC LIMIT :limit
"""
# By number, from the last one back; an index of the integration would read and sort all of its log.
_OF_ALL = "+integration = :integration AND id > :after"
# A name finds all entries of whoever had it: people are renamed.
_OF_USER = """integration = :integration AND id > :after AND resource_id IN (
    SELECT :user UNION
    SELECT resource_id FROM known_by WHERE integration = :integration AND label_folded = :label
)"""
_ALL_ENTRIES = _ENTRIES.format(line=_LINE, chosen=_OF_ALL)
_ENTRIES_OF_USER = _ENTRIES.format(line=_LINE, chosen=_OF_USER)


def entries(
    connection: sqlite3.Connection, integration: str, user: str | None, after: int, limit: int
) -> list[Entry]:
    """Return the last ``limit`` entries behind ``after``, newest last."""
    parameters = {"integration": integration, "after": after, "limit": max(0, limit)}
    if user is None:
        rows = connection.execute(_ALL_ENTRIES, parameters).fetchall()
    else:
        of_user = {**parameters, "user": user, "label": user.casefold()}
        rows = connection.execute(_ENTRIES_OF_USER, of_user).fetchall()
    return [entry_from(row) for row in reversed(rows)]
