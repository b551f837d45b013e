"""Requests a second of a real server: durable writes, mapping and check included.

The server runs as a process of its own; 16 connections of this process load it over loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
MAPPING = ROOT / "mappings" / "preciate.yaml"
SCIMWEAVE = [sys.executable, "-m", "scimweave_server"]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CONNECTIONS = 16


@dataclass(frozen=True)
class Figure:
    """Requests a second, and how long one took in milliseconds."""

    name: str
    rate: float
    median: float
    p99: float


class Connection:
    """One keep-alive HTTP connection that costs the measuring process little."""

    def __init__(self, host: str, port: int, prefix: str, token: str) -> None:
        self._address = (host, port)
        self._prefix = prefix
        self._head = f"Host: {host}\r\nAuthorization: Bearer {token}\r\n"

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
        content = await self._reader.readexactly(int(length[1])) if length else b""
        return int(answer[9:12]), content

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()


Request = tuple[str, str, bytes]


async def load(
    name: str, connections: list[Connection], requests: Iterator[Request], status: int
) -> tuple[Figure, list[bytes]]:
    """Send all requests, each connection one at a time."""
    taken: list[float] = []
    bodies: list[bytes] = []

    async def work(connection: Connection) -> None:
        for method, path, body in requests:
            started = time.perf_counter()
            answered, content = await connection.send(method, path, body)
            taken.append(time.perf_counter() - started)
            assert answered == status, content
            bodies.append(content)

    started = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in connections))
    seconds = time.perf_counter() - started
    taken.sort()
    median = statistics.median(taken) * 1000
    return Figure(name, len(taken) / seconds, median, taken[int(len(taken) * 0.99)] * 1000), bodies


def user(number: int) -> bytes:
    """Return the body of a joiner."""
    return orjson.dumps(
        {
            "userName": f"user{number}@contoso.com",
            "active": True,
            "displayName": f"User Number{number}",
            "title": "Analyst",
            "externalId": f"user{number}",
            "name": {"givenName": "User", "familyName": f"Number{number}"},
            ENTERPRISE: {"department": "Engines"},
        }
    )


def title(number: int, value: str) -> bytes:
    """Return the PATCH of a mover."""
    operation = {"op": "Replace", "path": "title", "value": f"{value} {number}"}
    return orjson.dumps({"Operations": [operation]})


def filter_path(name: str) -> str:
    """Return the path of a match request."""
    return f"/Users?filter=userName+eq+%22{name}%22"


async def measure(url: str, token: str, users: int, requests: int) -> list[Figure]:
    """Fill the server with ``users``, then measure ``requests`` of each kind."""
    found = re.fullmatch(r"http://([^:/]+):(\d+)(/.*)", url)
    assert found is not None
    connections = [Connection(found[1], int(found[2]), found[3], token) for _ in range(CONNECTIONS)]
    for connection in connections:
        await connection.open()

    async def run(
        name: str, make: Callable[[int], Request], status: int = 200, count: int = requests
    ) -> tuple[Figure, list[bytes]]:
        return await load(name, connections, (make(number) for number in range(count)), status)

    created, bodies = await run(
        "create", lambda number: ("POST", "/Users", user(number)), 201, users
    )
    ids = [orjson.loads(body)["id"] for body in bodies]
    step = max(1, users // requests)

    def one(number: int) -> str:
        return f"/Users/{ids[number * step % users]}"

    figures = [created]
    for name, make in (
        ("read", lambda number: ("GET", one(number), b"")),
        (
            "filter, hit",
            lambda number: ("GET", filter_path(f"user{number * step % users}@contoso.com"), b""),
        ),
        ("filter, miss", lambda number: ("GET", filter_path(f"nobody{number}"), b"")),
        ("patch", lambda number: ("PATCH", one(number), title(number, "Chief"))),
    ):
        figure, _ = await run(name, make)
        figures.append(figure)
    for connection in connections:
        connection.close()
    return figures


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the reference mapping from empty files; yields the Tenant URL and a key."""
    environment = {**os.environ, "PRECIATE_DATABASE_URL": f"sqlite:///{folder / 'target.db'}"}
    store = ["--store", f"sqlite:///{folder / 'store.db'}"]

    def run(*words: str) -> str:
        return subprocess.run(
            [*SCIMWEAVE, *words], env=environment, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    run("init-target", str(MAPPING))
    token = run("key", "generate", "preciate", "--quiet", "--mappings", str(MAPPING), *store)
    with (folder / "log").open("w") as log, subprocess.Popen(
        [*SCIMWEAVE, "serve", str(MAPPING), "--port", "0", *store],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=log,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = ""
        for line in process.stdout:
            found = re.search(r"Tenant URL\s+(\S+)", line)
            url = found[1] if found else url
            if line.strip() == "ready":
                break
        yield url, token.strip()
        process.terminate()


def main() -> None:
    """Print a table of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000, help="stored users")
    parser.add_argument("--requests", type=int, default=10_000, help="requests of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (url, token):
        figures = uvloop.run(measure(url, token, options.users, options.requests))
    table = Table(
        "", "requests/s", "median ms", "99 % ms", title=f"{options.users:,} users, 16 connections"
    )
    for figure in figures:
        table.add_row(
            figure.name, f"{figure.rate:,.0f}", f"{figure.median:.2f}", f"{figure.p99:.2f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
