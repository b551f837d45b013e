from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text, types
from sqlalchemy.types import TypeEngine

from scimweave.connectors.base import AccountShape, Connector, FieldShape, Rejected
from scimweave.connectors.registry import open_connector

ID = UUID("12345678-9abc-def0-1234-56789abcdef0")
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)


@dataclass(frozen=True)
class Target:
    connector: str
    options: dict[str, Any]


async def open_column(tmp_path: Path, declared: str, field_type: str | None = None) -> Connector:
    path = tmp_path / "target.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    shape = AccountShape("t", "id", (), (FieldShape("v", field_type),))
    return await open_connector(Target("sql", {"url": f"sqlite:///{path}"}), shape)


def stored(tmp_path: Path) -> list[Any]:
    with closing(sqlite3.connect(tmp_path / "target.db")) as connection:
        return [value for (value,) in connection.execute("SELECT v FROM t ORDER BY id")]


@pytest.mark.parametrize(
    ("declared", "field_type", "value"),
    [
        ("TEXT", None, "Zoë"),
        ("VARCHAR(3)", None, "Zoë"),
        ("VARCHAR(3)", "string", "👩🏽👩"),
        ("TEXT", "uuid", ID),
        ("CHAR(32)", "uuid", ID),
        ("CHAR(36)", "uuid", ID),
        ("UUID", "uuid", ID),
        ("", "uuid", ID),
        ("TEXT", "datetime", MOMENT),
        ("TEXT", "date", date(2026, 3, 4)),
        ("TEXT", "decimal", Decimal("12345678901234567890.10")),
        ("TEXT", "json", {"a": [1, None, "é"]}),
        ("TEXT", "json", "a text"),
        ("BOOLEAN", None, True),
        ("BOOL", "boolean", False),
        ("INTEGER", "boolean", True),
        ("INTEGER", None, 2**63 - 1),
        ("BIGINT", None, -(2**63)),
        ("NUMERIC", "decimal", Decimal("12.34")),
        ("NUMERIC", "decimal", Decimal("0.1")),
        ("DECIMAL(10, 2)", "decimal", Decimal("99999999.99")),
        ("NUMERIC(2, 2)", "decimal", Decimal("0")),
        ("NUMERIC", None, 7),
        ("REAL", None, 1.5),
        ("DATETIME", "datetime", MOMENT),
        ("TIMESTAMP", "datetime", MOMENT.replace(microsecond=0)),
        ("DATE", "date", date(2026, 3, 4)),
        ("JSON", "json", {"a": [1, None, "é"]}),
        ("JSON", "json", 7),
        ("JSON", "json", "7"),
        ("STRING", None, "Zoë"),
        ("", None, "0012"),
        ("", None, 7),
        ("BLOB", None, "0012"),
        ("TIME", None, "05:06:07"),
    ],
)
async def test_a_value_reads_back_and_is_found(
    tmp_path: Path, declared: str, field_type: str | None, value: object
) -> None:
    connector = await open_column(tmp_path, declared, field_type)
    key = await connector.create({"v": value})
    account = await connector.read(key)
    assert account is not None
    assert account.fields["v"] == value
    assert type(account.fields["v"]) is type(value)
    assert [found.key for found in await connector.find("v", value)] == [key]
    await connector.update(key, {"v": None})
    assert stored(tmp_path) == [None]
    await connector.close()


@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        ("TEXT", 7, "7"),
        ("TEXT", ID, str(ID)),
        ("CHAR(32)", ID, ID.hex),
        ("TEXT", MOMENT, "2026-03-04T05:06:07.891011+00:00"),
        ("INTEGER", True, 1),
        ("INTEGER", 3.0, 3),
        ("INTEGER", Decimal("3.00"), 3),
        ("NUMERIC(5, 2)", Decimal("3.10000"), 3.1),
        ("", True, 1),
        ("DATETIME", MOMENT.astimezone(timezone(timedelta(hours=9))), "2026-03-04 05:06:07.891011"),
        ("DATETIME", MOMENT.replace(tzinfo=None), "2026-03-04 05:06:07.891011"),
    ],
)
async def test_a_value_of_a_near_type_is_stored_as_the_columns_own(
    tmp_path: Path, declared: str, value: object, expected: object
) -> None:
    connector = await open_column(tmp_path, declared)
    await connector.create({"v": value})
    assert stored(tmp_path) == [expected]
    await connector.close()


@pytest.mark.parametrize(
    ("declared", "value", "reason"),
    [
        ("VARCHAR(3)", "Zoës", "has 4 characters, the column takes 3"),
        ("TEXT", "a\0b", "NUL"),
        ("", "a\0b", "NUL"),
        ("TEXT", "\ud800", "half a surrogate pair"),
        ("TEXT", True, "takes text .*got a boolean"),
        ("TEXT", {"a": 1}, "takes text .*got a JSON object"),
        ("INTEGER", "7", "takes a whole number, got text"),
        ("INTEGER", 7.5, "takes a whole number"),
        ("INTEGER", float("inf"), "takes a whole number"),
        ("INTEGER", Decimal("NaN"), "takes a whole number"),
        ("INTEGER", 2**63, "beyond 64 bits"),
        ("NUMERIC", "7", "takes a number, got text"),
        ("NUMERIC", True, "takes a number, got a boolean"),
        ("NUMERIC", float("nan"), "not a finite number"),
        ("NUMERIC", Decimal("1234567890.1234567891"), "more digits than SQLite keeps exactly"),
        ("NUMERIC", Decimal("1.0000000000000000000000000000000001"), "more digits than"),
        ("NUMERIC", Decimal("1e30"), "beyond 64 bits"),
        ("NUMERIC", Decimal("1e999999"), "beyond 64 bits"),
        ("NUMERIC(5, 2)", Decimal("1.234"), "has 3 decimals, the column takes 2"),
        ("NUMERIC(5, 2)", Decimal("1234"), "more than the 3 digits"),
        ("BOOLEAN", 1, "takes a boolean, got a number"),
        ("BOOLEAN", "True", "takes a boolean, got text"),
        ("DATETIME", "2026-03-04T05:06:07Z", "takes a date with time"),
        ("DATETIME", date(2026, 3, 4), "takes a date with time"),
        ("DATE", MOMENT, "takes a date"),
        ("DATE", "2026-03-04", "takes a date"),
        ("JSON", float("nan"), "takes JSON"),
        ("JSON", {"a": "\ud800"}, "half a surrogate pair"),
        ("STRING", "0012", "changed into a number"),
        ("STRING", " 1e5 ", "changed into a number"),
        ("", [1], "takes plain values"),
    ],
)
async def test_a_value_that_does_not_fit_is_rejected_and_named(
    tmp_path: Path, declared: str, value: object, reason: str
) -> None:
    connector = await open_column(tmp_path, declared)
    with pytest.raises(Rejected, match=reason) as raised:
        await connector.create({"v": value})
    assert raised.value.field == "v"
    assert stored(tmp_path) == []
    await connector.close()


async def test_a_strict_table_names_the_field_too(tmp_path: Path) -> None:
    path = tmp_path / "target.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB) STRICT")
    shape = AccountShape("t", "id", (), (FieldShape("v"),))
    connector = await open_connector(Target("sql", {"url": f"sqlite:///{path}"}), shape)
    with pytest.raises(Rejected, match="cannot store TEXT value in BLOB column") as raised:
        await connector.create({"v": "text"})
    assert raised.value.field == "v"
    await connector.close()


@pytest.mark.parametrize(
    ("declared", "field_type", "written"),
    [
        ("DATETIME", "datetime", "yesterday"),
        ("DATETIME", "datetime", 1772600767),
        ("DATE", "date", "04.03.2026"),
        ("BOOLEAN", "boolean", "yes"),
        ("TEXT", "uuid", "no uuid"),
        ("TEXT", "decimal", "1,5"),
        ("JSON", "json", "{broken"),
        ("INTEGER", None, "text"),
    ],
)
async def test_what_others_wrote_in_another_form_is_read_as_it_is(
    tmp_path: Path, declared: str, field_type: str | None, written: object
) -> None:
    connector = await open_column(tmp_path, declared, field_type)
    with closing(sqlite3.connect(tmp_path / "target.db")) as connection:
        connection.execute("INSERT INTO t (v) VALUES (?)", (written,))
        connection.commit()
    account = await connector.read(1)
    assert account is not None
    assert account.fields["v"] == written
    await connector.close()


@pytest.mark.parametrize(
    ("declared", "column", "value", "expected"),
    [
        ("DATETIME", types.DateTime(), MOMENT, MOMENT.replace(tzinfo=None)),
        ("DATE", types.Date(), date(2026, 3, 4), date(2026, 3, 4)),
        ("BOOLEAN", types.Boolean(), True, True),
        ("CHAR(32)", types.Uuid(), ID, ID),
        ("JSON", types.JSON(), {"a": [1, "é"]}, {"a": [1, "é"]}),
        ("NUMERIC(10, 2)", types.Numeric(10, 2), Decimal("12.30"), Decimal("12.30")),
    ],
)
async def test_sqlalchemy_reads_what_was_written(
    tmp_path: Path, declared: str, column: TypeEngine[Any], value: object, expected: object
) -> None:
    connector = await open_column(tmp_path, declared)
    await connector.create({"v": value})
    await connector.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'target.db'}")
    with engine.connect() as connection:
        statement = text("SELECT v FROM t").columns(v=column)
        assert connection.execute(statement).scalar_one() == expected
    engine.dispose()
