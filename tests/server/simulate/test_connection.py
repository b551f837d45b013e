from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp.test_utils import unused_port

from scim_directory import ScimDirectory, Scripted
from scimweave_server.simulate import transport
from scimweave_server.simulate.endpoint import ConnectionTestFailed
from scimweave_server.simulate.entra import EntraProvisioning
from scimweave_server.simulate.people import Cycle

HTML = {"Content-Type": "text/html"}
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


async def test_probe_asks_for_a_random_user(
    directory: ScimDirectory, entra: EntraProvisioning
) -> None:
    await entra.test_connection()
    await entra.test_connection()
    first, second = (each.target for each in directory.seen)
    assert first.startswith("/scim/Users?filter=userName+eq+%22")
    assert first != second


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(
            Scripted.json(401, {"detail": "unknown key"}),
            'the endpoint refuses the secret token: 401 ("unknown key")',
            id="wrong token",
        ),
        pytest.param(
            Scripted(404, b"<h1>Not Found</h1>", HTML),
            "404 where an empty ListResponse is due; the Tenant URL has to end where /Users begins",
            id="wrong path",
        ),
        pytest.param(
            Scripted(200, b"<h1>Sign in</h1>", HTML),
            "200 with a body of type text/html where a ListResponse is due: no SCIM endpoint",
            id="HTML",
        ),
        pytest.param(
            Scripted(301, b"", {"Location": "https://contoso.com/login"}),
            "301: a redirect to https://contoso.com/login, which is not followed; "
            "enter the address that it leads to",
            id="redirect",
        ),
        pytest.param(Scripted(204), "204 where 200 is due: no body", id="no content"),
        pytest.param(
            Scripted.json(500, {"detail": "disk full"}),
            '500 where 200 is due ("disk full")',
            id="server error",
        ),
        pytest.param(
            Scripted.json(200, {"schemas": 1, "totalResults": 0}),
            "200 with JSON that is no ListResponse: no SCIM endpoint",
            id="other JSON",
        ),
        pytest.param(
            Scripted.json(200, {"schemas": [LIST], "totalResults": 1, "Resources": [{"id": "1"}]}),
            "the endpoint finds users with a random userName: it does not apply the filter",
            id="filter ignored",
        ),
    ],
)
async def test_probe_says_what_was_wrong_and_stops_the_cycle(
    directory: ScimDirectory, entra: EntraProvisioning, answer: Scripted, problem: str
) -> None:
    directory.script("GET", answer)
    with pytest.raises(ConnectionTestFailed) as raised:
        await entra.run(Cycle(1, ()))
    assert str(raised.value) == problem
    assert len(directory.seen) == 1


async def test_nobody_listens() -> None:
    port = unused_port()
    async with EntraProvisioning(f"http://127.0.0.1:{port}/scim", "token") as entra:
        with pytest.raises(ConnectionTestFailed) as raised:
            await entra.test_connection()
    assert str(raised.value) == f"cannot connect to 127.0.0.1:{port}: connection refused"


async def test_something_else_listens() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.contoso.com ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EntraProvisioning(f"http://127.0.0.1:{port}", "token") as entra:
        with pytest.raises(ConnectionTestFailed, match="Expected HTTP"):
            await entra.test_connection()


async def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.05)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EntraProvisioning(f"http://127.0.0.1:{port}", "token") as entra:
        with pytest.raises(ConnectionTestFailed, match=re.escape("no answer within 0.05 s")):
            await entra.test_connection()
