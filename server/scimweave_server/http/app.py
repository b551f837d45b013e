"""The aiohttp application: the SCIM endpoints, and two probes for the operator."""

from __future__ import annotations

from aiohttp import web

from scimweave.provisioning.engine import Engine
from scimweave.store.base import StoreError
from scimweave_server.http.endpoint import Endpoint
from scimweave_server.http.limits import LIMITS, Limits
from scimweave_server.http.metrics import Handler, Metrics
from scimweave_server.http.protocol import expect, scim_errors
from scimweave_server.http.recorder import Recorder

DEFAULT_LIMITS = Limits()


def create_app(
    engine: Engine,
    *,
    public_url: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    metrics: Metrics | None = None,
    recorder: Recorder | None = None,
) -> web.Application:
    """Serve the integrations of ``engine``.

    ``metrics`` are shown under /metrics; without them there is no such page. ``recorder`` gets to
    see what is exchanged.
    """
    app = web.Application(middlewares=[scim_errors])
    app[LIMITS] = limits
    endpoint = Endpoint(engine, public_url)

    async def ready(request: web.Request) -> web.Response:
        try:
            await engine.store.health()
        except StoreError as error:
            return web.json_response({"ready": False, "reason": str(error)}, status=503)
        return web.json_response({"ready": True, "integrations": sorted(engine.integrations)})

    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    handle: Handler = endpoint.handle
    if metrics is not None:
        metrics.watch(engine)
        app.router.add_get("/metrics", metrics.expose)
        handle = metrics.measured(handle)
    if recorder is not None:
        handle = recorder.recorded(handle)
    # Line ends are matched too: whatever comes is the endpoint's to answer.
    app.router.add_route("*", "/{path:(?s:.*)}", handle, expect_handler=expect)
    return app


async def _alive(request: web.Request) -> web.Response:
    return web.json_response({"alive": True})
