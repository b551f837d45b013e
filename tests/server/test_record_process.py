"""Recording as a process, beside a server that runs: it ends with Ctrl-C, and with the server."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import pytest

from employees import Employees
from serving import SCIMWEAVE, new_key, serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ends", ["command", "server"])
async def test_what_was_recorded_is_whole_however_it_ends(
    mapping: Path, store_url: str, target: Employees, tmp_path: Path, ends: str
) -> None:
    headers = {"Authorization": f"Bearer {await new_key(mapping, store_url)}"}
    file = tmp_path / "traffic.jsonl"
    async with serving(mapping, store=store_url) as server, aiohttp.ClientSession() as http:
        process = await asyncio.create_subprocess_exec(
            *SCIMWEAVE, "record", "preciate", str(file), "--store", store_url,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert b"recording preciate" in await process.stdout.readline()
        for number in range(3):
            user = {"userName": f"u{number}@contoso.com"}
            async with http.post(f"{server.url}/Users", json=user, headers=headers) as answer:
                assert answer.status == 201
        if ends == "server":
            server.process.send_signal(signal.SIGTERM)
            assert await server.process.wait() == 0
        else:
            async with asyncio.timeout(20):
                while file.read_text().count("\n") < 4:  # noqa: ASYNC110 - the command writes
                    await asyncio.sleep(0.01)
            process.send_signal(signal.SIGINT)
        output, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert b"3 requests" in output
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each.get("status") for each in lines] == [None, 201, 201, 201]
    assert headers["Authorization"].split()[1] not in file.read_text()
