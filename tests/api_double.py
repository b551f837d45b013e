"""An API of which a test writes the answers, for what no real one can be made to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict

Play = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = web.StreamResponse | Play


@dataclass
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: Any


@dataclass
class ApiDouble:
    """Gives ``answers`` in order, the last one again and again; ``seen`` is what was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def requests(self) -> list[str]:
        return [f"{each.method} {each.target}" for each in self.seen]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            body = raw.decode()
        self.seen.append(Seen(request.method, request.raw_path, CIMultiDict(request.headers), body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, web.StreamResponse) else await answer(request)


@asynccontextmanager
async def api_double(*answers: Answer) -> AsyncIterator[ApiDouble]:
    double = ApiDouble(answers=list(answers))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.handle)
    server = TestServer(app)
    await server.start_server()
    double.url = str(server.make_url("/v1"))
    try:
        yield double
    finally:
        await server.close()


def json(body: Any, status: int = 200, **headers: str) -> Play:
    """Answer with JSON; it may be given more than once."""

    async def play(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=status, headers=named)

    return play


def html(status: int = 200) -> Play:
    async def play(request: web.Request) -> web.StreamResponse:
        text = "<h1>Sign in, or <b>s3cr3t</b></h1>"
        return web.Response(text=text, content_type="text/html", status=status)

    return play


def redirect(to: str) -> Play:
    async def play(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": to})

    return play


async def dropped(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of the answer."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"id": ')
    assert request.transport is not None
    request.transport.abort()
    return answer


async def endless(request: web.Request) -> web.StreamResponse:
    """Send spaces for ever."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b" " * 2**16)


async def silent(request: web.Request) -> web.StreamResponse:
    """Take the request, and say nothing until the caller goes away."""
    await asyncio.Event().wait()
    raise AssertionError
