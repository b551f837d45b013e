"""scimweave test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.options import FINDINGS, Json, Paths, expected_errors, print_json

if TYPE_CHECKING:
    from scimweave_server.cli.results import Run


def run_tests(
    paths: Paths,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which attributes and branches tests reach.")
    ] = False,
    min_coverage: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Fail where less is reached."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again on each save, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the tests that stand in mapping files."""

    def run() -> bool:
        return _run(paths, coverage, min_coverage, junit, as_json)

    if watch:
        from scimweave_server.cli.saves import on_each_save

        on_each_save(paths, run)
    elif not run():
        raise typer.Exit(FINDINGS)


def _run(
    paths: list[Path],
    coverage: bool,
    min_coverage: float | None,
    junit: Path | None,
    as_json: bool,
) -> bool:
    """Run all once; returns whether everything is as it should be."""
    with expected_errors():
        from scimweave.mapping import load_all
        from scimweave.mapping.coverage import percent, run_alone, run_with_coverage
        from scimweave_server.cli import results
        from scimweave_server.cli.results import Run

        measure = run_with_coverage if coverage or min_coverage is not None else run_alone
        runs = [Run(each, *measure(each)) for each in load_all(paths)]
        if junit is not None:
            results.write_junit(runs, junit)
    reached = percent(run.coverage for run in runs)
    enough = min_coverage is None or reached >= min_coverage
    if as_json:
        rows = [row for run in runs for row in run.to_dict()]
        shown = {"tests": rows, "coverage": results.coverage_to_dict(runs, reached)}
        print_json(shown if coverage else rows)
    else:
        _print(runs, coverage, reached)
    if not enough:
        print(f"coverage is {reached:.1f} %, wanted are {min_coverage:g} %", file=sys.stderr)
    return enough and not any(run.failed for run in runs)


def _print(runs: list[Run], coverage: bool, reached: float) -> None:
    from scimweave_server.cli.results import print_coverage, print_results

    print_results(runs)
    if coverage:
        print_coverage(runs, reached)
    failed = sum(run.failed for run in runs)
    total = sum(len(run.results) for run in runs)
    print(f"{total - failed} passed, {failed} failed")
