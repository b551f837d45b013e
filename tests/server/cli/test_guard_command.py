"""``scimweave guard``: who is held, and what an operator decides."""

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

Run = Callable[..., Result]
NAMES = ("ada", "bob", "cyd", "dan", "eve")
TIMES = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+\+00:00)?")
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture
def run(mapping: Path, store_url: str) -> Run:
    def run(*words: str) -> Result:
        where = ["--store", store_url]
        if words[:2] != ("guard", "list"):
            where += ["--mappings", str(mapping)]
        return CliRunner().invoke(app, [*words, *where])

    return run


@pytest.fixture
def leavers(mapping: Path, store_url: str, target: Employees) -> Employees:
    """Let everybody leave of whom one may; the last two are deleted."""
    mapping.write_text(mapping.read_text() + "\nguard: { leavers: 1 }\n")

    async def leave() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            users = engine["preciate"].users
            made = [await users.create({"userName": f"{name}@contoso.com"}) for name in NAMES]
            for each in made[:3]:
                await users.patch(each.id, [{"op": "Replace", "path": "active", "value": "False"}])
            for each in made[3:]:
                await users.delete(each.id)

    asyncio.run(leave())
    return target


def active(target: Employees) -> list[str]:
    return [row["email"].partition("@")[0] for row in target.rows() if row["is_active"]]


def steady(output: str) -> str:
    return IDS.sub("ID", TIMES.sub("TIME", output))


def test_leavers_are_listed_released_and_dropped(
    run: Run, leavers: Employees, tmp_path: Path
) -> None:
    assert active(leavers) == ["bob", "cyd", "dan", "eve"]
    matches_golden("guard/list.txt", steady(run("guard", "list", "preciate").stdout), tmp_path)
    listed = run("guard", "list", "preciate", "--json")
    matches_golden("guard/list.json", steady(listed.stdout), tmp_path)
    released = run("guard", "release", "preciate", "Bob@contoso.com", "dan@contoso.com", "zoe")
    assert released.exit_code == 1
    matches_golden("guard/released.txt", released.stdout, tmp_path)
    assert active(leavers) == ["cyd", "eve"]
    dropped = run("guard", "drop", "preciate", "--all", "--json")
    assert dropped.exit_code == 0
    matches_golden("guard/dropped.json", steady(dropped.stdout), tmp_path)
    assert active(leavers) == ["cyd", "eve"]
    assert run("guard", "list", "preciate").stdout == "preciate: nobody is held\n"
    again = run("guard", "drop", "preciate", "--all")
    assert (again.exit_code, again.stdout) == (0, "preciate: 0 dropped, 0 failed\n")


def test_dropped_deletion_is_not_taken_for_one_that_was_done(run: Run, leavers: Employees) -> None:
    assert run("guard", "drop", "preciate", "dan@contoso.com").stdout.splitlines() == [
        "preciate: 1 dropped, 0 failed",
        "  dan@contoso.com, account 4 stays as it is: no delete",
    ]


def test_running_server_does_it_itself(
    run: Run, leavers: Employees, mapping: Path, store_url: str
) -> None:
    async def beside() -> Result:
        async with Engine.open(mapping, store=store_url) as engine, door_for_operators(engine):
            result = await asyncio.to_thread(run, "guard", "release", "preciate", "--all", "--json")
            assert engine["preciate"].held == 0
            return result

    result = asyncio.run(beside())
    assert (result.exit_code, json.loads(result.stdout)["stopped"]) == (0, None)
    assert active(leavers) == []


@pytest.mark.parametrize("words", [(), ("bob@contoso.com", "--all")])
@pytest.mark.parametrize("decision", ["release", "drop"])
def test_nobody_is_decided_about_by_mistake(
    run: Run, leavers: Employees, decision: str, words: tuple[str, ...]
) -> None:
    result = run("guard", decision, "preciate", *words)
    assert (result.exit_code, "name users, or give --all" in result.stderr) == (2, True)


def test_other_commands_tell_who_is_held(run: Run, leavers: Employees) -> None:
    held = "held by the guard: see `scimweave guard list preciate`"
    assert f"2 {held}" in run("plan", "preciate").stdout
    assert f"4 {held}" in run("reconcile", "preciate").stdout
    explained = run("explain", "preciate", "bob@contoso.com")
    assert "held by the guard: the account is left as it was" in explained.stdout
    deleted = run("explain", "preciate", "dan@contoso.com")
    assert "is deleted, and held: account 4 stays" in deleted.stderr
