"""The guard of a server that runs: a burst of leavers, a kill, and an operator's decision."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from employees import Employees
from scimweave.provisioning.engine import Engine
from serving import new_key, scimweave, serving

PEOPLE = 12
FREE = 3

pytestmark = pytest.mark.slow


def active(target: Employees) -> int:
    return sum(bool(row["is_active"]) for row in target.rows())


async def disable(url: str, key: str, ids: list[str]) -> None:
    leave = {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for each in ids:
            async with session.patch(f"{url}/Users/{each}", json=leave) as answer:
                assert answer.status == 200
                assert (await answer.json(content_type=None))["active"] is False


async def test_burst_is_held_over_a_kill_and_released_by_the_server(
    mapping: Path, store_url: str, target: Employees
) -> None:
    mapping.write_text(f"{mapping.read_text()}\nguard: {{ leavers: {FREE} }}\n")
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        people = [await users.create({"userName": f"u{each}@a.com"}) for each in range(PEOPLE)]
    ids = [each.id for each in people]
    key = await new_key(mapping, store_url)
    async with serving(mapping, store=store_url) as server:
        await disable(server.url, key, ids[:6])
        line = await server.logged('"outcome":"held"')
        assert '"level":"warning"' in line
        assert f"more than {FREE} leavers within 1h" in line
        server.process.kill()
    where = ["--store", store_url, "--mappings", str(mapping)]
    async with serving(mapping, store=store_url) as server:
        await disable(server.url, key, ids[6:])
        assert active(target) == PEOPLE - FREE
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{server.url.split('/')[2]}/readyz") as ready,
        ):
            assert ready.status == 200
        code, output, errors = await scimweave("guard", "drop", "preciate", "u11@a.com", *where)
        assert (code, errors) == (0, ""), output
        code, output, errors = await scimweave("guard", "release", "preciate", "--all", *where)
        assert (code, errors) == (0, "")
        assert output.startswith(f"preciate: {PEOPLE - FREE - 1} released, 0 failed\n")
        assert active(target) == 1
    code, output, _ = await scimweave("guard", "list", "preciate", "--store", store_url)
    assert (code, output) == (0, "preciate: nobody is held\n")
