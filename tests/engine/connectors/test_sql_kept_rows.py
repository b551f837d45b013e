"""Rows that are marked as deleted, and lists that are rows of a child table: on every database."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Gone,
    NoSuchObject,
    Rejected,
    TargetError,
)
from scimweave.connectors.contract import SHAPE, ConnectorContract
from scimweave.connectors.registry import open_connector
from scimweave.connectors.sql.ddl import init_target
from servers.database import Database, Rows
from sql_servers import SqlTarget

Open = Callable[..., Awaitable[Connector]]


class File(Database):
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self.path = path

    def execute(self, *statements: str) -> Rows:
        rows: Rows = []
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        return rows


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return File(tmp_path / "target.db")
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def open_made(database: Database) -> AsyncIterator[Open]:
    """Make the tables of a shape, and open them."""
    opened = []

    async def make(shape: AccountShape, *, init: bool = True, **options: Any) -> Connector:
        target = SqlTarget({"url": database.url, **options})
        if init:
            init_target(target, [shape])
        opened.append(await open_connector(target, shape))
        return opened[-1]

    yield make
    for connector in opened:
        await connector.close()


SOFT: dict[str, Any] = {"soft_delete": {"users": "deleted_at"}}


async def test_deleted_row_stays_and_is_marked(database: Database, open_made: Open) -> None:
    connector = await open_made(SHAPE, **SOFT)
    key = await connector.create({"email": "ada@example.com"})
    await connector.delete(key)
    assert [account async for page in connector.scan() for account in page.accounts] == []
    ((email, mark),) = database.execute("SELECT email, deleted_at FROM employees")
    assert email == "ada@example.com"
    assert mark is not None


async def test_who_returns_gets_an_account_again(database: Database, open_made: Open) -> None:
    connector = await open_made(SHAPE, **SOFT)
    first = await connector.create({"email": "ada@example.com", "job_title": "Countess"})
    await connector.delete(first)
    key = await connector.create({"email": "ada@example.com"})
    account = await connector.read(key)
    assert account is not None
    assert account.fields["job_title"] is None
    with pytest.raises(Conflict):
        await connector.create({"email": "ada@example.com"})
    await connector.delete(key)
    with pytest.raises(Gone):
        await connector.delete(key)


ROW = "id integer PRIMARY KEY, email varchar(80) UNIQUE, job_title varchar(50)"


@pytest.mark.parametrize(
    ("column", "alive"),
    [
        ("gone timestamp NULL", "NULL"),
        ("gone date", "NULL"),
        ("gone boolean DEFAULT false NOT NULL", "false"),
        ("gone boolean", "NULL"),
        ("gone integer DEFAULT 0 NOT NULL", "0"),
    ],
)
async def test_marked_row_that_is_in_the_way_is_taken_again(
    database: Database, open_made: Open, column: str, alive: str
) -> None:
    database.execute(
        f"CREATE TABLE employees ({ROW}, {column})",
        f"INSERT INTO employees VALUES (1, 'ada@example.com', 'Countess', {alive})",
    )
    fields = tuple(FieldShape(name) for name in ("id", "email", "job_title"))
    shape = AccountShape("employees", "id", ("email",), fields)
    connector = await open_made(shape, init=False, soft_delete={"users": "gone"})
    assert (await connector.find("email", "ada@example.com"))[0].key == 1
    await connector.delete(1)
    assert await connector.read(1) is None
    assert await connector.create({"id": 2, "email": "ada@example.com"}) == 1
    account = await connector.read(1)
    assert account is not None
    assert account.fields["job_title"] is None
    assert database.execute("SELECT count(*) FROM employees") == [(1,)]


async def test_marked_row_of_somebody_else_is_never_taken(
    database: Database, open_made: Open
) -> None:
    database.execute(
        f"CREATE TABLE employees ({ROW}, badge integer UNIQUE, gone date)",
        "INSERT INTO employees VALUES (1, 'ada@example.com', NULL, 7, NULL)",
    )
    fields = tuple(FieldShape(name) for name in ("id", "email", "badge"))
    shape = AccountShape("employees", "id", ("email",), fields)
    connector = await open_made(shape, init=False, soft_delete={"users": "gone"})
    await connector.delete(1)
    with pytest.raises(Conflict) as raised:
        await connector.create({"id": 2, "email": "grace@example.com", "badge": 7})
    assert raised.value.field == "badge"
    assert await connector.read(1) is None


@pytest.mark.parametrize(
    ("column", "fields", "message"),
    [
        ("other date", ("email",), 'no column "gone"'),
        ("gone varchar(10)", ("email",), "no time, date, boolean or number"),
        ("gone date NOT NULL", ("email",), "must take NULL"),
        ("gone date", ("email", "gone"), "filled by the mapping"),
    ],
)
async def test_column_that_cannot_mark_is_refused(
    database: Database, open_made: Open, column: str, fields: tuple[str, ...], message: str
) -> None:
    database.execute(f"CREATE TABLE employees ({ROW}, {column})")
    shape = AccountShape("employees", "id", ("email",), tuple(map(FieldShape, fields)))
    connector = await open_made(shape, init=False, soft_delete={"users": "gone"})
    with pytest.raises(TargetError, match=message):
        await connector.describe()


EMAILS = replace(SHAPE, fields=(*SHAPE.fields, FieldShape("emails", "json")))
CHILDREN: dict[str, Any] = {
    "children": {
        "emails": {
            "object": "employee_emails",
            "parent": "employee_id",
            "columns": {
                "address": "value",
                "kind": "type",
                "is_primary": {"from": "primary", "type": "boolean"},
            },
        }
    }
}
WORK = {"value": "ada@work.example", "type": "work", "primary": True}
HOME = {"value": "o'ada@home.example", "type": "home"}


async def emails_of(connector: Connector, key: Any) -> Any:
    account = await connector.read(key)
    assert account is not None
    return account.fields["emails"]


class TestContract(ConnectorContract):
    @pytest.fixture
    async def connector(self, open_made: Open) -> Connector:
        return await open_made(SHAPE, **SOFT, **CHILDREN)

    async def test_update_leaves_other_fields(self, connector: Connector) -> None:
        """Here the account has one more field, which is read with the others."""
        key = await connector.create({"email": "ada@example.com", "job_title": "Countess"})
        await connector.update(key, {"job_title": None})
        account = await connector.read(key)
        assert account is not None
        assert account.fields["email"] == "ada@example.com"
        assert account.fields["emails"] is None


async def test_list_is_rows_of_a_child_table(database: Database, open_made: Open) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    ada = await connector.create({"email": "ada@example.com", "emails": [WORK, HOME]})
    grace = await connector.create({"email": "grace@example.com", "emails": [HOME]})
    assert await emails_of(connector, ada) == [WORK, HOME]
    assert await emails_of(connector, grace) == [HOME]
    (found,) = await connector.find("email", "ada@example.com")
    assert found.fields["emails"] == [WORK, HOME]
    scanned = [each async for page in connector.scan() for each in page.accounts]
    assert [each.fields["emails"] for each in scanned] == [[WORK, HOME], [HOME]]
    rows = database.execute("SELECT employee_id, address, kind FROM employee_emails ORDER BY id")
    assert rows == [
        (ada, "ada@work.example", "work"),
        (ada, "o'ada@home.example", "home"),
        (grace, "o'ada@home.example", "home"),
    ]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param([WORK, HOME], [1, 2], id="the-same"),
        pytest.param([{**WORK, "value": "new"}, HOME], [1, 2], id="one-changed"),
        pytest.param([WORK], [1], id="last-gone"),
        pytest.param([HOME], [], id="first-gone"),
        pytest.param([WORK, HOME, {"value": "x"}], [1, 2], id="one-more"),
        pytest.param([HOME, WORK], [], id="other-order"),
        pytest.param([WORK, WORK], [1], id="twice-the-same"),
        pytest.param([{"value": "👩"}], [], id="another"),
        pytest.param([], [], id="empty"),
        pytest.param(None, [], id="null"),
    ],
)
async def test_list_is_written_by_its_difference(
    database: Database, open_made: Open, value: Any, kept: list[int]
) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    key = await connector.create({"email": "ada@example.com", "emails": [WORK, HOME]})
    other = await connector.create({"email": "grace@example.com", "emails": [HOME]})
    await connector.update(key, {"emails": value, "job_title": "x"})
    assert await emails_of(connector, key) == (value or None)
    assert await emails_of(connector, other) == [HOME]
    rows = database.execute(f"SELECT id FROM employee_emails WHERE employee_id = {key} ORDER BY id")
    assert [number for (number,) in rows if number < 3] == kept


async def test_account_goes_with_its_rows(database: Database, open_made: Open) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    key = await connector.create({"email": "ada@example.com", "emails": [WORK]})
    await connector.delete(key)
    assert database.execute("SELECT * FROM employee_emails") == []


async def test_marked_account_keeps_its_rows_until_it_returns(
    database: Database, open_made: Open
) -> None:
    connector = await open_made(EMAILS, **SOFT, **CHILDREN)
    key = await connector.create({"email": "ada@example.com", "emails": [WORK]})
    await connector.delete(key)
    assert len(database.execute("SELECT * FROM employee_emails")) == 1
    again = await connector.create({"email": "ada@example.com"})
    assert await emails_of(connector, again) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("ada@example.com", "list of objects"),
        (["ada@example.com"], "row 1 of the list is no object"),
        ([WORK, {"display": "Ada"}], 'row 2 of the list has a "display"'),
        ([{"primary": "yes"}], "row 1 of the list: primary takes a boolean"),
        ([{"value": "a\0b"}], "row 1 of the list: value holds a NUL"),
    ],
)
async def test_list_that_does_not_fit_is_refused_and_nothing_is_written(
    database: Database, open_made: Open, value: Any, message: str
) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    with pytest.raises(Rejected, match=message) as raised:
        await connector.create({"email": "ada@example.com", "emails": value})
    assert raised.value.field == "emails"
    assert database.execute("SELECT * FROM employees") == []
    with pytest.raises(TargetError, match="rows of a table"):
        await connector.find("emails", value)


async def test_row_that_is_refused_takes_the_account_back(
    database: Database, open_made: Open
) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    database.execute("CREATE UNIQUE INDEX kinds ON employee_emails (employee_id, is_primary)")
    with pytest.raises(TargetError):
        await connector.create({"email": "ada@example.com", "emails": [WORK, WORK]})
    assert database.execute("SELECT * FROM employees") == []
    assert database.execute("SELECT * FROM employee_emails") == []


async def test_child_table_without_a_number_of_its_own_is_in_the_order_of_its_values(
    database: Database, open_made: Open
) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    database.execute(
        "DROP TABLE employee_emails",
        "CREATE TABLE employee_emails (employee_id integer, address varchar(80), "
        "kind varchar(20), is_primary boolean, PRIMARY KEY (employee_id, address))",
    )
    key = await connector.create({"email": "ada@example.com", "emails": [HOME, WORK]})
    assert await emails_of(connector, key) == [WORK, HOME]
    await connector.update(key, {"emails": [{"value": "x"}]})
    assert await emails_of(connector, key) == [{"value": "x"}]


@pytest.mark.parametrize(
    ("damage", "kind", "message"),
    [
        ("DROP TABLE employee_emails", NoSuchObject, "employee_emails"),
        ("ALTER TABLE employee_emails DROP COLUMN kind", TargetError, 'no column "kind"'),
    ],
)
async def test_child_table_that_is_not_as_the_file_says_is_named(
    database: Database, open_made: Open, damage: str, kind: type[TargetError], message: str
) -> None:
    connector = await open_made(EMAILS, **CHILDREN)
    await connector.describe()
    database.execute(damage)
    with pytest.raises(kind, match=message):
        await connector.describe()
    with pytest.raises(kind, match=message):
        await connector.create({"email": "ada@example.com", "emails": [WORK]})


async def test_list_is_described_as_a_field(open_made: Open) -> None:
    described = await (await open_made(EMAILS, **SOFT, **CHILDREN)).describe()
    assert described["emails"].type == "json"
    assert described["email"].unique
    assert described["deleted_at"].has_default
