from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conftest import ROOT
from scimweave_server.cli import app


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, ["docs", *map(str, words)])


@pytest.mark.parametrize("by_name", [True, False])
def test_page_by_name_or_by_file(mapping: Path, by_name: bool) -> None:
    words = ["preciate", "--mappings", mapping.parent] if by_name else [mapping]
    result = run(*words, "--base-url", "https://scim.contoso.com/")
    assert result.exit_code == 0
    assert "`https://scim.contoso.com/api/v1/scim`" in result.stdout
    assert result.stdout.startswith("# Provisioning to Preciate\n")


def test_page_is_written_to_a_file_as_html(mapping: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    for _ in range(2):
        result = run(mapping, "--format", "html", "-o", file)
        assert (result.exit_code, result.stdout) == (0, "")
    page = file.read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>Provisioning to Preciate</title>" in page


def test_readme_has_the_rows_of_the_page(mapping: Path) -> None:
    rows = [line for line in run(mapping).stdout.splitlines() if line.startswith("| `")]
    names = [row.split("|")[1].strip() for row in rows[:10] if "| yes |" in row]
    readme = (ROOT / "README.md").read_text()
    assert len(names) == 9
    assert all(f"| {name} |" in readme for name in names)


def test_unknown_integration_is_a_message(mapping: Path) -> None:
    result = run("nobody", "--mappings", mapping)
    assert result.exit_code == 1
    assert "preciate" in result.stderr


@pytest.mark.parametrize("url", ["scim.example.com", "https://x?y", "https://x y"])
def test_address_that_is_none_is_a_usage_error(mapping: Path, url: str) -> None:
    assert run(mapping, "--base-url", url).exit_code == 2


def test_page_goes_nowhere_it_cannot_be_written(mapping: Path, tmp_path: Path) -> None:
    result = run(mapping, "-o", tmp_path / "no" / "page.md")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
