from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import importing, linting, planning

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_benchmark_measures_a_real_server() -> None:
    options = ["--servers", "scimweave", "--users", "40", "--requests", "20", "--rounds", "1"]
    result = subprocess.run(
        [sys.executable, "-m", "bench.run", *options],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "scimweave, 40 users" in result.stdout


def test_a_plan_is_measured_and_its_counts_are_checked() -> None:
    # Raises where the counts are wrong; the seconds depend on the machine.
    assert planning.measure(20).users == 20


def test_an_import_is_measured_and_its_counts_are_checked() -> None:
    assert importing.measure(20).accounts == 20


def test_linting_is_measured_on_files_without_a_finding() -> None:
    # Raises where there is one; the seconds depend on the machine.
    assert linting.measure(30).attributes == 30
