"""Mutated requests by the thousand: no 5xx, no hang, and the target still agrees."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
import structlog
from aiohttp import web

from employees import Employees
from mutation import Message, Mutator
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave.provisioning.lifecycle.difference import remember, same
from scimweave.provisioning.search.query import Query
from scimweave.store.base import Link
from scimweave_server.http.handler import create_handler
from scimweave_server.http.limits import Limits
from scimweave_server.http.protocol import ScimSite

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "20000"))
WORKERS = 16
PATIENCE = 5.0
LIMITS = Limits(
    max_body=5_000, body_seconds=0.3, head_seconds=0.3, idle_seconds=0.5, lingering_seconds=0.1
)
GROUPS = """
groups:
  object: crews
  key: id
  match: [name]
  attributes: { name: displayName }
  members: { object: crew_members, group: crew_id, member: employee_id }
"""
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@pytest.fixture
def mapping(mapping: Path, target: Employees, edit: Callable[[str, str], None]) -> Path:
    """Return a mapping that takes managers, passwords and groups too."""
    for column in ("boss", "pass"):
        target.query(f"ALTER TABLE employees ADD COLUMN {column} VARCHAR")
    target.query("CREATE TABLE crews (id INTEGER PRIMARY KEY, name VARCHAR)")
    target.query(
        "CREATE TABLE crew_members (crew_id INTEGER, employee_id INTEGER,"
        " PRIMARY KEY (crew_id, employee_id))"
    )
    lines = "    boss: enterprise.manager.value\n    pass: password\n"
    edit("  attributes:\n", f"  attributes:\n{lines}")
    edit("\ntests:\n", f"{GROUPS}\ntests:\n")
    return mapping


@pytest.fixture
async def port(engine: Engine) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(create_handler(engine, limits=LIMITS)))
    await runner.setup()
    await ScimSite(runner, "127.0.0.1", 0, LIMITS).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


class Connection:
    """A connection to the server, made anew whenever it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, raw: bytes, *, is_head: bool = False) -> tuple[int, bytes]:
        """Send a request; returns status and body, 0 where the server just closed."""
        fresh = self._streams is None
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(raw)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            while head.startswith(b"HTTP/1.1 100"):
                head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            body = await reader.readexactly(int(found[1])) if found and not is_head else b""
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            return (0, b"") if fresh else await self.send(raw, is_head=is_head)
        if b"connection: close" in head.lower():
            self.close()
        return int(head.split(b" ")[1]), body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Run:
    """What is sent, and what came back."""

    def __init__(self, port: int, token: str, seed: int) -> None:
        self.port = port
        self.token = token
        self.mutator = Mutator(seed)
        self.left = REQUESTS
        self.statuses: Counter[int] = Counter()
        self.bad: list[tuple[str, bytes]] = []

    async def work(self) -> None:
        connection = Connection(self.port)
        while self.left > 0 and len(self.bad) < 10:
            self.left -= 1
            message = self.mutator.message()
            raw = message.encode(self.token)
            if self.mutator.chance.random() < 0.05:
                raw = self.mutator.garbled(raw)
                # What is left over of it must not be taken for the next request.
                await self._send(Connection(self.port), raw, None)
            else:
                await self._send(connection, raw, message)
        connection.close()

    async def _send(self, connection: Connection, raw: bytes, message: Message | None) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                is_head = raw.startswith(b"HEAD ")
                status, body = await connection.send(raw, is_head=is_head)
        except TimeoutError:
            self.bad.append(("hangs", raw))
            return
        finally:
            if message is None:
                connection.close()
        self.statuses[status] += 1
        if status >= 500 or (status == 0 and message is not None):
            self.bad.append((str(status), raw))
        elif status >= 400 and body:
            with suppress(orjson.JSONDecodeError):
                error = orjson.loads(body)
                if error.get("status") == str(status) and error.get("detail"):
                    return
            self.bad.append(("no SCIM error", raw))
        elif status == 201 and message is not None:
            made = {"/Users": self.mutator.ids, "/Groups": self.mutator.groups}
            made.get(message.path, []).append(orjson.loads(body).get("id", "none"))


async def assert_target_agrees(engine: Engine, target: Employees) -> None:
    integration = engine["preciate"]
    assert not await engine.store.open_intents("preciate")
    rows = {row["id"]: row for row in target.rows()}
    page = await integration.users.query(Query(count=10**6))
    assert len(page.records) > 100
    fields = integration.program.users
    for record in page.records:
        assert record.link is not None
        row = rows[record.link.key]
        for name, value in fields.project(record.resource).values.items():
            assert same(remember(fields.field(name), value), row[name]), (name, record.resource)
    await assert_members_agree(engine, target, {each.id: each.link for each in page.records})


async def assert_members_agree(
    engine: Engine, target: Employees, links: Mapping[str, Link | None]
) -> None:
    groups = engine["preciate"].groups
    assert groups is not None
    page = await groups.query(Query(count=10**6))
    assert len(page.records) > 20
    members = await groups.references([each.id for each in page.records])
    expected = {
        (group.link.key, link.key)
        for group in page.records
        for each in members.get(group.id, ())
        if group.link and (link := links.get(each.id))
    }
    rows = target.query("SELECT crew_id, employee_id FROM crew_members")
    assert {(row["crew_id"], row["employee_id"]) for row in rows} == expected
    assert len(expected) > 20


@pytest.mark.slow
async def test_no_input_gives_a_5xx_or_a_hang(
    engine: Engine, port: int, target: Employees, caplog: pytest.LogCaptureFixture
) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or random.randrange(2**32))
    print(f"seed {seed}")
    token, _ = await generate_key(engine.store, "preciate")
    run = Run(port, token, seed)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with structlog.testing.capture_logs() as logs:
        await asyncio.gather(*(run.work() for _ in range(WORKERS)))
    structlog.reset_defaults()
    print(sorted(run.statuses.items()))
    assert run.bad == []
    assert sum(run.statuses.values()) == REQUESTS
    assert {200, 201, 204, 304, 400, 401, 404, 405, 409, 412, 413, 415} <= run.statuses.keys()
    assert [each for each in logs if each["log_level"] == "error"] == []
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    status, _ = await Connection(port).send(Message("GET", "/Users", "count=1").encode(token))
    assert status == 200
    await assert_target_agrees(engine, target)
