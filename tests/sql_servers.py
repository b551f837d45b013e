"""What tests of database servers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SqlTarget:
    """The ``target:`` of a mapping."""

    options: dict[str, Any]
    connector: str = "sql"
