from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from golden_file import matches_golden
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PEOPLE: list[dict[str, Any]] = [
    {"userName": "ada@contoso.com", "title": "Analyst", "displayName": "Ada"},
    {"userName": "bob@contoso.com", "title": "Builder", ENTERPRISE: {"department": "Engines"}},
    {"userName": "cyd@contoso.com", "title": "A title of many words"},
    {"userName": "dan@contoso.com", "title": "Driver", "active": False},
    {"userName": "eve@contoso.com"},
]
Plan = Callable[..., Result]


@pytest.fixture
def people(mapping: Path, store_url: str) -> None:
    async def create() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            for person in PEOPLE:
                await engine["preciate"].users.create(person)

    asyncio.run(create())


@pytest.fixture
def plan(people: None, mapping: Path, store_url: str) -> Plan:
    def run(*words: object) -> Result:
        where = ["--mappings", str(mapping), "--store", store_url]
        return CliRunner().invoke(app, ["plan", "preciate", *map(str, words), *where])

    return run


@pytest.fixture
def edited(mapping: Path) -> Path:
    """Return a file that is not live, with an edit that does something of everything."""
    text = mapping.read_text()
    for old, new in {
        "job_title:    title": "job_title:    { from: title, max_length: 20 }",
        "first_name:   name.givenName": "first_name:   { from: name.givenName, default: Nemo }",
        "department:   enterprise.department": "department:   enterprise.division",
        "display_name: displayName": "display_name: { expr: lower(displayName), sensitive: true }",
        "    external_id:  externalId\n": "",
        "      external_id: ada\n": "",
        "department: Engines": "department: null",
        "display_name: Ada Lovelace": "display_name: ada lovelace",
        "first_name: null": "first_name: Nemo",
    }.items():
        assert old in text
        text = text.replace(old, new)
    file = mapping.parent.parent / "edited.yaml"
    file.write_text(text)
    return file


def test_nothing_lags_behind_what_was_delivered(plan: Plan, tmp_path: Path) -> None:
    result = plan("--exit-code")
    assert result.exit_code == 0
    matches_golden("plan/nothing.txt", result.stdout, tmp_path)


def test_file_is_planned_with_what_it_takes_away_in_front(
    plan: Plan, edited: Path, tmp_path: Path
) -> None:
    result = plan("--file", edited)
    assert result.exit_code == 0
    matches_golden("plan/edited.txt", result.stdout, tmp_path)
    matches_golden("plan/edited.json", plan("--file", edited, "--json").stdout, tmp_path)


def test_terminal_shows_what_a_file_would_hold(
    plan: Plan, edited: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # What rich takes for a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    matches_golden("plan/edited.txt", plan("--file", edited).stdout, tmp_path)


def test_live_mapping_that_was_edited_tells_who_lags_behind(
    plan: Plan, edit: Callable[[str, str], None], edited: Path, tmp_path: Path
) -> None:
    edit("job_title:    title", "job_title:    displayName")
    result = plan("-n", 2, "--exit-code")
    assert result.exit_code == 2
    matches_golden("plan/live.txt", result.stdout, tmp_path)
    # Another file is compared too, and that of the live mapping still counted.
    found = json.loads(plan("--file", edited, "--json").stdout)
    assert (found["changed"], found["lagging"]) == (5, {"User": 4})


@pytest.mark.parametrize(
    ("deactivate", "harm"),
    [("{ set: { is_active: false } }", "deactivated"), ("delete", "deleted")],
)
def test_whoever_loses_the_account_stands_in_front(
    plan: Plan, mapping: Path, edit: Callable[[str, str], None], deactivate: str, harm: str
) -> None:
    edit("users:\n  object", "users:\n  scope: title pr\n  object")
    edit("deactivate: { set: { is_active: false } }", f"deactivate: {deactivate}")
    found = json.loads(plan("--json", "-n", 1).stdout)
    (first,) = found["differences"]
    # Dan had left before: a mapping that deletes leavers deletes his account too.
    assert found["harm"] == {harm: 2 if harm == "deleted" else 1}
    assert first["label"] == ("dan@contoso.com" if harm == "deleted" else "eve@contoso.com")
    assert ("is deleted" in plan().stdout) is (harm == "deleted")


def test_file_for_another_target_is_noted(plan: Plan, mapping: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    text = mapping.read_text().replace("object: employees", "object: people")
    file.write_text(text.replace("var/preciate.db", "var/other.db"))
    notes = json.loads(plan("--file", file, "--json").stdout)["notes"]
    assert [each.partition(";")[0] for each in notes] == ["users.object: employees → people"]


def test_sensitive_values_of_either_file_are_hidden(
    plan: Plan, edit: Callable[[str, str], None], edited: Path
) -> None:
    edit("job_title:    title", "job_title:    { from: title, sensitive: true }")
    for words in ([], ["--file", edited], ["--json"], ["--file", edited, "--json"]):
        shown = plan(*words).output
        assert not any(each in shown for each in ("Analyst", "Builder", "Driver", "many words"))
        assert "[sensitive]" in shown


def test_name_of_people_is_hidden_where_the_mapping_hides_it(
    plan: Plan, edit: Callable[[str, str], None]
) -> None:
    edit("email:        userName", "email:        { from: userName, sensitive: true }")
    assert "@contoso" not in plan().output


def test_groups_are_planned_too(tmp_path: Path, directory_file: Path, store_url: str) -> None:
    async def create() -> None:
        async with Engine.open(directory_file, store=store_url) as engine:
            await engine["directory"].groups.create({"displayName": "Crew", "externalId": "c"})

    asyncio.run(create())
    live = directory_file.read_text()
    where = ["--mappings", str(directory_file), "--store", store_url]
    directory_file.write_text(live.replace("    external_id: externalId\n  members", "  members"))
    assert "nothing to change for 0 users and 1 group" in _run("plan", "directory", *where).stdout
    directory_file.write_text(live.replace("name:        displayName", "name: externalId"))
    shown = _run("plan", "directory", *where).stdout
    assert '  group Crew: update\n      name: "Crew" → "c"' in shown


def test_works_beside_a_running_server(plan: Plan, mapping: Path, store_url: str) -> None:
    async def beside() -> Result:
        async with Engine.open(mapping, store=store_url):
            return await asyncio.to_thread(plan)

    assert asyncio.run(beside()).exit_code == 0


def test_mistakes_in_the_file_of_another_integration_do_not_matter(
    plan: Plan, mapping: Path, store_url: str
) -> None:
    mapping.with_name("broken.yaml").write_text("integration: [")
    where = ["--mappings", str(mapping.parent), "--store", store_url]
    assert _run("plan", "preciate", *where).exit_code == 0
    result = _run("plan", "nobody", *where)
    assert (result.exit_code, "error[syntax]" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nobody"], "no integration 'nobody'"),
        (["preciate", "--file", "missing.yaml"], "error[unreadable-file]"),
        (["preciate", "--mappings", "missing"], "error[unreadable-file]"),
        (["preciate", "--file", "{broken}"], "error[unknown-attribute]"),
        (["preciate", "--file", "{small}"], "is a mapping of small"),
        (["preciate", "--store", "{folder}/none.db"], "there is no store"),
        (["preciate", "--store", "{mapping}"], "the store"),
        (["preciate", "--store", "mysql://x"], "is not supported"),
    ],
)
def test_bad_input_is_a_message(
    words: list[str], reason: str, mapping: Path, tmp_path: Path, store_url: str, people: None
) -> None:
    broken, small = tmp_path / "broken.yaml", tmp_path / "small.yaml"
    broken.write_text(mapping.read_text().replace("enterprise.dep", "enterprise.deb"))
    small.write_text(mapping.read_text().replace("integration: preciate", "integration: small"))
    names = {"broken": broken, "small": small, "folder": tmp_path, "mapping": mapping}
    given = ["--mappings", str(mapping), "--store", store_url]
    if "--mappings" in words:
        given = given[2:]
    result = _run("plan", *given, *(word.format(**names) for word in words))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr
    assert not (tmp_path / "none.db").exists()


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, words)
