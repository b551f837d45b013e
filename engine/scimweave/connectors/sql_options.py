"""The kind ``sql``: what a mapping file says of a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.kind import ConnectorKind, TargetOptions
from scimweave.mapping.model import Text


class SqlOptions(TargetOptions):
    """A database, by its SQLAlchemy URL."""

    url: Text = Field(examples=["${DATABASE_URL:-sqlite:///var/target.db}"])


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    # SQLAlchemy takes a while to import, and not every target needs it.
    from scimweave.connectors.sql import SqlConnector  # noqa: PLC0415

    return await SqlConnector.open(options, shape)


KIND = ConnectorKind(
    "sql", SqlOptions, frozenset({"groups", "member-table", "delete", "scan"}), _open
)
