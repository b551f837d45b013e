"""What a package brings that adds a kind of target: an object of the entry points
``scimweave.connectors``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.connectors.base import AccountShape, Connector
from scimweave.mapping.model import MappingModel, TargetOptions
from scimweave.mapping.target_kinds import Problem

__all__ = ["ConnectorKind", "Problem", "TargetOptions"]


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A kind of target, by the name that a mapping gives under ``connector``.

    ``options`` is the model of what a file may say under ``target:``; ``features`` says what the
    connector can do, of ``scimweave.mapping.target_kinds.FEATURES``: a file that asks for more is
    refused by lint. ``open`` gets what the file says, and raises ``TargetError``. ``check`` finds
    what is wrong with a file in which each key by itself is right; it sends nothing.
    """

    name: str
    options: type[TargetOptions]
    features: frozenset[str]
    open: Callable[[Mapping[str, Any], AccountShape], Awaitable[Connector]]
    check: Callable[[MappingModel], Iterable[Problem]] = lambda model: ()
