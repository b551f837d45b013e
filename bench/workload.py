"""What a provider asks for: joiners, reads, match requests, movers; the same for every server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from bench.loading import CONNECTIONS, Check, Connection, Figure, Request, load
from bench.servers import Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
KINDS = ("create", "read", "filter hit", "filter miss", "patch")


def user(number: int) -> bytes:
    """Return the body of a joiner."""
    return orjson.dumps(
        {
            "schemas": [USER, ENTERPRISE],
            "userName": _name(number),
            "active": True,
            "displayName": f"User Number{number}",
            "title": "Analyst",
            "externalId": f"user{number}",
            "name": {"givenName": "User", "familyName": f"Number{number}"},
            ENTERPRISE: {"department": "Engines"},
        }
    )


def title(value: str) -> bytes:
    """Return the PATCH of a mover, in the form that every server here takes."""
    operation = {"op": "replace", "path": "title", "value": value}
    return orjson.dumps({"schemas": [PATCH_OP], "Operations": [operation]})


async def measure(server: Server, users: int, requests: int, rounds: int) -> list[Figure]:
    """Fill a server with ``users``, then measure ``requests`` of each kind, in several rounds.

    Of each kind the round counts whose rate is in the middle. Raises ``AssertionError`` where an
    answer is wrong: a failure must not look like speed.
    """
    connections = [Connection(server.url, server.token) for _ in range(CONNECTIONS)]
    ids = await start(server, connections, users)
    # Spread over all users: neighbours would be in one page of a cache.
    step = max(1, users // requests)
    by_kind: dict[str, list[Figure]] = {kind: [] for kind in KINDS}
    for turn in range(rounds):
        for kind, make, check in kinds(ids, step, users + turn * requests, f"Chief {turn}"):
            numbers = range(requests)
            figure, _ = await load(kind, connections, map(make, numbers), check, server.pid)
            by_kind[kind].append(figure)
    last = ids[(requests - 1) * step % users]
    await _assert_patched(connections[0], f"/Users/{last}", f"Chief {rounds - 1} {requests - 1}")
    for connection in connections:
        connection.close()
    return [_middle(figures) for figures in by_kind.values()]


async def start(server: Server, connections: list[Connection], users: int) -> list[str]:
    """Connect, and make ``users``; returns their ids."""
    for connection in connections:
        await connection.open()
    _, bodies = await load("fill", connections, map(create, range(users)), status(201), server.pid)
    return [orjson.loads(body)["id"] for body in bodies]


def create(number: int) -> Request:
    """Return the request that makes a user."""
    return "POST", "/Users", user(number)


def kinds(
    ids: list[str], step: int, new: int, value: str
) -> Iterator[tuple[str, Callable[[int], Request], Check]]:
    """Yield name, request by number and check of each kind; ``new`` is the first new user."""

    def existing(number: int) -> int:
        return number * step % len(ids)

    def read(number: int) -> Request:
        return "GET", f"/Users/{ids[existing(number)]}", b""

    def hit(number: int) -> Request:
        return "GET", _filter(_name(existing(number))), b""

    def miss(number: int) -> Request:
        return "GET", _filter(f"nobody{number}"), b""

    def patch(number: int) -> Request:
        return "PATCH", f"/Users/{ids[existing(number)]}", title(f"{value} {number}")

    yield "create", lambda number: create(new + number), status(201)
    yield "read", read, status(200)
    yield "filter hit", hit, _total(1)
    yield "filter miss", miss, _total(0)
    yield "patch", patch, status(200, 204)


def _middle(figures: list[Figure]) -> Figure:
    return sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]


async def _assert_patched(connection: Connection, path: str, expected: str) -> None:
    _, body = await connection.send("GET", path)
    assert orjson.loads(body)["title"] == expected, body


def _name(number: int) -> str:
    return f"user{number}@contoso.com"


def _filter(name: str) -> str:
    return f"/Users?filter=userName%20eq%20%22{name}%22"


def status(*expected: int) -> Check:
    """Return the check that an answer has one of these statuses."""

    def check(status: int, body: bytes) -> None:
        assert status in expected, (status, body)

    return check


def _total(expected: int) -> Check:
    def check(status: int, body: bytes) -> None:
        found: Any = orjson.loads(body)
        assert (status, found.get("totalResults")) == (200, expected), (status, body)

    return check
