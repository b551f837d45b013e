from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scimweave_server.cli import app

EXPORT = Path(__file__).parents[2] / "golden" / "import" / "entra.json"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_draft_is_printed_or_written_and_lints(tmp_path: Path) -> None:
    shown = run("import-entra", EXPORT)
    assert shown.exit_code == 0
    assert "\nintegration: customappsso\n" in shown.stdout
    file = tmp_path / "draft.yaml"
    written = run("import-entra", EXPORT, "--output", file)
    assert (written.exit_code, written.stdout) == (0, "")
    assert file.read_text(encoding="utf-8") == shown.stdout
    assert run("lint", file).stdout == "no findings\n"


def test_draft_replaces_no_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("integration: mine\n")
    result = run("import-entra", EXPORT, "--output", file)
    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert file.read_text() == "integration: mine\n"


def test_integration_has_the_name_that_is_given() -> None:
    assert "\nintegration: acme\n" in run("import-entra", EXPORT, "--integration", "acme").stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nowhere.json"], 1),
        (["."], 1),
        ([__file__], 1),
        ([EXPORT, "--output", "/nowhere/draft.yaml"], 1),
        ([EXPORT, "--integration", "No Name"], 2),
        ([], 2),
    ],
    ids=["missing", "folder", "not-json", "no-folder", "bad-name", "usage"],
)
def test_what_cannot_be_imported_is_a_message(words: list[object], code: int) -> None:
    result = run("import-entra", *words)
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "rror" in result.stderr
