"""Accounts that somebody changed behind our back: found, told by field, and repaired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from scimweave.provisioning.brownfield.reconcile import Drifted, Reconciled
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.users import Users
from scimweave.store.base import Change, Record

Edit = Callable[[str, str], None]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
REMOVE = {"op": "remove", "path": f"{ENTERPRISE}:department"}
ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst", "displayName": "Ada"}
BOB: dict[str, Any] = {"userName": "bob@contoso.com", "title": "Builder"}


@pytest.fixture
async def people(users: Users) -> list[Record]:
    """Return two people who had a department, and have none now."""
    made = [await users.create({**each, ENTERPRISE: {"department": "X"}}) for each in (ADA, BOB)]
    return [await users.patch(each.id, [REMOVE]) for each in made]


async def reconcile(engine: Engine, most: int | None = None) -> Reconciled:
    (report,) = await engine["preciate"].reconcile(most=most)
    return report


async def test_nothing_is_found_where_nobody_changed_anything(
    engine: Engine, people: list[Record]
) -> None:
    report = await reconcile(engine)
    assert (report.checked, report.drifted, report.unknown) == (2, [], [])


async def test_field_that_was_changed_is_told_and_repaired(
    engine: Engine, people: list[Record], target: Employees, events: list[Event], users: Users
) -> None:
    before = target.rows()
    target.query("UPDATE employees SET job_title = 'Boss', department = 'X' WHERE id = 1")
    changes = (Change("job_title", "Boss", "Analyst"), Change("department", "X", None))
    report = await reconcile(engine)
    assert report.drifted == [
        Drifted(people[0].id, "ada@contoso.com", 1, "changed", changes, frozenset(), True)
    ]
    assert report.fields == {"job_title": 1, "department": 1}
    assert target.rows() != before
    repaired = await reconcile(engine, most=1)
    assert (repaired.repaired, repaired.failed, target.rows()) == (1, [], before)
    assert (events[-1].operation, events[-1].outcome) == ("repair", "done")
    assert events[-1].fields == ("job_title", "department")
    # What the provider knows is the same, also its version.
    assert (await users.get(people[0].id)).version == people[0].version
    assert (await reconcile(engine)).drifted == []


async def test_field_that_was_not_delivered_yet_is_told_apart(
    engine: Engine, people: list[Record], target: Employees, edit: Edit
) -> None:
    edit("job_title:    title", "job_title:    { expr: upper(title) }")
    text = engine["preciate"].program.file.read_text()
    engine["preciate"].program.file.write_text(text[: text.index("\ntests:")])
    assert (await engine.reload()).findings == ()
    target.query("UPDATE employees SET display_name = 'Eve' WHERE id = 1")
    report = await reconcile(engine)
    found = {each.label: (len(each.changes), each.pending) for each in report.drifted}
    assert {name: (number, set(behind)) for name, (number, behind) in found.items()} == {
        "ada@contoso.com": (2, {"job_title"}),
        "bob@contoso.com": (1, {"job_title"}),
    }


async def test_account_that_is_gone_is_made_anew(
    engine: Engine, people: list[Record], target: Employees, users: Users
) -> None:
    target.query("DELETE FROM employees WHERE id = 1")
    report = await reconcile(engine)
    assert [(each.label, each.kind) for each in report.drifted] == [("ada@contoso.com", "missing")]
    await reconcile(engine, most=0)
    row = target.row("ada@contoso.com")
    assert (row["id"], row["job_title"]) == (3, "Analyst")
    ada = await users.get(people[0].id)
    assert ada.link is not None
    assert ada.link.key == 3
    (*_, entry) = await engine.store.journal("preciate", user=ada.id)
    assert (entry.operation, entry.detail) == (
        "repair",
        "by reconcile: drift: account 1 was gone and was made anew",
    )


async def test_account_that_is_gone_is_not_made_anew_where_the_file_says_fail(
    engine: Engine, people: list[Record], target: Employees, edit: Edit
) -> None:
    edit("    delete: deactivate", "    missing: fail\n    delete: deactivate")
    await engine.reload()
    target.query("DELETE FROM employees WHERE id = 1")
    report = await reconcile(engine, most=0)
    assert (report.repaired, [each.label for each in report.failed]) == (0, ["ada@contoso.com"])
    assert "is gone" in report.failed[0].reason


async def test_leaver_needs_no_account(
    engine: Engine, people: list[Record], target: Employees, users: Users
) -> None:
    await users.patch(people[0].id, [{"op": "replace", "path": "active", "value": False}])
    target.query("DELETE FROM employees WHERE id = 1")
    assert (await reconcile(engine)).drifted == []


async def test_leaver_who_was_let_in_again_is_put_out_by_a_destructive_repair(
    engine: Engine, people: list[Record], target: Employees, users: Users
) -> None:
    await users.patch(people[0].id, [{"op": "replace", "path": "active", "value": False}])
    target.query("UPDATE employees SET is_active = 1 WHERE id = 1")
    report = await reconcile(engine, most=0)
    assert (report.destructive, report.repaired) == (1, 0)
    assert report.stopped is not None
    assert "at most 0 may" in report.stopped
    assert target.rows()[0]["is_active"] == 1
    assert (await reconcile(engine, most=1)).repaired == 1
    assert target.rows()[0]["is_active"] == 0


async def test_too_many_destructive_repairs_keep_all_of_them(
    engine: Engine, people: list[Record], target: Employees
) -> None:
    target.query("UPDATE employees SET department = 'X', job_title = 'Boss'")
    report = await reconcile(engine, most=1)
    assert (report.destructive, report.repaired) == (2, 0)
    assert {row["department"] for row in target.rows()} == {"X"}


async def test_accounts_of_nobody_are_listed_and_left_alone(
    engine: Engine, people: list[Record], target: Employees
) -> None:
    target.query("INSERT INTO employees (email, job_title) VALUES ('eve@contoso.com', 'Guest')")
    report = await reconcile(engine, most=100)
    (found,) = report.unknown
    assert (found.account, found.match) == (3, {"email": "eve@contoso.com"})
    assert len(target.rows()) == 3


async def test_sensitive_values_are_in_no_report(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("email:        userName ", "email:        { from: userName, sensitive: true } ")
    edit("job_title:    title", "job_title:    { from: title, sensitive: true }")
    async with Engine.open(mapping, store=store_url) as engine:
        await engine["preciate"].users.create(ADA)
        target.query("UPDATE employees SET job_title = 'hidden' WHERE id = 1")
        target.query("INSERT INTO employees (email) VALUES ('eve@contoso.com')")
        report = await reconcile(engine)
    assert "hidden" not in repr(report)
    assert "contoso" not in repr(report)
    assert [change.field for change in report.drifted[0].changes] == ["job_title"]


async def test_what_was_never_delivered_is_left_alone(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("display_name: displayName", "display_name: { from: displayName, reverse: false }")
    edit("department:   enterprise.department ", "department: { from: title, apply: on_create }  ")
    text = mapping.read_text()
    mapping.write_text(text[: text.index("\ntests:")])
    target.query("INSERT INTO employees (email, is_active, display_name) VALUES ('ada', 1, 'Ada')")
    async with Engine.open(mapping, store=store_url) as engine:
        await engine["preciate"].import_accounts()
        await engine["preciate"].users.create(BOB)
        target.query("UPDATE employees SET department = 'other'")
        # It might be the target's own default.
        target.query("UPDATE employees SET external_id = 'own' WHERE email = 'bob@contoso.com'")
        assert (await reconcile(engine)).drifted == []


async def test_whoever_is_out_of_scope_is_not_compared(
    mapping: Path, store_url: str, target: Employees, edit: Edit
) -> None:
    edit("  match: [email] ", "  scope: title pr\n  match: [email] ")
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        ada = await users.create(ADA)
        await users.patch(ada.id, [{"op": "remove", "path": "title"}])
        target.query("UPDATE employees SET is_active = 1, display_name = 'Eve'")
        assert (await reconcile(engine)).drifted == []
        # Back in scope, the account is one that was out of use.
        await users.patch(ada.id, [{"op": "add", "path": "title", "value": "Boss"}])
        (*_, entry) = await engine.store.journal("preciate", user=ada.id)
        assert entry.operation == "reactivate"


async def test_repaired_account_of_a_leaver_stays_out_of_use(
    engine: Engine, people: list[Record], target: Employees, users: Users, events: list[Event]
) -> None:
    await users.patch(people[0].id, [{"op": "replace", "path": "active", "value": False}])
    target.query("UPDATE employees SET job_title = 'Boss' WHERE id = 1")
    assert (await reconcile(engine, most=100)).repaired == 1
    assert target.rows()[0]["is_active"] == 0
    await users.patch(people[0].id, [{"op": "replace", "path": "active", "value": True}])
    assert events[-1].operation == "reactivate"


async def test_repair_that_the_target_refuses_does_not_keep_the_others(
    engine: Engine, people: list[Record], target: Employees, events: list[Event]
) -> None:
    target.query("UPDATE employees SET job_title = 'Boss'")
    target.query(
        "CREATE TRIGGER stubborn BEFORE UPDATE ON employees WHEN OLD.id = 1 "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    report = await reconcile(engine, most=0)
    assert (report.repaired, [each.label for each in report.failed]) == (1, ["ada@contoso.com"])
    assert sorted((each.operation, each.outcome) for each in events[-2:]) == [
        ("repair", "done"),
        ("repair", "failed"),
    ]


async def test_provider_may_change_people_while_they_are_repaired(
    engine: Engine, people: list[Record], target: Employees, users: Users
) -> None:
    target.query("UPDATE employees SET job_title = 'Boss'")
    patch = [{"op": "replace", "path": "title", "value": "Countess"}]
    await asyncio.gather(
        reconcile(engine, most=0), *(users.patch(each.id, patch) for each in people)
    )
    assert {row["job_title"] for row in target.rows()} == {"Countess"}
    assert (await reconcile(engine)).drifted == []


async def test_looking_works_beside_a_server(
    engine: Engine, people: list[Record], target: Employees
) -> None:
    target.query("UPDATE employees SET job_title = 'Boss' WHERE id = 1")
    async with Integration.looking(engine["preciate"].program, engine.store) as looking:
        (report,) = await looking.reconcile()
    assert [each.label for each in report.drifted] == ["ada@contoso.com"]
