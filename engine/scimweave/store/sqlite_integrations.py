"""SQL of which integrations a store knows."""

from __future__ import annotations

import sqlite3

# Both tables have a few rows for each integration: one was served, or has a key.
_KNOWN = """
SELECT integration FROM lookup_list UNION SELECT integration FROM access_key ORDER BY integration
"""


def known(connection: sqlite3.Connection) -> list[str]:
    """Return the names of integrations that were served or have a key."""
    return [name for (name,) in connection.execute(_KNOWN)]
