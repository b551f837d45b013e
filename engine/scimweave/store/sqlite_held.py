"""SQL of leavers whose accounts are left as they are, and of how many left of late."""

from __future__ import annotations

import sqlite3
from typing import Any

from scimweave.store.base import Hold, Key, Leaver
from scimweave.store.sqlite_rows import hold_columns, hold_from, leaver_from

# Whoever was held before is so since then.
_HOLD = """
INSERT INTO held (integration, entry, resource_type, resource_id, operation, label, name, reason,
                  since, key, record, group_keys)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (integration, resource_id) DO UPDATE SET
    operation = excluded.operation, label = excluded.label, name = excluded.name,
    record = excluded.record, group_keys = excluded.group_keys
"""


def put(connection: sqlite3.Connection, integration: str, entry: int, hold: Hold) -> None:
    """Note that somebody is held; ``entry`` is the journal entry that says so."""
    connection.execute(_HOLD, (integration, entry, *hold_columns(hold)))


_END = "DELETE FROM held WHERE integration = ? AND resource_id = ? RETURNING entry"
_NOT_COUNTED = "UPDATE journal SET leaver = NULL WHERE id = ?"
_OF_ACCOUNT = "SELECT resource_id FROM held WHERE integration = ? AND key = ?"


def end(connection: sqlite3.Connection, integration: str, resource_id: str) -> None:
    """Forget that somebody is held, if they are; they do not count as a leaver."""
    for entry in connection.execute(_END, (integration, resource_id)).fetchall():
        connection.execute(_NOT_COUNTED, entry)


def end_of_account(connection: sqlite3.Connection, integration: str, key: Key, owner: str) -> None:
    """Forget whoever was held with an account that belongs to ``owner`` now."""
    for (resource_id,) in connection.execute(_OF_ACCOUNT, (integration, key)).fetchall():
        if resource_id != owner:
            end(connection, integration, resource_id)


_COLUMNS = (
    "resource_type, resource_id, operation, label, name, reason, since, key, record, group_keys"
)
_HELD = f"""
SELECT {_COLUMNS} FROM held WHERE integration = ? ORDER BY since, entry
"""  # noqa: S608 - constants
_HELD_BY = {
    column: f"""
SELECT {_COLUMNS} FROM held WHERE integration = ? AND {column} = ? ORDER BY since, entry
"""  # noqa: S608 - constants
    for column in ("resource_id", "name", "key")
}


def held(connection: sqlite3.Connection, integration: str, **by: Any) -> list[Hold]:
    """Return who is held: all, or those of the one column of ``by`` that is not None."""
    for column, value in by.items():
        if value is not None:
            rows = connection.execute(_HELD_BY[column], (integration, value)).fetchall()
            break
    else:
        rows = connection.execute(_HELD, (integration,)).fetchall()
    return [hold_from(row) for row in rows]


_COUNT = "SELECT count(*) FROM held WHERE integration = ?"


def count(connection: sqlite3.Connection, integration: str) -> int:
    """Return how many are held."""
    (found,) = connection.execute(_COUNT, (integration,)).fetchone()
    return int(found)


_LEAVERS = """
SELECT resource_id, min(at), max(outcome IS 'held' AND operation <> 'delete') FROM journal
WHERE integration = ? AND leaver = 1 AND at > ? GROUP BY resource_id ORDER BY min(at)
"""


def leavers(connection: sqlite3.Connection, integration: str, since: int) -> list[Leaver]:
    """Return who left after ``since``, in order."""
    return [
        leaver_from(row) for row in connection.execute(_LEAVERS, (integration, since)).fetchall()
    ]


_FORGET = """
UPDATE journal SET leaver = NULL WHERE integration = ? AND leaver = 1 AND at > ?
"""


def forget(connection: sqlite3.Connection, integration: str, since: int) -> None:
    """Count nobody any more who left after ``since``."""
    connection.execute(_FORGET, (integration, since))
