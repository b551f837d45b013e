from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from employees import Employees
from scimweave.mapping.editor.schema import editor_schema
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app

Run = Callable[..., Any]


@pytest.fixture
def run(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SCIMWEAVE_STORE", store_url)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_good_mapping_has_no_findings(run: Run, mapping: Path) -> None:
    result = run("lint", mapping.parent)
    assert (result.exit_code, result.stdout) == (0, "no findings\n")


def test_findings_are_printed_with_their_place(
    run: Run, mapping: Path, edit: Callable[[str, str], None]
) -> None:
    edit("enterprise.department", "enterprise.departmnt")
    result = run("lint", mapping)
    assert result.exit_code == 1
    assert re.search(r"--> \S+preciate\.yaml:\d+:\d+", result.stderr)
    assert 'did you mean "enterprise.department"?' in result.stderr
    as_json = run("lint", mapping, "--json")
    assert as_json.exit_code == 1
    (finding,) = json.loads(as_json.stdout)
    assert finding["code"] == "unknown-attribute"


@pytest.mark.parametrize("command", [["lint"], ["serve", "--port", "0"], ["test"], ["init-target"]])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "unreadable-file"),
        (b"", ""),
        (b"\xff\xfe\x00", ""),
        (b"users: [", "syntax"),
        (b"integration: a\nintegration: b\n", "duplicate-key"),
        (b"a: &a [x]\nb: [*a, *a]\n", "unknown-key"),
    ],
    ids=["missing", "empty", "not-text", "broken-yaml", "duplicate-key", "unknown-key"],
)
def test_broken_file_is_a_finding_in_every_command(
    run: Run, tmp_path: Path, command: list[str], content: bytes | None, code: str
) -> None:
    file = tmp_path / "broken.yaml"
    if content is not None:
        file.write_bytes(content)
    result = run(*command, file)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert f"error[{code}" in result.stderr
    assert "broken.yaml" in result.stderr


def test_missing_environment_variable_is_a_finding(
    run: Run, mapping: Path, edit: Callable[[str, str], None]
) -> None:
    edit("${PRECIATE_DATABASE_URL:-sqlite:///var/preciate.db}", "${NOWHERE_TO_BE_FOUND}")
    result = run("lint", mapping)
    assert result.exit_code == 1
    assert "error[missing-env]" in result.stderr


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("ALTER TABLE employees RENAME TO people", "employees"),
        ("ALTER TABLE employees DROP COLUMN job_title", "job_title"),
    ],
    ids=["table", "column"],
)
def test_target_that_lacks_something_is_a_finding(
    run: Run, mapping: Path, target: Employees, change: str, word: str
) -> None:
    target.query(change)
    for command in (["lint", "--connect"], ["serve", "--port", "0"]):
        result = run(*command, mapping)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert re.search(r"--> \S+preciate\.yaml:\d+:\d+", result.stderr)
        assert word in result.stderr
    assert run("lint", mapping).exit_code == 0


def test_two_integrations_on_one_path_are_a_finding(run: Run, mapping: Path) -> None:
    second = mapping.with_name("second.yaml")
    second.write_text(mapping.read_text().replace("integration: preciate", "integration: second"))
    result = run("lint", mapping.parent)
    assert result.exit_code == 1
    assert "error[duplicate-path]" in result.stderr


def test_usage_errors_have_their_own_code(run: Run, mapping: Path) -> None:
    for words in (
        ["lint"],
        ["serv"],
        ["key", "generate"],
        ["key", "generate", "preciate", "--grace", "x"],
    ):
        assert run(*words).exit_code == 2


def test_mapping_tests_pass_and_fail(
    run: Run, mapping: Path, edit: Callable[[str, str], None]
) -> None:
    assert run("test", mapping).exit_code == 0
    edit("job_title:    title", "job_title:    displayName")
    edit("is_active:    active", "is_active:    { const: true }")
    result = run("test", mapping)
    assert result.exit_code == 1
    assert "FAIL" in result.stdout


def test_init_target_shows_and_then_creates(
    run: Run, mapping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "target.db"
    monkeypatch.setenv("PRECIATE_DATABASE_URL", f"sqlite:///{file}")
    shown = run("init-target", mapping, "--dry-run")
    assert shown.exit_code == 0
    assert "CREATE TABLE" in shown.stdout
    assert "UNIQUE INDEX" in shown.stdout
    assert not file.exists()
    assert run("init-target", mapping).stdout == shown.stdout
    assert run("lint", "--connect", mapping).exit_code == 0
    assert "nothing is missing" in run("init-target", mapping).stdout


def test_key_is_shown_once_and_listed_without_the_secret(run: Run, mapping: Path) -> None:
    where = ["--mappings", mapping, "--public-url", "https://scim.example.com/"]
    shown = run("key", "generate", "preciate", *where)
    assert shown.exit_code == 0
    assert "https://scim.example.com/api/v1/scim" in shown.stdout
    quiet = run("key", "generate", "preciate", *where, "--quiet", "--grace", "24h")
    secret = quiet.stdout.strip()
    assert re.fullmatch(r"swk_[\w-]{43}", secret)
    again = run("key", "generate", "preciate", *where, "--grace", "36h")
    assert re.search(r"an earlier one works until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", again.stderr)
    listed = run("key", "list", "preciate", "--json")
    keys = json.loads(listed.stdout)
    assert [bool(key["ends"]) for key in keys] == [True, True, False]
    assert secret not in listed.stdout
    assert run("key", "revoke", "preciate").exit_code == 0
    assert run("key", "revoke", "nobody").exit_code == 1


def test_key_for_an_unknown_integration_is_refused(run: Run, mapping: Path) -> None:
    result = run("key", "generate", "presiate", "--mappings", mapping)
    assert result.exit_code == 1
    assert "preciate" in result.stderr


@pytest.fixture
def provisioned(mapping: Path, store_url: str, target: Employees) -> None:
    """Put somebody with long names into the store."""

    async def provision() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            users = engine["preciate"].users
            ada = await users.create({"userName": LONG, "displayName": WORDS})
            await users.patch(ada.id, [{"op": "replace", "path": "active", "value": False}])

    asyncio.run(provision())


LONG = "augusta.ada.king-noel.countess.of.lovelace@analytical-engines.contoso.com"
WORDS = "Augusta Ada King-Noel, Countess of Lovelace, of the Analytical Engines"


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize("columns", [40, 80, 130, 400])
def test_log_cuts_no_name_and_no_value_however_narrow_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = run("log", "preciate").stdout
    assert "…" not in shown
    for text in (LONG, "is_active: true → false", WORDS):
        assert columns == 130 or text in shown
        assert re.sub(r"\s", "", text) in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("columns", ["80", "200"])
def test_log_and_unmapped_write_no_control_characters_to_a_terminal(
    run: Run,
    mapping: Path,
    store_url: str,
    target: Employees,
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
) -> None:
    async def provision() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            ada = {
                "userName": "a\x1b[2Jb",
                "title": "x\x1b]0;y\x07",
                "n\x1bc": 1,
                "nickName": "n",
            }
            await engine["preciate"].users.create(ada)

    asyncio.run(provision())
    monkeypatch.setenv("COLUMNS", columns)
    for words in (("log", "preciate"), ("unmapped", "preciate", "--mappings", mapping)):
        shown = run(*words)
        assert shown.exit_code == 0
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", shown.stdout)


@pytest.mark.usefixtures("provisioned")
def test_log_of_a_person_of_whom_nothing_is_known(run: Run) -> None:
    assert (
        run("log", "preciate", "--user", "bob").stdout == "nothing in the log of preciate for bob\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("log", "preciate"),
        ("unmapped", "preciate"),
        ("key", "list", "preciate"),
        ("key", "revoke", "preciate"),
        ("guard", "list", "preciate"),
        ("explain", "preciate", "ada"),
    ],
    ids=" ".join,
)
def test_store_that_nobody_made_is_a_message_and_is_not_made(
    run: Run, mapping: Path, store_url: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(mapping.parent.parent)
    result = run(*words)
    assert result.exit_code == 1
    assert "there is no store" in result.stderr
    assert not Path(store_url.removeprefix("sqlite:///")).exists()


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize(
    "words", [("log",), ("unmapped",), ("key", "list"), ("guard", "list")], ids=" ".join
)
def test_integration_of_which_the_store_knows_nothing_is_a_message(
    run: Run, words: tuple[str, ...]
) -> None:
    result = run(*words, "presiate")
    assert result.exit_code == 1
    assert result.stderr.endswith("knows no integration 'presiate' (it knows preciate)\n")


@pytest.mark.usefixtures("provisioned")
def test_explain_works_beside_a_broken_file_of_another(run: Run, mapping: Path) -> None:
    mapping.with_name("another.yaml").write_text("integration: another\nusers: [")
    result = run("explain", "preciate", LONG, "--mappings", mapping.parent)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "url", ["postgresql://x/y", "sqlite:///", "nonsense://x", "sqlite:////dev/null/x"]
)
def test_store_that_cannot_be_opened_is_a_message(run: Run, url: str) -> None:
    result = run("log", "preciate", "--store", url)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("error: ")


def test_unmapped_attributes_are_listed_with_a_line(
    run: Run, mapping: Path, store_url: str, edit: Callable[[str, str], None]
) -> None:
    async def provision() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            users = engine["preciate"].users
            for name in ("ada", "eve"):
                await users.create({"userName": name, "nickName": "x", "locale": "en"})
            await users.create({"userName": "kim", "nickName": "x"})

    asyncio.run(provision())
    shown = run("unmapped", "preciate", "--mappings", mapping)
    assert shown.exit_code == 0
    assert re.search(r"3 +\S+ \S+ +\S+ \S+ +nickName +nick_name: nickName", shown.stdout)
    (first, second) = json.loads(
        run("unmapped", "preciate", "--json", "--mappings", mapping).stdout
    )
    assert (first["attribute"], first["count"]) == ("nickName", 3)
    assert (second["attribute"], second["line"]) == ("locale", "locale: locale")
    edit("  operations:", "    nick: nickName\n  ignore: [locale]\n  operations:")
    assert "nothing" in run("unmapped", "preciate", "--mappings", mapping).stdout


@pytest.mark.usefixtures("provisioned")
def test_unmapped_attributes_are_listed_without_the_mapping(run: Run, mapping: Path) -> None:
    result = run("unmapped", "preciate", "--json", "--mappings", mapping.with_name("none.yaml"))
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert "--mappings" in result.stderr


def test_misspelt_connector_is_one_finding(
    run: Run, mapping: Path, edit: Callable[[str, str], None]
) -> None:
    edit("connector: sql", "connector: sqll")
    result = run("lint", mapping, "--json")
    (finding,) = json.loads(result.stdout)
    assert re.fullmatch(r'"connector" is ("\w+",? )+or "\w+", not "sqll"', finding["message"])


def test_address_in_use_is_a_message(run: Run, mapping: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", mapping, "--port", taken.getsockname()[1])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot listen on 127.0.0.1:")
    assert "address already in use" in result.stderr


@pytest.mark.parametrize("module", ["scimweave", "scimweave_server"])
def test_version_from_either_package(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], check=True, text=True, stdout=subprocess.PIPE
    )
    assert re.fullmatch(r"scimweave \d+\.\d+\.\d+\n", done.stdout)


def test_schema_for_editors_is_printed(run: Run) -> None:
    assert json.loads(run("schema").stdout) == editor_schema()
