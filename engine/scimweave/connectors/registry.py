"""Opens the target of a mapping by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol, cast

from scimweave.connectors.base import AccountShape, Connector, TargetError
from scimweave.mapping import target_kinds


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
    try:
        kind = target_kinds.kind(target.connector)
    except target_kinds.BadKind as error:
        raise TargetError(str(error)) from error
    if kind is None:
        names = target_kinds.names()
        near = get_close_matches(target.connector, names, 1)
        advice = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(names)}"
        raise TargetError(f'there is no connector "{target.connector}"; {advice}')
    from scimweave.connectors.kind import ConnectorKind  # noqa: PLC0415 - pydantic is slow to import

    return await cast(ConnectorKind, kind).open(target.options, shape)
