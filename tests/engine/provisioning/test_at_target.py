"""People who were at the target before: found by a search, and linked instead of made again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.search.query import Query
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import Record

ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst"}
COLUMNS = "email, is_active, display_name, job_title, external_id"


def insert(target: Employees, email: str = "ada@contoso.com", active: int | None = 1) -> None:
    target.query(
        f"INSERT INTO employees ({COLUMNS}) VALUES (?, ?, 'Ada', 'Analyst', 'e1')", email, active
    )


def drop_indexes(target: Employees) -> None:
    for index in target.query("SELECT name FROM sqlite_master WHERE type = 'index' AND sql != ''"):
        target.query(f'DROP INDEX "{index["name"]}"')


async def search(users: Users, text: str, **options: Any) -> list[Record]:
    """Search as the server does: not through the users, but through their source."""
    return list((await users.query(Query(filter=text, **options))).records)


async def test_search_for_somebody_unknown_links_the_account_that_is_there(
    users: Users, target: Employees, events: list[Event], engine: Engine
) -> None:
    insert(target)
    (found,) = await search(users, 'userName eq "ADA@contoso.com"')
    assert found.resource == {
        "userName": "ada@contoso.com",
        "active": True,
        "displayName": "Ada",
        "title": "Analyst",
        "externalId": "e1",
    }
    assert [(each.operation, each.outcome, each.fields) for each in events] == [
        ("adopt", "done", ())
    ]
    # The id stays, and a change of it is one of the account.
    assert (await users.get(found.id)).link == found.link
    assert await search(users, 'userName eq "ada@contoso.com"') == [found]
    patch = {"op": "replace", "path": "title", "value": "Countess"}
    await users.patch(found.id, [patch])
    (row,) = target.rows()
    assert (row["id"], row["job_title"], row["display_name"]) == (1, "Countess", "Ada")
    (entry, _) = await engine.store.journal("preciate", user=found.id)
    assert entry.operation == "adopt"
    assert entry.detail == "found at the target by email; linked, nothing was written"


async def test_linked_account_is_written_only_where_it_differs(
    users: Users, target: Employees, events: list[Event]
) -> None:
    insert(target)
    (found,) = await search(users, 'userName eq "ada@contoso.com"')
    await users.replace(found.id, {**ADA, "displayName": "Ada L.", "externalId": "e1"})
    assert events[-1].fields == ("display_name",)


async def test_adopting_creation_writes_no_column_that_is_right_already(
    users: Users, target: Employees
) -> None:
    insert(target)
    target.query(
        "CREATE TRIGGER untouched BEFORE UPDATE OF email, job_title ON employees "
        "BEGIN SELECT RAISE(ABORT, 'written'); END"
    )
    await users.create({**ADA, "displayName": "Ada Lovelace", "externalId": "e1"})
    (row,) = target.rows()
    assert row["display_name"] == "Ada Lovelace"


async def test_search_by_something_else_than_the_match_field_finds_nobody(
    users: Users, target: Employees
) -> None:
    insert(target)
    for text in ('externalId eq "e1"', 'displayName eq "Ada"', 'userName sw "ada"', "title pr"):
        assert await search(users, text) == []


@pytest.mark.parametrize(
    ("match", "rule", "text"),
    [
        ("external_id", "external_id: externalId", 'externalId eq "e1"'),
        ("external_id", "external_id: externalId",
         'urn:ietf:params:scim:schemas:core:2.0:User:EXTERNALID EQ "e1"'),
        ("external_id", "external_id: externalId", "externalId eq e1"),
        ("external_id", """external_id: 'emails[type eq "work"].value'""", 'emails eq "e1"'),
        ("external_id", """external_id: 'emails[type eq "work"].value'""", 'emails.value eq "e1"'),
        (
            "external_id",
            """external_id: 'emails[type eq "work"].value'""",
            'emails[type eq "work"].value eq "e1"',
        ),
        ("external_id", "external_id: enterprise.employeeNumber", 'urn:ietf:params:scim:schemas:'
         'extension:enterprise:2.0:User:employeeNumber eq "e1"'),
        ("job_title", "job_title: { from: nickName, values: { A: Analyst, B: Boss } }",
         'nickName eq "A"'),
        ("job_title", "job_title: { expr: 'p_case(nickName)', reverse: job_title }",
         'nickName eq "analyst"'),
    ],
)  # fmt: skip
async def test_search_by_any_match_field_finds_the_account(
    mapping: Path,
    store_url: str,
    target: Employees,
    edit: Callable[[str, str], None],
    match: str,
    rule: str,
    text: str,
) -> None:
    name = rule.partition(":")[0]
    line = next(line for line in mapping.read_text().splitlines() if line.startswith(f"    {name}"))
    edit("match: [email] ", f"match: [{match}, email] ")
    edit(line, f"    {rule}")
    insert(target)
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        assert [record.link.key for record in await search(users, text) if record.link] == [1]


async def test_search_links_nobody_where_lookup_is_off(
    mapping: Path, store_url: str, target: Employees, edit: Callable[[str, str], None]
) -> None:
    edit("  operations:\n", "  lookup: false\n  operations:\n")
    insert(target)
    async with Engine.open(mapping, store=store_url) as engine:
        assert await search(engine["preciate"].users, 'userName eq "ada@contoso.com"') == []


async def test_what_is_looked_up_follows_the_mapping(
    users: Users, engine: Engine, target: Employees, edit: Callable[[str, str], None]
) -> None:
    insert(target)
    assert await search(users, 'externalId eq "e1"') == []
    edit("match: [email] ", "match: [external_id] ")
    edit("  operations:\n", "  lookup: false\n  operations:\n")
    await engine.reload()
    assert await search(users, 'externalId eq "e1"') == []
    edit("  lookup: false\n", "")
    await engine.reload()
    assert await search(users, 'userName eq "ada@contoso.com"') == []
    (found,) = await search(users, 'externalId eq "e1"')
    assert found.resource["userName"] == "ada@contoso.com"


async def test_of_several_accounts_none_is_linked_and_the_creation_names_them(
    users: Users, target: Employees, events: list[Event]
) -> None:
    drop_indexes(target)
    insert(target)
    insert(target)
    assert await search(users, 'userName eq "ada@contoso.com"') == []
    assert events == []
    with pytest.raises(ScimError, match="id 1, 2") as caught:
        await users.create(ADA)
    assert caught.value.status == 409


async def test_account_of_another_user_is_not_linked_again(
    users: Users, target: Employees, events: list[Event]
) -> None:
    ada = await users.create(ADA)
    target.query("UPDATE employees SET email = 'grace@contoso.com'")
    assert await search(users, 'userName eq "grace@contoso.com"') == []
    assert [event.resource_id for event in events] == [ada.id]


@pytest.mark.parametrize("delete", ["deactivate", "ignore"])
async def test_whoever_was_deleted_stays_deleted(
    mapping: Path,
    store_url: str,
    target: Employees,
    edit: Callable[[str, str], None],
    delete: str,
) -> None:
    edit("delete: deactivate ", f"delete: {delete} ")
    async with Engine.open(mapping, store=store_url) as engine:
        users = engine["preciate"].users
        await users.delete((await users.create(ADA)).id)
        assert len(target.rows()) == 1
        assert await search(users, 'userName eq "ada@contoso.com"') == []
        # Until the provider makes the user anew, which takes the account over.
        again = await users.create(ADA)
        assert await search(users, 'userName eq "ada@contoso.com"') == [again]


async def test_account_that_is_out_of_use_is_found_inactive(
    users: Users, target: Employees
) -> None:
    insert(target, active=0)
    (found,) = await search(users, 'userName eq "ada@contoso.com"')
    assert found.resource["active"] is False


async def test_account_of_which_no_user_can_be_made_is_left_alone(
    mapping: Path, store_url: str, target: Employees, edit: Callable[[str, str], None]
) -> None:
    edit("match: [email] ", "match: [external_id] ")
    target.query("INSERT INTO employees (external_id) VALUES ('e1')")
    async with Engine.open(mapping, store=store_url) as engine:
        assert await search(engine["preciate"].users, 'externalId eq "e1"') == []


async def test_target_that_is_silent_is_no_answer(users: Users, target: Employees) -> None:
    target.query("ALTER TABLE employees RENAME TO away")
    with pytest.raises(ScimError) as caught:
        await search(users, 'userName eq "ada@contoso.com"')
    assert caught.value.status == 503


async def test_searches_at_the_same_time_link_once(
    users: Users, target: Employees, events: list[Event]
) -> None:
    insert(target)
    found = await asyncio.gather(
        *(search(users, 'userName eq "ada@contoso.com"') for _ in range(20))
    )
    assert {record.id for records in found for record in records} == {found[0][0].id}
    assert [event.operation for event in events] == ["adopt"]


async def test_search_and_creation_at_the_same_time_make_one_user(
    users: Users, target: Employees
) -> None:
    insert(target)
    results = await asyncio.gather(
        search(users, 'userName eq "ada@contoso.com"'),
        users.create(ADA),
        return_exceptions=True,
    )
    page = await users.query()
    assert len(page.records) == len(target.rows()) == 1
    if isinstance(results[1], ScimError):
        assert results[1].status == 409
    else:
        assert page.records[0] == results[1]


async def test_page_of_nothing_is_still_told_how_many_there_are(
    users: Users, target: Employees
) -> None:
    insert(target)
    page = await users.query(Query(filter='userName eq "ada@contoso.com"', count=0))
    assert (page.total, page.records) == (1, [])
