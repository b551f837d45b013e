"""What a package brings that adds a kind of target: an object of the entry points
``scimweave.connectors``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.connectors.base import AccountShape, Connector
from scimweave.mapping.model import TargetOptions

__all__ = ["ConnectorKind", "TargetOptions"]


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A kind of target, by the name that a mapping gives under ``connector``.

    ``options`` is the model of what a file may say under ``target:``; ``features`` says what the
    connector can do, of ``scimweave.mapping.target_kinds.FEATURES``: a file that asks for more is
    refused by lint. ``open`` gets what the file says, and raises ``TargetError``.
    """

    name: str
    options: type[TargetOptions]
    features: frozenset[str]
    open: Callable[[Mapping[str, Any], AccountShape], Awaitable[Connector]]
