"""Accounts of the target become users and groups here; the target is only read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from directory import Directory
from employees import Employees
from scimweave.connectors.base import Account, ScanPage, TargetError, Unreachable
from scimweave.mapping import target_kinds
from scimweave.provisioning import integration
from scimweave.provisioning.brownfield.import_report import Imported
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.search.query import Query
from scimweave.provisioning.users import Users
from scimweave.store.base import Record

Edit = Callable[[str, str], None]


def insert(target: Employees, *emails: str | None, **columns: Any) -> None:
    names = ", ".join(("email", *columns))
    marks = ", ".join("?" * (1 + len(columns)))
    for email in emails:
        target.query(f"INSERT INTO employees ({names}) VALUES ({marks})", email, *columns.values())


def drop_indexes(target: Employees) -> None:
    for index in target.query("SELECT name FROM sqlite_master WHERE type = 'index' AND sql != ''"):
        target.query(f'DROP INDEX "{index["name"]}"')


async def import_users(engine: Engine, **options: Any) -> Imported:
    (report,) = await engine["preciate"].import_accounts(**options)
    return report


async def stored(users: Users) -> dict[str, Record]:
    return {each.resource["userName"]: each for each in (await users.query()).records}


async def test_accounts_become_users_that_a_provider_finds(
    engine: Engine, users: Users, target: Employees, events: list[Event]
) -> None:
    insert(target, "ada@contoso.com", is_active=1, job_title="Analyst", last_name="Lovelace")
    insert(target, "bob@contoso.com", is_active=0)
    before = target.rows()
    report = await import_users(engine)
    assert (report.read, report.created, report.linked, report.known) == (2, 2, 0, 0)
    assert target.rows() == before
    people = await stored(users)
    assert people["ada@contoso.com"].resource == {
        "userName": "ada@contoso.com",
        "active": True,
        "title": "Analyst",
        "name": {"familyName": "Lovelace"},
    }
    assert people["bob@contoso.com"].resource["active"] is False
    assert [(each.operation, each.outcome) for each in events] == [("import", "done")] * 2
    # A change of one of them is a change of the account that was there.
    patch = [{"op": "replace", "path": "title", "value": "Countess"}]
    await users.patch(people["ada@contoso.com"].id, patch)
    assert target.row("ada@contoso.com")["job_title"] == "Countess"
    assert events[-1].fields == ("job_title", "full_name")


async def test_import_again_finds_all_linked(
    engine: Engine, users: Users, target: Employees, events: list[Event]
) -> None:
    insert(target, "ada@contoso.com", "bob@contoso.com")
    await import_users(engine)
    once = await stored(users)
    report = await import_users(engine)
    assert (report.read, report.created, report.known) == (2, 0, 2)
    assert await stored(users) == once
    assert len(events) == 2


async def test_dry_run_tells_the_same_and_does_nothing(
    engine: Engine, users: Users, target: Employees, events: list[Event]
) -> None:
    insert(target, "ada@contoso.com", "bob@contoso.com")
    report = await import_users(engine, dry_run=True)
    assert (report.read, report.created) == (2, 2)
    assert await stored(users) == {}
    assert events == []


async def test_accounts_with_one_name_are_told_and_not_guessed(
    engine: Engine, users: Users, target: Employees
) -> None:
    drop_indexes(target)
    insert(target, "ada@contoso.com", "bob@contoso.com", "ADA@contoso.com")
    report = await import_users(engine)
    assert list(await stored(users)) == ["bob@contoso.com"]
    (left,) = report.open
    assert (left.label, left.keys) == ("ada@contoso.com", (1, 3))


async def test_second_account_of_somebody_who_has_one_is_told(
    engine: Engine, users: Users, target: Employees
) -> None:
    drop_indexes(target)
    ada = await users.create({"userName": "ada@contoso.com"})
    target.query("UPDATE employees SET email = 'old@contoso.com'")
    insert(target, "ada@contoso.com")
    report = await import_users(engine)
    assert (report.known, report.created) == (1, 0)
    (left,) = report.open
    assert (left.keys, ada.id in left.reason, "account 1" in left.reason) == ((2,), True, True)


async def test_user_without_an_account_is_linked_to_the_one_that_has_the_name(
    engine: Engine, users: Users, target: Employees
) -> None:
    ada = await users.create({"userName": "ada@contoso.com", "title": "Analyst"})
    target.query("DELETE FROM employees")
    # The account is found to be gone, and there is none to deactivate.
    gone = await users.patch(ada.id, [{"op": "replace", "path": "active", "value": False}])
    assert gone.link is None
    insert(target, "ADA@contoso.com", is_active=1, job_title="Boss")
    report = await import_users(engine)
    assert (report.linked, report.created) == (1, 0)
    linked = await users.get(ada.id)
    assert linked.link is not None
    # What the provider said stays; the account is written with the next change.
    assert linked.resource == gone.resource
    assert linked.link.projection["job_title"] == "Boss"


async def test_user_without_an_account_is_linked_by_another_match_field(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("match: [email] ", "match: [external_id, email] ")
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        ada = await users.create({"userName": "ada@contoso.com", "externalId": "e1"})
        target.query("DELETE FROM employees")
        await users.patch(ada.id, [{"op": "replace", "path": "active", "value": False}])
        insert(target, "ada@fabrikam.com", external_id="e1")
        report = await import_users(engine)
        assert (report.linked, report.created) == (1, 0)


async def test_account_without_a_name_is_told(
    engine: Engine, users: Users, target: Employees
) -> None:
    insert(target, None, job_title="Ghost")
    report = await import_users(engine)
    assert await stored(users) == {}
    (left,) = report.open
    assert (left.keys, "userName" in left.reason) == ((1,), True)


async def test_what_cannot_be_read_back_is_counted_by_field(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("job_title:    title", "job_title:    { from: title, values: { A: Analyst } }")
    edit("display_name: displayName", "display_name: { expr: upper(displayName) }")
    text = mapping.read_text()
    mapping.write_text(text[: text.index("\ntests:")])
    for number in range(7):
        insert(target, f"p{number}@contoso.com", job_title="Boss", display_name="P")
    insert(target, "ada@contoso.com", job_title="Analyst")
    async with Engine.open(mapping, store=store_url) as engine:
        report = await import_users(engine)
        people = await stored(engine["preciate"].users)
    assert report.created == 8
    faults, unread = report.faults["job_title"], report.unread["display_name"]
    assert (faults.count, faults.examples) == (7, [1, 2, 3, 4, 5])
    assert '"Boss" is in no row of the table' in faults.reason
    assert (unread.count, "an expression" in unread.reason) == (7, True)
    assert people["ada@contoso.com"].resource["title"] == "A"
    assert "title" not in people["p0@contoso.com"].resource


async def test_what_could_not_be_read_back_stays_until_there_is_a_value(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("display_name: displayName", "display_name: { from: displayName, reverse: false }")
    insert(target, "ada@contoso.com", is_active=1, display_name="Ada")
    async with Engine.open(mapping, store=store_url) as engine:
        await import_users(engine)
        users = engine["preciate"].users
        ada = (await stored(users))["ada@contoso.com"]
        await users.patch(ada.id, [{"op": "replace", "path": "title", "value": "Boss"}])
        (row,) = target.rows()
        assert (row["display_name"], row["job_title"]) == ("Ada", "Boss")
        await users.patch(ada.id, [{"op": "replace", "path": "displayName", "value": "Ada L."}])
        assert target.rows()[0]["display_name"] == "Ada L."


async def test_whoever_was_deleted_is_left_alone(
    engine: Engine, users: Users, target: Employees
) -> None:
    await users.delete((await users.create({"userName": "ada@contoso.com"})).id)
    report = await import_users(engine)
    assert (report.deleted, report.created, await stored(users)) == (1, 0, {})


async def test_whoever_is_out_of_scope_is_left_alone(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("  match: [email] ", "  scope: title pr\n  match: [email] ")
    insert(target, "ada@contoso.com", job_title="Analyst")
    insert(target, "bob@contoso.com")
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        assert (await users.query(Query(filter='userName eq "bob@contoso.com"'))).total == 0
        report = await import_users(engine)
        assert (report.created, report.out_of_scope) == (1, 1)
        assert list(await stored(users)) == ["ada@contoso.com"]


async def test_account_of_somebody_who_is_to_have_none_is_told(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("deactivate: { set: { is_active: false } }", "deactivate: delete")
    text = mapping.read_text()
    mapping.write_text(text[: text.index("\ntests:")])
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        ada = await users.create({"userName": "ada@contoso.com"})
        await users.patch(ada.id, [{"op": "replace", "path": "active", "value": False}])
        assert target.rows() == []
        insert(target, "ada@contoso.com")
        report = await import_users(engine)
    assert (report.linked, report.created) == (0, 0)
    assert [(each.keys, "no account" in each.reason) for each in report.open] == [((2,), True)]


async def test_import_that_is_broken_off_goes_on(
    engine: Engine, users: Users, target: Employees, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(target, *(f"p{number}@contoso.com" for number in range(600)))

    def broken_off(section: str, what: str, done: int, total: int | None) -> None:
        if what == "linked":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_users(engine, progress=broken_off)
    done = (await users.query(Query(count=0))).total
    assert done is not None
    assert 0 < done < 600
    report = await import_users(engine)
    assert (report.known, report.created) == (done, 600 - done)
    assert len({record.link.key for record in (await users.query(Query(count=1000))).records
                if record.link}) == 600  # fmt: skip


async def test_target_that_fails_half_way_leaves_nothing_done(
    engine: Engine, users: Users, target: Employees, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(target, "ada@contoso.com")
    connector = engine["preciate"]._in_use.running.connector

    async def scan(after: str | None = None) -> AsyncIterator[ScanPage]:
        yield ScanPage([Account(1, {"email": "ada@contoso.com"})], "1")
        raise Unreachable("the line broke")

    monkeypatch.setattr(type(connector), "scan", lambda self, after=None: scan(after))
    with pytest.raises(Unreachable):
        await import_users(engine)
    assert await stored(users) == {}


async def test_target_that_does_not_list_its_accounts_is_a_message(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = target_kinds.kind("sql")
    assert found is not None
    less = SimpleNamespace(features=found.features - {"scan"})
    monkeypatch.setattr(integration, "kind", lambda name: less)
    with pytest.raises(TargetError, match='the connector "sql" does not list its accounts'):
        await engine["preciate"].import_accounts()


async def test_looking_works_beside_a_server(
    engine: Engine, mapping: Path, target: Employees
) -> None:
    insert(target, "ada@contoso.com")
    program = engine["preciate"].program
    async with Integration.looking(program, engine.store) as looking:
        (report,) = await looking.import_accounts(dry_run=True)
    assert report.created == 1


@pytest.fixture
async def groups(
    directory: Directory, directory_file: Path, store_url: str
) -> AsyncIterator[Integration]:
    async with Engine.open(directory_file, store=store_url) as engine:
        yield engine["directory"]


async def test_groups_are_imported_with_the_members_that_are_users(
    groups: Integration, directory: Directory
) -> None:
    directory.query("INSERT INTO users (id, user_name) VALUES (1, 'ada'), (2, 'bob')")
    directory.query("INSERT INTO groups (id, name) VALUES (1, 'Engines'), (2, 'Looms')")
    for member in (1, 2, 9):
        directory.query("INSERT INTO group_members (group_id, user_id) VALUES (1, ?)", member)
    of_users, of_groups = await groups.import_accounts()
    assert (of_users.created, of_groups.created) == (2, 2)
    assert (of_groups.members, of_groups.strangers) == (2, 1)
    made = {r.resource["displayName"]: r for r in (await groups.groups.query()).records}
    engines, looms = made["Engines"], made["Looms"]
    people = {r.resource["userName"]: r.id for r in (await groups.users.query()).records}
    members = await groups.groups.references([engines.id, looms.id])
    assert looms.id not in members
    assert {each.id for each in members[engines.id]} == set(people.values())
    # The provider's next change of a member is one of the target.
    leave = [{"op": "remove", "path": f'members[value eq "{people["ada"]}"]'}]
    await groups.groups.patch(engines.id, leave)
    assert directory.members("Engines") == ["bob"]
