"""The kind ``memory``: nothing to say about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.kind import ConnectorKind, TargetOptions


class MemoryOptions(TargetOptions):
    """Accounts in the memory of this process, which end with it."""


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    from scimweave.connectors.memory import MemoryConnector  # noqa: PLC0415

    return MemoryConnector(shape)


KIND = ConnectorKind(
    "memory",
    MemoryOptions,
    frozenset({"groups", "member-table", "member-field", "delete", "scan"}),
    _open,
)
