"""What an operator on this machine may ask of a running server: over a socket beside the store.

Whoever may write the store may connect, and nobody else: the file has the mode of the store. What
is asked is a POST of JSON; the answer is a JSON value a line, the last of which has ``end``.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import orjson
import structlog
from aiohttp import web

from scimweave.connectors.base import TargetError
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.held import decide
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.operated import Decision
from scimweave.provisioning.planning.apply import ApplyStopped, apply
from scimweave.provisioning.progress import Progress
from scimweave.store.base import StoreError
from scimweave.store.sqlite import SqliteStore
from scimweave_server.http.recorder import FellBehind, Recorder

log = structlog.get_logger("scimweave")

# What the name of a socket may have at least on every system.
LONGEST_NAME = 100
MAX_RATE = 10_000.0
MOST_IN_A_LINE = 1000
Answer = AsyncGenerator[dict[str, Any], None]


def socket_of(store: Path) -> Path:
    """Return the socket beside a store."""
    return Path(f"{store}.sock")


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Return a name by which a socket is bound or found; long ones go by their folder."""
    if len(os.fsencode(path)) <= LONGEST_NAME:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@asynccontextmanager
async def door_for_operators(
    engine: Engine, recorder: Recorder | None = None
) -> AsyncIterator[None]:
    """Answer operators of this machine while the server runs; at the end, applies stop."""
    if not isinstance(engine.store, SqliteStore):
        yield
        return
    path = socket_of(engine.store.path)
    operators = Operators(engine, recorder or Recorder(engine))
    app = web.Application()
    app.router.add_post("/apply", operators.apply)
    app.router.add_post("/guard", operators.guard)
    app.router.add_post("/import", operators.import_accounts)
    app.router.add_post("/reconcile", operators.reconcile)
    app.router.add_post("/record", operators.record)
    # Whoever hangs up ends what they asked for.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        listening = _bind(path)
    except OSError as error:
        # Not every file system has sockets, and the provider does not need this one.
        log.warning("operators cannot ask this server", socket=str(path), reason=str(error))
        yield
        return
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        operators.stop.set()
        await runner.cleanup()
        # The lock of the store is still held: it is ours.
        path.unlink(missing_ok=True)


def _bind(path: Path) -> socket.socket:
    """Bind the socket, for the owner alone. Raises ``OSError``."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(f"{path} is no socket; move it away")
        # Of a server that was killed: two cannot hold the lock of the store.
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with socket_address(path) as address:
            listening.bind(address)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening


class Operators:
    """What operators ask. ``stop`` ends what goes on."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self._engine = engine
        self._recorder = recorder
        self._under_way: set[tuple[str, str]] = set()
        self.stop = asyncio.Event()

    async def apply(self, request: web.Request) -> web.StreamResponse:
        """Bring an integration to its live mapping; a line for each resource."""
        match await _asked(request):
            case {"integration": str(name), "revision": str(revision), "rate": float(rate)} if (
                0 < rate <= MAX_RATE
            ):
                pass
            case _:
                return _refusal(400, f"name integration, revision, and a rate up to {MAX_RATE:g}")
        return await self._do(
            request, "apply", name, revision, lambda found: self._applied(found, revision, rate)
        )

    async def guard(self, request: web.Request) -> web.StreamResponse:
        """Release or drop leavers that are held; a line for each."""
        match await _asked(request):
            case {
                "integration": str(name),
                "revision": str(revision),
                "decision": "release" | "drop" as decision,
                "people": None | [*_] as people,
            }:
                return await self._do(
                    request,
                    "decision",
                    name,
                    revision,
                    lambda found: self._decided(found, decision, people),
                )
            case _:
                return _refusal(400, "name integration, revision, decision and people")

    async def import_accounts(self, request: web.Request) -> web.StreamResponse:
        """Take over the accounts of the target; a line for each step, and a report a section."""
        match await _asked(request):
            case {"integration": str(name), "revision": str(revision)}:
                return await self._do(request, "import", name, revision, self._imported)
            case _:
                return _refusal(400, "name integration and revision")

    async def reconcile(self, request: web.Request) -> web.StreamResponse:
        """Repair the accounts of the target; a line for each step, and a report a section."""
        match await _asked(request):
            case {"integration": str(name), "revision": str(revision), "most": int(most)} if (
                most >= 0
            ):
                return await self._do(
                    request,
                    "reconciliation",
                    name,
                    revision,
                    lambda found: self._reconciled(found, most),
                )
            case _:
                return _refusal(400, "name integration, revision, and how many may lose something")

    async def _do(
        self,
        request: web.Request,
        what: str,
        name: str,
        revision: str,
        work: Callable[[Integration], Answer],
    ) -> web.StreamResponse:
        """Do something with an integration, if it is the one that was meant, and once at a time."""
        integration = self._engine.integrations.get(name)
        if integration is None:
            return _unknown(name)
        if integration.program.revision != revision:
            return _refusal(
                409,
                f"the running server uses another version of {name} "
                f"({integration.program.revision}, not {revision}); look at its log",
            )
        if (what, name) in self._under_way:
            article = "an" if what[0] in "ai" else "a"
            return _refusal(409, f"{article} {what} of {name} is under way already")
        self._under_way.add((what, name))
        try:
            return await _stream(request, work(integration))
        finally:
            self._under_way.discard((what, name))

    def _imported(self, integration: Integration) -> Answer:
        return told(lambda progress: integration.import_accounts(progress, stop=self.stop))

    def _reconciled(self, integration: Integration, most: int) -> Answer:
        return told(
            lambda progress: integration.reconcile(most=most, progress=progress, stop=self.stop)
        )

    async def record(self, request: web.Request) -> web.StreamResponse:
        """Send what a provider and an integration exchange, until whoever asked hangs up."""
        match await _asked(request):
            case {"integration": str(name), "with_sensitive": bool(with_sensitive)}:
                pass
            case _:
                return _refusal(400, "name integration, and with_sensitive")
        integration = self._engine.integrations.get(name)
        if integration is None:
            return _unknown(name)
        if self._recorder.is_recorded(name):
            return _refusal(409, f"somebody records {name} already")
        lines = self._recorder.record(integration, with_sensitive=with_sensitive, stop=self.stop)
        return await _stream(request, lines)

    async def _decided(
        self, integration: Integration, decision: Decision, people: list[Any] | None
    ) -> Answer:
        named = None if people is None else list(map(str, people))
        steps = decide(integration, decision, named)
        async with aclosing(steps):
            async for each in steps:
                yield asdict(each)
                if self.stop.is_set():
                    raise ApplyStopped("the server stops; run again for the rest")

    async def _applied(self, integration: Integration, revision: str, rate: float) -> Answer:
        steps = apply(integration, revision, rate=rate, stop=self.stop)
        async with aclosing(steps):
            async for each in steps:
                yield asdict(each)


async def told(work: Callable[[Progress], Awaitable[Sequence[Reported]]]) -> Answer:
    """Return the progress of some work while it goes on, then its reports."""
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(lambda *step: lines.put_nowait({"progress": step})))
    task.add_done_callback(lambda _: lines.put_nowait(None))
    try:
        while (line := await lines.get()) is not None:
            yield line
        for report in await task:
            for piece in _pieces(report.to_dict()):
                yield piece
    finally:
        # Nobody listens any more.
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _pieces(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Cut the lists of a report: they may be as long as there are people."""
    lists = {name: value for name, value in report.items() if isinstance(value, list)}
    yield {"report": {**report, **{name: [] for name in lists}}}
    for name, value in lists.items():
        for start in range(0, len(value), MOST_IN_A_LINE):
            yield {"more": {name: value[start : start + MOST_IN_A_LINE]}}


class Reported(Protocol):
    """A report that can be sent."""

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs."""
        ...


async def _asked(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None


def _unknown(integration: str) -> web.Response:
    return _refusal(404, f"the running server has no integration {integration!r}")


def _refusal(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)


async def _stream(request: web.Request, lines: Answer) -> web.StreamResponse:
    """Send a line each, and why it ended; whoever hangs up ends it."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    end: str | None = None
    # Whoever asked has gone: there is nobody to tell.
    with suppress(ConnectionError):
        try:
            async with aclosing(lines):
                async for line in lines:
                    await response.write(orjson.dumps(line) + b"\n")
        except (ApplyStopped, FellBehind, StoreError, TargetError) as error:
            end = str(error)
        await response.write(orjson.dumps({"end": end}) + b"\n")
    return response
