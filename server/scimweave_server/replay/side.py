"""One version of a mapping on its own: a server in memory that is sent what was recorded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from aiohttp import web

from scimweave.mapping import Program, Target
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave.provisioning.lifecycle.journal import Event
from scimweave_server.http.handler import create_handler
from scimweave_server.http.limits import Limits
from scimweave_server.http.recorder import LONGEST_LINE
from scimweave_server.replay.recording import Request

URL = "http://replay"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What was recorded has been taken once, whatever the limits of that server were.
LIMITS = Limits(max_body=LONGEST_LINE, max_bulk_payload=LONGEST_LINE)
# These tell when and where, not what.
_MOMENTARY = frozenset({"meta", "location", "version"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered, with ids as they were recorded."""

    status: int
    body: Any

    @property
    def detail(self) -> str:
        """Why it was refused."""
        match self.body:
            case {"detail": str(detail)}:
                return detail
            case _:
                return ""


class Side:
    """A mapping that is sent requests. ``operations`` counts what was done to accounts."""

    def __init__(self, program: Program, engine: Engine, http: aiohttp.ClientSession) -> None:
        self.program = program
        self.engine = engine
        self.operations: Counter[str] = Counter()
        self._http = http
        self._ours: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def listen(self, event: Event) -> None:
        """Count an operation."""
        refused = "" if event.outcome == "done" else " refused"
        self.operations[f"{event.operation}{refused}"] += 1

    def recorded_id(self, resource_id: str) -> str | None:
        """Return the id that a resource had in the recording."""
        return self._recorded.get(resource_id)

    def lacks(self, request: Request) -> bool:
        """Whether the resource that a request is sent to was never made here."""
        return any(each not in self._ours for each in ID.findall(request.path))

    async def send(self, request: Request) -> Answer:
        """Send a request as it was recorded, to the ids that its resources have here."""
        path = self._here(request.path)
        query = [(name, self._here(value)) for name, value in request.query]
        data = None
        if request.body is not None:
            data = self._here(orjson.dumps(request.body).decode()).encode()
        async with self._http.request(
            request.method,
            URL + self.program.path + quote(path, safe="/"),
            params=query,
            data=data,
            headers={"Content-Type": "application/scim+json"} if data else {},
        ) as answer:
            raw = await answer.read()
            body = orjson.loads(raw) if raw else None
            for recorded, ours in _made(request, answer.status, body):
                self._ours[recorded] = ours
                self._recorded[ours] = recorded
            return Answer(answer.status, _lasting(self._as_recorded(body, request)))

    def _here(self, text: str) -> str:
        return ID.sub(lambda found: self._ours.get(found[0], found[0]), text)

    def _as_recorded(self, body: Any, request: Request) -> Any:
        if body is None:
            return None
        text = orjson.dumps(body).decode()
        # What was not made in the recording has no id that two sides share.
        known = {each: each for each in ID.findall(request.path)} | self._recorded
        return orjson.loads(ID.sub(lambda found: known.get(found[0], "new"), text))


@asynccontextmanager
async def side(program: Program) -> AsyncIterator[Side]:
    """Start a mapping on accounts in memory. Raises ``MappingError``."""
    # What took days is replayed in a moment: its leavers are no burst.
    program = replace(program, target=Target("memory", {}), guard=None)
    with TemporaryDirectory(prefix="scimweave-") as name:
        folder = Path(name)
        heard: list[Side] = []

        def listen(event: Event) -> None:
            for each in heard:
                each.listen(event)

        async with Engine.of(program, store=str(folder / "store.db"), listener=listen) as engine:
            secret, _ = await generate_key(engine.store, program.integration)
            handler = create_handler(engine, public_url=URL, limits=LIMITS)
            runner = web.ServerRunner(web.Server(handler, access_log=None))
            await runner.setup()
            try:
                address = str(folder / "http.sock")
                await web.UnixSite(runner, address).start()
                async with aiohttp.ClientSession(
                    connector=aiohttp.UnixConnector(address),
                    headers={"Authorization": f"Bearer {secret}"},
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as http:
                    heard.append(Side(program, engine, http))
                    yield heard[0]
            finally:
                await runner.cleanup()


def _made(request: Request, status: int, body: Any) -> Iterator[tuple[str, str]]:
    """Return the ids of what a request made, as recorded and as here."""
    if request.status == status == 201:
        match request.answer, body:
            case {"id": str(recorded)}, {"id": str(ours)}:
                yield recorded, ours
    match request.answer, body:
        case {"Operations": list(theirs)}, {"Operations": list(own)}:
            for one, other in zip(theirs, own, strict=False):
                yield from _located(one, other)


def _located(recorded: Any, ours: Any) -> Iterator[tuple[str, str]]:
    match recorded, ours:
        case {"location": str(one)}, {"location": str(other)}:
            yield from zip(ID.findall(one)[-1:], ID.findall(other)[-1:], strict=False)


def _lasting(value: Any) -> Any:
    if isinstance(value, list):
        return [_lasting(each) for each in value]
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if key not in _MOMENTARY}
    return value
