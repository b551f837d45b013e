"""A client that costs the measuring process little, and what it measures."""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
Request = tuple[str, str, bytes]
# Raises ``AssertionError`` where an answer is not what the request was for.
Check = Callable[[int, bytes], None]


@dataclass(frozen=True)
class Figure:
    """Requests a second, how long one took in milliseconds, and CPU time in microseconds.

    ``cpu`` is of the server, user and system, over all its threads; None where nobody tells it.
    """

    name: str
    rate: float
    median: float
    p99: float
    cpu: float | None


class Connection:
    """One keep-alive HTTP connection."""

    def __init__(self, url: str, token: str) -> None:
        found = re.fullmatch(r"http://([^:/]+):(\d+)(.*)", url)
        assert found is not None, url
        self._address = (found[1], int(found[2]))
        self._prefix = found[3].rstrip("/")
        self._head = f"Host: {found[1]}:{found[2]}\r\nAuthorization: Bearer {token}\r\n"

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(*self._address)

    async def send(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send one request; returns status and body."""
        head = f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._head}"
        if body:
            head += f"Content-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        if length:
            content = await self._reader.readexactly(int(length[1]))
        else:
            content = await self._chunks() if b"chunked" in answer else b""
        return int(answer[9:12]), content

    async def _chunks(self) -> bytes:
        content = b""
        while size := int(await self._reader.readline(), 16):
            content += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return content

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()


async def load(
    name: str, connections: list[Connection], requests: Iterable[Request], check: Check, pid: int
) -> tuple[Figure, list[bytes]]:
    """Send all requests, each connection one at a time."""
    taken: list[float] = []
    bodies: list[bytes] = []
    rest: Iterator[Request] = iter(requests)

    async def work(connection: Connection) -> None:
        for method, path, body in rest:
            started = time.perf_counter()
            status, content = await connection.send(method, path, body)
            taken.append(time.perf_counter() - started)
            check(status, content)
            bodies.append(content)

    cpu, started = _cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in connections))
    seconds = time.perf_counter() - started
    used = _cpu_seconds(pid)
    taken.sort()
    figure = Figure(
        name,
        rate=len(taken) / seconds,
        median=statistics.median(taken) * 1000,
        p99=taken[int(len(taken) * 0.99)] * 1000,
        cpu=None if cpu is None or used is None else (used - cpu) / len(taken) * 1e6,
    )
    return figure, bodies


def _cpu_seconds(pid: int) -> float | None:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    # The name of the program stands in brackets and may hold anything.
    _, _, fields = stat.read_text().rpartition(")")
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
