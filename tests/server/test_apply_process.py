"""Apply as a process: interrupted or killed half way, alone or beside a server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from employees import Employees
from scimweave.provisioning.engine import Engine
from scimweave.store.sqlite import SqliteStore
from serving import PATIENCE, SCIMWEAVE, Server, scimweave, serving

PEOPLE = 40

pytestmark = pytest.mark.slow


@pytest.fixture
async def edited(mapping: Path, store_url: str, edit: Callable[[str, str], None]) -> None:
    """Provision some people, then edit the mapping."""
    async with Engine.open(mapping, store=store_url) as engine:
        for number in range(PEOPLE):
            user = {"userName": f"u{number}@contoso.com", "title": "Analyst"}
            await engine["preciate"].users.create(user)
    edit("job_title:    title", "job_title:    { const: Poet }")


def poets(target: Employees) -> int:
    return sum(row["job_title"] == "Poet" for row in target.rows())


async def until_some_are_done(target: Employees) -> None:
    async with asyncio.timeout(PATIENCE):
        while poets(target) < 3:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.01)


async def started(mapping: Path, store_url: str) -> asyncio.subprocess.Process:
    where = ["--mappings", str(mapping), "--store", store_url, "--rate", "20", "--yes"]
    return await asyncio.create_subprocess_exec(
        *SCIMWEAVE, "apply", "preciate", *where,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def rest(mapping: Path, store_url: str) -> str:
    where = ["--mappings", str(mapping), "--store", store_url, "--rate", "10000", "--yes"]
    code, output, errors = await scimweave("apply", "preciate", *where)
    assert code == 0, output + errors
    return output


async def updates_of(store_url: str) -> list[str]:
    """Return who was updated, and how each ended."""
    store = await SqliteStore.open(store_url, exclusive=False)
    entries = await store.journal("preciate", limit=10 * PEOPLE)
    await store.close()
    assert all(entry.outcome is not None for entry in entries)
    return [each.label for each in entries if (each.operation, each.outcome) == ("update", "done")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_stopped_half_way_another_run_does_the_rest_and_no_more(
    edited: None, mapping: Path, store_url: str, target: Employees, number: signal.Signals
) -> None:
    process = await started(mapping, store_url)
    await until_some_are_done(target)
    process.send_signal(number)
    output, errors = await process.communicate()
    assert b"Traceback" not in errors
    if number is signal.SIGINT:
        assert process.returncode == 1
        assert b"stopped: interrupted; run again for the rest" in output
    assert poets(target) < PEOPLE
    await rest(mapping, store_url)
    assert poets(target) == PEOPLE
    done = await updates_of(store_url)
    assert len(done) == len(set(done)) == PEOPLE


async def test_server_stops_when_whoever_asked_has_gone(
    edited: None, mapping: Path, store_url: str, target: Employees
) -> None:
    async with serving(mapping, store=store_url) as server:
        process = await started(mapping, store_url)
        await until_some_are_done(target)
        process.send_signal(signal.SIGINT)
        await process.communicate()
        # It is free for another one only when the first has ended.
        async with asyncio.timeout(PATIENCE):
            while True:
                before = poets(target)
                where = ["--mappings", str(mapping), "--store", store_url, "--rate", "10000"]
                code, _, errors = await scimweave("apply", "preciate", *where, "--yes")
                if code == 0:
                    break
                assert "under way already" in errors
        assert before < PEOPLE
        assert poets(target) == PEOPLE
        assert len(await updates_of(store_url)) == PEOPLE
        assert server.process.returncode is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_server_that_ends_half_way_is_told_of(
    edited: None, mapping: Path, store_url: str, target: Employees, number: signal.Signals
) -> None:
    async with serving(mapping, store=store_url) as server:
        process = await started(mapping, store_url)
        await until_some_are_done(target)
        server.process.send_signal(number)
        output, errors = await process.communicate()
        assert await _ended(server) == (0 if number is signal.SIGTERM else -signal.SIGKILL)
    assert process.returncode == 1
    assert b"run again for the rest" in output + errors
    assert b"Traceback" not in errors
    assert poets(target) < PEOPLE
    await rest(mapping, store_url)
    assert poets(target) == PEOPLE
    assert len(await updates_of(store_url)) == PEOPLE


async def _ended(server: Server) -> int:
    async with asyncio.timeout(PATIENCE):
        return await server.process.wait()
