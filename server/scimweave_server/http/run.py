"""One process that serves: starts, watches its files, and stops with nothing left undone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog
from aiohttp import web

from scimweave.provisioning.engine import Engine
from scimweave_server.http.app import create_app
from scimweave_server.http.metrics import Metrics
from scimweave_server.http.watch import watch

log = structlog.get_logger("scimweave")

SHUTDOWN_SECONDS = 30.0


async def run(
    engine: Engine,
    *,
    host: str,
    port: int,
    public_url: str | None,
    max_body: int,
    metrics: Metrics | None,
    started: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first.

    ``started`` is called with the public URL once connections are accepted. Raises ``OSError``
    where the address cannot be bound.
    """
    runner = web.AppRunner(
        create_app(engine, public_url=public_url, max_body=max_body, metrics=metrics),
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(engine, stop))
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        started(public_url or _url(runner))
        await stop.wait()
        log.info("stopping", seconds=SHUTDOWN_SECONDS)
    finally:
        stop.set()
        await runner.cleanup()
        await watching


def _url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
