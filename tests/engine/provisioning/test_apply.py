"""Everybody is brought to an edited mapping through the life cycle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from employees import Employees
from scimweave.connectors.sql.ddl import init_target
from scimweave.mapping import Program, load_text, to_json
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.planning.apply import UNANSWERED, Applied, ApplyStopped, apply
from scimweave.provisioning.planning.lag import stored
from scimweave.provisioning.planning.plan import Plan, plan
from scimweave.provisioning.running import shape_of
from scimweave.provisioning.users import Users
from scimweave.store.sqlite import SqliteStore

FAST = 10_000.0
Edit = Callable[[str, str], None]
TITLE = "job_title:    title"


async def applied(integration: Integration, rate: float = FAST) -> list[Applied]:
    return [each async for each in apply(integration, integration.program.revision, rate=rate)]


async def told(integration: Integration, tell: Callable[[Applied], Awaitable[None]]) -> None:
    async for each in apply(integration, integration.program.revision, rate=FAST):
        await tell(each)


async def planned(integration: Integration) -> Plan:
    return await plan(integration.store, integration.program, integration.program)


@pytest.fixture
async def names(users: Users) -> list[str]:
    """Provision some people; returns their names."""
    made = [f"u{number}@contoso.com" for number in range(30)]
    for name in made:
        await users.create({"userName": name, "title": "Analyst"})
    return made


@pytest.fixture
async def edited(names: list[str], engine: Engine, edit: Edit) -> Integration:
    """Return the integration after an edit that gives everybody another title."""
    edit(TITLE, "job_title:    { const: Poet }")
    await engine.reload()
    return engine["preciate"]


async def test_edit_reaches_a_person_with_their_next_change_or_by_apply(
    edited: Integration, names: list[str], target: Employees
) -> None:
    users = edited.users
    (first, *_) = [each async for each in stored(edited.store, "preciate", "User")]
    assert {row["job_title"] for row in target.rows()} == {"Analyst"}
    change = [{"op": "Replace", "path": "displayName", "value": "Ada"}]
    await users.patch(first.id, change)
    assert [row["job_title"] for row in target.rows()] == ["Poet", *["Analyst"] * 29]
    assert sorted(each.label for each in await applied(edited)) == sorted(names[1:])
    assert {row["job_title"] for row in target.rows()} == {"Poet"}


async def test_log_says_that_it_was_by_apply_and_the_resource_stays_as_it_is(
    edited: Integration,
) -> None:
    (before, *_) = [each async for each in stored(edited.store, "preciate", "User")]
    await applied(edited)
    after = await edited.users.get(before.id)
    assert (after.version, after.last_modified) == (before.version, before.last_modified)
    assert after.link is not None
    assert after.link.revision == edited.program.revision
    *_, entry = await edited.store.journal("preciate", user=before.id)
    assert (entry.operation, entry.outcome, entry.detail) == ("update", "done", "by apply")
    (change,) = entry.changes
    assert (change.field, change.old, change.new) == ("job_title", "Analyst", "Poet")


async def test_one_who_fails_does_not_stop_the_rest(
    edited: Integration, target: Employees, names: list[str], users: Users
) -> None:
    target.query(
        "CREATE TRIGGER no_poet BEFORE UPDATE OF job_title ON employees WHEN old.email = 'u3@con"
        "toso.com' BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: job_title'); END"
    )
    found = await applied(edited)
    assert len(found) == len(names)
    (failed,) = [each for each in found if each.reason is not None]
    assert failed.label == "u3@contoso.com"
    *_, entry = await edited.store.journal("preciate", user=failed.resource_id)
    assert (entry.outcome, (entry.detail or "")[:10]) == ("failed", "by apply: ")
    assert (await planned(edited)).changed == 1
    target.query("DROP TRIGGER no_poet")
    assert [each.label for each in await applied(edited)] == ["u3@contoso.com"]


async def test_whoever_the_mapping_cannot_project_is_named(
    users: Users, engine: Engine, edit: Edit
) -> None:
    await users.create({"userName": "ada@contoso.com", "title": "Analyst"})
    edit(TITLE, "job_title:    { from: title, max_length: 3 }")
    await engine.reload()
    (failed,) = await applied(engine["preciate"])
    assert "title → job_title" in (failed.reason or "")
    *_, entry = await engine.store.journal("preciate", user=failed.resource_id)
    assert (entry.outcome, (entry.detail or "")[:10]) == ("failed", "by apply: ")


async def test_caller_that_ends_early_leaves_nothing_half_done(
    edited: Integration, names: list[str]
) -> None:
    async with aclosing(apply(edited, edited.program.revision, rate=FAST)) as steps:
        async for _ in steps:
            break
    assert edited.open_intents == 0
    left = (await planned(edited)).changed
    assert 0 < left < len(names)
    assert len(await applied(edited)) == left


async def test_edit_in_between_stops_it(
    edited: Integration, engine: Engine, edit: Edit, names: list[str]
) -> None:
    found: list[Applied] = []

    async def edit_at_the_first(each: Applied) -> None:
        if not found:
            edit("{ const: Poet }", "{ const: Countess }")
            await engine.reload()
        found.append(each)

    with pytest.raises(ApplyStopped, match="edited meanwhile"):
        await told(edited, edit_at_the_first)
    assert 0 < len(found) < len(names)
    assert len(await applied(edited)) == len(names)


async def test_target_that_is_away_is_not_asked_for_everybody(
    edited: Integration, target: Employees, names: list[str]
) -> None:
    target.query("ALTER TABLE employees RENAME TO moved")
    found: list[Applied] = []

    async def note(each: Applied) -> None:
        found.append(each)

    with pytest.raises(ApplyStopped, match="does not answer"):
        await told(edited, note)
    assert UNANSWERED <= len(found) < len(names)
    assert all(each.is_unanswered for each in found)


async def test_rate_is_a_limit(edited: Integration, names: list[str]) -> None:
    started = time.monotonic()
    await applied(edited, rate=100)
    assert time.monotonic() - started >= (len(names) - 1) / 100


async def test_stop_ends_it_without_waiting_for_the_next_turn(edited: Integration) -> None:
    stop = asyncio.Event()
    steps = apply(edited, edited.program.revision, rate=0.01, stop=stop)
    asyncio.get_running_loop().call_later(0.05, stop.set)
    with pytest.raises(ApplyStopped, match="the server stops"):
        async with asyncio.timeout(10):
            assert [each async for each in steps]


async def test_changes_of_a_provider_beside_it_are_never_lost(
    edited: Integration, target: Employees, names: list[str]
) -> None:
    records = [each async for each in stored(edited.store, "preciate", "User")]

    async def rename(record_id: str, number: int) -> None:
        change = [{"op": "Replace", "path": "displayName", "value": f"n{number}"}]
        await edited.users.patch(record_id, change)

    async with asyncio.TaskGroup() as group:
        group.create_task(applied(edited))
        for number, record in enumerate(records):
            group.create_task(rename(record.id, number))
    rows = target.rows()
    assert {row["job_title"] for row in rows} == {"Poet"}
    assert [row["display_name"] for row in rows] == [f"n{number}" for number in range(len(rows))]
    assert (await planned(edited)).changed == 0


FIELDS = ("display_name", "job_title", "first_name", "last_name", "external_id", "department")
SOURCES = ("displayName", "title", "name.givenName", "name.familyName", "externalId")
RULES = st.one_of(
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path} }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, default: none }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, absent: keep }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, apply: on_create }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, sensitive: true }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, max_length: 2 }}"),
    st.sampled_from(SOURCES).map(lambda path: f"{{ from: {path}, required: true }}"),
    st.sampled_from(["a", "b"]).map(lambda text: f"{{ const: {text} }}"),
    st.just("{ expr: \"join('-', [title, displayName])\" }"),
)
SCOPE = "scope"
SCOPES = ('title eq "x"', "displayName pr", "active eq true")
MAPPINGS = st.tuples(
    st.dictionaries(st.sampled_from(FIELDS), RULES),
    st.one_of(st.just({}), st.sampled_from(SCOPES).map(lambda text: {SCOPE: text})),
).map(lambda parts: parts[0] | parts[1])
TEXTS = st.sampled_from(["", "x", "yy", "zzz"])
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"active": st.booleans()},
        optional={
            "displayName": TEXTS,
            "title": TEXTS,
            "externalId": TEXTS,
            "name": st.fixed_dictionaries({"givenName": TEXTS, "familyName": TEXTS}),
        },
    ),
    max_size=6,
)


def written(rules: dict[str, str], url: str) -> Program:
    rules = dict(rules)
    scope = f"  scope: {rules.pop(SCOPE)}\n" if SCOPE in rules else ""
    lines = "".join(f"    {name}: {rule}\n" for name, rule in rules.items())
    text = (
        "integration: random\n"
        f"target: {{ connector: sql, url: {url} }}\n"
        "users:\n  object: employees\n  key: id\n  match: [email]\n  unmapped: keep\n"
        f"  attributes:\n    email: userName\n    is_active: active\n{lines}"
        f"{scope}  operations: {{ deactivate: {{ set: {{ is_active: false }} }} }}\n"
    )
    return load_text(text, "random.yaml", {})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, edits=st.lists(MAPPINGS, min_size=1, max_size=3), start=MAPPINGS)
def test_plan_after_apply_gives_nothing(
    people: list[dict[str, Any]], edits: list[dict[str, str]], start: dict[str, str]
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_edits(Path(folder), people, [start, *edits]))


async def _edits(
    folder: Path, people: list[dict[str, Any]], mappings: list[dict[str, str]]
) -> None:
    """Apply one mapping after the other, to people who were there before."""
    target = Employees(folder / "target.db")
    columns = dict.fromkeys(FIELDS, "{ from: title }")
    everything = written(columns, target.url)
    init_target(everything.target, [shape_of(everything)])
    start, *edits = (written(each, target.url) for each in mappings)
    store = await SqliteStore.open(folder / "store.db")
    integration = await Integration.open(everything, store)
    for number, person in enumerate(people):
        await integration.users.create({"userName": f"u{number}@contoso.com", **person})
    for program in (start, *edits):
        await integration.reload(program)
        wanted = await planned(integration)
        assert wanted == await planned(integration)
        found = await applied(integration)
        failed = [each for each in found if each.reason is not None]
        assert len(found) == wanted.changed
        assert len(failed) == wanted.operations["refused"]
        left = await planned(integration)
        assert (left.changed, left.operations["refused"]) == (len(failed), len(failed))
        assert len(await applied(integration)) == len(failed)
        await _same_at_the_target(integration, target, {each.resource_id for each in failed})
    await integration.close()
    await store.close()


async def _same_at_the_target(
    integration: Integration, target: Employees, failed: set[str]
) -> None:
    users = integration.program.users
    rows = {row["id"]: row for row in target.rows()}
    async for record in stored(integration.store, "random", "User"):
        if record.id in failed or not users.in_scope(record.resource):
            continue
        if record.link is None:
            # Never let in: whoever had left before the scope was wider has no account.
            assert record.resource["active"] is False
            continue
        row = rows[record.link.key]
        for name, value in users.project(record.resource).values.items():
            if name not in users.once:
                assert (name, row[name]) == (name, to_json(value))
