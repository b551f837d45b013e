"""What a recording costs and keeps from the provider: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import RawTestServer

from provider import Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave_server.http import recorder as recording
from scimweave_server.http.handler import create_handler
from scimweave_server.http.operators import door_for_operators, socket_of
from scimweave_server.http.recorder import FellBehind, Recorder

ADA = {"userName": "ada@contoso.com", "title": "Analyst"}


@pytest.fixture
def recorder(engine: Engine) -> Recorder:
    return Recorder(engine)


@pytest.fixture
async def call(
    engine: Engine,
    recorder: Recorder,
    token: str,
    aiohttp_client: Serve,
) -> Provider:
    client = await aiohttp_client(RawTestServer(create_handler(engine, recorder=recorder)))
    return Provider(client, "/api/v1/scim", token)


async def test_wrong_key_is_not_recorded(
    call: Provider, recorder: Recorder, engine: Engine
) -> None:
    stop = asyncio.Event()
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=stop)
    await anext(lines)
    await call("GET", "/Users", headers={"Authorization": "Bearer wrong"})
    await call("POST", "/Users", ADA)
    line = await anext(lines)
    assert (line["method"], line["status"]) == ("POST", 201)
    await lines.aclose()


async def test_what_becomes_sensitive_meanwhile_is_masked_from_then_on(
    call: Provider, recorder: Recorder, engine: Engine, edit: Callable[[str, str], None]
) -> None:
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=asyncio.Event())
    await anext(lines)
    await call("POST", "/Users", ADA)
    assert (await anext(lines))["body"]["title"] == "Analyst"
    edit("job_title:    title", "job_title:    { from: title, sensitive: true }")
    await engine.reload()
    await call("POST", "/Users", {**ADA, "userName": "bob@contoso.com"})
    assert "Analyst" not in str(await anext(lines))
    await lines.aclose()


async def test_recording_that_falls_behind_ends_and_requests_do_not_wait(
    call: Provider, recorder: Recorder, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 3000)
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=asyncio.Event())
    await anext(lines)
    for number in range(10):
        answer = await call("POST", "/Users", {"userName": f"u{number}@contoso.com"})
        assert answer.status == 201
    taken: list[object] = []

    async def take() -> None:
        async for line in lines:
            taken.append(line)

    with pytest.raises(FellBehind):
        await take()
    assert 0 < len(taken) < 10


async def test_long_answer_is_left_out(
    call: Provider, recorder: Recorder, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LONGEST_LINE", 300)
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=asyncio.Event())
    await anext(lines)
    await call("POST", "/Users", ADA)
    line = await anext(lines)
    assert (line["body"], line["answer"], line["cut"]) == (ADA, None, True)
    await lines.aclose()


@pytest.mark.parametrize("path", ["/Users/%ff", "/Users?filter=%ff", "/Nothing", "/Users/%F0%9F"])
async def test_odd_addresses_are_answered_as_without_a_recording(
    call: Provider, recorder: Recorder, engine: Engine, path: str
) -> None:
    without = await call("GET", path)
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=asyncio.Event())
    await anext(lines)
    assert (await call("GET", path)).status == without.status
    assert (await anext(lines))["status"] == without.status
    await lines.aclose()


async def test_body_that_is_no_json_is_left_out(
    call: Provider, recorder: Recorder, engine: Engine
) -> None:
    lines = recorder.record(engine["preciate"], with_sensitive=False, stop=asyncio.Event())
    await anext(lines)
    assert (await call("POST", "/Users", b'{"password": "hunter2"')).status == 400
    line = await anext(lines)
    assert (line["body"], "hunter2" in str(line)) == (None, False)
    await lines.aclose()


async def test_whoever_hangs_up_has_ended_the_recording(
    engine: Engine, recorder: Recorder, tmp_path: Path
) -> None:
    body = {"integration": "preciate", "with_sensitive": False}
    address = str(socket_of(tmp_path / "scimweave.db"))
    async with door_for_operators(engine, recorder):
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(address)) as http,
            http.post("http://server/record", json=body) as answer,
        ):
            await answer.content.readline()
            assert recorder.is_recorded("preciate")
        async with asyncio.timeout(10):
            while recorder.is_recorded("preciate"):  # noqa: ASYNC110 - the server sees it
                await asyncio.sleep(0.01)
