from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import AccountShape, Connector, FieldShape
from scimweave.connectors.contract import SHAPE
from scimweave.connectors.registry import Target, open_connector
from scimweave.connectors.sql.ddl import init_target

Open = Callable[..., Awaitable[Connector]]


@dataclass(frozen=True)
class SqlTarget:
    options: dict[str, Any]
    connector: str = "sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "target.db"


@pytest.fixture
def make_target() -> Callable[[dict[str, Any]], Target]:
    return SqlTarget


@pytest.fixture
def target(path: Path) -> Target:
    return SqlTarget({"url": f"sqlite:///{path}"})


@pytest.fixture
def execute(path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Run a statement on the file, as another program would."""

    def run(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()

    return run


@pytest.fixture
async def open_table(path: Path, target: Target) -> AsyncIterator[Open]:
    """Run DDL, and open the table ``employees`` that it makes."""
    opened = []

    async def make(
        ddl: str, *fields: str | FieldShape, key: str = "id", table: str = "employees"
    ) -> Connector:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(ddl)
        shapes = tuple(FieldShape(each) if isinstance(each, str) else each for each in fields)
        opened.append(await open_connector(target, AccountShape(table, key, (), shapes)))
        return opened[-1]

    yield make
    for connector in opened:
        await connector.close()


@pytest.fixture
async def sql_connector(target: Target) -> AsyncIterator[Connector]:
    """Open a table that was made for the contract's shape."""
    init_target(target, [SHAPE])
    connector = await open_connector(target, SHAPE)
    yield connector
    await connector.close()
