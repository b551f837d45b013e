"""What answers a request: the SCIM endpoints, and two probes and the metrics for the operator."""

from __future__ import annotations

from aiohttp import web

from scimweave.provisioning.engine import Engine
from scimweave.store.base import StoreError
from scimweave_server.http.endpoint import Endpoint
from scimweave_server.http.limits import Limits
from scimweave_server.http.metrics import Handler, Metrics
from scimweave_server.http.protocol import refuse_expectation
from scimweave_server.http.recorder import Recorder

DEFAULT_LIMITS = Limits()
_SHOWN_TO = frozenset({"GET", "HEAD"})


def create_handler(
    engine: Engine,
    *,
    public_url: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    metrics: Metrics | None = None,
    recorder: Recorder | None = None,
) -> Handler:
    """Return a handler for ``aiohttp.web.Server`` that serves the integrations of ``engine``.

    ``metrics`` are shown under /metrics; without them there is no such page. ``recorder`` gets to
    see what is exchanged. There is no router: below the path of an integration all addresses are
    the endpoint's, and whatever comes is its to answer.
    """

    async def ready(request: web.BaseRequest) -> web.Response:
        try:
            await engine.store.health()
        except StoreError as error:
            return web.json_response({"ready": False, "reason": str(error)}, status=503)
        return web.json_response({"ready": True, "integrations": sorted(engine.integrations)})

    answer: Handler = Endpoint(engine, public_url, limits).handle
    pages: dict[str, Handler] = {"/healthz": _alive, "/readyz": ready}
    if metrics is not None:
        metrics.watch(engine)
        pages["/metrics"] = metrics.expose
        answer = metrics.measured(answer)
    if recorder is not None:
        answer = recorder.recorded(answer)

    async def handle(request: web.BaseRequest) -> web.Response:
        if "Expect" in request.headers:
            refusal = await refuse_expectation(request)
            if refusal is not None:
                return refusal
        page = pages.get(request.rel_url.raw_path)
        if page is not None and request.method in _SHOWN_TO:
            return await page(request)
        return await answer(request)

    return handle


async def _alive(request: web.BaseRequest) -> web.Response:
    return web.json_response({"alive": True})
