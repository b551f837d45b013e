from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any
from xml.etree import ElementTree as xml

import pytest
import typer
from typer.testing import CliRunner

from scimweave_server.cli import app
from scimweave_server.cli.saves import on_each_save
from serving import PATIENCE
from watching import watching

Edit = Callable[[str, str], None]


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, ["test", *map(str, words)])


def test_coverage_names_what_no_test_reaches(mapping: Path, edit: Edit) -> None:
    assert "coverage: 100.0 %" in run(mapping, "--coverage").stdout
    edit("job_title:    title", "job_title:    { from: title, default: none }\n    nick: nickName")
    edit("target: { job_title: null }", "target: { job_title: none }")
    shown = run(mapping, "--coverage").stdout
    assert any("preciate: nick" in line and " no " in line for line in shown.splitlines())
    found = json.loads(run(mapping, "--coverage", "--json").stdout)["coverage"]
    assert found["percent"] < 100
    by_field = {each["field"]: each for each in found["fields"]}
    assert by_field["job_title"]["taken"] == ["default used", "default not used"]
    assert not by_field["nick"]["expected"]


@pytest.mark.parametrize(("least", "code"), [("90", 0), ("99.5", 1)])
def test_too_little_coverage_fails(mapping: Path, edit: Edit, least: str, code: int) -> None:
    edit("external_id:  externalId", "external_id:  externalId\n    nick: nickName")
    result = run(mapping, "--min-coverage", least)
    assert result.exit_code == code
    assert ("wanted are 99.5 %" in result.stderr) is bool(code)


def test_junit_file_counts_and_names_failures(mapping: Path, edit: Edit, tmp_path: Path) -> None:
    edit("job_title:    title", "job_title:    displayName")
    file = tmp_path / "results.xml"
    assert run(mapping, "--junit", file).exit_code == 1
    root = xml.fromstring(file.read_bytes())
    (suite,) = root
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert "a joiner" in failed
    assert suite.get("tests") == str(len(suite)) == root.get("tests")
    assert suite.get("failures") == str(len(failed))
    failure = suite[0].find("failure")
    assert failure is not None
    assert "job_title: expected" in failure.get("message", "")


def test_work_is_done_again_on_each_save_and_after_a_failure(tmp_path: Path) -> None:
    file, stop = tmp_path / "a.yaml", Event()
    file.write_text("one")
    seen: list[str] = []
    done = Event()

    def work() -> None:
        seen.append(file.read_text())
        done.set()
        raise typer.Exit(1)

    thread = Thread(target=on_each_save, args=([file], work, stop))
    thread.start()
    try:
        assert done.wait(PATIENCE)
        done.clear()
        # Whoever watches starts a little later: save until it is seen.
        for _ in range(200):
            (tmp_path / "new").write_text("two")
            (tmp_path / "new").replace(file)
            if done.wait(0.1):
                break
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert seen[0] == "one"
    assert set(seen[1:]) == {"two"}


def test_watching_prints_the_results_again_after_a_save(mapping: Path) -> None:
    with watching("test", mapping, "--watch") as command:
        assert command.prints("13 passed, 0 failed")
        text = mapping.read_text().replace("job_title:    title", "job_title:    displayName")
        command.save(mapping, text)
        assert command.prints("FAIL  preciate: a joiner")
