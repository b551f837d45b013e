from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from diagnostic_cases import CASES
from scimweave.mapping import CATALOGUE, Span
from scimweave.mapping.diagnostics import finding
from scimweave_server.cli import app
from scimweave_server.cli.finding_formats import github, sarif

SCHEMA = json.loads((Path(__file__).parents[2] / "sarif.schema.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_sarif_has_the_structure_of_the_standard(name: str) -> None:
    found = CASES[name].wrong_findings()
    log = sarif(found)
    Draft202012Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [f.code for f in found]


def test_sarif_places_are_uris() -> None:
    spans = [Span(file, 3, 5, 9, "    email: x") for file in ("m/a b.yaml", "/srv/a%.yaml")]
    log = sarif([finding("bad-path", "x", span) for span in spans])
    places = [each["locations"][0]["physicalLocation"] for each in log["runs"][0]["results"]]
    assert [each["artifactLocation"]["uri"] for each in places] == [
        "m/a%20b.yaml",
        "file:///srv/a%25.yaml",
    ]
    assert places[0]["region"] == {"startLine": 3, "startColumn": 5, "endColumn": 9}


def test_github_commands_are_escaped() -> None:
    span = Span("a,b:c.yaml", 3, 5, 9, "    email: x")
    found = finding("bad-path", "100 %\nreally", span, "here", help="do: this, that")
    assert github([found]) == (
        "::error file=a%2Cb%3Ac.yaml,line=3,endLine=3,col=5,endColumn=8,title=bad-path"
        "::100 %25%0Areally; here; do: this, that\n"
    )
    nowhere = finding("unreadable-file", "no such file")
    assert github([nowhere]) == "::error title=unreadable-file::no such file\n"


def test_format_is_chosen_on_the_command_line(
    mapping: Path, edit: Callable[[str, str], None]
) -> None:
    edit("enterprise.department", "enterprise.departmnt")
    results = {
        form: CliRunner().invoke(app, ["lint", str(mapping), "--format", form])
        for form in ("text", "json", "github", "sarif")
    }
    assert {result.exit_code for result in results.values()} == {1}
    assert results["text"].stdout == ""
    assert json.loads(results["json"].stdout)[0]["code"] == "unknown-attribute"
    assert results["github"].stdout.startswith(f"::error file={mapping},line=")
    rules = json.loads(results["sarif"].stdout)["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CATALOGUE)


def test_unknown_format_is_a_usage_error(mapping: Path) -> None:
    assert CliRunner().invoke(app, ["lint", str(mapping), "--format", "xml"]).exit_code == 2
