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
from bench.servers import OURS
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
                peer, rate = best
                ratio = run.figures[kind].rate / rate
                yield (
                    f"{kind}, {run.users:,} users: {ratio:.1f} times {peer} "
                    f"(mark {RATIOS[kind]:.0f}: {_verdict(ratio >= RATIOS[kind])})"
                )
    for kind, growth in _growth(runs).items():
        yield (
            f"{kind}: costs {growth:.2f} times as much with the most users as with the fewest "
            f"(mark {GROWTH}: {_verdict(growth <= GROWTH)})"
        )


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
        "growth": {kind: round(growth, 2) for kind, growth in _growth(runs).items()},
        "skipped": dict(skipped),
        "warnings": list(warned),
        "expressions": [asdict(each) for each in compiled],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _best_peer(runs: Sequence[Run], users: int, kind: str) -> tuple[str, float] | None:
    peers = [run for run in runs if run.server != OURS and run.users == users]
    return max(
        ((run.server, run.figures[kind].rate) for run in peers),
        key=lambda peer: peer[1],
        default=None,
    )


def _growth(runs: Sequence[Run]) -> dict[str, float]:
    """Return the cost with the most users in terms of that with the fewest."""
    own = sorted((run for run in runs if run.server == OURS), key=lambda run: run.users)
    if len(own) < 2:
        return {}
    return {kind: own[0].figures[kind].rate / own[-1].figures[kind].rate for kind in KINDS}


def _rounded(figure: Figure) -> dict[str, float | None]:
    return {
        "rate": round(figure.rate),
        "median_ms": round(figure.median, 2),
        "p99_ms": round(figure.p99, 2),
        "cpu_us": None if figure.cpu is None else round(figure.cpu),
    }


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
