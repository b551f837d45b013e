from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scimweave_server.cli import app
from small_mapping import mapping_text
from watching import watching

BOB = '{"userName": "bob", "title": "Poet"}'


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(
        mapping_text(
            "title: title",
            "nick: { from: nickName, absent: keep }",
            "secret: { from: title, sensitive: true }",
            "short: { from: userName, max_length: 3 }",
        )
    )
    return file


def run(*words: Any, stdin: str = "") -> Any:
    return CliRunner().invoke(app, ["try", *map(str, words), "--once"], input=stdin)


def test_projection_of_a_user_on_standard_input(small: Path) -> None:
    result = run(small, "--user", "-", stdin=BOB)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        'email      "bob"',
        "is_active  true",
        'title      "Poet"',
        "nick       (left as it is)",
        'secret     "[sensitive]"',
        'short      "bob"',
    ]


def test_projection_of_a_file_for_programs(small: Path, tmp_path: Path) -> None:
    user = tmp_path / "bob.json"
    user.write_text(BOB.replace("bob", "robert"))
    result = run(small, "--user", user, "--json")
    assert result.exit_code == 1
    made = json.loads(result.stdout)
    assert made["fields"]["title"] == "Poet"
    assert made["errors"] == {"short": '"robert" is 6 characters long, at most 3 are taken'}
    assert "error: userName: " in run(small, "--user", user).stdout


def test_whoever_is_out_of_scope_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(mapping_text(users='  scope: title eq "Sales"\n'))
    shown = run(file, "--user", "-", stdin=BOB).stdout
    assert shown.startswith('out of scope: title eq "Sales" is not true of it\n')
    assert json.loads(run(file, "--user", "-", "--json", stdin=BOB).stdout)["note"] in shown


def test_without_a_user_there_is_an_example(mapping: Path) -> None:
    result = run(mapping)
    assert result.exit_code == 0
    assert 'department    "Engines"' in result.stdout


@pytest.mark.parametrize("stdin", ["", "{", "[]", '{"title": "x"}'])
def test_what_is_no_user_is_a_message(small: Path, stdin: str) -> None:
    result = run(small, "--user", "-", stdin=stdin)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("error: the user:")


def test_file_with_errors_is_a_finding(small: Path) -> None:
    small.write_text(mapping_text("title: titel"))
    result = run(small)
    assert result.exit_code == 1
    assert "error[unknown-attribute]" in result.stderr


def test_save_of_either_file_prints_it_again(small: Path, tmp_path: Path) -> None:
    user = tmp_path / "bob.json"
    user.write_text(BOB)
    with watching("try", small, "--user", user) as command:
        assert command.prints('short      "bob"')
        command.save(user, BOB.replace("Poet", "Bard"))
        assert command.prints('"Bard"')
        small.write_text(small.read_text().replace("title: title", "title: { const: Sage }"))
        assert command.prints('"Sage"')
