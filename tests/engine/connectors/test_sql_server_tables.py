"""Tables as people have them on PostgreSQL and MariaDB: names, types, keys, constraints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    NoSuchObject,
    Rejected,
    TargetError,
)
from scimweave.connectors.registry import open_connector
from servers.database import Database
from sql_servers import SqlTarget

Open = Callable[..., Awaitable[Connector]]

ID = UUID("9b0f2d0e-8a57-4a4e-9d38-0d4c5c1e8a01")
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)


@pytest.fixture
async def open_table() -> AsyncIterator[Open]:
    """Run DDL on a database, and open the table that it makes."""
    opened = []

    async def make(
        database: Database,
        *ddl: str,
        fields: tuple[str | FieldShape, ...] = ("name",),
        table: str = "employees",
        key: str = "id",
        **options: Any,
    ) -> Connector:
        database.execute(*ddl)
        shapes = tuple(FieldShape(each) if isinstance(each, str) else each for each in fields)
        target = SqlTarget({"url": database.url, **options})
        opened.append(await open_connector(target, AccountShape(table, key, (), shapes)))
        return opened[-1]

    yield make
    for connector in opened:
        await connector.close()


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


NAMES = [
    'we"ird',
    "ba`ck",
    "a b",
    "order",
    "50%",
    "%s",
    "a:b",
    "(x)",
    "ünï",
    "0",
    "é.[1]",
    "p0",
    "value",
    "$1",
]


def quoted(database: Database, name: str) -> str:
    mark = "`" if "mariadb" in database.url else '"'
    return mark + name.replace(mark, mark * 2) + mark


async def test_any_name_is_quoted(database: Database, open_table: Open) -> None:
    table = 'my "table" `x` %s'
    columns = ", ".join(f"{quoted(database, name)} varchar(50)" for name in NAMES)
    number = "serial" if "postgresql" in database.url else "integer auto_increment"
    connector = await open_table(
        database,
        f"CREATE TABLE {quoted(database, table)} "
        f"({quoted(database, 'the key')} {number} PRIMARY KEY, {columns})".replace(
            "%", "%%" if "mariadb" in database.url else "%"
        ),
        fields=tuple(NAMES),
        table=table,
        key="the key",
    )
    values = {name: f"value of {name}" for name in reversed(NAMES)}
    key = await connector.create(values)
    account = await connector.read(key)
    assert account is not None
    assert account.fields == values
    for name in NAMES:
        assert [found.key for found in await connector.find(name, values[name])] == [key]
        await connector.update(key, {name: "new", NAMES[0]: "new"})
    assert await connector.create({}) != key
    await connector.delete(key)


async def test_table_of_another_schema_is_written_with_it(
    database: Database, open_table: Open
) -> None:
    number = "serial" if "postgresql" in database.url else "integer auto_increment"
    schema = f"hr_{database.url.rpartition('_')[2]}"
    database.execute(f"CREATE SCHEMA {schema}")
    try:
        connector = await open_table(
            database,
            f"CREATE TABLE {schema}.employees (id {number} PRIMARY KEY, name varchar(50) UNIQUE)",
            table=f"{schema}.employees",
        )
        await connector.create({"name": "Ada"})
        with pytest.raises(Conflict) as raised:
            await connector.create({"name": "Ada"})
        assert raised.value.field == "name"
        assert database.execute(f"SELECT name FROM {schema}.employees") == [("Ada",)]
    finally:
        database.execute(
            f"DROP SCHEMA {schema} {'CASCADE' if 'postgresql' in database.url else ''}"
        )


async def test_missing_table_is_named_with_what_is_close(
    database: Database, open_table: Open
) -> None:
    connector = await open_table(database, "CREATE TABLE employee (id integer)")
    with pytest.raises(NoSuchObject, match='no table "employees"; did you mean "employee"'):
        await connector.describe()


POSTGRESQL_TYPES: list[tuple[str, str | None, Any, str]] = [
    ("boolean", None, True, "boolean"),
    ("smallint", None, 2**15 - 1, "integer"),
    ("bigint", None, -(2**63), "integer"),
    ("numeric(10, 2)", "decimal", Decimal("12345678.90"), "decimal"),
    ("numeric", "decimal", Decimal("1.23456789012345678901234567890"), "decimal"),
    ("double precision", "decimal", 0.1, "decimal"),
    ("varchar(5)", "string", "Zoë👩", "string"),
    ("char(8)", "string", "ab c", "string"),
    ("text", "uuid", ID, "string"),
    ("text", "json", {"a": [1, None]}, "string"),
    ("name", "string", "Ada", "string"),
    ("date", "date", date(1815, 12, 10), "date"),
    ("timestamp", "datetime", MOMENT, "datetime"),
    ("timestamptz", "datetime", MOMENT, "datetime"),
    ("time", "string", "08:30:00", "string"),
    ("uuid", "uuid", ID, "uuid"),
    ("uuid", "string", str(ID), "uuid"),
    ("json", "json", {"a": ["ß", None, 1.5]}, "json"),
    ("jsonb", "json", ["👩", {"b": False}], "json"),
    ("mood", "string", 'so "so"', "string"),
    ("text[]", "json", ["a,b", '"', "NULL", None, "{}"], "json"),
    ("integer[]", "json", [1, -2], "json"),
    ("uuid[]", "json", [str(ID)], "json"),
    ("short", "string", "abc", "string"),
    ("bytea", "string", "AP8=", "string"),
    ("inet", "string", "10.0.0.1", "any"),
]

MARIADB_TYPES: list[tuple[str, str | None, Any, str]] = [
    ("boolean", None, True, "boolean"),
    ("bit(1)", "boolean", True, "boolean"),
    ("tinyint unsigned", "integer", 255, "integer"),
    ("bigint unsigned", "integer", 2**64 - 1, "integer"),
    ("decimal(10, 2)", "decimal", Decimal("12345678.90"), "decimal"),
    ("double", "decimal", 0.1, "decimal"),
    ("varchar(5)", "string", "Zoë👩", "string"),
    ("char(36)", "uuid", ID, "string"),
    ("char(32)", "uuid", ID, "string"),
    ("binary(16)", "uuid", ID, "uuid"),
    ("uuid", "uuid", ID, "uuid"),
    ("longtext", "string", "x" * 100_000, "string"),
    ("json", "json", {"a": ["ß👩", None]}, "string"),
    ("date", "date", date(1815, 12, 10), "date"),
    ("datetime(6)", "datetime", MOMENT, "datetime"),
    ("timestamp(6) NULL", "datetime", MOMENT, "datetime"),
    ("time", "string", "08:30:00", "string"),
    ("enum('so ''so''', 'good')", "string", "so 'so'", "string"),
    ("blob", "string", "AP8=", "string"),
    ("year", "integer", 2026, "any"),
]


async def keeps(connector: Connector, values: dict[str, Any]) -> None:
    account = await connector.read(await connector.create(values))
    assert account is not None
    for name, value in values.items():
        assert account.fields[name] == value, name
        assert type(account.fields[name]) is type(value), name
    key = await connector.create({})
    await connector.update(key, values)
    account = await connector.read(key)
    assert account is not None
    assert dict(account.fields) == values


def shapes(types: list[tuple[str, str | None, Any, str]]) -> tuple[FieldShape, ...]:
    return tuple(FieldShape(f"f{number}", each[1]) for number, each in enumerate(types))


def columns(types: list[tuple[str, str | None, Any, str]]) -> str:
    return ", ".join(f"f{number} {each[0]}" for number, each in enumerate(types))


async def test_every_type_of_postgresql_keeps_its_values(
    postgresql: Database, open_table: Open
) -> None:
    connector = await open_table(
        postgresql,
        "CREATE TYPE mood AS ENUM ('so \"so\"', 'good')",
        "CREATE DOMAIN short AS varchar(3)",
        f"CREATE TABLE employees (id serial PRIMARY KEY, {columns(POSTGRESQL_TYPES)})",
        fields=shapes(POSTGRESQL_TYPES),
    )
    await keeps(connector, {f"f{n}": each[2] for n, each in enumerate(POSTGRESQL_TYPES)})
    described = await connector.describe()
    assert [described[f"f{n}"].type for n in range(len(POSTGRESQL_TYPES))] == [
        each[3] for each in POSTGRESQL_TYPES
    ]


async def test_every_type_of_mariadb_keeps_its_values(mariadb: Database, open_table: Open) -> None:
    connector = await open_table(
        mariadb,
        "CREATE TABLE employees (id integer AUTO_INCREMENT PRIMARY KEY, "
        f"{columns(MARIADB_TYPES)}) CHARSET utf8mb4",
        fields=shapes(MARIADB_TYPES),
    )
    await keeps(connector, {f"f{n}": each[2] for n, each in enumerate(MARIADB_TYPES)})
    described = await connector.describe()
    assert [described[f"f{n}"].type for n in range(len(MARIADB_TYPES))] == [
        each[3] for each in MARIADB_TYPES
    ]


MISFITS: list[tuple[str, str | None, Any, str]] = [
    ("varchar(3)", "string", "abcd", "has 4 characters, the column takes 3"),
    ("text", "string", "a\0b", "NUL character"),
    ("text", "string", "\ud800", "half a surrogate"),
    ("smallint", "integer", 2**15, "out of the column's range: -32768 to 32767"),
    ("integer", "integer", 2**31, "out of the column's range"),
    ("bigint", "integer", 2**63, "out of the column's range"),
    ("integer", "integer", "7", "takes a whole number, got text"),
    ("numeric(5, 2)", "decimal", Decimal("1.234"), "has 3 decimals, the column takes 2"),
    ("numeric(5, 2)", "decimal", Decimal("1234.5"), "more than the 3 digits"),
    ("numeric(5, 2)", "decimal", Decimal("NaN"), "not a finite number"),
    ("boolean", "boolean", "true", "takes a boolean, got text"),
    ("date", "date", "2026-01-01", "takes a date"),
    ("date", "date", MOMENT, "takes a date"),
]


@pytest.mark.parametrize(("column", "type_", "value", "message"), MISFITS)
async def test_value_that_does_not_fit_is_refused_by_name(
    database: Database,
    open_table: Open,
    column: str,
    type_: str | None,
    value: object,
    message: str,
) -> None:
    number = "serial" if "postgresql" in database.url else "integer auto_increment"
    connector = await open_table(
        database,
        f"CREATE TABLE employees (id {number} PRIMARY KEY, name varchar(50), f {column})",
        fields=("name", FieldShape("f", type_)),
    )
    with pytest.raises(Rejected, match=message) as raised:
        await connector.create({"name": "Ada", "f": value})
    assert raised.value.field == "f"
    assert database.execute("SELECT * FROM employees") == []
    assert await connector.find("f", value) == []


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("varchar(10) CHARACTER SET latin1", "👩", "Incorrect string value"),
        ("tinytext", "x" * 300, "too long"),
        ("uuid", "nobody", "takes a UUID"),
        ("enum('a', 'b')", "Ä", "none of the values that the column takes: a, b"),
        ("time", "8 o'clock", "time of day"),
    ],
)
async def test_mariadb_refuses_by_name_too(
    mariadb: Database, open_table: Open, column: str, value: object, message: str
) -> None:
    connector = await open_table(
        mariadb,
        "CREATE TABLE employees (id integer AUTO_INCREMENT PRIMARY KEY, name text, "
        f"f {column}) CHARSET utf8mb4",
        fields=("name", "f"),
    )
    with pytest.raises(Rejected, match=message) as raised:
        await connector.create({"name": "Ada", "f": value})
    assert raised.value.field == "f"
    assert str(value) not in str(raised.value)
    assert mariadb.execute("SELECT * FROM employees") == []


@pytest.mark.parametrize(
    ("dialect", "column", "kind"),
    [
        ("postgresql", "serial PRIMARY KEY", int),
        ("postgresql", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", int),
        ("postgresql", "uuid PRIMARY KEY DEFAULT gen_random_uuid()", str),
        ("postgresql", "uuid PRIMARY KEY", str),
        ("postgresql", "text PRIMARY KEY", str),
        ("postgresql", "numeric PRIMARY KEY DEFAULT 42", int),
        ("mariadb", "integer AUTO_INCREMENT PRIMARY KEY", int),
        ("mariadb", "bigint unsigned AUTO_INCREMENT PRIMARY KEY", int),
        ("mariadb", "uuid PRIMARY KEY DEFAULT uuid()", str),
        ("mariadb", "uuid PRIMARY KEY", str),
        ("mariadb", "char(36) PRIMARY KEY DEFAULT uuid()", str),
        ("mariadb", "char(32) PRIMARY KEY", str),
    ],
)
async def test_key_is_made_by_the_database_or_is_a_uuid(
    request: pytest.FixtureRequest, open_table: Open, dialect: str, column: str, kind: type
) -> None:
    database: Database = request.getfixturevalue(dialect)
    connector = await open_table(
        database, f"CREATE TABLE employees (id {column}, name varchar(50))"
    )
    assert (await connector.describe())["id"].has_default
    key = await connector.create({"name": "Ada"})
    assert type(key) is kind
    account = await connector.read(key)
    assert account is not None
    assert account.key == key
    await connector.update(key, {"name": "Grace"})
    assert [each.key async for page in connector.scan() for each in page.accounts] == [key]
    await connector.delete(key)
    assert database.execute("SELECT * FROM employees") == []


@pytest.mark.parametrize("key", ["1", "1abc", 2**70, "\ud800", "a\0b", ""])
async def test_key_that_no_row_can_have_is_not_there(
    database: Database, open_table: Open, key: int | str
) -> None:
    connector = await open_table(
        database,
        "CREATE TABLE employees (id integer PRIMARY KEY, name varchar(50))",
        "INSERT INTO employees VALUES (1, 'Ada')",
    )
    assert await connector.read(key) is None


CONSTRAINTS = (
    "CREATE TABLE departments (id integer PRIMARY KEY)",
    "INSERT INTO departments VALUES (1)",
    "CREATE TABLE employees (id integer PRIMARY KEY, email varchar(80) UNIQUE, "
    "given varchar(80), family varchar(80), name varchar(80) DEFAULT 'x' NOT NULL, "
    "age integer CHECK (age >= 18), department integer, twice integer, "
    "CONSTRAINT grown CHECK (twice < 100), "
    "CONSTRAINT person UNIQUE (given, family), "
    "CONSTRAINT works_in FOREIGN KEY (department) REFERENCES departments (id))",
    "INSERT INTO employees (id, email, given, family, department) "
    "VALUES (1, 'taken@example.com', 'Ada', 'Lovelace', 1)",
)


@pytest.mark.parametrize(
    ("fields", "kind", "field", "message"),
    [
        ({"email": "taken@example.com"}, Conflict, "email", "this email"),
        ({"given": "Ada", "family": "Lovelace"}, Conflict, "given", "this given and family"),
        ({"id": 1}, Conflict, "id", "this id"),
        ({"name": None}, Rejected, "name", "must have a value"),
        ({"age": 17}, Rejected, "age", "age"),
        ({"twice": 170}, Rejected, "twice", "twice"),
        ({"department": 99}, Rejected, "department", "refers to does not exist"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
async def test_constraint_names_its_field(
    database: Database,
    open_table: Open,
    fields: dict[str, Any],
    kind: type[Conflict | Rejected],
    field: str,
    message: str,
) -> None:
    connector = await open_table(database, *CONSTRAINTS, fields=("id", "email", "name"))
    with pytest.raises(kind, match=message) as raised:
        await connector.create({"id": 7, **fields})
    error = raised.value
    assert isinstance(error, Conflict | Rejected)
    assert error.field == field
    assert "taken@" not in str(error)
    assert database.execute("SELECT count(*) FROM employees") == [(1,)]


async def test_row_that_others_refer_to_stays(database: Database, open_table: Open) -> None:
    departments = await open_table(database, *CONSTRAINTS, fields=(), table="departments")
    with pytest.raises(Rejected, match="other tables refer to this row"):
        await departments.delete(1)


async def test_constraint_that_is_checked_at_the_commit_is_told(
    postgresql: Database, open_table: Open
) -> None:
    connector = await open_table(
        postgresql,
        "CREATE TABLE employees (id serial PRIMARY KEY, "
        "name text UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    await connector.create({"name": "Ada"})
    with pytest.raises(Conflict) as raised:
        await connector.create({"name": "Ada"})
    assert raised.value.field == "name"


async def test_index_on_lower_case_finds_in_any_case(
    postgresql: Database, open_table: Open
) -> None:
    connector = await open_table(
        postgresql,
        'CREATE TABLE employees (id serial PRIMARY KEY, "e mail" varchar(80), name text)',
        'CREATE UNIQUE INDEX some_name ON employees (lower("e mail"))',
        fields=("e mail", "name"),
    )
    key = await connector.create({"e mail": "Ada@Example.com"})
    assert [each.key for each in await connector.find("e mail", "ada@EXAMPLE.com")] == [key]
    with pytest.raises(Conflict) as raised:
        await connector.create({"e mail": "ADA@example.com"})
    assert raised.value.field == "e mail"
    described = await connector.describe()
    assert described["e mail"].unique
    assert not described["name"].unique


TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.name = 'root' THEN RAISE EXCEPTION 'nobody may be root'; END IF;
  IF NEW.name = 'nobody' THEN RETURN NULL; END IF;
  RETURN NEW;
END $$
"""


async def test_trigger_of_postgresql_may_refuse_or_ignore(
    postgresql: Database, open_table: Open
) -> None:
    connector = await open_table(
        postgresql,
        "CREATE TABLE employees (id serial PRIMARY KEY, name text)",
        TRIGGER,
        "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON employees "
        "FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    key = await connector.create({"name": "Ada"})
    with pytest.raises(Rejected, match="nobody may be root"):
        await connector.create({"name": "root"})
    with pytest.raises(Rejected, match="ignored the change"):
        await connector.create({"name": "nobody"})
    with pytest.raises(Rejected, match="ignored the change"):
        await connector.update(key, {"name": "nobody"})


async def test_trigger_of_mariadb_may_refuse(mariadb: Database, open_table: Open) -> None:
    connector = await open_table(
        mariadb,
        "CREATE TABLE employees (id integer AUTO_INCREMENT PRIMARY KEY, name text)",
        "CREATE TRIGGER t BEFORE INSERT ON employees FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nobody may join'",
    )
    with pytest.raises(Rejected, match="nobody may join"):
        await connector.create({"name": "root"})


async def test_update_to_what_is_there_already_is_no_gone_account(
    mariadb: Database, open_table: Open
) -> None:
    connector = await open_table(
        mariadb, "CREATE TABLE employees (id integer AUTO_INCREMENT PRIMARY KEY, name text)"
    )
    key = await connector.create({"name": "Ada"})
    await connector.update(key, {"name": "Ada"})


async def test_computed_column_is_refused_by_name(database: Database, open_table: Open) -> None:
    connector = await open_table(
        database,
        "CREATE TABLE employees (id integer PRIMARY KEY, name varchar(50), "
        "twice integer GENERATED ALWAYS AS (id * 2) STORED)",
        fields=("id", "twice"),
    )
    with pytest.raises(Rejected) as raised:
        await connector.create({"id": 7, "twice": 3})
    assert raised.value.field == "twice"
    assert (await connector.describe())["twice"].has_default


async def test_missing_column_is_named(database: Database, open_table: Open) -> None:
    connector = await open_table(
        database, "CREATE TABLE employees (id integer PRIMARY KEY, name varchar(50))"
    )
    with pytest.raises(TargetError, match='no column "title"'):
        await connector.update(1, {"title": "x"})
