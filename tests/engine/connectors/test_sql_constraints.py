from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scimweave.connectors.base import (
    Conflict,
    Connector,
    Rejected,
)

Execute = Callable[[str], list[tuple[Any, ...]]]
Open = Callable[..., Awaitable[Connector]]


CONSTRAINTS = """
CREATE TABLE departments (id INTEGER PRIMARY KEY);
CREATE TABLE employees (
    id INTEGER PRIMARY KEY,
    email TEXT UNIQUE,
    name TEXT NOT NULL DEFAULT 'x',
    given TEXT,
    family TEXT,
    age INTEGER CHECK (age >= 18),
    grade TEXT CONSTRAINT known_grade CHECK (grade IN ('A', 'B')),
    department INTEGER REFERENCES departments (id),
    later INTEGER REFERENCES departments (id) DEFERRABLE INITIALLY DEFERRED,
    upper_name TEXT GENERATED ALWAYS AS (upper(name)),
    UNIQUE (given, family)
);
CREATE UNIQUE INDEX any_case ON employees (lower(grade || email));
CREATE TRIGGER no_root BEFORE INSERT ON employees WHEN new.name = 'root'
BEGIN SELECT raise(ABORT, 'nobody may be root'); END;
INSERT INTO employees (email, given, family) VALUES ('taken@example.com', 'Ada', 'Lovelace');
"""


@pytest.mark.parametrize(
    ("fields", "kind", "field", "message"),
    [
        ({"email": "taken@example.com"}, Conflict, "email", "another row in employees has this"),
        ({"given": "Ada", "family": "Lovelace"}, Conflict, "given", "this given and family"),
        ({"id": 1}, Conflict, "id", "this id"),
        ({"name": None}, Rejected, "name", "must have a value"),
        ({"age": 17}, Rejected, "age", "age >= 18"),
        ({"grade": "C"}, Rejected, "grade", "grade IN"),
        ({"department": 99}, Rejected, "department", "refers to does not exist"),
        ({"later": 99, "name": "y"}, Rejected, "later", "refers to does not exist"),
        ({"upper_name": "ADA"}, Rejected, "upper_name", "computes this column itself"),
        ({"name": "root"}, Rejected, None, "nobody may be root"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
async def test_a_constraint_names_its_field(
    open_table: Open,
    execute: Execute,
    fields: dict[str, Any],
    kind: type[Conflict | Rejected],
    field: str | None,
    message: str,
) -> None:
    connector = await open_table(CONSTRAINTS, "email", "name")
    with pytest.raises(kind, match=message) as raised:
        await connector.create(fields)
    error = raised.value
    assert isinstance(error, Conflict | Rejected)
    assert error.field == field
    assert execute("SELECT count(*) FROM employees") == [(1,)]


async def test_an_index_on_an_expression_is_a_conflict_too(open_table: Open) -> None:
    connector = await open_table(CONSTRAINTS, "email", "grade")
    await connector.create({"email": "ada@example.com", "grade": "A"})
    with pytest.raises(Conflict, match="any_case"):
        await connector.create({"email": "ADA@example.com", "grade": "A"})


async def test_a_row_that_others_refer_to_is_not_deleted(
    open_table: Open, execute: Execute
) -> None:
    await open_table(CONSTRAINTS)
    departments = await open_table("", table="departments")
    key = await departments.create({})
    execute(f"INSERT INTO employees (department) VALUES ({key})")
    with pytest.raises(Rejected, match="other tables refer to this row"):
        await departments.delete(key)


async def test_a_bad_neighbour_in_the_same_transaction_harms_nobody(open_table: Open) -> None:
    connector = await open_table(CONSTRAINTS, "email", "later")
    attempts = [
        connector.create({"email": f"{number}@example.com", "later": 99 if number == 3 else None})
        for number in range(8)
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert [isinstance(result, Rejected) for result in results] == [n == 3 for n in range(8)]


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TRIGGER once BEFORE INSERT ON employees WHEN new.name = 'Ada'"
        " AND EXISTS (SELECT 1 FROM employees) BEGIN SELECT raise(IGNORE); END;"
        "CREATE TRIGGER never BEFORE UPDATE ON employees BEGIN SELECT raise(IGNORE); END",
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TRIGGER once AFTER INSERT ON employees WHEN new.name = 'Ada' AND new.id > 2"
        " BEGIN DELETE FROM employees WHERE id = new.id; END;"
        "CREATE TRIGGER never BEFORE UPDATE ON employees BEGIN SELECT raise(IGNORE); END",
    ],
    ids=["on-conflict-ignore", "trigger", "deleting-trigger"],
)
async def test_a_change_that_the_database_ignores_is_not_reported_as_done(
    open_table: Open, ddl: str
) -> None:
    connector = await open_table(ddl, "name")
    await connector.create({"name": "Ada"})
    other = await connector.create({"name": "Grace"})
    with pytest.raises(Rejected, match="ignored the change"):
        await connector.create({"name": "Ada"})
    with pytest.raises(Rejected, match="ignored the change"):
        await connector.update(other, {"name": "Ada"})
