"""The target of the reference mapping, as tests look at it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


class Employees:
    """The employees table of a test, read and changed behind scimweave's back."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"

    def rows(self) -> list[dict[str, Any]]:
        return self.query("SELECT * FROM employees ORDER BY id")

    def row(self, email: str) -> dict[str, Any]:
        (row,) = self.query("SELECT * FROM employees WHERE email = ?", email)
        return row

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]
