"""Traffic of a provider is recorded from a running server, and replayed against an edited file."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer, TestClient
from typer.testing import CliRunner, Result

from employees import Employees
from golden_file import matches_golden
from provider import Client, Provider
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave_server.cli import app
from scimweave_server.http.handler import create_handler
from scimweave_server.http.operators import door_for_operators
from scimweave_server.http.recorder import Recorder

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EVE = {"userName": "eve@contoso.com", "title": "Engineer", "displayName": "Eve"}
ADA = {"userName": "ada@contoso.com", "title": "Analyst", "displayName": "Ada", "active": True}
BOB = {"userName": "bob@contoso.com", "title": "B", ENTERPRISE: {"department": "Engines"}}
Edit = Callable[[str, str], None]


def operation(path: str | None, value: Any, op: str = "Replace") -> dict[str, Any]:
    return {"op": op, "value": value, **({} if path is None else {"path": path})}


async def traffic(provider: Provider, eve: str) -> None:
    """Do a bit of everything, in eleven requests."""
    ada = (await provider("POST", "/Users", ADA)).body["id"]
    bob = (await provider("POST", "/Users", BOB)).body["id"]
    assert (await provider("POST", "/Users", BOB)).status == 409
    await provider("GET", "/Users", params={"filter": 'title eq "Analyst"'})
    await provider("PATCH", f"/Users/{ada}", {"Operations": [operation("title", "Countess")]})
    patch = {"title": "Electrician", "name.givenName": "Eve"}
    await provider("PATCH", f"/Users/{eve}", {"Operations": [operation(None, patch)]})
    await provider("PATCH", f"/Users/{bob}", {"Operations": [operation("active", "False")]})
    await provider("PUT", f"/Users/{ada}", {**ADA, "title": None, "externalId": "a"})
    bulk = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "cyd"}}
    made = await provider("POST", "/Bulk", {"Operations": [bulk], "schemas": [BULK]})
    cyd = made.body["Operations"][0]["location"].rpartition("/")[2]
    await provider("PATCH", f"/Users/{cyd}", {"Operations": [operation("title", "Cook")]})
    await provider("DELETE", f"/Users/{bob}")


BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture
def recorded(
    mapping: Path, store_url: str, tmp_path: Path, target: Employees
) -> Callable[..., tuple[Path, Result]]:
    """Record the traffic of a provider with the command; returns the file and what it printed."""

    async def run(options: tuple[str, ...]) -> tuple[Path, Result]:
        file = tmp_path / "traffic.jsonl"
        async with Engine.open(mapping, store=store_url) as engine:
            eve = await engine["preciate"].users.create(EVE)
            secret, _ = await generate_key(engine.store, "preciate")
            recorder = Recorder(engine)
            handler = create_handler(engine, recorder=recorder)
            served: Client = TestClient(RawTestServer(handler))
            async with door_for_operators(engine, recorder), served as client:
                words = ["record", "preciate", str(file), "--store", store_url, *options]
                command = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, app, words))
                async with asyncio.timeout(20):
                    while not recorder.is_recorded("preciate"):  # noqa: ASYNC110 - by a thread
                        await asyncio.sleep(0.01)
                    await traffic(Provider(client, "/api/v1/scim", secret), eve.id)
                    return file, await command

    return lambda *options: asyncio.run(run(options or ("--count", "11")))


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_recording_holds_requests_and_answers_but_no_keys(recorded: Any) -> None:
    file, result = recorded()
    assert result.exit_code == 0, result.output
    assert "11 requests" in result.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    head, *lines = lines_of(file)
    assert (head["integration"], head["with_sensitive"]) == ("preciate", False)
    (eve,) = [line for line in lines if "resource" in line]
    assert eve["resource"]["title"] == "Engineer"
    requests = [line for line in lines if "method" in line]
    assert [(each["method"], each["status"]) for each in requests] == [
        ("POST", 201), ("POST", 201), ("POST", 409), ("GET", 200), ("PATCH", 200), ("PATCH", 200),
        ("PATCH", 200), ("PUT", 200), ("POST", 200), ("PATCH", 200), ("DELETE", 204),
    ]  # fmt: skip
    assert requests[0]["body"] == ADA
    assert requests[3]["query"] == [["filter", 'title eq "Analyst"']]
    assert requests[4]["answer"]["title"] == "Countess"
    assert not any(word in file.read_text() for word in ("Bearer", "Authorization", "Host"))


SENSITIVE = ("job_title:    title", "job_title:    { from: title, sensitive: true }")
TITLES = ("Analyst", "Countess", "Engineer", "Electrician", "Cook")


def test_sensitive_values_are_masked_alike_wherever_they_stand(recorded: Any, edit: Edit) -> None:
    edit(*SENSITIVE)
    file, _ = recorded()
    text = file.read_text()
    assert not [title for title in TITLES if title in text]
    requests = [line for line in lines_of(file) if "method" in line]
    word = requests[0]["body"]["title"]
    assert word.startswith("masked-")
    assert requests[0]["answer"]["title"] == word
    assert requests[3]["query"] == [["filter", f'title eq "{word}"']]
    assert requests[0]["body"]["displayName"] == "Ada"


def test_sensitive_values_stay_by_consent(recorded: Any, edit: Edit) -> None:
    edit(*SENSITIVE)
    file, _ = recorded("--count", "11", "--with-sensitive")
    assert lines_of(file)[0]["with_sensitive"] is True
    assert all(title in file.read_text() for title in TITLES)


def test_recording_ends_before_it_is_too_large(recorded: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("scimweave_server.cli.record.MEBIBYTE", 1500)
    file, result = recorded("--max-size", "1")
    assert "the file is full" in result.stdout
    assert 500 < file.stat().st_size <= 1500
    assert lines_of(file)


@pytest.fixture
def edited(mapping: Path) -> Path:
    """Return a mapping that does not take a title of more than nine characters, and other edits."""
    text = mapping.read_text()
    for old, new in {
        "job_title:    title": "job_title:    { from: title, max_length: 9 }",
        "display_name: displayName": "display_name: { from: displayName, default: Nemo }",
        "first_name:   name.givenName": "first_name:   { from: name.givenName, sensitive: true }",
        "   enterprise.department": "   { expr: upper(enterprise.department) }",
        "department: Engines": "department: ENGINES",
    }.items():
        assert old in text
        text = text.replace(old, new)
    file = mapping.parent.parent / "edited.yaml"
    file.write_text(text)
    return file


def test_replay_shows_what_would_have_been_different(
    recorded: Any, mapping: Path, edited: Path, tmp_path: Path
) -> None:
    file, _ = recorded()
    words = ["replay", str(file), "--file", str(edited), "--mappings", str(mapping)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    matches_golden("replay/edited.txt", moment_gone(result.stdout, file), tmp_path)
    as_json = CliRunner().invoke(app, [*words, "--json", "--exit-code"])
    assert as_json.exit_code == 2
    matches_golden("replay/edited.json", moment_gone(as_json.stdout, file), tmp_path)


def test_what_follows_from_somebody_who_is_not_made_is_counted_and_not_shown(
    recorded: Any, mapping: Path, edited: Path
) -> None:
    edited.write_text(edited.read_text().replace("max_length: 9", "max_length: 3"))
    file, _ = recorded()
    words = ["replay", str(file), "--file", str(edited), "--mappings", str(mapping)]
    answers = json.loads(CliRunner().invoke(app, [*words, "--json", "-n", "99"]).stdout)["answers"]
    assert (answers["differ"], answers["follow"]) == (7, 3)
    assert [each["after"]["status"] for each in answers["first"]] == [400, 200, 400, 400]
    shown = CliRunner().invoke(app, words).stdout
    assert "and 3 more, to users or groups that only one of both has made" in shown
    assert "'new'" not in shown


def test_replay_says_that_the_guard_holds_nobody(recorded: Any, mapping: Path, edit: Edit) -> None:
    edit("users:", "guard: { leavers: 1, window: 1h }\nusers:")
    file, _ = recorded()
    words = ["replay", str(file), "--file", str(mapping), "--mappings", str(mapping)]
    result = CliRunner().invoke(app, words)
    assert "the guard holds nobody here" in result.stdout
    assert json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["guard_left_out"] is True


def test_replay_of_the_same_mapping_shows_nothing_and_repeats_the_recording(
    recorded: Any, mapping: Path, tmp_path: Path, target: Employees
) -> None:
    file, _ = recorded()
    rows = target.rows()
    words = ["replay", str(file), "--file", str(mapping), "--against", str(mapping), "--exit-code"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    matches_golden("replay/nothing.txt", moment_gone(result.stdout, file), tmp_path)
    assert target.rows() == rows


def test_masked_recording_can_be_replayed(
    recorded: Any, mapping: Path, edit: Edit, edited: Path
) -> None:
    edit(*SENSITIVE)
    file, _ = recorded()
    words = ["replay", str(file), "--file", str(edited), "--mappings", str(mapping), "--json"]
    found = json.loads(CliRunner().invoke(app, words).stdout)
    assert found["unlike_recorded"] == 0
    assert found["answers"]["differ"]


def test_groups_and_their_members_are_replayed_with_the_ids_that_they_have(
    directory_file: Path, tmp_path: Path
) -> None:
    ada, crew = (f"0197f0b8-0000-7000-8000-00000000000{number}" for number in (1, 2))
    group = {"displayName": "Crew", "members": [{"value": ada}]}
    leave = operation(f'members[value eq "{ada}"]', None, "Remove")
    lines: list[dict[str, Any]] = [
        {"scimweave": 1, "integration": "directory", "revision": "x", "at": "then"},
        {"id": ada, "type": "User", "resource": {"userName": "ada"}},
        exchange("POST", "/Groups", group, 201, {**group, "id": crew}),
        exchange("GET", f"/Groups/{crew}", None, 200, {**group, "id": crew}),
        exchange("PATCH", f"/Groups/{crew}", {"Operations": [leave]}, 204, None),
        exchange("DELETE", f"/Groups/{crew}", None, 204, None),
        exchange("GET", f"/Groups/{crew}", None, 404, {}),
    ]
    file = tmp_path / "traffic.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    edited = tmp_path / "edited.yaml"
    edited.write_text(
        directory_file.read_text().replace(
            "groups:\n  obj", "groups:\n  patch_response: 200\n  obj"
        )
    )
    where = ["--mappings", str(directory_file), "--json"]
    result = CliRunner().invoke(app, ["replay", str(file), "--file", str(edited), *where])
    found = json.loads(result.stdout)
    assert (found["requests"], found["met"], found["unlike_recorded"]) == (5, 1, 0)
    (differs,) = found["answers"]["first"]
    assert (differs["before"]["status"], differs["after"]["status"]) == (204, 200)
    assert found["accounts"]["differ"] == 0


def exchange(method: str, path: str, body: Any, status: int, answer: Any) -> dict[str, Any]:
    sent = {"at": "then", "method": method, "path": path, "query": [], "body": body}
    return {**sent, "status": status, "answer": answer}


def moment_gone(text: str, file: Path) -> str:
    return text.replace(lines_of(file)[0]["at"], "MOMENT")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "traffic.jsonl: no such file or directory"),
        (b"", "is empty"),
        (b"{}\n", "traffic.jsonl:1: is no recording"),
        (b"users:\n", "traffic.jsonl:1: is not JSON"),
        (b'{"scimweave": 99}\n', "newer scimweave"),
        (b'{"scimweave": 1, "integration": "nobody", "revision": "x", "at": "x"}\n', "'nobody'"),
        (b"{head}[]\n", "traffic.jsonl:2: is no request"),
        (b'{head}{"method": "POST"', "traffic.jsonl:2: is not JSON"),
        (b'{head}{"method": "BREW", "path": "/Users", "query": [], "body": 1, "status": 1, '
         b'"answer": 1}', "traffic.jsonl:2: is no request"),
        (b'{head}{"id": "x", "type": "Cat", "resource": {}}\n', "traffic.jsonl:2: is no request"),
    ],
    ids=["missing", "empty", "object", "yaml", "newer", "integration", "list", "cut", "method",
         "type"],
)  # fmt: skip
def test_bad_recording_is_a_message(
    mapping: Path, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    head = b'{"scimweave": 1, "integration": "preciate", "revision": "x", "at": "x"}\n'
    file = tmp_path / "traffic.jsonl"
    if content is not None:
        file.write_bytes(content.replace(b"{head}", head))
    words = ["replay", str(file), "--file", str(mapping), "--mappings", str(mapping)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr


def test_broken_or_other_mappings_are_a_message(recorded: Any, mapping: Path) -> None:
    file, _ = recorded()
    broken, small = mapping.with_name("broken.yaml"), mapping.with_name("small.yaml")
    broken.write_text("integration: [")
    small.write_text(mapping.read_text().replace("integration: preciate", "integration: small"))
    for words, reason in (
        (["--file", str(broken)], "error[syntax]"),
        (["--file", str(small)], "is a mapping of small"),
        (["--file", str(mapping), "--against", str(broken)], "error[syntax]"),
        (["--file", str(mapping), "--mappings", "missing"], "error[unreadable-file]"),
    ):
        given = [*words, "--mappings", str(mapping)] if "--mappings" not in words else words
        result = CliRunner().invoke(app, ["replay", str(file), *given])
        assert (result.exit_code, reason in result.stderr) == (1, True), result.output


def test_recording_without_a_server_or_over_a_file_is_a_message(
    mapping: Path, store_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "traffic.jsonl"
    words = ["record", "preciate", str(file), "--store", store_url]
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, "no server runs" in result.stderr) == (1, True)
    assert not file.exists()
    file.write_text("mine")
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, "traffic.jsonl: file exists" in result.stderr) == (1, True)
    assert file.read_text() == "mine"


def test_unknown_integration_and_second_recorder_are_refused(
    mapping: Path, store_url: str, tmp_path: Path
) -> None:
    async def run() -> list[Result]:
        async with Engine.open(mapping, store=store_url) as engine:
            recorder, stop = Recorder(engine), asyncio.Event()
            lines = recorder.record(engine["preciate"], with_sensitive=False, stop=stop)
            async with door_for_operators(engine, recorder):
                await anext(lines)
                found = [
                    await asyncio.to_thread(
                        CliRunner().invoke,
                        app,
                        ["record", name, str(tmp_path / "x"), "--store", store_url],
                    )
                    for name in ("preciate", "nobody")
                ]
                stop.set()
                assert [each async for each in lines] == []
                return found

    second, unknown = asyncio.run(run())
    assert (second.exit_code, "somebody records preciate" in second.stderr) == (1, True)
    assert (unknown.exit_code, "no integration 'nobody'" in unknown.stderr) == (1, True)
    assert not (tmp_path / "x").exists()
