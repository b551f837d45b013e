from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scim_directory import ScimDirectory, Scripted
from scimweave_server.cli.simulate import app

TOKEN = "s3cr3t-t0ken"
HEADER = "userPrincipalName,displayName,accountEnabled\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(f"cycle,{HEADER}1,ada@contoso.com,Ada,true\n2,ada@contoso.com,Ada,false\n")
    return file


async def simulate(url: str, people: Path, *options: str) -> Result:
    """Run the command beside the endpoint, which has the event loop of this thread."""
    arguments = ["entra", "--url", url, "--people", str(people), *options]
    runner = CliRunner(env={"SCIMWEAVE_TOKEN": TOKEN, "COLUMNS": "120"})
    return await asyncio.to_thread(lambda: runner.invoke(app, arguments))


async def test_summary_of_all_cycles(directory: ScimDirectory, url: str, people: Path) -> None:
    result = await simulate(url, people)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == [
        "cycle",
        "created",
        "updated",
        "disabled",
        "restored",
        "deleted",
        "unchanged",
        "skipped",
        "failed",
    ]
    assert rows[1:] == [
        ["1", "1", *"–––––––"],
        ["2", "–", "–", "1", *"–––––"],
    ]
    assert result.exit_code == 0


async def test_failure_ends_with_1_and_shows_the_reason(
    directory: ScimDirectory, url: str, people: Path
) -> None:
    directory.script("POST", Scripted.json(400, {"detail": f"[bold] is no name, {TOKEN}"}))
    result = await simulate(url, people, "--cycle", "1")
    assert "create: 400: [bold] is no name, …" in result.stdout
    assert result.exit_code == 1


async def test_json(directory: ScimDirectory, url: str, people: Path) -> None:
    result = await simulate(url, people, "--json", "--dialect", "compact")
    summary = json.loads(result.stdout)
    assert (summary["ok"], summary["dialect"], summary["error"]) == (True, "compact", None)
    assert [cycle["people"][0]["outcome"] for cycle in summary["cycles"]] == ["created", "disabled"]
    assert TOKEN not in result.output


async def test_state_file_links_runs(
    directory: ScimDirectory, url: str, people: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    await simulate(url, people, "--state", str(state), "--cycle", "1")
    directory.forget()
    await simulate(url, people, "--state", str(state), "--cycle", "2")
    assert directory.requests() == ["GET /scim/Users/{id}", "PATCH /scim/Users/{id}"]
    assert TOKEN not in state.read_text()


async def test_failed_connection_test_ends_with_1(
    directory: ScimDirectory, url: str, people: Path
) -> None:
    directory.script("GET", Scripted(401))
    result = await simulate(url, people, "--json")
    assert result.stderr.strip() == (
        "error: test connection: the endpoint refuses the secret token: 401"
    )
    assert json.loads(result.stdout)["error"] in result.stderr
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--url", "preciate"], '"preciate" is no URL of the form https://host/path'),
        (["--token", "two words"], "the secret token is empty or has characters"),
        (["--cycle", "7"], "there is no cycle 7; there are 1, 2"),
        (["--people", "absent.csv"], "absent.csv: No such file or directory"),
        (["--state", "/"], "/: Is a directory"),
    ],
)
async def test_usage_errors_end_with_2(people: Path, options: list[str], message: str) -> None:
    result = await simulate("http://127.0.0.1:9/scim", people, *options)
    assert message in result.stderr
    assert "two words" not in result.stderr
    assert result.exit_code == 2
