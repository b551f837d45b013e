"""Which connector speaks to which kind of target."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from scimweave.connectors.base import AccountShape, Connector, TargetError
from scimweave.connectors.memory import MemoryConnector


class Target(Protocol):
    """The ``target:`` of a mapping: the connector's name, and its own options."""

    @property
    def connector(self) -> str:
        """The connector's name."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the connector is told, such as ``url``."""


async def open_connector(target: Target, shape: AccountShape) -> Connector:
    """Open the target of a mapping. Raises ``TargetError``."""
    match target.connector:
        case "memory":
            return MemoryConnector(shape)
        case "sql":
            # SQLAlchemy takes a while to import, and not every target needs it.
            from scimweave.connectors.sql import SqlConnector  # noqa: PLC0415

            return await SqlConnector.open(target.options, shape)
        case other:
            near = get_close_matches(other, CONNECTORS, 1)
            advice = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(CONNECTORS)}"
            raise TargetError(f'there is no connector "{other}"; {advice}')


CONNECTORS = ("memory", "sql")
