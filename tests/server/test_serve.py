"""The server as a process: takes up edits and keys, and stops with nothing left undone."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from employees import Employees
from serving import PATIENCE, new_key, scimweave, serving

ADA = {"userName": "ada@contoso.com", "displayName": "Ada", "title": "Analyst"}

pytestmark = pytest.mark.slow


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_edit_changes_what_arrives_without_a_restart(
    mapping: Path, store_url: str, target: Employees, edit: Callable[[str, str], None]
) -> None:
    headers = bearer(await new_key(mapping, store_url))
    async with serving(mapping, store=store_url) as server, aiohttp.ClientSession() as http:
        edit("job_title:    title", "job_title:    displayName")
        await server.logged("mapping reloaded")
        async with http.post(f"{server.url}/Users", json=ADA, headers=headers) as answer:
            assert answer.status == 201
        assert target.row("ada@contoso.com")["job_title"] == "Ada"
        edit("job_title:    displayName", "job_title:    displayNam")
        refused = json.loads(await server.logged("mapping refused"))
        assert refused["label"] == 'did you mean "displayName"?'
        assert (Path(refused["file"]).name, refused["code"]) == (mapping.name, "unknown-attribute")
        async with http.get(f"{server.url}/Users", headers=headers) as answer:
            assert (await answer.json(content_type=None))["totalResults"] == 1


async def test_new_key_ends_the_old_one_in_a_running_server(
    mapping: Path, store_url: str, edit: Callable[[str, str], None]
) -> None:
    old = await new_key(mapping, store_url)
    async with serving(mapping, store=store_url) as server, aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/Users", headers=bearer(old)) as answer:
            assert answer.status == 200
        # A mapping in the middle of an edit must not stand between an operator and a new key.
        edit("job_title:    title", "job_title:    titel")
        new = await new_key(mapping, store_url)
        async with http.get(f"{server.url}/Users", headers=bearer(old)) as answer:
            assert answer.status == 401
        async with http.get(f"{server.url}/Users", headers=bearer(new)) as answer:
            assert answer.status == 200
        code, _, _ = await scimweave("key", "revoke", "preciate", "--store", store_url)
        assert code == 0
        async with http.get(f"{server.url}/Users", headers=bearer(new)) as answer:
            assert answer.status == 401


async def test_graceful_stop_finishes_what_is_in_flight(
    mapping: Path, store_url: str, target: Employees
) -> None:
    headers = bearer(await new_key(mapping, store_url))

    async def create(http: aiohttp.ClientSession, url: str, number: int) -> int:
        user = {"userName": f"u{number}@contoso.com"}
        try:
            async with http.post(f"{url}/Users", json=user, headers=headers) as answer:
                return answer.status
        except aiohttp.ClientError:
            # Refused before it was read.
            return 0

    async with serving(mapping, store=store_url) as server, aiohttp.ClientSession() as http:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(create(http, server.url, number)) for number in range(200)]
            async with http.get(f"{server.url}/Users", headers=headers):
                pass
            server.process.send_signal(signal.SIGTERM)
        statuses = [task.result() for task in tasks]
        assert set(statuses) <= {0, 201}
        assert len(target.rows()) == statuses.count(201) > 0
        assert await server.process.wait() == 0
        assert "Traceback" not in await server.rest()


async def test_second_server_on_one_store_is_refused(mapping: Path, store_url: str) -> None:
    async with serving(mapping, store=store_url):
        code, _, errors = await scimweave(
            "serve", str(mapping), "--store", store_url, "--port", "0"
        )
    assert code == 1
    assert "Traceback" not in errors
    assert ".lock" in errors


async def test_several_mappings_each_have_their_endpoint_and_keys(
    mapping: Path, store_url: str, target: Employees
) -> None:
    text = mapping.read_text()
    second = mapping.with_name("second.yaml")
    second.write_text(
        text.replace("integration: preciate", "integration: second").replace(
            "path: /api/v1/scim", "path: /second/scim"
        )
    )
    headers = bearer(await new_key(mapping, store_url))
    async with serving(mapping.parent, store=store_url) as server, aiohttp.ClientSession() as http:
        origin = server.url.split("/second")[0]
        async with http.get(f"{origin}/api/v1/scim/Users", headers=headers) as answer:
            assert answer.status == 200
        async with http.get(f"{origin}/second/scim/Users", headers=headers) as answer:
            assert answer.status == 401


@pytest.mark.parametrize(("option", "status"), [("--metrics", 200), ("--no-metrics", 404)])
async def test_metrics_can_be_switched_off(
    mapping: Path, store_url: str, target: Employees, option: str, status: int
) -> None:
    headers = bearer(await new_key(mapping, store_url))
    async with (
        serving(mapping, store=store_url, options=[option]) as server,
        aiohttp.ClientSession() as http,
    ):
        async with http.post(f"{server.url}/Users", json=ADA, headers=headers) as answer:
            assert answer.status == 201
        async with http.get(server.url.replace("/api/v1/scim", "/metrics")) as answer:
            counted = 'scim_operations_total{integration="preciate",operation="create"'
            assert (answer.status, counted in await answer.text()) == (status, status == 200)


async def test_warnings_of_a_mapping_are_shown_at_the_start(
    mapping: Path, store_url: str, edit: Callable[[str, str], None]
) -> None:
    edit("match: [email]", "match: [external_id]")
    async with serving(mapping, store=store_url) as server:
        server.process.terminate()
        log = await server.rest()
    assert "warning[match-empty]" in log


async def test_files_in_other_folders_are_watched_too(mapping: Path, store_url: str) -> None:
    shared = mapping.parent / "shared"
    tables = shared / "tables"
    tables.mkdir(parents=True)
    base, table = shared / "_base.yaml", tables / "departments.csv"
    table.write_text("code,name\nE,Engines\n")
    values = "values: { csv: tables/departments.csv, key: code, value: name }"
    rule = f"{{ from: enterprise.department, {values} }}"
    async with serving(mapping, store=store_url) as server:
        errors = server.process.stderr
        assert errors is not None

        async def is_reloaded() -> bool:
            return any([b"mapping reloaded" in line async for line in _until(errors)])

        # Neither folder is watched before the mapping names a file in it.
        base.write_text(mapping.read_text().replace("enterprise.department", rule))
        mapping.write_text("extends: shared/_base.yaml\n")
        async with asyncio.timeout(PATIENCE):
            assert await is_reloaded()
            table.write_text("code,name\nE,Motors\n")
            assert await is_reloaded()
            base.write_text(base.read_text().replace("Preciate", "People"))
            assert await is_reloaded()


async def _until(lines: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines up to one about a mapping."""
    async for line in lines:
        yield line
        if b"mapping" in line:
            return
