"""scim2-server, the SCIM service of another project, in memory and in a process of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from servers.part import folder, running

ROOT = Path(__file__).parents[2]


class Scim2:
    """A running service; ``url`` is its base."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def clear(self) -> None:
        """Remove everybody."""
        async with aiohttp.ClientSession() as session:
            for path in ("/Users", "/Groups"):
                while resources := await self._resources(session, path):
                    for each in resources:
                        async with session.delete(f"{self.url}{path}/{each['id']}") as response:
                            assert response.status == 204

    async def _resources(self, session: aiohttp.ClientSession, path: str) -> list[Any]:
        async with session.get(f"{self.url}{path}?count=1000&attributes=id") as response:
            found: list[Any] = (await response.json(content_type=None)).get("Resources") or []
            return found


@contextmanager
def running_scim2() -> Iterator[Scim2]:
    with folder("scim2") as at:
        log = at / "log"
        command = [sys.executable, str(ROOT / "examples" / "scim-relay" / "service.py")]
        with running(command, ready=lambda: _port(log) is not None, log=log):
            yield Scim2(f"http://127.0.0.1:{_port(log)}/v2")


def _port(log: Path) -> str | None:
    found = re.search(r"ready (\d+)", log.read_text()) if log.exists() else None
    return found[1] if found else None
