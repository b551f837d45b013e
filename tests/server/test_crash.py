"""The server is killed in the middle of writes; what it acknowledged is found at the target."""

from __future__ import annotations

import asyncio
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from employees import Employees
from serving import new_key, serving

POINTS = 20
WORKERS = 8


@dataclass
class Told:
    """What the provider was told to be done: by userName, the title and whether active."""

    titles: dict[str, str] = field(default_factory=dict)
    active: dict[str, bool] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    # A request without an answer may have been done or not.
    unsure: set[str] = field(default_factory=set)


async def provider(
    session: aiohttp.ClientSession, url: str, worker: int, round_: int, told: Told
) -> None:
    """Create people and change them, one request after the other, until the line breaks."""
    number = 0
    while True:
        number += 1
        name = f"u{round_}-{worker}-{number}@contoso.com"
        told.unsure.add(name)
        user = {"userName": name, "title": "0", "active": True}
        async with session.post(f"{url}/Users", json=user) as answer:
            assert answer.status == 201
            told.ids[name] = (await answer.json(content_type=None))["id"]
        told.titles[name], told.active[name] = "0", True
        for title, active in (("1", True), ("2", False)):
            operations = [
                {"op": "Replace", "path": "title", "value": title},
                {"op": "Replace", "path": "active", "value": str(active)},
            ]
            one = f"{url}/Users/{told.ids[name]}"
            async with session.patch(one, json={"Operations": operations}) as answer:
                assert answer.status == 200
            told.titles[name], told.active[name] = title, active
        told.unsure.discard(name)


async def check(session: aiohttp.ClientSession, url: str, told: Told, target: Employees) -> None:
    rows = {row["email"]: row for row in target.rows()}
    assert len(rows) == len(target.rows())
    for name, user_id in told.ids.items():
        row = rows[name]
        if name not in told.unsure:
            assert (row["job_title"], row["is_active"]) == (told.titles[name], told.active[name])
        else:
            assert int(row["job_title"]) >= int(told.titles[name])
            async with session.get(f"{url}/Users/{user_id}") as answer:
                user: dict[str, Any] = await answer.json(content_type=None)
            assert (user["title"], user["active"]) == (row["job_title"], bool(row["is_active"]))
    for name in rows.keys() - told.ids.keys():
        params = {"filter": f'userName eq "{name}"'}
        async with session.get(f"{url}/Users", params=params) as answer:
            assert (await answer.json(content_type=None))["totalResults"] == 1


@pytest.mark.slow
async def test_acknowledged_changes_survive_sigkill(
    mapping: Path, store_url: str, target: Employees
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    headers = {"Authorization": f"Bearer {await new_key(mapping, store_url)}"}
    told = Told()
    async with aiohttp.ClientSession(headers=headers) as session:
        for point in range(POINTS):
            async with serving(mapping, store=store_url) as server:
                await check(session, server.url, told, target)
                workers = [
                    asyncio.create_task(provider(session, server.url, worker, point, told))
                    for worker in range(WORKERS)
                ]
                await asyncio.sleep(chance.uniform(0.01, 0.3))
                server.process.send_signal(signal.SIGKILL)
                await server.process.wait()
                ended = await asyncio.gather(*workers, return_exceptions=True)
                assert all(isinstance(error, aiohttp.ClientError) for error in ended), ended
        async with serving(mapping, store=store_url) as server:
            await check(session, server.url, told, target)
    assert len(told.ids) > POINTS
