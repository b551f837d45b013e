"""Mappings against the tables of a real database, and against what providers send."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scimweave_server.cli import app

COLUMNS = "id INTEGER PRIMARY KEY, email TEXT UNIQUE, is_active BOOLEAN"


def lint(*words: Any) -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, ["lint", *map(str, words), "--json"])
    return result.exit_code, [each["code"] for each in json.loads(result.stdout)]


def _file(folder: Path, columns: str, *lines: str) -> Path:
    database = folder / "target.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"CREATE TABLE people ({columns})")
    file = folder / "m.yaml"
    attributes = "".join(f"    {line}\n" for line in ("email: userName", *lines))
    file.write_text(
        f"integration: m\ntarget: {{ connector: sql, url: 'sqlite:///{database}' }}\n"
        f"users:\n  object: people\n  key: id\n  match: [email]\n  attributes:\n{attributes}"
    )
    return file


@pytest.mark.parametrize(
    ("columns", "line", "expected"),
    [
        pytest.param("", "", [], id="as-it-should-be"),
        pytest.param("title TEXT", "titel: title", ["missing-field"], id="column-missing"),
        pytest.param("title VARCHAR(5)", "title: title", ["length-unchecked"], id="length"),
        pytest.param("title VARCHAR(5)", "title: { from: title, max_length: 6 }", ["too-short"]),
        pytest.param("title VARCHAR(5)", "title: { from: title, max_length: 5 }", []),
        pytest.param("title VARCHAR(5)", "title: { const: Analyst }", ["too-short"]),
        pytest.param("level INTEGER", "level: title", ["unfit-type"], id="type"),
        pytest.param("level INTEGER", "level: { from: title, type: integer }", []),
        pytest.param("hired DATE", "hired: title", ["unfit-type"]),
        pytest.param("hired DATETIME", "hired: { from: title, type: datetime }", []),
        pytest.param("state TEXT", "state: active", ["unfit-type"]),
        pytest.param("pay NUMERIC(8, 2)", "pay: { from: title, type: decimal }", []),
        pytest.param("more JSON", "more: emails", []),
        pytest.param("code UUID", "code: title", []),
        pytest.param("site TEXT NOT NULL", "", ["not-null-without-value"], id="not-null"),
        pytest.param("site TEXT NOT NULL DEFAULT 'x'", "", [], id="default"),
        pytest.param("title TEXT NOT NULL", "title: title", ["null-possible"], id="null"),
        pytest.param("title TEXT NOT NULL", "title: { from: title, required: true }", []),
        pytest.param("title TEXT NOT NULL DEFAULT 'x'", "title: title", ["null-possible"]),
    ],
)
def test_mapping_against_a_real_table(
    tmp_path: Path, columns: str, line: str, expected: list[str]
) -> None:
    more = f", {columns}" if columns else ""
    lines = ["is_active: active", *([line] if line else [])]
    file = _file(tmp_path, COLUMNS + more, *lines)
    code, found = lint("--connect", file)
    assert found == expected
    assert code == (0 if set(expected) <= {"length-unchecked"} else 1)


@pytest.mark.parametrize("index", ["", "CREATE UNIQUE INDEX i ON people (email)"])
def test_match_without_a_unique_index(tmp_path: Path, index: str) -> None:
    file = _file(tmp_path, COLUMNS.replace(" UNIQUE", ""), "is_active: active")
    with closing(sqlite3.connect(tmp_path / "target.db")) as connection:
        connection.execute(index)
    assert lint("--connect", file) == (0, [] if index else ["no-unique-match"])


@pytest.mark.parametrize(
    ("provider", "line", "expected"),
    [("entra", "", 19), ("entra", "  ignore: [emails, addresses]", 12), ("okta", "", 6)],
)
def test_what_a_provider_sends_and_nothing_maps(
    tmp_path: Path, provider: str, line: str, expected: int
) -> None:
    file = _file(tmp_path, COLUMNS, "is_active: active")
    file.write_text(file.read_text() + line + "\n")
    assert lint("--provider", provider, file) == (0, ["unmapped-attribute"] * expected)


def test_mapping_of_everything_leaves_nothing_of_entra_out(directory_file: Path) -> None:
    assert lint("--provider", "entra", directory_file) == (0, [])
