from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner, Result

from employees import Employees
from golden_file import matches_golden
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app
from scimweave_server.http.operators import door_for_operators, socket_of

NAMES = [f"u{number}@contoso.com" for number in range(6)]
Apply = Callable[..., Result]
Edit = Callable[[str, str], None]


@pytest.fixture
def edited(mapping: Path, store_url: str, edit: Edit) -> None:
    """Provision some people, then edit the mapping."""

    async def create() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            for number, name in enumerate(NAMES):
                title = "x" * (number + 1)
                await engine["preciate"].users.create({"userName": name, "title": title})

    asyncio.run(create())
    edit("display_name: displayName", "display_name: title")


@pytest.fixture
def apply(mapping: Path, store_url: str) -> Apply:
    def run(*words: object, answer: str | None = None) -> Result:
        where = ["--mappings", str(mapping), "--store", store_url, "--rate", "10000"]
        command = ["apply", "preciate", *map(str, words), *where]
        return CliRunner().invoke(app, command, input=answer)

    return run


def beside_a_server(mapping: Path, store_url: str, work: Callable[[Engine], Result]) -> Result:
    """Do something in a thread while a server in this one answers operators."""

    async def serve() -> Result:
        async with Engine.open(mapping, store=store_url) as engine, door_for_operators(engine):
            return await asyncio.to_thread(work, engine)

    return asyncio.run(serve())


def test_everybody_is_brought_to_the_live_mapping(
    edited: None, apply: Apply, target: Employees, tmp_path: Path
) -> None:
    result = apply("--yes", "-n", 2)
    assert result.exit_code == 0
    matches_golden("apply/done.txt", result.stdout, tmp_path)
    assert [len(row["display_name"]) for row in target.rows()] == [1, 2, 3, 4, 5, 6]
    again = apply("--yes")
    assert (again.exit_code, again.stdout) == (
        0,
        "preciate: nobody lags behind the live mapping\n",
    )


def test_running_server_does_it(
    edited: None, apply: Apply, target: Employees, mapping: Path, store_url: str
) -> None:
    result = beside_a_server(mapping, store_url, lambda _: apply("--yes", "--json"))
    assert json.loads(result.stdout) == {
        "done": 6,
        "failed": 0,
        "held": 0,
        "failures": [],
        "stopped": None,
    }
    assert all(row["display_name"] for row in target.rows())


@pytest.mark.parametrize("serves", [False, True], ids=["here", "server"])
def test_whoever_fails_is_named_and_the_rest_is_done(
    edited: None,
    apply: Apply,
    edit: Edit,
    mapping: Path,
    store_url: str,
    tmp_path: Path,
    serves: bool,
) -> None:
    edit("display_name: title", "display_name: { from: title, max_length: 5, sensitive: true }")
    result = (
        beside_a_server(mapping, store_url, lambda _: apply("--yes")) if serves else apply("--yes")
    )
    assert result.exit_code == 1
    matches_golden("apply/failed.txt", result.stdout, tmp_path)
    as_json = apply("--yes", "--json")
    assert as_json.exit_code == 1
    matches_golden("apply/failed.json", as_json.stdout, tmp_path)
    log = CliRunner().invoke(app, ["log", "preciate", "--store", store_url, "--json"])
    assert {each["detail"][:8] for each in json.loads(log.stdout)[-7:]} == {"by apply"}


def test_nothing_is_done_without_a_yes(
    edited: None, apply: Apply, target: Employees, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = apply()
    assert result.exit_code == 1
    assert "give --yes" in result.stderr
    assert "6 of 6 users would change" in result.stdout
    monkeypatch.setattr("scimweave_server.cli.apply.is_somebody_there", lambda: True)
    assert "nothing is done" in apply(answer="n\n").stderr
    assert not any(row["display_name"] for row in target.rows())


@pytest.mark.parametrize(("most", "code"), [(5, 1), (6, 0)])
def test_plan_that_takes_away_more_than_allowed_is_not_applied(
    edited: None, apply: Apply, edit: Edit, target: Employees, most: int, code: int
) -> None:
    edit("job_title:    title", "job_title:    displayName")
    result = apply("--yes", "--max-destructive", most)
    assert result.exit_code == code
    assert ("more than 5: nothing is done" in result.stderr) is bool(code)
    assert all(row["job_title"] for row in target.rows()) is bool(code)


def test_server_with_another_version_of_the_mapping_is_not_asked_for_it(
    edited: None, apply: Apply, edit: Edit, mapping: Path, store_url: str, target: Employees
) -> None:
    def work(_: Engine) -> Result:
        edit("display_name: title", "display_name: { const: x }")
        return apply("--yes")

    result = beside_a_server(mapping, store_url, work)
    assert result.exit_code == 1
    assert "the running server uses another version of preciate" in result.stderr
    assert not any(row["display_name"] for row in target.rows())


def test_server_that_does_not_answer_operators_keeps_others_away(
    edited: None, apply: Apply, mapping: Path, store_url: str
) -> None:
    async def serve() -> Result:
        async with Engine.open(mapping, store=store_url):
            return await asyncio.to_thread(apply, "--yes")

    result = asyncio.run(serve())
    assert result.exit_code == 1
    assert "is in use by another server" in result.stderr


def test_socket_is_the_owners_alone_and_goes_with_the_server(
    edited: None, apply: Apply, mapping: Path, store_url: str, tmp_path: Path
) -> None:
    path = socket_of(tmp_path / "scimweave.db")

    async def serve() -> int:
        async with Engine.open(mapping, store=store_url) as engine, door_for_operators(engine):
            return stat.S_IMODE(path.stat().st_mode)

    assert asyncio.run(serve()) == 0o600
    assert not path.exists()


def test_socket_of_a_server_that_was_killed_is_in_nobodys_way(
    edited: None, apply: Apply, mapping: Path, store_url: str, tmp_path: Path
) -> None:
    path = socket_of(tmp_path / "scimweave.db")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert beside_a_server(mapping, store_url, lambda _: apply("--yes")).exit_code == 0
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert apply("--yes").exit_code == 0


def test_file_that_is_no_socket_is_left_and_the_server_runs(
    edited: None, mapping: Path, store_url: str, tmp_path: Path
) -> None:
    path = socket_of(tmp_path / "scimweave.db")
    path.write_text("mine")
    plan = ["plan", "preciate", "--mappings", str(mapping), "--store", store_url]
    result = beside_a_server(mapping, store_url, lambda _: CliRunner().invoke(app, plan))
    assert result.exit_code == 0
    assert path.read_text() == "mine"


def test_long_name_of_a_store_is_no_hindrance(mapping: Path, target: Employees, edit: Edit) -> None:
    store = mapping.parent / ("long" * 30) / "scimweave.db"
    where = ["--mappings", str(mapping), "--store", str(store), "--yes"]

    async def create() -> None:
        async with Engine.open(mapping, store=str(store)) as engine:
            await engine["preciate"].users.create({"userName": "ada@contoso.com", "title": "x"})

    asyncio.run(create())
    edit("display_name: displayName", "display_name: title")
    result = beside_a_server(
        mapping, str(store), lambda _: CliRunner().invoke(app, ["apply", "preciate", *where])
    )
    assert result.exit_code == 0, result.output
    assert target.row("ada@contoso.com")["display_name"] == "x"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nobody"], "no integration 'nobody'"),
        (["preciate", "--mappings", "missing"], "error[unreadable-file]"),
        (["preciate", "--mappings", "{broken}"], "error[unknown-attribute]"),
        (["preciate", "--store", "{folder}/none.db"], "there is no store"),
    ],
)
def test_bad_input_is_a_message(
    words: list[str], reason: str, mapping: Path, tmp_path: Path, store_url: str, edited: None
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(mapping.read_text().replace("enterprise.dep", "enterprise.deb"))
    names = {"broken": broken, "folder": tmp_path}
    given = ["--mappings", str(mapping), "--store", store_url]
    if "--mappings" in words:
        given = given[2:]
    command = ["apply", *given, *(word.format(**names) for word in words), "--yes"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"integration": "preciate", "revision": "x", "rate": 0.0}', 400),
        (b'{"integration": "nobody", "revision": "x", "rate": 1.0}', 404),
        (b'{"integration": "preciate", "revision": "x", "rate": 1.0}', 409),
    ],
)
async def test_what_operators_ask_is_checked(
    mapping: Path, store_url: str, tmp_path: Path, body: bytes, status: int
) -> None:
    address = str(socket_of(tmp_path / "scimweave.db"))
    async with (
        Engine.open(mapping, store=store_url) as engine,
        door_for_operators(engine),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(address)) as http,
        http.post("http://server/apply", data=body) as answer,
    ):
        assert answer.status == status
        assert (await answer.json())["error"]
