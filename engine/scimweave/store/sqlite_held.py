"""SQL of leavers whose accounts are left as they are, and of how many left of late."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

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


_CONCERNED = """
SELECT resource_id, entry FROM held WHERE integration = ?1 AND resource_id = ?2
UNION ALL
SELECT resource_id, entry FROM held WHERE integration = ?1 AND key = ?3 AND resource_id <> ?2
"""
_END = "DELETE FROM held WHERE integration = ? AND resource_id = ?"
_NOT_COUNTED = "UPDATE journal SET leaver = NULL WHERE id = ?"


def end(
    connection: sqlite3.Connection,
    integration: str,
    resource_id: str,
    new_key: Key | None,
    *,
    stays: bool = False,
) -> None:
    """Forget that somebody is held, unless that ``stays``, and who was held with their account.

    ``new_key`` is the account's, where it is another one than before. Nobody counts as a leaver
    who is not held any more.
    """
    concerned = (integration, resource_id, new_key)
    for held_id, entry in connection.execute(_CONCERNED, concerned).fetchall():
        if not (stays and held_id == resource_id):
            connection.execute(_END, (integration, held_id))
            connection.execute(_NOT_COUNTED, (entry,))


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


def held(
    connection: sqlite3.Connection,
    integration: str,
    resource_id: str | None,
    name: str | None,
    key: Key | None,
) -> Sequence[Hold]:
    """Return who is held: all, or by the one of the others that is not None."""
    for column, value in (("resource_id", resource_id), ("name", name), ("key", key)):
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
SELECT resource_id, min(at), max(outcome IS 'held' AND operation <> 'delete') FROM (
    SELECT resource_id, at, operation, outcome FROM journal
    WHERE integration = ?1 AND leaver = 1 AND at > ?2
    UNION ALL
    SELECT resource_id, at, operation, NULL FROM intent
    WHERE integration = ?1 AND leaver = 1 AND at > ?2
)
GROUP BY resource_id ORDER BY min(at)
"""


def leavers(connection: sqlite3.Connection, integration: str, since: int) -> list[Leaver]:
    """Return who left after ``since``, in order."""
    return [
        leaver_from(row) for row in connection.execute(_LEAVERS, (integration, since)).fetchall()
    ]


_FORGET = [
    f"UPDATE {table} SET leaver = NULL WHERE integration = ? AND leaver = 1 AND at > ?"  # noqa: S608
    for table in ("journal", "intent")
]


def forget(connection: sqlite3.Connection, integration: str, since: int) -> None:
    """Count nobody any more who left after ``since``."""
    for statement in _FORGET:
        connection.execute(statement, (integration, since))
