"""Figures as tables, as JSON, and against the marks."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from bench.expressions import Comparison
from bench.loading import CONNECTIONS, Figure
from bench.servers import BARE, OURS
from bench.workload import KINDS
from rich.table import Table

# How many times the best peer, and how much a cost may grow from the fewest users to the most.
RATIOS = {"create": 3.0, "read": 5.0, "filter hit": 5.0, "filter miss": 5.0, "patch": 3.0}
GROWTH = 1.5
# A server and its load take two cores.
BUSY = 1.0


@dataclass(frozen=True)
class Run:
    """The figures of one server with a number of stored users, by kind of request."""

    server: str
    users: int
    figures: Mapping[str, Figure]


def table(run: Run) -> Table:
    """Return the figures of one run."""
    shown = Table(
        "", "requests/s", "median ms", "99 % ms", "CPU µs",
        title=f"{run.server}, {run.users:,} users, {CONNECTIONS} connections",
    )  # fmt: skip
    for figure in run.figures.values():
        cpu = "–" if figure.cpu is None else f"{figure.cpu:,.0f}"
        shown.add_row(
            figure.name, f"{figure.rate:,.0f}", f"{figure.median:.2f}", f"{figure.p99:.2f}", cpu
        )
    return shown


def marks(runs: Sequence[Run]) -> Iterator[str]:
    """Say for each kind of request whether its marks are reached."""
    for run in (run for run in runs if run.server == OURS):
        for kind in KINDS:
            if best := _best_peer(runs, run.users, kind):
                own, other = run.figures[kind], best.figures[kind]
                ratio = own.rate / other.rate
                yield (
                    f"{kind}, {run.users:,} users: {ratio:.1f} times {best.server} "
                    f"(mark {RATIOS[kind]:.0f}: {_verdict(ratio >= RATIOS[kind])})"
                    f"{_by_cpu(other, own)}"
                )
    yield from _beside_bare(runs)
    if ends := _ends(runs):
        fewest, most = ends
        for kind in KINDS:
            own, grown = fewest.figures[kind], most.figures[kind]
            growth = own.rate / grown.rate
            yield (
                f"{kind}: costs {growth:.2f} times as much with {most.users:,} users as with "
                f"{fewest.users:,} (mark {GROWTH}: {_verdict(growth <= GROWTH)})"
                f"{_by_cpu(grown, own)}"
            )


def _beside_bare(runs: Sequence[Run]) -> Iterator[str]:
    bare = {run.users: run for run in runs if run.server == BARE}
    for run in runs:
        if run.server == OURS and run.users in bare:
            figures = bare[run.users].figures
            ratios = (f"{kind} {run.figures[kind].rate / figures[kind].rate:.1f}" for kind in KINDS)
            yield f"{run.users:,} users, times {BARE} (no mark): {', '.join(ratios)}"


def _by_cpu(more: Figure, less: Figure) -> str:
    """Say the same of the CPU time, which other processes hardly change."""
    if not more.cpu or not less.cpu:
        return ""
    return f"; by CPU time {more.cpu / less.cpu:.2f}"


def warnings() -> Iterator[str]:
    """Say what makes figures worse than they are; to be asked before anything is measured."""
    if _busy() > BUSY:
        yield (
            f"the machine is busy ({_busy():.1f} processes for {os.cpu_count()} cores): requests/s "
            "will be too low; compare CPU µs, or measure again when it is quiet"
        )


def _busy() -> float:
    return os.getloadavg()[0]


def to_json(
    runs: Sequence[Run],
    members: Mapping[int, Figure],
    skipped: Mapping[str, str],
    compiled: Sequence[Comparison],
    warned: Sequence[str] = (),
) -> bytes:
    """Return everything that was measured."""
    document: dict[str, Any] = {
        "python": platform.python_version(),
        "connections": CONNECTIONS,
        "runs": [
            {
                "server": run.server,
                "users": run.users,
                "figures": {kind: _rounded(figure) for kind, figure in run.figures.items()},
            }
            for run in runs
        ],
        "one member into a group of": {
            str(size): _rounded(figure) for size, figure in members.items()
        },
        "marks": list(marks(runs)),
        "skipped": dict(skipped),
        "warnings": list(warned),
        "expressions": [asdict(each) for each in compiled],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _best_peer(runs: Sequence[Run], users: int, kind: str) -> Run | None:
    peers = [run for run in runs if run.server not in (OURS, BARE) and run.users == users]
    return max(peers, key=lambda run: run.figures[kind].rate, default=None)


def _ends(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return our runs with the fewest and the most users."""
    own = sorted((run for run in runs if run.server == OURS), key=lambda run: run.users)
    return (own[0], own[-1]) if len(own) > 1 else None


def _rounded(figure: Figure) -> dict[str, float | None]:
    return {
        "rate": round(figure.rate),
        "median_ms": round(figure.median, 2),
        "p99_ms": round(figure.p99, 2),
        "cpu_us": None if figure.cpu is None else round(figure.cpu),
    }


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
