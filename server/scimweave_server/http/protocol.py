"""What happens on a connection before a request gets to an endpoint."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong

from scimweave.scim.error import ScimError
from scimweave_server.http.limits import Limits
from scimweave_server.http.responses import error_response

log = structlog.get_logger("scimweave.http")

BACKLOG = 1024
NO_REQUEST = "the request has a first line, a header or a chunk that is not HTTP/1.1"
TOO_LONG = "the first line or a header of the request is too long"


async def refuse_expectation(request: web.BaseRequest) -> web.Response | None:
    """Answer ``Expect: 100-continue``, and refuse other expectations (RFC 9110 §10.1.1)."""
    if request.headers["Expect"].strip().lower() != "100-continue":
        return error_response(ScimError(417, "the only expectation met here is 100-continue"))
    if request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # It is no part of the answer.
        request.writer.output_size = 0
    return None


class ScimProtocol(web.RequestHandler):
    """A connection: refuses in SCIM what is no HTTP, and waits for a request only so long."""

    __slots__ = ("_first_request", "_head_seconds")

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # none, as AppRunner takes it
            keepalive_timeout=limits.idle_seconds,
            lingering_time=limits.lingering_seconds,
        )
        self._head_seconds = limits.head_seconds
        self._first_request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to wait for the first request; later ones have to come within the idle time."""
        super().connection_made(transport)
        self._first_request = self._loop.call_later(self._head_seconds, self.force_close)

    def data_received(self, data: bytes) -> None:
        """Stop to wait once the head of a request is there."""
        super().data_received(data)
        if self._first_request is not None and self._request_count:
            self._first_request.cancel()
            self._first_request = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop to wait."""
        if self._first_request is not None:
            self._first_request.cancel()
            self._first_request = None
        super().connection_lost(exc)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what aiohttp met, but for a broken body: its sender has been told."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never became a request. Its bytes are not logged: they may hold a key."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        log.warning("no request", status=status, error=type(exc).__name__)
        response = error_response(_refusal(status, exc))
        response.force_close()
        return response


def _refusal(status: int, exc: BaseException | None) -> ScimError:
    if isinstance(exc, ContentEncodingError):
        return ScimError(415, "the body is compressed in an unknown way; send it plain or gzip")
    return ScimError(status, TOO_LONG if isinstance(exc, LineTooLong) else NO_REQUEST)


class ScimSite(web.BaseSite):
    """Listens on an address with ``ScimProtocol``."""

    __slots__ = ("_host", "_limits", "_port")

    def __init__(self, runner: web.BaseRunner, host: str, port: int, limits: Limits) -> None:
        super().__init__(runner, backlog=BACKLOG)
        self._host = host
        self._port = port
        self._limits = limits

    @property
    def name(self) -> str:
        """The address as a URL."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Accept connections. Raises ``OSError`` where the address cannot be bound."""
        await super().start()
        loop = asyncio.get_running_loop()
        server = self._runner.server
        assert server is not None  # noqa: S101 - the constructor has looked
        self._server = await loop.create_server(
            lambda: ScimProtocol(server, loop, self._limits),
            self._host,
            self._port,
            backlog=self._backlog,
        )
