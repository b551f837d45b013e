from __future__ import annotations

from xml.etree import ElementTree

import orjson
import pytest
from bench.loading import Figure
from bench.report import Run
from bench.workload import KINDS

from bench import expressions, plot, report


def run(server: str, users: int, rate: float, cpu: float | None = None) -> Run:
    return Run(server, users, {kind: Figure(kind, rate, 1.0, 2.0, cpu) for kind in KINDS})


RUNS = [
    run("scimweave", 1_000, 4_000, 80),
    run("scimweave", 100_000, 2_000, 100),
    run("scim2-server", 1_000, 1_000),
    run("scimmy", 1_000, 500),
]


@pytest.mark.parametrize(
    "line",
    [
        "create, 1,000 users: 4.0 times scim2-server (mark 3: reached)",
        "read, 1,000 users: 4.0 times scim2-server (mark 5: NOT reached)",
        "read: costs 2.00 times as much with 100,000 users as with 1,000 (mark 1.5: NOT reached)"
        "; by CPU time 1.25",
    ],
)
def test_marks_are_against_the_best_peer_and_the_fewest_users(line: str) -> None:
    assert line in list(report.marks(RUNS))


def test_results_are_json_with_every_run() -> None:
    written = orjson.loads(report.to_json(RUNS, {}, {"other": "not here"}, []))
    assert [(each["server"], each["users"]) for each in written["runs"]] == [
        (each.server, each.users) for each in RUNS
    ]
    assert written["skipped"] == {"other": "not here"}


def test_the_plot_is_an_svg_with_a_point_for_each_figure() -> None:
    drawn = ElementTree.fromstring(plot.draw(RUNS))
    points = [each for each in drawn.iter() if each.tag.endswith("circle") and each.get("r") == "3"]
    assert len(points) == len(RUNS) * len(KINDS)


def test_compiled_expressions_and_jmespath_give_the_same_results() -> None:
    # Raises where they differ; the figures themselves depend on the machine.
    assert {each.name for each in expressions.measure(1)} == {"preciate", "functions", "both"}
