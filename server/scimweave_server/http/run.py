"""One process that serves: starts, watches its files, and stops with nothing left undone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from scimweave.provisioning.engine import Engine
from scimweave_server.http.handler import create_handler
from scimweave_server.http.limits import Limits
from scimweave_server.http.metrics import Metrics
from scimweave_server.http.operators import door_for_operators
from scimweave_server.http.protocol import ScimSite
from scimweave_server.http.recorder import Recorder
from scimweave_server.http.watch import watch

log = structlog.get_logger("scimweave")

SHUTDOWN_SECONDS = 30.0


async def run(
    engine: Engine,
    *,
    host: str,
    port: int,
    public_url: str | None,
    limits: Limits,
    metrics: Metrics | None,
    started: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first.

    ``started`` is called with the public URL once connections are accepted. Raises ``OSError``
    where the address cannot be bound.
    """
    recorder = Recorder(engine)
    handler = create_handler(
        engine, public_url=public_url, limits=limits, metrics=metrics, recorder=recorder
    )
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(engine, stop))
    operators = AsyncExitStack()
    try:
        await _listen(runner, host, port, limits)
        await operators.enter_async_context(door_for_operators(engine, recorder))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        started(public_url or _url(runner))
        await stop.wait()
        log.info("stopping", seconds=SHUTDOWN_SECONDS)
    finally:
        stop.set()
        await operators.aclose()
        await runner.cleanup()
        await watching


async def _listen(runner: web.BaseRunner, host: str, port: int, limits: Limits) -> None:
    try:
        await ScimSite(runner, host, port, limits).start()
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number).lower() if number > 0 else str(error)
        raise OSError(
            f"cannot listen on {host}:{port}: {reason}; choose another --host or --port"
        ) from error


def _url(runner: web.BaseRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
