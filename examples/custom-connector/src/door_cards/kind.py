"""What a mapping file says of a folder of cards; lint imports this, and nothing heavy with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.kind import ConnectorKind, TargetOptions
from scimweave.mapping.model import Text


class DoorCardOptions(TargetOptions):
    """Cards as JSON files in a folder that a door controller reads."""

    folder: Text = Field(
        min_length=1, description="The folder that the controller reads.", examples=["/srv/cards"]
    )


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    from door_cards.connector import DoorCards  # noqa: PLC0415

    return await DoorCards.open(options["folder"], shape)


KIND = ConnectorKind("door-cards", DoorCardOptions, frozenset({"delete", "scan"}), _open)
