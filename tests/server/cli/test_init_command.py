"""A draft of a mapping file from tables that are there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from golden_file import matches_golden
from scimweave.mapping import Program, lint, load
from scimweave_server.cli import app
from scimweave_server.cli.init import _PASSWORD, _from_environment
from scimweave_server.cli.init import _described as described

init = import_module("scimweave_server.cli.init")

EMPLOYEES = (
    "id INTEGER PRIMARY KEY",
    "email VARCHAR(120) NOT NULL UNIQUE",
    "is_active BOOLEAN NOT NULL DEFAULT 1",
    "first_name VARCHAR(40)",
    "lastName TEXT NOT NULL",
    "job_titel TEXT",
    "dept VARCHAR(30)",
    "phone TEXT",
    "hired_on DATE",
    '"cost centre" TEXT',
    "employee_no INTEGER",
    "site TEXT NOT NULL",
    "notes JSON",
    '"null" TEXT',
)
LEAST = ("id INTEGER PRIMARY KEY", "email TEXT UNIQUE", "active BOOLEAN")


def create(folder: Path, columns: Sequence[str], table: str = "employees") -> str:
    file = folder / "target.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f'CREATE TABLE "{table}" ({", ".join(columns)})')
    return f"sqlite:///{file}"


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def drafted(folder: Path, columns: Sequence[str], table: str = "employees") -> Program:
    """Return the draft, which lints without a finding, alone and beside its table."""
    file = folder / "draft.yaml"
    url = create(folder, columns, table)
    made = run("init", "--target", url, "--object", table, "-o", file)
    assert made.exit_code == 0, made.output
    assert lint([file]) == []
    assert run("lint", "--connect", file).exit_code == 0
    assert run("test", file).exit_code == 0
    return load(file)


def sources(program: Program) -> dict[str, str]:
    return {each.name: each.source_text for each in program.users.fields}


def test_draft_of_a_table(tmp_path: Path) -> None:
    url = create(tmp_path, EMPLOYEES)
    result = run("init", "--target", url, "--object", "employees", "--integration", "hr")
    assert result.exit_code == 0
    matches_golden("init/employees.yaml", result.stdout, tmp_path)
    file = tmp_path / "hr.yaml"
    file.write_text(result.stdout)
    assert lint([file]) == []
    connected = run("lint", "--connect", file)
    assert connected.exit_code == 1
    assert '"site"' in connected.stderr


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param((), {"email": "userName", "active": "active"}, id="least"),
        pytest.param(
            ("login TEXT NOT NULL UNIQUE",),
            {"login": "userName", "email": 'emails[type eq "work"].value', "active": "active"},
            id="login-before-address",
        ),
        pytest.param(("surname TEXT",), {"surname": "name.familyName"}),
        pytest.param(("GivenName TEXT",), {"GivenName": "name.givenName"}),
        pytest.param(("employee_first_name TEXT",), {"employee_first_name": "name.givenName"}),
        pytest.param(("departement TEXT",), {"departement": "enterprise.department"}),
        pytest.param(("name TEXT, display_name TEXT",), {"display_name": "displayName"}),
        pytest.param(("title INTEGER",), {"title": "title"}),
        pytest.param(("city TEXT NOT NULL",), {"city": 'addresses[type eq "work"].locality'}),
        pytest.param(("photo BLOB, xyz TEXT",), {}),
    ],
)
def test_guess_by_name(tmp_path: Path, columns: Sequence[str], expected: dict[str, str]) -> None:
    found = sources(drafted(tmp_path, (*LEAST, *columns)))
    assert expected.items() <= found.items()
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("key", ["id INTEGER PRIMARY KEY", "id TEXT NOT NULL PRIMARY KEY"])
@pytest.mark.parametrize("name", ["manager", "manager_id", "supervisor"])
def test_manager_is_referred_to_by_the_key_of_the_account(
    tmp_path: Path, key: str, name: str
) -> None:
    column = f"{name} {key.split()[1]}"
    made = drafted(tmp_path, (key, "email TEXT UNIQUE", "active BOOLEAN", column))
    assert [each.name for each in made.users.references] == [name]


def test_manager_of_another_type_than_the_key_is_left_to_a_person(tmp_path: Path) -> None:
    assert "manager" not in sources(drafted(tmp_path, (*LEAST, "manager TEXT")))


def test_table_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    url = create(tmp_path, LEAST)
    result = run("init", "--target", url, "--object", "xyz")
    assert result.exit_code == 1
    assert 'no table "xyz" (it has employees)' in result.stderr


@pytest.mark.parametrize(
    ("column", "active", "inactive"),
    [
        ("enabled BOOLEAN", True, False),
        ("is_disabled BOOLEAN", False, True),
        ("disabled INTEGER", 0, 1),
        ("active INTEGER", True, False),
        ("active TEXT", "active", "inactive"),
    ],
)
def test_state_of_an_account(tmp_path: Path, column: str, active: Any, inactive: Any) -> None:
    made = drafted(tmp_path, ("id INTEGER PRIMARY KEY", "email TEXT UNIQUE", column))
    for is_active, expected in ((True, active), (False, inactive)):
        values = made.users.project({"userName": "ada", "active": is_active}).values
        assert values[column.partition(" ")[0]] == expected


def test_leavers_are_deleted_where_no_field_says_who_is_active(tmp_path: Path) -> None:
    made = drafted(tmp_path, ("id INTEGER PRIMARY KEY", "email TEXT UNIQUE"))
    assert made.users.operations.removes_leavers


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        (("id INTEGER PRIMARY KEY",), "id"),
        (("employee_id INTEGER PRIMARY KEY",), "employee_id"),
        (("uuid CHAR(36) NOT NULL PRIMARY KEY",), "uuid"),
        (("code TEXT NOT NULL UNIQUE DEFAULT ''", "id INTEGER PRIMARY KEY"), "id"),
        (("nr INTEGER PRIMARY KEY",), "nr"),
    ],
)
def test_key(tmp_path: Path, columns: Sequence[str], key: str) -> None:
    made = drafted(tmp_path, (*columns, "email TEXT UNIQUE", "active BOOLEAN"))
    assert made.users.key == key


@pytest.mark.parametrize("table", ["null", "Über Leute", "a'b", "user-accounts"])
def test_table_of_any_name(tmp_path: Path, table: str) -> None:
    assert drafted(tmp_path, LEAST, table).users.object == table


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        (("id INTEGER PRIMARY KEY", "active BOOLEAN"), "userName"),
        (("email TEXT", "active BOOLEAN"), "unique and never null"),
    ],
)
def test_table_that_no_mapping_fits(tmp_path: Path, columns: Sequence[str], word: str) -> None:
    url = create(tmp_path, columns)
    result = run("init", "--target", url, "--object", "employees")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("error: employees: ")
    assert word in result.stderr


@pytest.mark.parametrize(
    ("url", "table"),
    [
        ("sqlite:////nowhere/x.db", "employees"),
        ("nonsense", "employees"),
        ("nonsense://x", "employees"),
        ("", "people"),
        ("", ""),
    ],
)
def test_target_that_cannot_be_looked_at_is_a_message(tmp_path: Path, url: str, table: str) -> None:
    result = run("init", "--target", url or create(tmp_path, LEAST), "--object", table)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "error" in result.stderr
    assert result.stdout == ""


def test_draft_does_not_replace_a_file(tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text("mine")
    url = create(tmp_path, LEAST)
    result = run("init", "--target", url, "--object", "employees", "-o", file)
    assert result.exit_code == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://scim:t0p@db:5432/hr",
            "postgresql://scim:${DATABASE_PASSWORD:-}@db:5432/hr",
        ),
        (
            "mysql://db/hr?user=a&password=t0p",
            "mysql://db/hr?user=a&password=${DATABASE_PASSWORD:-}",
        ),
        ("postgresql://scim@db/hr", "postgresql://scim@db/hr"),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
    ],
)
def test_password_stays_in_the_environment(url: str, expected: str) -> None:
    assert _PASSWORD.sub(_from_environment, url) == expected


def test_draft_says_which_variable_wants_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = create(tmp_path, EMPLOYEES)
    # The table is one of SQLite, which has no passwords.
    monkeypatch.setattr(init, "_described", lambda url, table: described(file, table))
    url = "postgresql://scim:t0p@db/hr"
    shown = run("init", "--target", url, "--object", "employees").stdout
    (line,) = (each for each in shown.splitlines() if each.startswith("  url: "))
    assert line.endswith(":${DATABASE_PASSWORD:-}@db/hr # review: set DATABASE_PASSWORD")
