"""Runs a command of scimweave to its end: how long it took, and what memory it had."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping


def run(
    command: list[str], expected: str, environment: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Return the seconds of the whole process, and its largest memory in MiB.

    Raises ``AssertionError`` where it fails, or does not print what is expected.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "scimweave_server", *command],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, output
    assert expected in output, output
    return time.perf_counter() - started, usage.ru_maxrss / 1024
