"""What `scimweave test` prints: results, coverage, JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

from scimweave.mapping import Program
from scimweave.mapping.coverage import Coverage, FieldCoverage
from scimweave.mapping.tests import TestResult

_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Run:
    """The tests of one mapping file, run; ``coverage`` is empty where nobody asked for it."""

    program: Program
    results: list[TestResult]
    coverage: Coverage

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return sum(not result.passed for result in self.results)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the results for programs."""
        return [_row(self.program, result) for result in self.results]


def print_results(runs: Iterable[Run]) -> None:
    """Print each test, and what a failed one expected otherwise."""
    for run in runs:
        for result in run.results:
            word = "ok  " if result.passed else "FAIL"
            print(f"{word}  {run.program.integration}: {result.name}")
            if not result.passed:
                print(f"      {result.span.file}:{result.span.line}")
                for difference in result.differences:
                    print(f"      {difference}")


def print_coverage(runs: Iterable[Run], reached: float) -> None:
    """Print a table of the attributes, with what the tests have not reached."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("field", "expected", "branches", "not reached", box=None)
    for run in runs:
        for each in run.coverage.fields:
            complete = each.is_expected and not each.missed
            table.add_row(
                Text(f"{run.program.integration}: {each.field}", style="" if complete else "bold"),
                "yes" if each.is_expected else "no",
                _branches(each),
                Text(", ".join(each.missed)),
            )
    print()
    Console().print(table)
    print(f"coverage: {reached:.1f} %")


def coverage_to_dict(runs: Iterable[Run], reached: float) -> dict[str, Any]:
    """Return the coverage for programs."""
    fields = [
        {
            "integration": run.program.integration,
            "field": each.field,
            "expected": each.is_expected,
            "taken": list(each.taken),
            "missed": list(each.missed),
        }
        for run in runs
        for each in run.coverage.fields
    ]
    return {"percent": round(reached, 1), "fields": fields}


def write_junit(runs: Iterable[Run], file: Path) -> None:
    """Write JUnit XML, a test suite for each integration."""
    everyone = list(runs)
    root = xml.Element("testsuites", _counts(everyone))
    for run in everyone:
        name = run.program.integration
        suite = xml.SubElement(root, "testsuite", {"name": name, **_counts([run])})
        for result in run.results:
            place = {"file": result.span.file, "line": str(result.span.line)}
            case = xml.SubElement(
                suite, "testcase", {"classname": name, "name": _legal(result.name), **place}
            )
            if not result.passed:
                text = _legal("\n".join(map(str, result.differences)))
                failure = xml.SubElement(case, "failure", {"message": text.splitlines()[0]})
                failure.text = text
    xml.indent(root)
    file.write_bytes(xml.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _counts(runs: list[Run]) -> dict[str, str]:
    tests = sum(len(run.results) for run in runs)
    return {"tests": str(tests), "failures": str(sum(run.failed for run in runs)), "errors": "0"}


def _legal(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return "".join(
        each if each in "\t\n" or each >= " " else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def _branches(coverage: FieldCoverage) -> str:
    total = len(coverage.taken) + len(coverage.missed)
    return f"{len(coverage.taken)}/{total}" if total else "–"


def _row(program: Program, result: TestResult) -> dict[str, Any]:
    return {
        "integration": program.integration,
        "name": result.name,
        "file": str(result.span.file),
        "line": result.span.line,
        "passed": result.passed,
        "differences": [str(difference) for difference in result.differences],
    }
