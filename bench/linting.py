"""`scimweave lint`, the whole command: of the reference mapping, and of many attributes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PRECIATE = Path(__file__).parent.parent / "mappings" / "preciate.yaml"
MARKS = {"cold": 0.4, "large": 3.0}
ROUNDS = 5
HEAD = """integration: large
target: { connector: memory }
users:
  object: people
  key: id
  match: [email]
  attributes:
    email: userName
    is_active: active
"""
# Every kind of rule; no two expressions are the same, so that none is parsed for another.
RULES = (
    "title",
    "{{ from: name.givenName, max_length: 40 }}",
    "{{ expr: \"join('{n}', [name.givenName, name.familyName])\" }}",
    "{{ from: [nickName, title], default: 'none {n}' }}",
    "{{ from: locale, values: {{ sv: Sverige, de: Tyskland, '*': '{n}' }} }}",
    "{{ expr: \"switch(lower(enterprise.department), '{n}', 'sales', 'S', 'it', 'I')\" }}",
)


@dataclass(frozen=True)
class LintFigure:
    """Seconds of the whole command: of the reference mapping, and of ``attributes`` attributes."""

    attributes: int
    cold: float
    large: float


def measure(attributes: int = 2_000) -> LintFigure:
    """Measure both; raises where the linter finds anything."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.yaml"
        file.write_text(HEAD + "".join(_line(number) for number in range(attributes)))
        return LintFigure(attributes, _seconds(PRECIATE), _seconds(file))


def sentence(figure: LintFigure) -> str:
    """Say how long linting takes."""
    return (
        f"lint of mappings/preciate.yaml: {figure.cold:.2f} s "
        f"(mark {MARKS['cold']} s: {_verdict(figure.cold, 'cold')}); "
        f"of {figure.attributes:,} attributes: {figure.large:.2f} s "
        f"(mark {MARKS['large']:.0f} s: {_verdict(figure.large, 'large')})"
    )


def _line(number: int) -> str:
    return f"    field_{number}: {RULES[number % len(RULES)].format(n=number)}\n"


def _seconds(file: Path) -> float:
    """Return the shortest of several runs: whatever else the machine does only adds."""
    return min(_run(file) for _ in range(ROUNDS))


def _run(file: Path) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "scimweave", "lint", str(file)]
    # As installed: modules are compiled once, not with each start.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - started
    assert done.stdout == "no findings\n", (done.stdout, done.stderr)
    return taken


def _verdict(seconds: float, mark: str) -> str:
    return "reached" if seconds < MARKS[mark] else "NOT reached"


if __name__ == "__main__":
    print(sentence(measure()))
