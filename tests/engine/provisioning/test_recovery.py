from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from line import Line
from scimweave.mapping import load
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.running import Running, start
from scimweave.provisioning.search.query import Query
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import Store
from scimweave.store.sqlite import SqliteStore

ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst"}
LEAVE = [{"op": "Replace", "path": "active", "value": "False"}]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
async def running(mapping: Path) -> AsyncIterator[Running]:
    started = await start(load(mapping))
    yield Running(started.program, started.checker, Line(started.connector))
    await started.connector.close()


@pytest.fixture
def line(running: Running) -> Line:
    assert isinstance(running.connector, Line)
    return running.connector


@pytest.fixture
def users(running: Running, store: Store) -> Users:
    return Integration(running, store, lambda event: None).users


async def restarted(running: Running, store: Store) -> Users:
    integration = Integration(running, store, lambda event: None)
    await integration.recover()
    return integration.users


async def outcomes(store: Store) -> list[str | None]:
    return [entry.outcome for entry in await store.journal("preciate")]


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_create_of_unknown_outcome_is_settled_by_the_retry(
    users: Users, line: Line, target: Employees, breaks: str
) -> None:
    line.breaks = breaks
    with pytest.raises(ScimError) as caught:
        await users.create(ADA)
    assert caught.value.status == 503
    line.breaks = None
    record = await users.create({**ADA, "title": "Countess"})
    (row,) = target.rows()
    assert (row["email"], row["job_title"]) == ("ada@contoso.com", "Countess")
    assert record.link is not None
    assert record.link.key == row["id"]


@pytest.mark.parametrize(("breaks", "active"), [("before", True), ("after", False)])
async def test_restart_asks_the_target_what_became_of_a_deactivation(
    users: Users, line: Line, running: Running, store: Store, breaks: str, active: bool
) -> None:
    ada = await users.create(ADA)
    line.breaks = breaks
    with pytest.raises(ScimError):
        await users.patch(ada.id, LEAVE)
    line.breaks = None
    again = await restarted(running, store)
    assert (await again.get(ada.id)).resource.get("active", True) is active
    assert await outcomes(store) == ["done", "failed" if active else "done"]


@pytest.mark.parametrize(("breaks", "users_left"), [("before", 0), ("after", 1)])
async def test_restart_asks_the_target_what_became_of_a_create(
    users: Users,
    line: Line,
    running: Running,
    store: Store,
    breaks: str,
    users_left: int,
) -> None:
    line.breaks = breaks
    with pytest.raises(ScimError):
        await users.create(ADA)
    line.breaks = None
    again = await restarted(running, store)
    page = await again.query(Query('userName eq "ada@contoso.com"'))
    assert page.total == users_left
    assert all(record.link and record.link.key for record in page.records)


async def test_intent_stays_open_while_the_target_is_silent(
    users: Users, line: Line, running: Running, store: Store
) -> None:
    ada = await users.create(ADA)
    line.breaks = "after"
    with pytest.raises(ScimError):
        await users.patch(ada.id, LEAVE)
    line.breaks = "silent"
    again = await restarted(running, store)
    assert await outcomes(store) == ["done", None]
    with pytest.raises(ScimError) as caught:
        await again.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    assert caught.value.status == 503
    line.breaks = None
    record = await again.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    assert record.resource == {**ADA, "title": "Countess", "active": False}
    assert await outcomes(store) == ["done", "done", "done"]


async def test_delete_of_unknown_outcome_is_settled_by_the_retry(
    users: Users, line: Line, store: Store
) -> None:
    ada = await users.create(ADA)
    line.breaks = "after"
    with pytest.raises(ScimError):
        await users.delete(ada.id)
    line.breaks = None
    with pytest.raises(ScimError) as caught:
        await users.delete(ada.id)
    assert caught.value.status == 404
    assert await outcomes(store) == ["done", "done"]
