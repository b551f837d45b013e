"""``scimweave import``: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from employees import Employees
from golden_file import matches_golden
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app
from scimweave_server.http.operators import door_for_operators

Import = Callable[..., Result]


@pytest.fixture
def run(mapping: Path, store_url: str) -> Import:
    def run(*words: object) -> Result:
        where = ["--mappings", str(mapping), "--store", store_url]
        return CliRunner().invoke(app, ["import", "preciate", *map(str, words), *where])

    return run


@pytest.fixture
def people(target: Employees, edit: Callable[[str, str], None]) -> Employees:
    """Return a target with something of everything."""
    edit("display_name: displayName", "display_name: { from: displayName, reverse: false }")
    target.query("DROP INDEX employees_email_key")
    rows = [
        ("ada@contoso.com", 1, "Ada", "Lovelace"),
        ("bob@contoso.com", 0, "Bob", None),
        ("ADA@contoso.com", 1, None, None),
        (None, 1, None, "Nameless"),
        ("cyd@contoso.com", None, None, None),
    ]
    for row in rows:
        target.query(
            "INSERT INTO employees (email, is_active, display_name, full_name) VALUES (?, ?, ?, ?)",
            *row,
        )
    return target


def test_report_tells_what_was_done_and_what_is_left(
    run: Import, people: Employees, tmp_path: Path
) -> None:
    dry = run("--dry-run")
    matches_golden("import/dry-run.txt", dry.stdout, tmp_path)
    done = run()
    assert (dry.exit_code, done.exit_code) == (1, 1)
    matches_golden("import/report.txt", done.stdout, tmp_path)
    matches_golden("import/again.json", run("--json").stdout, tmp_path)


def test_command_ends_well_where_nothing_is_left_to_decide(run: Import, target: Employees) -> None:
    target.query("INSERT INTO employees (email) VALUES ('ada@contoso.com')")
    assert run().exit_code == 0
    (report,) = json.loads(run("--json").stdout)
    assert (report["linked_before"], report["open"]) == (1, [])


def beside_a_server(mapping: Path, store_url: str, *work: Callable[[], Result]) -> list[Result]:
    """Run commands in a thread while a server in this one answers operators."""

    async def serve() -> list[Result]:
        async with Engine.open(mapping, store=store_url) as engine, door_for_operators(engine):
            return [await asyncio.to_thread(each) for each in work]

    return asyncio.run(serve())


def test_running_server_imports_and_tells_the_same(
    run: Import, people: Employees, mapping: Path, store_url: str, tmp_path: Path
) -> None:
    dry, done, again = beside_a_server(
        mapping, store_url, lambda: run("--dry-run"), run, lambda: run("--json")
    )
    matches_golden("import/dry-run.txt", dry.stdout, tmp_path)
    matches_golden("import/report.txt", done.stdout, tmp_path)
    matches_golden("import/again.json", again.stdout, tmp_path)


def test_import_needs_a_server_that_answers_or_none(
    run: Import, mapping: Path, store_url: str, target: Employees
) -> None:
    async def beside() -> Result:
        async with Engine.open(mapping, store=store_url):
            return await asyncio.to_thread(run)

    refused = asyncio.run(beside())
    assert refused.exit_code == 1
    assert re.search(r"in use by another server \(process \d+", refused.stderr)


def test_server_with_another_mapping_is_told_apart(
    run: Import, mapping: Path, store_url: str, edit: Callable[[str, str], None]
) -> None:
    def edited() -> Result:
        edit("display_name: displayName", "display_name: title")
        return run()

    (refused,) = beside_a_server(mapping, store_url, edited)
    assert (refused.exit_code, "another version" in refused.stderr) == (1, True)


def test_target_that_fails_under_a_server_is_a_message(
    run: Import, target: Employees, mapping: Path, store_url: str
) -> None:
    def away() -> Result:
        target.query("ALTER TABLE employees RENAME TO away")
        return run()

    (failed,) = beside_a_server(mapping, store_url, away)
    assert (failed.exit_code, "employees" in failed.stderr) == (1, True)


def test_target_that_is_away_is_a_message(run: Import, target: Employees) -> None:
    target.file.unlink()
    result = run()
    assert result.exit_code == 1
    assert "there is no database" in result.stderr
