"""A small mapping at work on accounts in memory, whose line may break and whose server may die."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from line import Line
from scimweave.connectors.base import Value
from scimweave.mapping import Program, load_text, target_kinds
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.running import Running, start
from scimweave.provisioning.users import Users
from scimweave.store.base import Entry, Record
from scimweave.store.sqlite import SqliteStore
from small_mapping import mapping_text

KEYS = range(1, 200)


@dataclass
class Small:
    """An integration, with what stands behind it. ``restart`` is what a crash leaves."""

    program: Program
    running: Running
    line: Line
    store: SqliteStore
    integration: Integration
    group_line: Line | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def users(self) -> Users:
        return self.integration.users

    async def accounts(self) -> dict[str, dict[str, Value]]:
        """Return the accounts by their email."""
        found = [await self.line._connector.read(key) for key in KEYS]
        return {str(each.fields["email"]): dict(each.fields) for each in found if each is not None}

    async def log(self) -> list[str]:
        return [_line(each) for each in await self.store.journal("small", limit=1000)]

    async def details(self) -> list[str | None]:
        return [each.detail for each in await self.store.journal("small", limit=1000)]

    async def restart(self, text: str | None = None) -> None:
        """Go on as a new process does, maybe with another mapping."""
        if text is not None:
            self.program = load_text(text, "small.yaml", {})
            self.running = replace(self.running, program=self.program)
        self.line.left = None
        self.integration = Integration(self.running, self.store, self.events.append)
        await self.integration.begin()

    async def patch(self, record: Record, **values: Any) -> Record:
        operations = [
            {"op": "replace", "path": path, "value": each} for path, each in values.items()
        ]
        return await self.users.patch(record.id, operations)


def _line(entry: Entry) -> str:
    return f"{entry.operation} {entry.outcome}"


async def small(store_url: str, *attributes: str, users: str = "", more: str = "") -> Small:
    """Put a small mapping to work."""
    program = load_text(mapping_text(*attributes, users=users, more=more), "small.yaml", {})
    store = await SqliteStore.open(store_url)
    running = await start(program)
    line = Line(running.connector)
    running = replace(running, connector=line)
    group_line = None
    if running.groups is not None:
        group_line = Line(running.groups.connector)
        running = replace(running, groups=replace(running.groups, connector=group_line))
    events: list[Event] = []
    integration = Integration(running, store, events.append)
    await integration.begin()
    return Small(program, running, line, store, integration, group_line, events)


def let_memory_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a mapping name actions of accounts in memory, which ``Line`` takes."""
    kind_of = target_kinds.kind
    memory: Any = kind_of("memory")
    able = replace(memory, features=memory.features | {"call"})
    monkeypatch.setattr(
        target_kinds, "kind", lambda name: able if name == "memory" else kind_of(name)
    )
