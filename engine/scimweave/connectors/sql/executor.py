"""What runs statements: a SQLite connection is one, and a connection to a server is wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were inserted, updated or deleted."""

    @property
    def lastrowid(self) -> int | None:
        """The number that the database gave the row, where it numbers rows."""

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return the rows."""


class Executor(Protocol):
    """A connection in a transaction."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement with its values, in the order of their places."""
