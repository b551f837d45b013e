from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from directory import Directory
from forwarding import ForwardingConnector
from scimweave.connectors.base import (
    Connector,
    Key,
    Rejected,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.mapping import MappingError, load
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.running import Running, start
from scimweave.provisioning.search.query import Query
from scimweave.scim.error import ScimError
from scimweave.store.base import Record, Store
from scimweave.store.sqlite import SqliteStore


class Unsteady(ForwardingConnector):
    """A real target on which a named call waits, or fails before or after it is carried out."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector)
        self.fails: dict[str, tuple[str, TargetError]] = {}
        self.waits: dict[str, asyncio.Event] = {}
        self.reached = asyncio.Event()

    async def _through(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        when, error = self.fails.get(name, ("never", TargetError()))
        if when == "before":
            raise error
        if name in self.waits:
            self.reached.set()
            await self.waits[name].wait()
        result = await call()
        if when == "after":
            raise error
        return result

    async def create(self, fields: Mapping[str, Value]) -> Key:
        key: Key = await self._through("create", lambda: self._connector.create(fields))
        return key

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        await self._through("update", lambda: self._connector.update(key, fields))

    async def delete(self, key: Key) -> None:
        await self._through("delete", lambda: self._connector.delete(key))

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._through("add", lambda: self._connector.add_members(group, members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._through("remove", lambda: self._connector.remove_members(group, members))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
async def running(directory_file: Path) -> AsyncIterator[Running]:
    started = await start(load(directory_file))
    assert started.groups is not None
    groups = Running(
        started.program, started.groups.checker, Unsteady(started.groups.connector), "groups"
    )
    people = Unsteady(started.connector)
    yield Running(started.program, started.checker, people, groups=groups)
    for each in started.connectors:
        await each.close()


@pytest.fixture
def line(running: Running) -> Unsteady:
    """Return the target as the groups see it."""
    assert running.groups is not None
    assert isinstance(running.groups.connector, Unsteady)
    return running.groups.connector


@pytest.fixture
def users_line(running: Running) -> Unsteady:
    assert isinstance(running.connector, Unsteady)
    return running.connector


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def integration(running: Running, store: Store, events: list[Event]) -> Integration:
    return Integration(running, store, events.append)


@pytest.fixture
async def ada(integration: Integration) -> Record:
    return await integration.users.create({"userName": "ada"})


@pytest.fixture
async def bob(integration: Integration) -> Record:
    return await integration.users.create({"userName": "bob"})


@pytest.fixture
async def crew(integration: Integration, ada: Record) -> Record:
    return await integration.groups.create({"displayName": "Crew", "members": [ada.id]})


def join(*members: Record) -> list[dict[str, Any]]:
    return [{"op": "Add", "path": "members", "value": [{"value": each.id} for each in members]}]


async def member_names(integration: Integration, group: Record) -> list[str | None]:
    found = await integration.groups.references([group.id])
    return [each.display for each in found.get(group.id, ())]


async def refused(attempt: Awaitable[object]) -> ScimError:
    with pytest.raises(ScimError) as caught:
        await attempt
    return caught.value


async def outcomes(store: Store) -> list[str]:
    return [
        f"{entry.operation} {entry.outcome}"
        for entry in await store.journal("directory")
        if entry.resource_type == "Group"
    ]


async def restarted(running: Running, store: Store) -> Integration:
    integration = Integration(running, store, lambda event: None)
    await integration.recover()
    return integration


async def test_log_counts_who_joined_and_who_left(
    integration: Integration, store: Store, crew: Record, ada: Record, bob: Record
) -> None:
    leave = {"op": "Remove", "path": "members", "value": [{"value": ada.id}]}
    await integration.groups.patch(crew.id, [*join(bob), leave])
    entry = (await store.journal("directory"))[-1]
    assert (entry.operation, entry.label, entry.outcome) == ("members", "Crew", "done")
    assert [(each.field, each.new) for each in entry.changes] == [("members", "added 1, removed 1")]


async def test_record_never_holds_members(integration: Integration, crew: Record) -> None:
    assert crew.resource == {"displayName": "Crew"}
    again = await integration.groups.replace(crew.id, {"displayName": "Crew", "members": []})
    assert again.resource == {"displayName": "Crew"}


async def test_group_that_is_there_is_adopted_with_its_members(
    integration: Integration, directory: Directory, bob: Record, ada: Record, events: list[Event]
) -> None:
    directory.query("INSERT INTO groups (id, name) VALUES (7, 'crew')")
    directory.query("INSERT INTO group_members SELECT 7, id FROM users WHERE user_name = 'bob'")
    crew = await integration.groups.create({"displayName": "Crew", "members": [ada.id]})
    assert crew.link is not None
    assert (crew.link.key, events[-1].operation) == (7, "adopt")
    assert set(directory.members("Crew")) == {"ada", "bob"}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_members_of_unknown_outcome_are_delivered_again(
    integration: Integration, running: Running, store: Store, line: Unsteady, crew: Record,
    bob: Record, directory: Directory, when: str,
) -> None:  # fmt: skip
    line.fails["add"] = (when, Unreachable("the line broke", applied=None))
    error = await refused(integration.groups.patch(crew.id, join(bob)))
    assert error.status == 503
    assert await member_names(integration, crew) == ["ada"]
    line.fails.clear()
    again = await restarted(running, store)
    assert await member_names(again, crew) == ["ada", "bob"]
    assert directory.members("Crew") == ["ada", "bob"]
    assert (await outcomes(store))[-1] == "members done"


async def test_next_request_settles_what_is_open(
    integration: Integration, store: Store, line: Unsteady, crew: Record, bob: Record, ada: Record
) -> None:
    line.fails["add"] = ("after", Unreachable("the line broke", applied=None))
    await refused(integration.groups.patch(crew.id, join(bob)))
    line.fails.clear()
    leave = [{"op": "Remove", "path": "members", "value": [{"value": ada.id}]}]
    await integration.groups.patch(crew.id, leave)
    assert await member_names(integration, crew) == ["bob"]
    assert await outcomes(store) == ["create done", "members done", "members done"]


async def test_refused_member_is_no_member(
    integration: Integration, store: Store, line: Unsteady, crew: Record, bob: Record
) -> None:
    line.fails["add"] = ("before", Rejected("not with us"))
    error = await refused(integration.groups.patch(crew.id, join(bob)))
    assert (error.status, error.scim_type) == (400, "invalidValue")
    assert await member_names(integration, crew) == ["ada"]
    assert await outcomes(store) == ["create done", "members failed"]


async def test_rename_whose_members_are_refused_is_settled_by_looking(
    integration: Integration, store: Store, line: Unsteady, crew: Record, bob: Record,
    directory: Directory,
) -> None:  # fmt: skip
    line.fails["add"] = ("before", Unreachable("busy"))
    rename = {"op": "Replace", "path": "displayName", "value": "Crew 2"}
    await refused(integration.groups.patch(crew.id, [rename, *join(bob)]))
    line.fails.clear()
    record = await integration.groups.patch(crew.id, [rename, *join(bob)])
    assert record.resource["displayName"] == "Crew 2"
    assert directory.members("Crew 2") == ["ada", "bob"]
    assert await outcomes(store) == ["create done", "update done"]


async def test_create_of_unknown_outcome_brings_its_members(
    integration: Integration, line: Unsteady, ada: Record, directory: Directory
) -> None:
    line.fails["create"] = ("after", Unreachable("the line broke", applied=None))
    body = {"displayName": "Crew", "members": [ada.id]}
    await refused(integration.groups.create(body))
    line.fails.clear()
    crew = await integration.groups.create(body)
    assert await member_names(integration, crew) == ["ada"]
    assert directory.members("Crew") == ["ada"]


async def test_group_made_anew_has_all_its_members(
    integration: Integration, crew: Record, ada: Record, bob: Record, directory: Directory
) -> None:
    await integration.groups.patch(crew.id, join(bob))
    directory.query("DELETE FROM groups")
    directory.query("DELETE FROM group_members")
    rename = [{"op": "Replace", "path": "displayName", "value": "Crew 2"}]
    await integration.groups.patch(crew.id, rename)
    assert directory.members("Crew 2") == ["ada", "bob"]


async def test_user_made_anew_is_in_all_groups(
    integration: Integration, crew: Record, ada: Record, directory: Directory
) -> None:
    directory.query("DELETE FROM users")
    directory.query("DELETE FROM group_members")
    await integration.users.patch(ada.id, [{"op": "add", "path": "title", "value": "Analyst"}])
    assert directory.members("Crew") == ["ada"]


async def test_member_without_an_account_joins_when_it_has_one(
    integration: Integration, store: Store, crew: Record, bob: Record, directory: Directory
) -> None:
    directory.query("DELETE FROM users WHERE user_name = 'bob'")
    await integration.users.patch(bob.id, [{"op": "Replace", "path": "active", "value": "False"}])
    await integration.groups.patch(crew.id, join(bob))
    assert directory.members("Crew") == ["ada"]
    assert (await store.journal("directory"))[-1].detail == (
        "1 without an account at the target are kept here"
    )
    await integration.users.patch(bob.id, [{"op": "Replace", "path": "active", "value": "True"}])
    assert directory.members("Crew") == ["ada", "bob"]


async def test_user_whose_deletion_fails_stays_in_the_group(
    integration: Integration, users_line: Unsteady, crew: Record, ada: Record, directory: Directory
) -> None:
    users_line.fails["delete"] = ("before", Unreachable("busy"))
    assert (await refused(integration.users.delete(ada.id))).status == 503
    users_line.fails.clear()
    await integration.users.patch(ada.id, [{"op": "add", "path": "title", "value": "Analyst"}])
    assert directory.members("Crew") == ["ada"]


async def test_user_who_is_deleted_while_joining_is_in_no_group(
    integration: Integration, line: Unsteady, crew: Record, bob: Record, directory: Directory
) -> None:
    line.waits["add"] = asyncio.Event()
    joining = asyncio.create_task(integration.groups.patch(crew.id, join(bob)))
    await line.reached.wait()
    leaving = asyncio.create_task(integration.users.delete(bob.id))
    asked = Query('userName eq "x"')
    turns = [asyncio.create_task(integration.users.query(asked)) for _ in range(50)]
    await asyncio.gather(*turns)
    line.waits["add"].set()
    await asyncio.gather(joining, leaving)
    assert await member_names(integration, crew) == ["ada"]
    assert len(directory.query("SELECT * FROM group_members")) == 1


async def test_ignored_deletion_leaves_the_target_alone(
    directory_file: Path, store: Store, directory: Directory
) -> None:
    text = directory_file.read_text()
    kept = text.replace(
        "    member: user_id\n", "    member: user_id\n  operations: { delete: ignore }\n"
    )
    directory_file.write_text(kept)
    integration = await Integration.open(load(directory_file), store)
    ada = await integration.users.create({"userName": "ada"})
    crew = await integration.groups.create({"displayName": "Crew", "members": [ada.id]})
    await integration.groups.delete(crew.id)
    assert directory.members("Crew") == ["ada"]
    await integration.close()


async def test_without_a_membership_table_members_are_kept_here(
    directory_file: Path, store: Store, directory: Directory
) -> None:
    text = directory_file.read_text()
    start_at, end = text.index("  members:\n"), text.index("tests:")
    directory_file.write_text(text[:start_at] + "\n" + text[end:])
    integration = await Integration.open(load(directory_file), store)
    ada = await integration.users.create({"userName": "ada"})
    crew = await integration.groups.create({"displayName": "Crew", "members": [ada.id]})
    assert await member_names(integration, crew) == ["ada"]
    assert directory.query("SELECT * FROM group_members") == []
    await integration.users.delete(ada.id)
    assert await member_names(integration, crew) == []
    await integration.groups.delete(crew.id)
    await integration.close()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("object: groups\n", "object: grups\n", "groups", id="table"),
        pytest.param("object: group_members", "object: nowhere", "nowhere", id="membership-table"),
        pytest.param("member: user_id", "member: usr_id", "user_id", id="membership-column"),
        pytest.param("external_id: externalId\n  members", "ext: externalId\n  members", "ext"),
    ],
)
async def test_target_that_is_not_as_the_mapping_says_is_refused(
    directory_file: Path, store: Store, old: str, new: str, words: str
) -> None:
    before = directory_file.read_text()
    assert old in before
    directory_file.write_text(before.replace(old, new))
    with pytest.raises(MappingError) as caught:
        await Integration.open(load(directory_file), store)
    found = caught.value.diagnostics[-1]
    assert words in found.message + found.label
    assert found.span is not None
    assert found.span.text.strip() in new


async def test_groups_come_and_go_with_the_mapping(
    directory_file: Path, store_url: str, directory: Directory
) -> None:
    whole = directory_file.read_text()
    users_only = whole[: whole.index("groups:\n")]
    directory_file.write_text(users_only)
    async with Engine.open(directory_file, store=store_url) as engine:
        integration = engine["directory"]
        assert integration.resources("Groups") is None
        directory_file.write_text(whole)
        assert (await engine.reload()).findings == ()
        ada = await integration.users.create({"userName": "ada"})
        crew = await integration.groups.create({"displayName": "Crew", "members": [ada.id]})
        assert directory.members("Crew") == ["ada"]
        directory_file.write_text(users_only)
        await engine.reload()
        assert integration.resources("Groups") is None
        assert (await refused(integration.groups.patch(crew.id, []))).status == 404
        await integration.users.delete(ada.id)


@contextmanager
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the steps of SQLite's machine on every connection that is made meanwhile."""
    steps = [0]
    connect = sqlite3.connect

    def step() -> None:
        steps[0] += 1

    def counting(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_progress_handler(step, 1)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", counting)
        yield steps


async def test_cost_of_a_member_does_not_grow_with_the_group(
    directory_file: Path, store_url: str, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 20_000
    with counted_steps(monkeypatch) as steps:
        async with Engine.open(directory_file, store=store_url) as engine:
            groups, users = engine["directory"].groups, engine["directory"].users
            joiners = [await users.create({"userName": f"joiner {n}"}) for n in range(4)]
            large = await groups.create({"displayName": "large"})
            empty = await groups.create({"displayName": "empty"})
            _fill(store_url.removeprefix("sqlite:///"), directory, size)

            async def cost(group: Record, operations: list[dict[str, Any]]) -> int:
                asked = f'id eq "{group.id}" and members eq "{joiners[0].id}"'
                before = steps[0]
                await groups.patch(group.id, operations)
                await groups.query(Query(asked))
                return steps[0] - before

            for each in (large, empty):  # Statements are compiled on first use.
                await groups.patch(each.id, join(joiners[0]))
            leave = {"op": "remove", "path": f'members[value eq "{joiners[0].id}"]'}
            for operations in (join(joiners[1]), [leave], join(*joiners[2:])):
                costs = [await cost(large, operations), await cost(empty, operations)]
                assert 0 < costs[0] < 1.5 * costs[1]
    assert len(directory.members("large")) == size + 3


def _fill(store: str, directory: Directory, size: int) -> None:
    """Put many users into the large group, behind scimweave's back."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size})"
    connection = sqlite3.connect(store)
    connection.execute(
        "INSERT INTO resource (integration, resource_type, id, body, version, created, modified) "
        f"{numbers} SELECT 'directory', 'User', 'u' || i, '{{}}', 1, 0, 0 FROM n"
    )
    connection.execute(
        "INSERT INTO member (group_seq, member_seq) "
        "SELECT g.seq, m.seq FROM resource g, resource m WHERE g.resource_type = 'Group' "
        "AND m.id LIKE 'u%' AND length(m.id) < 8 "
        "AND json_extract(CAST(g.body AS TEXT), '$.displayName') = 'large'"
    )
    connection.commit()
    connection.close()
    directory.query(f"INSERT INTO users (user_name) {numbers} SELECT 'u' || i FROM n")
    directory.query(
        "INSERT INTO group_members SELECT g.id, u.id FROM groups g, users u "
        "WHERE g.name = 'large' AND u.user_name LIKE 'u%'"
    )
