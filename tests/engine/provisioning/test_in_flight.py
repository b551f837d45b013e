"""What is being done is left alone: only entries that lost their request are looked into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from scimweave.connectors.base import Connector
from scimweave.mapping import load
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.running import Running, start
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import Store
from scimweave.store.sqlite import SqliteStore

ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst"}


class Slow:
    """A target that takes its time for an update."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    async def update(self, key: Any, fields: Any) -> None:
        self.asked.set()
        await self.go_on.wait()
        await self._connector.update(key, fields)


@pytest.fixture
async def running(mapping: Path) -> AsyncIterator[Running]:
    started = await start(load(mapping))
    yield Running(started.program, started.checker, Slow(started.connector))
    await started.connector.close()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def users(running: Running, store: Store) -> Users:
    return Integration(running, store, lambda event: None).users


async def test_second_creation_does_not_meddle_with_a_change_in_flight(
    users: Users, running: Running, store: Store, target: Employees
) -> None:
    line = running.connector
    assert isinstance(line, Slow)
    ada = await users.create(ADA)
    operation = {"op": "replace", "path": "title", "value": "Countess"}
    changing = asyncio.create_task(users.patch(ada.id, [operation]))
    await line.asked.wait()
    with pytest.raises(ScimError) as caught:
        await users.create(ADA)
    assert caught.value.status == 409
    line.go_on.set()
    assert (await changing).resource["title"] == "Countess"
    assert target.row("ada@contoso.com")["job_title"] == "Countess"
    assert [entry.outcome for entry in await store.journal("preciate")] == ["done", "done"]


async def test_cancelled_change_is_looked_into_by_the_next(
    users: Users, running: Running, store: Store, target: Employees
) -> None:
    line = running.connector
    assert isinstance(line, Slow)
    ada = await users.create(ADA)
    operation = {"op": "replace", "path": "title", "value": "Countess"}
    changing = asyncio.create_task(users.patch(ada.id, [operation]))
    await line.asked.wait()
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    line.go_on.set()
    await users.patch(ada.id, [{**operation, "value": "Boss"}])
    assert target.row("ada@contoso.com")["job_title"] == "Boss"
    entries = await store.journal("preciate")
    assert [entry.outcome for entry in entries] == ["done", "failed", "done"]
