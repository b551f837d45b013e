"""Requests a second beside servers that keep everything in memory, at several numbers of users."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

import uvloop
from bench.report import Run
from bench.servers import OURS, SERVERS, Unavailable
from bench.workload import measure
from rich.console import Console

from bench import expressions, groups, importing, linting, planning, plot, report

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print, and write the results."""
    options = _options()
    console = Console()
    warned = list(report.warnings())
    for line in warned:
        console.print(line)
    skipped: dict[str, str] = {}
    runs = []
    for name in options.servers:
        for users in options.users if name == OURS else options.peer_users:
            try:
                runs.append(_measure(name, users, options.requests, options.rounds))
            except Unavailable as error:
                skipped[name] = str(error)
                console.print(f"{name} is skipped: {error}")
                break
            console.print(report.table(runs[-1]))
    members = groups.measure(options.members)
    for line in groups.sentences(members):
        console.print(line)
    compiled = expressions.measure()
    console.print(expressions.sentence(compiled))
    console.print(linting.sentence(linting.measure()))
    console.print(planning.sentence(planning.measure(max(options.users))))
    console.print(importing.sentence(importing.measure(max(options.users))))
    for line in report.marks(runs):
        console.print(line)
    if options.write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.json").write_bytes(
            report.to_json(runs, members, skipped, compiled, warned)
        )
        (RESULTS / "latest.svg").write_text(plot.draw(runs))
        console.print(f"written: {RESULTS}")


def _measure(name: str, users: int, requests: int, rounds: int) -> Run:
    """Measure a server from an empty start."""
    with tempfile.TemporaryDirectory() as folder, SERVERS[name](Path(folder)) as server:
        figures = uvloop.run(measure(server, users, requests, rounds))
    return Run(name, users, {figure.name: figure for figure in figures})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # argparse has no type for a set of options that two arguments share.
    sizes: dict[str, object] = {"type": int, "nargs": "+", "metavar": "N"}
    parser.add_argument("--users", **sizes, help="stored users for scimweave")  # type: ignore[arg-type]
    parser.add_argument("--peer-users", **sizes, help="stored users for the others")  # type: ignore[arg-type]
    parser.add_argument("--requests", type=int, default=1000, help="requests of a kind and round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the middle one counts")
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    parser.add_argument("--full", action="store_true", help="1,000, 10,000 and 100,000 users")
    parser.add_argument("--write", action="store_true", help="write bench/results/")
    options = parser.parse_args()
    default: Iterable[int] = (1_000, 10_000, 100_000) if options.full else (1_000, 10_000)
    options.users = options.users or default
    options.members = (0, 10_000, 100_000) if options.full else (0, 10_000)
    options.peer_users = options.peer_users or (default if options.full else (1_000,))
    return options


if __name__ == "__main__":
    main()
