from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from scimweave.connectors.base import AccountShape, Conflict, FieldShape, TargetError
from scimweave.connectors.registry import open_connector
from scimweave.connectors.sql.ddl import create_statements, init_target

SHAPE = AccountShape(
    "employees",
    "id",
    ("email",),
    (
        FieldShape("email", "string", 255, required=True),
        FieldShape("display_name", "string"),
        FieldShape("is_active", "boolean"),
        FieldShape("logins", "integer"),
        FieldShape("salary", "decimal"),
        FieldShape("born", "date"),
        FieldShape("seen", "datetime"),
        FieldShape("badge", "uuid"),
        FieldShape("extra", "json"),
        FieldShape("order by", None),
    ),
)


@dataclass(frozen=True)
class Target:
    connector: str
    options: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "target.db"


@pytest.fixture
def target(path: Path) -> Target:
    return Target("sql", {"url": f"sqlite:///{path}"})


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_the_statements_say_what_the_mapping_says(target: Target) -> None:
    table, index = create_statements(target, [SHAPE])
    assert [line.strip(" \t,") for line in table.splitlines()] == [
        "CREATE TABLE employees (",
        "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        'email VARCHAR(255) COLLATE "NOCASE" NOT NULL',
        "display_name TEXT",
        "is_active BOOLEAN",
        "logins BIGINT",
        "salary NUMERIC",
        "born DATE",
        "seen DATETIME",
        "badge CHAR(32)",
        "extra JSON",
        '"order by" TEXT',
        ")",
    ]
    assert index == "CREATE UNIQUE INDEX employees_email_key ON employees (email)"


def test_asking_for_the_statements_makes_nothing(target: Target, path: Path) -> None:
    create_statements(target, [SHAPE])
    assert not path.parent.exists()


def test_the_file_is_made_with_a_write_ahead_log(target: Target, path: Path) -> None:
    expected = create_statements(target, [SHAPE])
    assert init_target(target, [SHAPE]) == expected
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_second_time_nothing_is_done(target: Target) -> None:
    init_target(target, [SHAPE])
    assert init_target(target, [SHAPE]) == []
    assert create_statements(target, [SHAPE]) == []


def test_tables_that_exist_are_left_alone(target: Target, path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE Employees (x); INSERT INTO Employees VALUES (1)")
    made = init_target(target, [SHAPE, replace(SHAPE, object="people")])
    assert [statement.split()[:3] for statement in made] == [
        ["CREATE", "TABLE", "people"],
        ["CREATE", "UNIQUE", "INDEX"],
    ]
    assert query(path, "SELECT * FROM Employees") == [(1,)]
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


async def test_every_type_reads_back_from_a_table_that_was_made(target: Target) -> None:
    init_target(target, [SHAPE])
    connector = await open_connector(target, SHAPE)
    values = {
        "email": "ada@example.com",
        "display_name": "x" * 10_000,
        "is_active": True,
        "logins": 2**62,
        "salary": Decimal("1234.56"),
        "born": date(1815, 12, 10),
        "seen": datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC),
        "badge": UUID(int=7),
        "extra": {"a": ["b", None]},
        "order by": "'",
    }
    account = await connector.read(await connector.create(values))
    assert account is not None
    assert account.fields == values
    with pytest.raises(Conflict):
        await connector.create({"email": "ADA@example.com"})
    await connector.close()


async def test_a_key_is_never_used_again(target: Target) -> None:
    init_target(target, [SHAPE])
    connector = await open_connector(target, SHAPE)
    first = await connector.create({"email": "ada@example.com"})
    await connector.delete(first)
    assert await connector.create({"email": "ada@example.com"}) != first
    await connector.close()


@pytest.mark.parametrize("type_", ["string", "integer", "uuid", None])
async def test_a_key_that_the_mapping_fills_is_a_column_of_its_type(
    target: Target, type_: str | None
) -> None:
    key: Any = {"integer": 70, "uuid": UUID(int=7)}.get(type_ or "", "ada")
    shape = AccountShape("employees", "number", ("number",), (FieldShape("number", type_),))
    assert len(init_target(target, [shape])) == 1
    connector = await open_connector(target, shape)
    made = await connector.create({"number": key})
    account = await connector.read(made)
    assert account is not None
    assert account.fields == {"number": key}
    with pytest.raises(Conflict):
        await connector.create({"number": key})
    await connector.close()


def test_two_mappings_share_a_table(target: Target, path: Path) -> None:
    other = AccountShape("employees", "id", ("badge",), (FieldShape("phone", "string", 20),))
    init_target(target, [SHAPE, other])
    columns = {name: bool(notnull) for _, name, _, notnull, *_ in query(path, _COLUMNS)}
    assert {"email", "badge", "phone"} <= set(columns)
    assert not columns["email"]


_COLUMNS = "SELECT * FROM pragma_table_info('employees')"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (replace(SHAPE, key="number"), "disagree on the key"),
        (
            replace(SHAPE, fields=(FieldShape("email", "string", 80),)),
            r'column "email" of table "employees": string\(255\) or string\(80\)',
        ),
    ],
)
def test_mappings_that_disagree_make_nothing(
    target: Target, path: Path, other: AccountShape, message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        init_target(target, [SHAPE, other])
    assert not path.exists()


def test_a_statement_that_fails_takes_the_others_back(target: Target, path: Path) -> None:
    clash = AccountShape("people", "id", (), (FieldShape("name"), FieldShape("NAME")))
    with pytest.raises(TargetError, match="duplicate column name"):
        init_target(target, [SHAPE, clash])
    assert query(path, "SELECT name FROM sqlite_master") == []


@pytest.mark.parametrize("url", ["postgresql://ada:secret@db/x", ":memory:", "", None])
def test_another_address_is_refused(url: str | None) -> None:
    for run in (create_statements, init_target):
        with pytest.raises(TargetError) as raised:
            run(Target("sql", {"url": url} if url is not None else {}), [SHAPE])
        assert "secret" not in str(raised.value)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match=r"File exists|Not a directory"):
        init_target(Target("sql", {"url": f"sqlite:///{tmp_path}/file/target.db"}), [SHAPE])


def test_a_target_of_another_kind_needs_no_tables() -> None:
    assert init_target(Target("memory"), [SHAPE]) == []
