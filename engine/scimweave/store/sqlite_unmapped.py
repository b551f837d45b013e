"""SQL of the attributes that nothing maps."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from scimweave.store.base import Unmapped
from scimweave.store.sqlite_rows import micros, moment

_ADD = """
INSERT INTO unmapped (integration, attribute, count, first_seen, last_seen)
VALUES (:integration, :attribute, :count, :at, :at)
ON CONFLICT DO UPDATE SET count = count + :count, last_seen = :at
"""


def add(
    connection: sqlite3.Connection, integration: str, counts: Mapping[str, int], at: datetime
) -> None:
    """Add to how often each attribute came."""
    seen = {"integration": integration, "at": micros(at)}
    connection.executemany(
        _ADD, [{**seen, "attribute": name, "count": count} for name, count in counts.items()]
    )


_ALL = """
SELECT attribute, count, first_seen, last_seen
FROM unmapped WHERE integration = ? ORDER BY count DESC, attribute
"""


def of_integration(connection: sqlite3.Connection, integration: str) -> list[Unmapped]:
    """Return the attributes of an integration, the most frequent first."""
    return [
        Unmapped(attribute, count, moment(first), moment(last))
        for attribute, count, first, last in connection.execute(_ALL, (integration,)).fetchall()
    ]
