"""SQL of users whose account got another key while others refer to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from scimweave.store.base import REFERS, Key

_KEY = "SELECT link_key FROM resource WHERE integration = ? AND id = ?"


def key_of(connection: sqlite3.Connection, integration: str, resource_id: str) -> Key | None:
    """Return the key of a resource's account; None where it has none."""
    row = connection.execute(_KEY, (integration, resource_id)).fetchone()
    key: Key | None = row[0] if row else None
    return key


_REFERRED = """
SELECT 1 FROM lookup
WHERE integration = ? AND resource_type = 'User' AND attribute = ? AND value = ? LIMIT 1
"""
_MOVED = """
INSERT INTO moved (integration, resource_id) VALUES (?, ?)
ON CONFLICT DO UPDATE SET times = times + 1
"""


def note(connection: sqlite3.Connection, integration: str, resource_id: str) -> None:
    """Note that the key of a resource changed, where anybody refers to it."""
    if connection.execute(_REFERRED, (integration, REFERS, resource_id)).fetchone():
        connection.execute(_MOVED, (integration, resource_id))


def compare(
    connection: sqlite3.Connection, integration: str, refers: Mapping[str, Key | None]
) -> None:
    """Note the resources that have another key by now than was written of them."""
    for resource_id, key in refers.items():
        if key_of(connection, integration, resource_id) != key:
            connection.execute(_MOVED, (integration, resource_id))


_ALL = "SELECT resource_id, times FROM moved WHERE integration = ?"


def of_integration(connection: sqlite3.Connection, integration: str) -> list[tuple[str, int]]:
    """Return the resources to follow, and how often each was noted."""
    return connection.execute(_ALL, (integration,)).fetchall()


_SETTLE = "DELETE FROM moved WHERE integration = ? AND resource_id = ? AND times = ?"


def settle(connection: sqlite3.Connection, integration: str, resource_id: str, times: int) -> None:
    """Forget a resource that was not noted again since."""
    connection.execute(_SETTLE, (integration, resource_id, times))
