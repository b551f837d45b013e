"""``scimweave reconcile``: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from employees import Employees
from golden_file import matches_golden
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app
from scimweave_server.http.operators import door_for_operators

Reconcile = Callable[..., Result]


@pytest.fixture
def run(mapping: Path, store_url: str) -> Reconcile:
    def run(*words: object) -> Result:
        where = ["--mappings", str(mapping), "--store", store_url]
        return CliRunner().invoke(app, ["reconcile", "preciate", *map(str, words), *where])

    return run


@pytest.fixture
def people(mapping: Path, store_url: str, target: Employees) -> Employees:
    async def create() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            for name in ("ada", "bob", "cyd", "dan"):
                person = {"userName": f"{name}@contoso.com", "title": "Analyst", "displayName": "X"}
                made = await engine["preciate"].users.create(person)
                remove = {"op": "remove", "path": "displayName"}
                await engine["preciate"].users.patch(made.id, [remove])

    asyncio.run(create())
    return target


@pytest.fixture
def drifted(people: Employees) -> Employees:
    people.query("UPDATE employees SET job_title = 'Boss' WHERE id = 1")
    people.query("UPDATE employees SET display_name = 'Bobby' WHERE id = 2")
    people.query("DELETE FROM employees WHERE id = 3")
    people.query("INSERT INTO employees (email) VALUES ('eve@contoso.com')")
    return people


def test_drift_is_told_by_person_and_field_and_repaired_when_asked(
    run: Reconcile, drifted: Employees, tmp_path: Path
) -> None:
    found = run()
    assert found.exit_code == 1
    matches_golden("reconcile/found.txt", found.stdout, tmp_path)
    matches_golden("reconcile/found.json", run("--json").stdout, tmp_path)
    kept = run("--repair", "--max-repairs", 0)
    assert kept.exit_code == 1
    matches_golden("reconcile/kept.txt", kept.stdout, tmp_path)
    repaired = run("--repair")
    assert repaired.exit_code == 0
    matches_golden("reconcile/repaired.txt", repaired.stdout, tmp_path)
    right = run()
    assert right.exit_code == 0
    matches_golden("reconcile/right.txt", right.stdout, tmp_path)


def test_running_server_repairs_and_tells_the_same(
    run: Reconcile, drifted: Employees, mapping: Path, store_url: str, tmp_path: Path
) -> None:
    async def beside() -> list[Result]:
        async with Engine.open(mapping, store=store_url) as engine, door_for_operators(engine):
            kept = await asyncio.to_thread(run, "--repair", "--max-repairs", 0)
            return [kept, await asyncio.to_thread(run, "--repair")]

    kept, repaired = asyncio.run(beside())
    matches_golden("reconcile/kept.txt", kept.stdout, tmp_path)
    matches_golden("reconcile/repaired.txt", repaired.stdout, tmp_path)
    assert [row["job_title"] for row in drifted.rows()][:2] == ["Analyst", "Analyst"]


def test_looking_needs_no_lock_and_a_repair_a_server_that_answers(
    run: Reconcile, people: Employees, mapping: Path, store_url: str
) -> None:
    async def beside() -> tuple[Result, Result]:
        async with Engine.open(mapping, store=store_url):
            return await asyncio.to_thread(run), await asyncio.to_thread(run, "--repair")

    found, refused = asyncio.run(beside())
    assert found.exit_code == 0
    assert (refused.exit_code, "in use by another server" in refused.stderr) == (1, True)


def test_store_that_nobody_made_is_a_message(run: Reconcile, target: Employees) -> None:
    result = run()
    assert (result.exit_code, "there is no store" in result.stderr) == (1, True)


def test_every_looks_again_until_it_is_interrupted(
    run: Reconcile, people: Employees, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        people.query("UPDATE employees SET job_title = 'Boss' WHERE id = 1")
        if len(waited) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", wait)
    result = run("--every", "30m")
    assert (waited, result.exit_code) == ([1800.0, 1800.0], 1)
    assert result.stdout.count("preciate, users") == 2
    assert result.stdout.count("ada@contoso.com") == 1


def test_every_goes_on_when_the_target_was_away(
    run: Reconcile, people: Employees, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    people.query("ALTER TABLE employees RENAME TO away")

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise KeyboardInterrupt
        people.query("ALTER TABLE away RENAME TO employees")

    monkeypatch.setattr(time, "sleep", wait)
    result = run("--every", "1s")
    assert result.exit_code == 0
    assert "employees" in result.stderr
    assert result.stdout.count("preciate, users") == 1
    assert len(re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", result.stdout, re.M)) == 2


@pytest.mark.parametrize("every", ["often", "0s"])
def test_time_that_is_none_is_a_usage_error(run: Reconcile, every: str) -> None:
    assert run("--every", every).exit_code == 2
