"""Opens a database: SQLite through a writing thread, servers through SQLAlchemy's async engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.sql import database as sql_database
from scimweave.connectors.sql.options import read_options


async def open_sql(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    """Open the table of a shape at ``options["url"]``; it is looked at when it is first used.

    Raises ``TargetError``.
    """
    read = read_options(options)
    if sql_database.backend_of(read.url) == "sqlite":
        from scimweave.connectors.sql.sqlite import SqliteConnector  # noqa: PLC0415

        return await SqliteConnector.open(read, shape)
    # The async engine takes a while to import.
    from scimweave.connectors.sql.server import ServerConnector  # noqa: PLC0415

    return ServerConnector.open(read, shape)
