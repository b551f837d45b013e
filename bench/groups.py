"""One member into groups of several sizes: what it costs must not grow with the group."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import uvloop
from bench.loading import CONNECTIONS, Check, Connection, Figure, Request, load
from bench.servers import Server, scimweave
from bench.workload import PATCH_OP, status

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
# Added to each group, one request each.
NEW = 300
AT_ONCE = 1000


def measure(sizes: Sequence[int]) -> dict[int, Figure]:
    """Return what a PATCH that adds one member costs, by the number of members before."""
    with tempfile.TemporaryDirectory() as folder, scimweave(Path(folder), "directory") as server:
        return uvloop.run(_measure(server, sizes))


def sentences(figures: dict[int, Figure]) -> Iterator[str]:
    """Say what each size costs beside the smallest."""
    smallest = figures[min(figures)]
    for size, figure in figures.items():
        ratio = figure.median / smallest.median
        cpu = figure.cpu / smallest.cpu if figure.cpu and smallest.cpu else None
        by_cpu = f", by CPU time {cpu:.2f}" if cpu else ""
        yield (
            f"one member into a group of {size:,}: {figure.median:.2f} ms, "
            f"{ratio:.2f} times a group of {min(figures):,}{by_cpu}"
        )


async def _measure(server: Server, sizes: Sequence[int]) -> dict[int, Figure]:
    connections = [Connection(server.url, server.token) for _ in range(CONNECTIONS)]
    for connection in connections:
        await connection.open()

    async def send(requests: Iterator[Request], check: Check) -> tuple[Figure, list[bytes]]:
        # One connection: requests for one group wait for each other.
        return await load("", connections[:1], requests, check, server.pid)

    _, users = await load(
        "", connections, map(_user, range(max(sizes) + NEW)), status(201), server.pid
    )
    ids = [orjson.loads(body)["id"] for body in users]
    figures = {}
    for size in sizes:
        _, (group,) = await send(iter([_group(size)]), status(201))
        path = f"/Groups/{orjson.loads(group)['id']}"
        starts = range(0, size, AT_ONCE)
        fill = (_add(path, ids[start : min(start + AT_ONCE, size)]) for start in starts)
        if size:
            await send(fill, status(204))
        figures[size], _ = await send((_add(path, [each]) for each in ids[-NEW:]), status(204))
        found = await connections[0].send("GET", f"{path}?attributes=members")
        assert len(orjson.loads(found[1])["members"]) == size + NEW
    for connection in connections:
        connection.close()
    return figures


def _user(number: int) -> Request:
    return "POST", "/Users", orjson.dumps({"userName": f"user{number}@contoso.com"})


def _group(size: int) -> Request:
    return "POST", "/Groups", orjson.dumps({"schemas": [GROUP], "displayName": f"Group of {size}"})


def _add(path: str, ids: Sequence[str]) -> Request:
    members = [{"$ref": None, "value": each} for each in ids]
    operation = {"op": "Add", "path": "members", "value": members}
    return "PATCH", path, orjson.dumps({"schemas": [PATCH_OP], "Operations": [operation]})
