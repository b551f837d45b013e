"""The committed plot: one panel a kind of request, a line a server, by number of users."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from bench.report import Run
from bench.workload import KINDS

COLOURS = {
    "scimweave": "#0b6e4f",
    "scim2-server": "#c8553d",
    "scimmy": "#5b7db1",
    "scimmy bare": "#a9a9a9",
}
WIDTH, HEIGHT, LEFT, TOP = 190, 210, 58, 62
LOWEST, HIGHEST = 100, 40_000


def draw(runs: Sequence[Run]) -> str:
    """Return an SVG of requests a second; both axes are logarithmic."""
    sizes = sorted({run.users for run in runs})
    width = LEFT + len(KINDS) * (WIDTH + 14) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 48}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">Requests a second by stored users '
        "(16 connections; scimweave durable, the others in memory)</text>",
        *_legend([name for name in COLOURS if any(run.server == name for run in runs)]),
    ]
    for number, kind in enumerate(KINDS):
        parts += _panel(runs, sizes, kind, LEFT + number * (WIDTH + 14), labelled=number == 0)
    return "\n".join([*parts, "</svg>", ""])


def _legend(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        x = LEFT + number * 130
        yield f'<circle cx="{x + 5}" cy="36" r="4" fill="{COLOURS[name]}"/>'
        yield f'<text x="{x + 14}" y="40">{escape(name)}</text>'


def _panel(
    runs: Sequence[Run], sizes: Sequence[int], kind: str, left: int, *, labelled: bool
) -> Iterator[str]:
    def x(users: int) -> float:
        span = math.log(sizes[-1] / sizes[0]) or 1
        return left + 14 + (WIDTH - 28) * math.log(users / sizes[0]) / span

    yield (
        f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="#fafafa" '
        'stroke="#ddd"/>'
    )
    yield f'<text x="{left + 8}" y="{TOP + 16}" font-weight="600">{kind}</text>'
    for rate in (100, 1_000, 10_000):
        yield (
            f'<line x1="{left}" x2="{left + WIDTH}" y1="{_y(rate):.1f}" y2="{_y(rate):.1f}" '
            'stroke="#e2e2e2"/>'
        )
        if labelled:
            yield f'<text x="{left - 6}" y="{_y(rate) + 4:.1f}" text-anchor="end">{rate:,}</text>'
    for users in sizes:
        yield (
            f'<text x="{x(users):.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">'
            f"{users:,}</text>"
        )
    for name, colour in COLOURS.items():
        own = sorted((run for run in runs if run.server == name), key=lambda run: run.users)
        points = [(x(run.users), _y(run.figures[kind].rate)) for run in own]
        if points:
            line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
            yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points
            )


def _y(rate: float) -> float:
    place = math.log(max(rate, LOWEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return TOP + HEIGHT - HEIGHT * place
