from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from employees import Employees
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.lifecycle.lookups import ACCOUNT, account_value
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import Record

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA: dict[str, Any] = {
    "userName": "ada@contoso.com",
    "active": "True",
    "displayName": "Ada Lovelace",
    "title": "Analyst",
    "externalId": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    ENTERPRISE: {"department": "Engines"},
}
LEAVE = [{"op": "Replace", "path": "active", "value": "False"}]
RETURN = [{"op": "Replace", "path": "active", "value": "True"}]


@pytest.fixture
async def ada(users: Users) -> Record:
    return await users.create(ADA)


def operations(events: list[Event]) -> list[str]:
    return [f"{event.operation} {event.outcome}" for event in events]


async def test_joiner_arrives_in_the_target(ada: Record, target: Employees) -> None:
    (row,) = target.rows()
    assert row | {"id": None} == {
        "id": None,
        "email": "ada@contoso.com",
        "is_active": 1,
        "display_name": "Ada Lovelace",
        "job_title": "Analyst",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "full_name": "Ada Lovelace",
        "external_id": "ada",
        "department": "Engines",
    }


async def test_update_sends_only_what_differs(
    users: Users, ada: Record, target: Employees, events: list[Event]
) -> None:
    target.query("UPDATE employees SET display_name = 'changed at the target'")
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    row = target.row("ada@contoso.com")
    assert (row["job_title"], row["display_name"]) == ("Countess", "changed at the target")
    assert events[-1].fields == ("job_title",)


async def test_leaver_is_out_and_returner_is_in(
    users: Users, ada: Record, target: Employees, events: list[Event]
) -> None:
    await users.patch(ada.id, LEAVE)
    assert target.row("ada@contoso.com")["is_active"] == 0
    await users.patch(ada.id, RETURN)
    assert target.row("ada@contoso.com")["is_active"] == 1
    assert operations(events) == ["create done", "deactivate done", "reactivate done"]


async def test_second_deactivation_changes_nothing(
    users: Users, ada: Record, events: list[Event]
) -> None:
    first = await users.patch(ada.id, LEAVE)
    second = await users.patch(ada.id, LEAVE)
    assert second == first
    assert operations(events) == ["create done", "deactivate done"]


async def test_patch_without_effect_keeps_the_version(
    users: Users, ada: Record, events: list[Event]
) -> None:
    same = await users.patch(ada.id, [{"op": "Add", "path": "title", "value": "Analyst"}])
    assert (same.version, same.last_modified) == (ada.version, ada.last_modified)
    assert len(events) == 1


async def test_put_without_active_does_not_let_a_leaver_in(
    users: Users, ada: Record, target: Employees
) -> None:
    await users.patch(ada.id, LEAVE)
    await users.replace(ada.id, {"userName": "ada@contoso.com", "title": "Ghost"})
    row = target.row("ada@contoso.com")
    assert (row["is_active"], row["job_title"], row["department"]) == (0, "Ghost", None)


async def test_delete_deactivates_as_the_file_says(
    users: Users, ada: Record, target: Employees
) -> None:
    await users.delete(ada.id)
    assert target.row("ada@contoso.com")["is_active"] == 0
    with pytest.raises(ScimError) as caught:
        await users.delete(ada.id)
    assert caught.value.status == 404


async def test_deleted_person_who_comes_back_gets_the_old_account(
    users: Users, ada: Record, target: Employees, events: list[Event]
) -> None:
    await users.delete(ada.id)
    again = await users.create(ADA)
    assert again.id != ada.id
    assert [row["is_active"] for row in target.rows()] == [1]
    assert operations(events)[-1] == "adopt done"


async def test_account_that_was_there_is_adopted_with_what_differs(
    users: Users, target: Employees, events: list[Event]
) -> None:
    target.query(
        "INSERT INTO employees (email, is_active, job_title, department) VALUES (?, 0, ?, ?)",
        "Ada@Contoso.com",
        "Analyst",
        "Looms",
    )
    await users.create(ADA)
    (row,) = target.rows()
    assert (row["is_active"], row["department"]) == (1, "Engines")
    assert "job_title" not in events[-1].fields


async def test_two_accounts_that_match_are_named(users: Users, target: Employees) -> None:
    target.query("DROP INDEX IF EXISTS employees_email")
    for index in target.query("SELECT name FROM sqlite_master WHERE type = 'index' AND sql != ''"):
        target.query(f'DROP INDEX "{index["name"]}"')
    for _ in range(2):
        target.query("INSERT INTO employees (email) VALUES ('ada@contoso.com')")
    with pytest.raises(
        ScimError, match=r"2 accounts in employees have this email: id 1, 2"
    ) as caught:
        await users.create(ADA)
    assert (caught.value.status, caught.value.scim_type) == (409, "uniqueness")


async def test_account_of_another_user_is_not_adopted(
    engine: Engine, users: Users, ada: Record, target: Employees
) -> None:
    target.query("UPDATE employees SET email = 'grace@contoso.com'")
    with pytest.raises(ScimError, match="belongs to user") as caught:
        await users.create({**ADA, "userName": "grace@contoso.com"})
    assert caught.value.status == 409


@pytest.mark.parametrize("user_name", ["ada@contoso.com", "ADA@CONTOSO.COM"])
async def test_user_name_is_taken_in_any_case(users: Users, ada: Record, user_name: str) -> None:
    with pytest.raises(ScimError) as caught:
        await users.create({**ADA, "userName": user_name})
    assert (caught.value.status, caught.value.scim_type) == (409, "uniqueness")


async def test_rename_to_a_taken_user_name_is_refused(
    users: Users, ada: Record, target: Employees
) -> None:
    grace = await users.create({**ADA, "userName": "grace@contoso.com", "externalId": "grace"})
    rename = [{"op": "Replace", "path": "userName", "value": "Ada@contoso.com"}]
    with pytest.raises(ScimError) as caught:
        await users.patch(grace.id, rename)
    assert caught.value.status == 409
    assert target.row("grace@contoso.com")["external_id"] == "grace"


async def test_inactive_user_keeps_the_user_name(users: Users, ada: Record) -> None:
    await users.patch(ada.id, LEAVE)
    with pytest.raises(ScimError) as caught:
        await users.create(ADA)
    assert caught.value.status == 409


async def test_side_by_side_creates_of_one_person_make_one(users: Users, target: Employees) -> None:
    results = await asyncio.gather(*(users.create(ADA) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Record) for result in results) == 1
    assert {result.status for result in results if isinstance(result, ScimError)} == {409}
    assert len(target.rows()) == 1


async def test_patches_of_one_person_are_in_order(
    users: Users, ada: Record, target: Employees
) -> None:
    await asyncio.gather(
        *(
            users.patch(ada.id, [{"op": "Replace", "path": "title", "value": str(number)}])
            for number in range(20)
        )
    )
    assert target.row("ada@contoso.com")["job_title"] == "19"
    assert (await users.get(ada.id)).version == 21


async def test_refused_value_names_attribute_and_field(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    edit("job_title:    title", "job_title:    { from: title, max_length: 10 }")
    assert (await engine.reload()).findings == ()
    with pytest.raises(ScimError, match=r"title → job_title: .*at most 10") as caught:
        await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "x" * 11}])
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")
    assert target.row("ada@contoso.com")["job_title"] == "Analyst"
    assert (await users.get(ada.id)).resource["title"] == "Analyst"


async def test_value_that_does_not_fit_any_more_keeps_no_leaver_in(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    edit("job_title:    title", "job_title:    { from: title, max_length: 3 }")
    await engine.reload()
    await users.patch(ada.id, LEAVE)
    row = target.row("ada@contoso.com")
    assert (row["is_active"], row["job_title"]) == (0, "Analyst")


@pytest.mark.parametrize("sent", ["Analyst", "Countess"])
@pytest.mark.parametrize("verb", ["patch", "put"])
async def test_value_that_a_leaver_brings_again_keeps_nobody_in(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
    verb: str,
    sent: str,
) -> None:
    edit("job_title:    title", "job_title:    { from: title, max_length: 3 }")
    await engine.reload()
    leaving = (
        users.patch(ada.id, [*LEAVE, {"op": "Replace", "path": "title", "value": sent}])
        if verb == "patch"
        else users.replace(ada.id, {**ADA, "active": "False", "title": sent})
    )
    if sent == "Analyst":
        await leaving
    else:
        with pytest.raises(ScimError, match="job_title"):
            await leaving
    row = target.row("ada@contoso.com")
    assert (row["is_active"], row["job_title"]) == (sent != "Analyst", "Analyst")


REQUIRED = """
schema:
  urn:ietf:params:scim:schemas:extension:contoso:2.0:User:
    attributes: { costCode: { type: string, required: true } }
"""


async def test_attribute_that_is_required_by_now_keeps_no_leaver_in(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    bob, cyd = [await users.create({**ADA, "userName": name}) for name in ("bob", "cyd")]
    edit("users:\n", f"{REQUIRED}users:\n")
    assert (await engine.reload()).findings == ()
    with pytest.raises(ScimError, match="costCode is missing"):
        await users.patch(cyd.id, [{"op": "Replace", "path": "title", "value": "x"}])
    with pytest.raises(ScimError, match="costCode is missing"):
        await users.replace(cyd.id, {**ADA, "userName": "cyd"})
    await users.patch(ada.id, LEAVE)
    await users.replace(bob.id, {**ADA, "userName": "bob", "active": False})
    active = {row["email"]: row["is_active"] for row in target.rows()}
    assert active == {"ada@contoso.com": 0, "bob": 0, "cyd": 1}


async def test_account_that_is_gone_is_made_anew(
    users: Users, ada: Record, target: Employees, engine: Engine
) -> None:
    target.query("DELETE FROM employees")
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    row = target.row("ada@contoso.com")
    assert (row["job_title"], row["full_name"]) == ("Countess", "Ada Lovelace")
    (entry,) = (await engine.store.journal("preciate", user="ada@contoso.com"))[-1:]
    assert entry.detail is not None
    assert "drift" in entry.detail


async def test_account_that_was_made_anew_is_known_by_its_new_key(
    users: Users, ada: Record, target: Employees, engine: Engine
) -> None:
    await users.create({"userName": "grace@contoso.com"})
    target.query("DELETE FROM employees WHERE email = 'ada@contoso.com'")
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    assert ada.link is not None
    keys = (target.row("ada@contoso.com")["id"], ada.link.key)
    found = [
        await engine.store.find("preciate", "User", ACCOUNT, account_value(key)) for key in keys
    ]
    assert [[each.id for each in records] for records in found] == [[ada.id], []]


async def test_account_that_is_gone_is_a_failure_where_the_file_says_so(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    edit("delete: deactivate", "delete: deactivate\n    missing: fail")
    assert (await engine.reload()).findings == ()
    target.query("DELETE FROM employees")
    with pytest.raises(ScimError) as caught:
        await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    assert caught.value.status == 409
    assert target.rows() == []


async def test_leaver_whose_account_is_gone_is_out(
    users: Users, ada: Record, target: Employees
) -> None:
    target.query("DELETE FROM employees")
    await users.patch(ada.id, LEAVE)
    assert target.rows() == []
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Nobody"}])
    assert target.rows() == []
    await users.patch(ada.id, RETURN)
    assert target.row("ada@contoso.com")["job_title"] == "Nobody"


async def test_failed_target_changes_nothing(
    users: Users, ada: Record, target: Employees, events: list[Event]
) -> None:
    target.query("ALTER TABLE employees RENAME TO elsewhere")
    with pytest.raises(ScimError) as caught:
        await users.patch(ada.id, LEAVE)
    assert caught.value.status == 503
    assert caught.value.retry_after
    assert (await users.get(ada.id)).resource["active"] is True
    assert operations(events)[-1] == "deactivate failed"
    target.query("ALTER TABLE elsewhere RENAME TO employees")
    await users.patch(ada.id, LEAVE)
    assert target.row("ada@contoso.com")["is_active"] == 0


async def test_sensitive_values_stay_out_of_journal_and_events(
    users: Users, edit: Callable[[str, str], None], engine: Engine, events: list[Event]
) -> None:
    edit("job_title:    title", "job_title:    { from: title, sensitive: true, max_length: 12 }")
    await engine.reload()
    ada = await users.create({**ADA, "title": "s3cret"})
    with pytest.raises(ScimError) as caught:
        await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "s3cret s3cret"}])
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "s3cret2"}])
    entries = await engine.store.journal("preciate")
    assert "s3cret" not in f"{entries} {events} {caught.value.detail}"


async def test_refusal_stands_in_the_log_of_the_person_it_is_about(
    users: Users,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    edit("job_title:    title", "job_title:    { from: title, max_length: 3 }")
    await engine.reload()
    for name in ("ada@contoso.com", "grace@contoso.com"):
        with pytest.raises(ScimError):
            await users.create({**ADA, "userName": name})
    (entry,) = await engine.store.journal("preciate", user="ada@contoso.com")
    assert (entry.operation, entry.outcome) == ("create", "failed")
    assert "title → job_title" in (entry.detail or "")
    assert await engine.store.open_intents("preciate") == []
