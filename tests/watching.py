"""A command that runs again on each save, as a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from threading import Timer

from serving import PATIENCE, SCIMWEAVE


class Watching:
    """Reads what the command prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._output = process.stdout

    def prints(self, text: str) -> bool:
        """Wait for a line that holds ``text``."""
        return any(text in line for line in iter(self._output.readline, ""))

    def save(self, file: Path, text: str) -> None:
        """Save a file until the command, which begins to watch a little later, says something."""
        for _ in range(100):
            file.write_text(text)
            if select([self._output], [], [], 0.2)[0]:
                return
        raise AssertionError("no save was seen")


@contextmanager
def watching(*words: object) -> Iterator[Watching]:
    """Run a command; it is killed at the end, or when it says nothing for long."""
    command = [*SCIMWEAVE, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        patience = Timer(PATIENCE, process.kill)
        patience.start()
        try:
            yield Watching(process)
        finally:
            patience.cancel()
            process.kill()
