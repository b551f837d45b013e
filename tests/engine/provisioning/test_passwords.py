"""A password reaches the target, and not one byte of it stays here."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from scimweave.connectors.base import Connector, Unreachable
from scimweave.mapping import load
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.running import Running, start
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import Store
from scimweave.store.sqlite import SqliteStore

SECRET = "correct-horse-battery-staple"
OTHER = "another-correct-horse"
ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst", "password": SECRET}


class Breaking:
    """A target whose line may break after a change, so that nobody knows of it."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.breaks = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    async def create(self, fields: Any) -> Any:
        if self.breaks == "before":
            raise Unreachable("the line broke", applied=None)
        key = await self._connector.create(fields)
        if self.breaks:
            raise Unreachable("the line broke", applied=None)
        return key

    async def update(self, key: Any, fields: Any) -> None:
        if self.breaks != "before":
            await self._connector.update(key, fields)
        if self.breaks:
            raise Unreachable("the line broke", applied=None)


@pytest.fixture
def with_password(mapping: Path, target: Employees, edit: Callable[[str, str], None]) -> Path:
    target.query("ALTER TABLE employees ADD COLUMN pass VARCHAR")
    edit("  attributes:\n", "  attributes:\n    pass: password\n")
    return mapping


@pytest.fixture
async def running(with_password: Path) -> AsyncIterator[Running]:
    started = await start(load(with_password))
    yield Running(started.program, started.checker, Breaking(started.connector))
    await started.connector.close()


@pytest.fixture
def line(running: Running) -> Breaking:
    assert isinstance(running.connector, Breaking)
    return running.connector


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def users(running: Running, store: Store, events: list[Event]) -> Users:
    return Integration(running, store, events.append).users


@pytest.fixture
def traces(tmp_path: Path) -> Callable[[], list[str]]:
    """Find what is on the store's disk of a password: in clear, or as a digest of it."""

    def forms() -> Iterator[tuple[str, bytes]]:
        for secret in (SECRET, OTHER):
            yield secret, secret.encode()
            for text in (secret, f'"{secret}"'):
                yield f"digest of {text}", hashlib.sha256(text.encode()).hexdigest().encode()

    def find() -> list[str]:
        files = sorted(tmp_path.glob("scimweave.db*"))
        assert files[0].name == "scimweave.db"
        assert any(b"ada@contoso.com" in file.read_bytes() for file in files)
        return [
            f"{name} in {file.name}"
            for file in files
            for name, raw in forms()
            if raw in file.read_bytes()
        ]

    return find


def change(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


async def test_password_is_written_by_the_requests_that_bring_it(
    users: Users, target: Employees, store: Store, traces: Callable[[], list[str]]
) -> None:
    ada = await users.create(ADA)
    assert target.row("ada@contoso.com")["pass"] == SECRET
    await users.patch(ada.id, change("title", "Countess"))
    await users.replace(ada.id, {"userName": "ada@contoso.com", "title": "Boss"})
    await users.patch(ada.id, change("active", False))
    await users.patch(ada.id, change("active", True))
    assert target.row("ada@contoso.com")["pass"] == SECRET
    changed = await users.patch(ada.id, change("password", OTHER))
    assert target.row("ada@contoso.com")["pass"] == OTHER
    target.query("UPDATE employees SET pass = 'changed by hand'")
    again = await users.replace(ada.id, {**ADA, "title": "Boss", "password": OTHER})
    assert target.row("ada@contoso.com")["pass"] == OTHER
    assert again.version == changed.version + 1
    assert "password" not in again.resource
    assert again.link is not None
    assert "pass" not in again.link.projection
    entries = await store.journal("preciate")
    shown = [each for entry in entries for each in entry.changes if each.field == "pass"]
    assert [(each.old, each.new) for each in shown] == [(None, "[sensitive]")] * 3
    assert traces() == []


async def test_nothing_is_kept_of_a_refused_creation(
    users: Users, target: Employees, events: list[Event], traces: Callable[[], list[str]]
) -> None:
    target.query(
        "CREATE TRIGGER short BEFORE INSERT ON employees WHEN length(new.pass) > 3 "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(ScimError) as caught:
        await users.create(ADA)
    assert caught.value.status == 400
    assert SECRET not in caught.value.detail
    assert SECRET not in str(events)
    assert traces() == []


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_open_intent_holds_nothing_and_the_retry_brings_it_again(
    users: Users,
    line: Breaking,
    target: Employees,
    store: Store,
    traces: Callable[[], list[str]],
    breaks: str,
) -> None:
    line.breaks = breaks
    with pytest.raises(ScimError):
        await users.create(ADA)
    assert len(await store.open_intents("preciate")) == 1
    assert traces() == []
    line.breaks = ""
    await users.create(ADA)
    assert target.row("ada@contoso.com")["pass"] == SECRET
    assert traces() == []


async def test_recovery_compares_what_it_can(
    running: Running, users: Users, line: Breaking, target: Employees, store: Store
) -> None:
    ada = await users.create(ADA)
    line.breaks = "after"
    both = [*change("title", "Countess"), *change("password", OTHER)]
    with pytest.raises(ScimError):
        await users.patch(ada.id, both)
    line.breaks = ""
    integration = Integration(running, store, lambda event: None)
    await integration.recover()
    assert (await integration.users.get(ada.id)).resource["title"] == "Countess"
    assert target.row("ada@contoso.com")["pass"] == OTHER


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_recovery_does_not_claim_a_password_that_it_cannot_see(
    running: Running, users: Users, line: Breaking, store: Store, breaks: str
) -> None:
    ada = await users.create(ADA)
    line.breaks = breaks
    with pytest.raises(ScimError):
        await users.patch(ada.id, change("password", OTHER))
    line.breaks = ""
    integration = Integration(running, store, lambda event: None)
    await integration.recover()
    entries = await store.journal("preciate")
    assert [entry.outcome for entry in entries] == ["done", "failed"]
    assert (await integration.users.get(ada.id)).version == 1


async def test_adopted_account_keeps_no_digest_of_its_password(
    users: Users, target: Employees, traces: Callable[[], list[str]]
) -> None:
    target.query(
        "INSERT INTO employees (email, is_active, pass) VALUES (?, 1, ?)", "ada@contoso.com", SECRET
    )
    record = await users.create({"userName": "ada@contoso.com"})
    assert record.link is not None
    assert target.row("ada@contoso.com")["pass"] == SECRET
    assert traces() == []


async def test_default_is_for_new_accounts_only(
    mapping: Path, store: Store, target: Employees, with_password: Path
) -> None:
    text = with_password.read_text()
    with_password.write_text(
        text.replace("pass: password", "pass: { from: password, default: x7 }")
    )
    integration = await Integration.open(load(mapping), store)
    target.query("INSERT INTO employees (email, is_active, pass) VALUES ('old', 1, 'kept')")
    await integration.users.create({"userName": "old"})
    new = await integration.users.create({"userName": "new"})
    assert [row["pass"] for row in target.rows()] == ["kept", "x7"]
    target.query("UPDATE employees SET pass = 'chosen'")
    await integration.users.patch(new.id, change("title", "Boss"))
    assert target.row("new")["pass"] == "chosen"
    await integration.close()
