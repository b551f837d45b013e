from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from employees import Employees
from scimweave.provisioning.engine import Engine
from scimweave_server.cli import app
from small_mapping import mapping_text

ADA = {
    "userName": "Ada@contoso.com",
    "title": "Analyst",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}
Explain = Callable[..., Any]


@pytest.fixture
def explain(mapping: Path, store_url: str) -> Explain:
    def run(*words: str) -> Any:
        where = ["--mappings", str(mapping), "--store", store_url]
        return CliRunner().invoke(app, ["explain", "preciate", *words, *where])

    return run


@pytest.fixture
def ada(mapping: Path, store_url: str) -> str:
    """Provision Ada; returns her resource id."""

    async def create() -> str:
        async with Engine.open(mapping, store=store_url) as engine:
            return (await engine["preciate"].users.create(ADA)).id

    return asyncio.run(create())


def fields_of(result: Any) -> dict[str, dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return {each["field"]: each for each in json.loads(result.stdout)["fields"]}


@pytest.mark.parametrize("by", ["userName", "id"])
def test_stored_user_is_explained(explain: Explain, ada: str, by: str) -> None:
    result = explain(ada if by == "id" else "ada@CONTOSO.com", "--json")
    fields = fields_of(result)
    assert fields["job_title"]["sources"] == [{"path": "title", "value": "Analyst", "taken": True}]
    full = fields["full_name"]
    assert (full["value"], full["taken"]) == ("Ada Lovelace", "default")
    assert full["default"]["pieces"][0]["value"] == ["Ada", "Lovelace"]
    assert fields["department"]["taken"] == "cleared"
    assert not any(each["delivered"]["differs"] for each in fields.values())
    assert not any(each["target"]["differs"] for each in fields.values())


def test_drift_at_the_target_is_marked(explain: Explain, ada: str, target: Employees) -> None:
    target.query("UPDATE employees SET job_title = 'Countess'")
    field = fields_of(explain(ada, "job_title", "--json"))["job_title"]
    assert field["target"] == {"value": "Countess", "differs": True}
    assert not field["delivered"]["differs"]
    shown = explain(ada).stdout
    assert 'at the target: "Countess"  ≠' in shown
    assert 'title = "Analyst"  ← taken' in shown


@pytest.mark.parametrize(
    "rule",
    [
        "{ from: title, apply: on_create }",
        "{ from: enterprise.manager.value, ref: user }",
        "{ from: nickName, absent: keep }",
        "{ from: title, max_length: 3 }",
    ],
)
def test_field_that_is_not_compared_is_shown_as_it_stands_and_not_as_the_same(
    explain: Explain, ada: str, target: Employees, edit: Callable[[str, str], None], rule: str
) -> None:
    target.query("UPDATE employees SET job_title = 'Countess'")
    edit("job_title:    title", f"job_title: {rule}")
    shown = explain(ada, "job_title").stdout
    assert 'at the target: "Countess"\n' in shown
    assert 'delivered: "Analyst"\n' in shown
    field = fields_of(explain(ada, "job_title", "--json"))["job_title"]
    assert field["target"] == {"value": "Countess", "differs": False}


def test_edit_of_the_mapping_shows_what_is_not_delivered_yet(
    explain: Explain, ada: str, edit: Callable[[str, str], None]
) -> None:
    edit("job_title:    title", "job_title:    { const: Poet }")
    result = explain(ada, "job_title")
    assert "delivered by an earlier version" in result.stdout
    assert 'delivered: "Analyst"  ≠' in result.stdout


def test_account_that_is_gone_is_a_note(explain: Explain, ada: str, target: Employees) -> None:
    target.query("DELETE FROM employees")
    assert "note: the target has no account" in explain(ada).stdout


def test_target_that_cannot_be_read_is_a_note(
    explain: Explain, ada: str, target: Employees
) -> None:
    target.query("DROP TABLE employees")
    result = explain(ada)
    assert result.exit_code == 0
    assert "note: the target cannot be read" in result.stdout
    assert 'job_title = "Analyst"' in result.stdout


def test_sensitive_values_are_masked_everywhere(
    explain: Explain, mapping: Path, edit: Callable[[str, str], None], store_url: str
) -> None:
    edit(
        "job_title:    title",
        "job_title:    { expr: \"switch(title, 'x', 'topsecret', 'y')\", sensitive: true }",
    )

    async def create() -> None:
        async with Engine.open(mapping, store=store_url) as engine:
            await engine["preciate"].users.create({**ADA, "title": "topsecret"})

    asyncio.run(create())
    for words in ([], ["--json"]):
        shown = explain("ada@contoso.com", "job_title", *words).stdout
        hidden = shown.replace("switch(title, 'x', 'topsecret', 'y')", "")
        assert "[sensitive]" in hidden
        assert "topsecret" not in hidden


def test_whoever_is_out_of_scope_is_said_to_be(
    explain: Explain, ada: str, edit: Callable[[str, str], None]
) -> None:
    edit("users:\n", 'users:\n  scope: title eq "Poet"\n')
    shown = explain("ada@contoso.com", "is_active").stdout
    assert 'out of scope: title eq "Poet" is not true of it' in shown
    assert fields_of(explain(ada, "--json"))["is_active"]["value"] is False


def test_user_of_a_file_needs_no_store(explain: Explain, tmp_path: Path) -> None:
    file = tmp_path / "ada.json"
    file.write_text(json.dumps(ADA))
    fields = fields_of(explain("--file", str(file), "--json"))
    assert fields["email"]["value"] == "Ada@contoso.com"
    assert "target" not in fields["email"]
    assert list(fields_of(explain("email", "--file", str(file), "--json"))) == ["email"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "ada.json:1:2: Expecting property name"),
        (b"{}", "userName is missing"),
        (b"[]", "ada.json: "),
        (b'{"userName": "\xff"}', "ada.json: the text is not UTF-8"),
        (b"[" * 100_000, "ada.json: nested too deeply"),
    ],
    ids=["broken", "nobody", "list", "latin-1", "deep"],
)
def test_file_without_a_user_is_a_message(
    explain: Explain, tmp_path: Path, text: bytes, reason: str
) -> None:
    file = tmp_path / "ada.json"
    file.write_bytes(text)
    result = explain("--file", str(file))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr


def test_whoever_is_not_there_is_a_message(explain: Explain, ada: str) -> None:
    assert "has no user" in explain("bob").stderr
    assert "it fills email, is_active" in explain(ada, "e_mail").stderr
    assert explain().exit_code == 2


def test_works_beside_a_running_server(explain: Explain, mapping: Path, store_url: str) -> None:
    async def beside() -> Any:
        async with Engine.open(mapping, store=store_url) as engine:
            await engine["preciate"].users.create(ADA)
            return await asyncio.to_thread(explain, "ada@contoso.com", "email", "--json")

    assert fields_of(asyncio.run(beside()))["email"]["target"]["value"] == "Ada@contoso.com"


PASSWORDS = (
    "secret: { expr: \"join(':', [userName, password])\" }",
    "salted: { expr: \"switch(title, 'x', 's4lt', 'y')\", sensitive: true }",
    "number: { expr: to_number(password), type: integer, required: true }",
    "short: { from: password, max_length: 3 }",
    "listed: { from: password, values: { a: b } }",
    "all: { expr: to_string(@) }",
)


@pytest.mark.parametrize("command", ["explain", "try"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_password_and_literals_of_sensitive_fields_are_never_shown(
    tmp_path: Path, command: str, form: list[str]
) -> None:
    mapping, file = tmp_path / "small.yaml", tmp_path / "ada.json"
    mapping.write_text(mapping_text(*PASSWORDS))
    file.write_text(json.dumps({**ADA, "password": "hunter2"}))
    words = {
        "explain": ["small", "--file", str(file), "--mappings", str(mapping)],
        "try": [str(mapping), "--user", str(file), "--once"],
    }[command]
    result = CliRunner().invoke(app, [command, *words, *form])
    assert result.exit_code == int(command == "try")
    assert "[sensitive]" in result.stdout
    assert not any(each in result.output for each in ("hunter2", "s4lt"))


def test_stored_group_is_explained_by_its_name_or_id(
    tmp_path: Path, directory_file: Path, store_url: str
) -> None:
    async def create() -> str:
        async with Engine.open(directory_file, store=store_url) as engine:
            return (await engine["directory"].groups.create({"displayName": "Crew"})).id

    where = ["--mappings", str(directory_file), "--store", store_url]
    resource_id = asyncio.run(create())
    for name in ("crew", resource_id):
        result = CliRunner().invoke(app, ["explain", "directory", name, *where, "--json"])
        assert json.loads(result.stdout)["displayName"] == "Crew"
        field = fields_of(result)["name"]
        assert (field["target"], field["taken"]) == ({"value": "Crew", "differs": False}, "source")
