"""Does something again whenever a file is saved."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event

import typer
from watchfiles import Change, watch

_SUFFIXES = frozenset({".yaml", ".yml", ".csv"})


def on_each_save(
    paths: Iterable[Path], work: Callable[[], object], stop: Event | None = None
) -> None:
    """Do ``work`` now and on each save of a file, or of one in a folder, until Ctrl-C or ``stop``.

    Beside mapping files lie others that they may be made of: a save of these counts too.
    ``work`` may end with ``typer.Exit``: what it printed stands there until the next save.
    """
    asked = list(paths)
    names = {path.resolve() for path in asked}
    # Folders are watched: most editors replace a file, and the old one would be watched in vain.
    folders = {path if path.is_dir() else path.parent for path in asked}
    resolved = {folder.resolve() for folder in folders}

    def is_asked(change: Change, name: str) -> bool:
        file = Path(name).resolve()
        return file in names or (file.parent in resolved and file.suffix in _SUFFIXES)

    with suppress(KeyboardInterrupt):
        _do(work)
        if sys.stderr.isatty():
            names_of_it = ", ".join(map(str, asked))
            print(f"\n── waits for a save of {names_of_it}, until Ctrl-C ──", file=sys.stderr)
        for _ in watch(*folders, watch_filter=is_asked, recursive=False, step=50, stop_event=stop):
            print(f"\n── saved {datetime.now():%H:%M:%S} ──")
            _do(work)


def _do(work: Callable[[], object]) -> None:
    with suppress(typer.Exit):
        work()
    sys.stdout.flush()
