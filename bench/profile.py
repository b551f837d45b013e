"""Where the server's time goes: the samples of py-spy by part of the program.

.venv/bin/python -m bench.profile            # prints the table of bench/README.md
"""

from __future__ import annotations

import asyncio
import itertools
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop
from bench.loading import CONNECTIONS, Connection, Request, load
from bench.servers import Server, scimweave
from bench.workload import kinds, start

USERS = 5_000
SECONDS = 4
# The first that fits decides, from the innermost frame on.
PARTS = (
    ("log", r"http/logs\.py|structlog/"),
    ("metrics", r"http/metrics\.py|prometheus_client/"),
    ("store: statements, JSON", r"scimweave/store/"),
    ("target", r"scimweave/connectors/"),
    ("SQLite: begin and commit", r"_transact \(scimweave/group_commit\.py"),
    ("handing jobs to threads", r"scimweave/(group_commit|reading_thread)\.py"),
    ("mapping", r"scimweave/mapping/"),
    ("SCIM: check, patch, filter, wire form", r"scimweave/scim/"),
    ("life cycle, journal, key", r"scimweave/provisioning/"),
    ("endpoint: path, body, answer", r"scimweave_server/http/"),
    ("aiohttp and the socket", r"aiohttp/|uvloop/|asyncio/|selectors\.py"),
)
_WAITING = re.compile(r"threading\.py|queue\.py|concurrent/futures/|_fill \(scimweave/group_commit")


def main() -> None:
    """Profile each kind of request, and print percent of the samples."""
    with tempfile.TemporaryDirectory() as folder, scimweave(Path(folder)) as server:
        by_kind = uvloop.run(_profiles(server, Path(folder)))
    print(f"| | {' | '.join(by_kind)} |\n|---|{'---|' * len(by_kind)}")
    for part, _ in PARTS:
        shown = [f"{100 * each[part] / each.total():.0f}" for each in by_kind.values()]
        print(f"| {part} | {' | '.join(shown)} |")


async def _profiles(server: Server, folder: Path) -> dict[str, Counter[str]]:
    connections = [Connection(server.url, server.token) for _ in range(CONNECTIONS)]
    ids = await start(server, connections, USERS)
    found = {}
    for turn, (kind, make, check) in enumerate(kinds(ids, 1, USERS, "Chief")):
        file = folder / f"{turn}.txt"
        spy_options = f"--duration {SECONDS} --rate 400 --threads --format raw".split()
        command = [str(Path(sys.executable).parent / "py-spy"), "record", *spy_options]
        command += ["--pid", str(server.pid), "--output", str(file)]
        spy = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await load(kind, connections, _while_runs(spy, make), check, server.pid)
        assert await spy.wait() == 0, "py-spy failed: it may need the right to trace processes"
        found[kind] = _counted(file.read_text())
    return found


def _while_runs(
    spy: asyncio.subprocess.Process, make: Callable[[int], Request]
) -> Iterator[Request]:
    for number in itertools.count():
        if spy.returncode is not None:
            return
        yield make(number)


def _counted(raw: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, samples = line.rpartition(" ")
        if part := _part(stack):
            counted[part] += int(samples)
    return counted


def _part(stack: str) -> str | None:
    """Return whose work it is; None for a thread that waits for some."""
    frames = stack.split(";")
    if _WAITING.search(frames[-1]):
        return None
    for frame in reversed(frames):
        for name, pattern in PARTS:
            if re.search(pattern, frame):
                return name
    return None


if __name__ == "__main__":
    main()
