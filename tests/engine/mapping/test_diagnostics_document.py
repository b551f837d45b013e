"""docs/diagnostics.md is made from the catalogue and its cases; ``make golden`` rewrites it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostic_cases import CASES, Case
from scimweave.mapping.diagnostics import CATALOGUE

DOCUMENT = Path(__file__).parents[3] / "docs" / "diagnostics.md"
HEAD = """# What `scimweave lint` finds

An error keeps the file from being used; a warning does not.
`--format github` and `--format sarif` are for builds.
"""


def test_every_code_is_documented_with_a_wrong_and_a_right_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = HEAD + "".join(text for code in CATALOGUE for text in _section(code))
    if os.environ.get("UPDATE_GOLDEN"):
        DOCUMENT.write_text(made, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == made


def _section(code: str) -> Iterator[str]:
    severity, meaning = CATALOGUE[code]
    case = _documented(code)
    finding = next(each for each in case.wrong_findings() if each.code == code)
    yield f"\n## {code}\n\n{severity.capitalize()}: {meaning}\n\n"
    yield f"```\n{finding.render()}\n```\n\n"
    if case.remedy:
        yield f"What to do:\n\n```\n{case.remedy}\n```\n"
    else:
        yield f"Right:\n\n```yaml\n{_changed(case)}\n```\n"


def _documented(code: str) -> Case:
    """Return the case that is named after a code and has a right example."""
    return next(
        case
        for name, case in CASES.items()
        if name.startswith(code) and (case.right or case.remedy)
    )


def _changed(case: Case) -> str:
    """Return the lines of the right example that the wrong one has not."""
    wrong = set(case.wrong[-1].splitlines())
    changed = [line for line in case.right.splitlines() if line not in wrong]
    width = min(len(line) - len(line.lstrip()) for line in changed)
    return "\n".join(line[width:] for line in changed)
