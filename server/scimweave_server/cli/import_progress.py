"""How far a long command is, on standard error where somebody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimweave.provisioning.progress import Progress


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show a bar for each thing that is done, of each section."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(section: str, what: str, done: int, total: int | None) -> None:
            name = f"{section} {what}"
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield show


def _nothing(section: str, what: str, done: int, total: int | None) -> None:
    """Show nothing: the output goes to a file or a program."""
