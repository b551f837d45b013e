"""What a person sees of provisioning cycles: a progress bar, a summary table, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from scimweave_server.simulate.failure import readable
from scimweave_server.simulate.outcome import CycleReport, Outcome, Result
from scimweave_server.simulate.transport import LONGEST_WAIT_SECONDS


class ProgressBar:
    """A bar for each cycle, on a terminal only."""

    def __init__(self, console: Console, *, shown: bool = True) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            disable=not (shown and console.is_terminal),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def start(self, cycle: int, total: int) -> None:
        """Show the bar of a cycle."""
        self._task = self._progress.add_task(f"cycle {cycle}", total=total)

    def advance(self, result: Result) -> None:
        """Move the bar on by one person."""
        if self._task is not None:
            self._progress.advance(self._task)


def print_summary(reports: Sequence[CycleReport], console: Console) -> None:
    """Print how many people had which outcome, then who failed or was skipped, and why."""
    counts = Table("cycle", box=None, pad_edge=False)
    for outcome in Outcome:
        counts.add_column(outcome.value, justify="right")
    for report in reports:
        numbers = (_number(outcome, count) for outcome, count in report.counts.items())
        counts.add_row(str(report.number), *numbers)
    console.print(counts)
    _print_reasons(reports, console)
    for report in reports:
        _print_throttling(report, console)


def _number(outcome: Outcome, count: int) -> Text:
    alarming = outcome is Outcome.FAILED and count
    return Text(str(count) if count else "–", style="bold red" if alarming else "")


def _print_reasons(reports: Sequence[CycleReport], console: Console) -> None:
    reasons = Table("cycle", "person", "outcome", "reason", box=None, pad_edge=False)
    for report in reports:
        for result in report.results:
            if result.reason is not None:
                style = "bold red" if result.outcome is Outcome.FAILED else ""
                reasons.add_row(
                    str(report.number),
                    Text(readable(result.user_name)),
                    Text(result.outcome.value, style=style),
                    Text(result.reason),
                )
    if reasons.row_count:
        console.print()
        console.print(reasons)


def _print_throttling(report: CycleReport, console: Console) -> None:
    counted = report.throttling
    if not counted.retries:
        return
    text = (
        f"cycle {report.number}: requests put off by the endpoint (429, 503): {counted.retries}, "
        f"{counted.seconds:.0f} s in all"
    )
    if counted.shortened:
        text += f"; waits cut to {LONGEST_WAIT_SECONDS:.0f} s: {counted.shortened}"
    console.print(Text(text))
