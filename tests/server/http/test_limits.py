"""Hostile input: a 4xx SCIM error in bounded time and memory, whatever comes over the wire."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from aiohttp import web
from scim2_models import Error

from employees import Employees
from provider import Provider
from scimweave.provisioning.engine import Engine
from scimweave_server.http.handler import create_handler
from scimweave_server.http.limits import Limits
from scimweave_server.http.protocol import ScimSite

ADA = {"userName": "ada@contoso.com"}
PATIENCE = 10.0
SHORT = 0.2

Send = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def port(engine: Engine) -> AsyncIterator[int]:
    """Return the port of a server that does not wait long."""
    limits = Limits(body_seconds=SHORT, head_seconds=SHORT, lingering_seconds=SHORT)
    runner = web.ServerRunner(web.Server(create_handler(engine, limits=limits)))
    await runner.setup()
    await ScimSite(runner, "127.0.0.1", 0, limits).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
def send(port: int, token: str) -> Send:
    """Send bytes, and read the answer until the server closes."""

    async def exchange(*pieces: bytes) -> tuple[int, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                writer.write(piece.replace(b"$TOKEN", token.encode()))
                await writer.drain()
            raw = await reader.read()
        writer.close()
        if not raw:
            return 0, None
        head, _, body = raw.rpartition(b"\r\n\r\n")
        assert b"content-type: application/scim+json" in head.lower()
        Error.model_validate(orjson.loads(body))
        return int(head.split(b" ")[1]), orjson.loads(body)

    return exchange


def head(*lines: str, method: str = "POST", path: str = "/api/v1/scim/Users") -> bytes:
    wanted = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        "Authorization: Bearer $TOKEN",
        "Connection: close",
        *lines,
    ]
    return "\r\n".join([*wanted, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, "HTTP/1.1", id="no-http"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "HTTP/1.1", id="tls"),
        pytest.param(head(method="G\x01T"), 400, "HTTP/1.1", id="method-of-no-letters"),
        pytest.param(head(method="MKCOL", path="/x"), 404, "Tenant URL", id="method-unknown"),
        pytest.param(head(method="MKCOL"), 405, "MKCOL", id="method-not-here"),
        pytest.param(head("Bad Header: x"), 400, "HTTP/1.1", id="bad-header"),
        pytest.param(head("X: a\x00b"), 400, "HTTP/1.1", id="nul-in-header"),
        pytest.param(head(path="/" + "x" * 9000), 400, "too long", id="long-path"),
        pytest.param(head("X: " + "x" * 9000), 400, "too long", id="long-header"),
        pytest.param(head("Content-Length: many"), 400, "HTTP/1.1", id="no-length"),
        pytest.param(head("Content-Length: -1"), 400, "HTTP/1.1", id="negative-length"),
        pytest.param(head("Expect: a miracle"), 417, "100-continue", id="expectation"),
        pytest.param(
            head("Expect: a miracle", path="/%0D%0A"), 417, "100-continue", id="line-end-in-path"
        ),
        pytest.param(head(method="OPTIONS", path="*"), 404, "Tenant URL", id="asterisk"),
        pytest.param(head(method="BREW"), 400, "HTTP/1.1", id="method-of-nobody"),
        pytest.param(head(path="/healthz"), 404, "Tenant URL", id="probe"),
        pytest.param(
            head("Content-Length: 2", "Transfer-Encoding: chunked") + b"{}",
            400,
            "HTTP/1.1",
            id="two-lengths",
        ),
        pytest.param(
            head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n", 400, "HTTP/1.1", id="bad-chunk"
        ),
        pytest.param(
            head("Content-Encoding: gzip", "Content-Length: 2") + b"{}",
            400,
            "compression",
            id="no-gzip",
        ),
        pytest.param(
            head("Content-Encoding: br", "Content-Length: 2") + b"{}", 415, "gzip", id="brotli"
        ),
        pytest.param(
            head(method="GET").replace(b"$TOKEN", b"\xff\xfe"), 401, "key", id="token-of-no-text"
        ),
        pytest.param(
            head(method="GET").replace(b"localhost", b"a:b:c"), 400, "Host", id="bad-host"
        ),
        pytest.param(
            head(method="GET").replace(b"localhost", b"l\xa3calhost"),
            400,
            "Host",
            id="host-in-no-encoding",
        ),
        pytest.param(
            b"GET /api/v1/scim/Users HTTP/1.0\r\nAuthorization: Bearer $TOKEN\r\n\r\n",
            400,
            "Host",
            id="no-host",
        ),
        pytest.param(
            head(method="GET", path="/api/v1/scim/Users/\xff\xfe"), 400, "", id="bytes-in-path"
        ),
    ],
)
async def test_what_is_no_request_is_a_scim_error(
    send: Send, target: Employees, request_: bytes, status: int, detail: str
) -> None:
    answer = await send(request_)
    assert answer[0] == status
    assert detail in answer[1]["detail"]
    assert target.rows() == []


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST /api/v1/scim/Users HT", id="half-a-line"),
        pytest.param(head()[:-2], id="half-a-head"),
    ],
)
async def test_connection_without_a_request_is_closed(send: Send, start: bytes) -> None:
    assert await send(start) == (0, None)


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        (("Content-Length: 100",), b'{"userName":'),
        (("Transfer-Encoding: chunked",), b'4\r\n{"us\r\n'),
        (("Transfer-Encoding: chunked", "Content-Encoding: gzip"), b""),
    ],
)
async def test_body_that_does_not_come_is_not_waited_for(
    send: Send, lines: tuple[str, ...], start: bytes
) -> None:
    status, body = await send(head(*lines) + start)
    assert status == 408
    assert f"{SHORT} seconds" in body["detail"]


async def test_chunks_without_end_are_cut_off(port: int, token: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head("Transfer-Encoding: chunked").replace(b"$TOKEN", token.encode()))

    async def pour() -> None:
        while True:
            writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            await writer.drain()

    pouring = asyncio.create_task(pour())
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"413"
        with pytest.raises(ConnectionError):
            await pouring


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
    ],
)
async def test_compressed_body_is_read_and_a_bomb_is_not(
    call: Provider, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    headers = {"Content-Encoding": encoding}
    assert (
        await call("POST", "/Users", compress(orjson.dumps(ADA)), headers=headers)
    ).status == 201
    bomb = compress(b'{"userName":"' + b" " * 200_000_000)
    assert len(bomb) < 1_000_000
    answer = await call("POST", "/Users", bomb, headers=headers)
    assert (answer.status, answer.body["status"]) == (413, "413")


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Content-Type", "application/scim+json", 201),
        ("Content-Type", "application/json; charset=UTF-8", 201),
        ("Content-Type", "application/json;charset=latin-1", 415),
        ("Content-Type", "application/json;charset=\u00e9", 415),
        ("Content-Type", "text/plain", 415),
        ("Content-Type", "application/x-www-form-urlencoded", 415),
        ("Content-Type", "application/xml", 415),
        ("Content-Encoding", "identity", 201),
        ("Content-Encoding", "compress", 415),
        ("Content-Encoding", "gzip, gzip", 415),
    ],
)
async def test_body_is_json_in_utf8(call: Provider, header: str, value: str, status: int) -> None:
    answer = await call("POST", "/Users", ADA, headers={header: value})
    assert answer.status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/Users/" + "x" * 5000, 404, id="long-id"),
        pytest.param("/Users/%2e%2e%2f%2e%2e%2fetc", 404, id="dots"),
        pytest.param("/Users/a%2Fb", 404, id="slash"),
        pytest.param("/Users/%00", 404, id="nul"),
        pytest.param("/Users/%ED%A0%80", 404, id="surrogate"),
        pytest.param("/Users/%", 404, id="half-an-escape"),
        pytest.param("/Users/%F0%9F%A6%A9", 404, id="flamingo"),
        pytest.param("/Users?filter=%", 400, id="filter-half-an-escape"),
        pytest.param('/Users?filter=userName+eq+"%5Cud800"', 400, id="filter-surrogate"),
        pytest.param('/Users?filter=userName+eq+"%00"', 200, id="filter-nul"),
        pytest.param("/Users?filter=id+pr&filter=id+pr", 200, id="same-filter-twice"),
        pytest.param("/Users?filter=id+pr&filter=userName+pr", 400, id="two-filters"),
        pytest.param("/Users?count=1&count=2", 400, id="two-counts"),
        pytest.param("/Users?filter=" + "+or+".join(["id+pr"] * 200), 200, id="200-conditions"),
        pytest.param("/Users?filter=" + "+or+".join(["id+pr"] * 201), 400, id="201-conditions"),
        pytest.param("/Users?filter=" + "(" * 51 + "id+pr" + ")" * 51, 400, id="deep-filter"),
        pytest.param('/Users?filter=id+eq+"' + "x" * 8000 + '"', 200, id="long-filter"),
        pytest.param("/Users?count=9" + "9" * 5000, 200, id="count-of-5000-digits"),
        pytest.param("/Users?startIndex=9" + "9" * 30, 200, id="start-far-away"),
        pytest.param("/Users?startIndex=-9" + "9" * 30, 200, id="start-far-before"),
        pytest.param("/Users?attributes=" + "userName," * 400, 200, id="many-attributes"),
        pytest.param("/Users?attributes=" + "a," * 3000, 400, id="too-many-attributes"),
        pytest.param("/Users?" + "x=1&" * 1500, 200, id="many-parameters"),
    ],
)
async def test_odd_addresses(call: Provider, path: str, status: int) -> None:
    await call("POST", "/Users", ADA)
    assert (await call("GET", path)).status == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({**ADA, "title": "x" * 1_000_000}, 201, id="long-value"),
        pytest.param({**ADA, "x" * 100_000: 1}, 201, id="long-name"),
        pytest.param({**ADA, **{f"x{n}": n for n in range(20_000)}}, 201, id="many-names"),
        pytest.param({**ADA, "emails": [{"value": "x"}] * 20_000}, 201, id="many-values"),
        pytest.param(b'{"userName":"a","active":1e400}', 400, id="infinite"),
        pytest.param(b'{"userName":"a","title":1' + b"0" * 5000 + b"}", 400, id="huge-number"),
        pytest.param(b'{"userName":NaN}', 400, id="nan"),
        pytest.param(b'{"userName":"a\\u0000b"}', 400, id="nul"),
        pytest.param(b'{"userName":"\\udc00"}', 400, id="surrogate"),
        pytest.param(b'\xef\xbb\xbf{"userName":"a"}', 201, id="byte-order-mark"),
        pytest.param('{"userName":"a"}'.encode("utf-16"), 400, id="utf-16"),
        pytest.param(b'{"userName":"a"}{}', 400, id="two-documents"),
        pytest.param(b'{"userName":"a","userName":"b"}', 201, id="same-name-twice"),
        pytest.param(b'{"userName":"a","USERNAME":"b"}', 400, id="same-name-in-two-cases"),
    ],
)
async def test_odd_bodies(call: Provider, body: Any, status: int) -> None:
    assert (await call("POST", "/Users", body)).status == status


async def test_patch_has_so_many_operations(call: Provider) -> None:
    one = f"/Users/{(await call('POST', '/Users', ADA)).body['id']}"
    operation = {"op": "replace", "path": "title", "value": "x"}
    assert (await call("PATCH", one, {"Operations": [operation] * 1000})).status == 200
    answer = await call("PATCH", one, {"Operations": [operation] * 1001})
    assert (answer.status, "1000" in answer.body["detail"]) == (413, True)
