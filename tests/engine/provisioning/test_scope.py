"""Who is in scope has an account, whoever is not has none; what leaving does to the account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from line import Killed
from scimweave.connectors.base import Rejected
from scimweave.scim.error import ScimError
from small_integration import Small, let_memory_call, small
from small_mapping import mapping_text

SCOPE = '  scope: title sw "Sales"\n'
SETS = "  operations: { deactivate: { set: { is_active: false } } }\n"
REMOVES = "  operations: { deactivate: delete }\n"
CALLS = "  operations: { deactivate: { call: suspend }, reactivate: { call: resume } }\n"
GROUPS = (
    "groups:\n  object: teams\n  key: id\n  match: [name]\n  attributes: { name: displayName }\n"
    "  members: { object: pairs, group: team, member: person }\n"
)
ADA = {"userName": "ada", "title": "Sales"}
Open = Callable[..., Awaitable[Small]]


@pytest.fixture
async def open_small(store_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    let_memory_call(monkeypatch)
    opened: list[Small] = []

    async def open_it(*attributes: str, users: str = SCOPE, more: str = "") -> Small:
        rules = attributes or ("title: title",)
        opened.append(await small(store_url, *rules, users=users, more=more))
        return opened[-1]

    yield open_it
    for each in opened:
        await each.store.close()


async def test_whoever_is_out_of_scope_is_stored_without_an_account(open_small: Open) -> None:
    it = await open_small()
    ada = await it.users.create({**ADA, "title": "Legal"})
    assert (await it.users.get(ada.id)).resource == {"userName": "ada", "title": "Legal"}
    assert await it.accounts() == {}
    again = await it.patch(ada, title="Law")
    assert (again.version, await it.log()) == (2, ["out-of-scope done"] * 2)
    assert "out of scope" in str((await it.details())[0])
    await it.users.delete(ada.id)
    assert (await it.log())[-1] == "delete done"


async def test_entering_and_leaving(open_small: Open) -> None:
    it = await open_small()
    ada = await it.users.create({**ADA, "title": "Legal"})
    await it.patch(ada, title="Sales")
    assert (await it.accounts())["ada"] == {"email": "ada", "is_active": True, "title": "Sales"}
    left = await it.patch(ada, title="Legal")
    assert left.resource.get("active", True) is True
    assert (await it.accounts())["ada"]["is_active"] is False
    await it.patch(ada, title="Law")
    assert (await it.accounts())["ada"]["title"] == "Legal"
    await it.patch(ada, title="Sales II")
    assert (await it.accounts())["ada"] == {"email": "ada", "is_active": True, "title": "Sales II"}
    assert await it.log() == [
        "out-of-scope done",
        "create done",
        "deactivate done",
        "out-of-scope done",
        "reactivate done",
    ]


async def test_entering_takes_over_an_account_that_was_there(open_small: Open) -> None:
    it = await open_small()
    ada = await it.users.create({**ADA, "title": "Legal"})
    key = await it.line._connector.create({"email": "ada"})
    record = await it.patch(ada, title="Sales")
    assert record.link is not None
    assert record.link.key == key
    assert (await it.log())[-1] == "adopt done"


async def test_what_does_not_fit_the_target_matters_to_nobody_out_of_scope(
    open_small: Open,
) -> None:
    it = await open_small("title: { from: title, max_length: 8, required: true }")
    ada = await it.users.create({**ADA, "title": "Head of all Legal"})
    with pytest.raises(ScimError):
        await it.patch(ada, title="Sales of all things")
    await it.patch(ada, title="Sales")
    await it.patch(ada, title="Legal for ever")
    assert (await it.accounts())["ada"]["is_active"] is False


async def test_narrower_scope_takes_effect_with_the_next_change(open_small: Open) -> None:
    it = await open_small(users="")
    ada = await it.users.create({**ADA, "title": "Legal"})
    await it.restart(mapping_text("title: title", users=SCOPE))
    await it.patch(ada, title="Law")
    assert (await it.accounts())["ada"]["is_active"] is False
    assert (await it.log())[-1] == "deactivate done"


async def test_a_leaver_may_lose_the_account_and_a_returner_gets_a_new_one(
    open_small: Open,
) -> None:
    it = await open_small(users=REMOVES, more=GROUPS)
    ada = await it.users.create(ADA)
    team = await it.integration.groups.create({"displayName": "t", "members": [{"value": ada.id}]})
    assert team.link is not None
    assert it.group_line is not None
    for _ in range(2):
        gone = await it.patch(ada, active=False)
        assert (gone.resource["active"], gone.link) == (False, None)
        assert await it.accounts() == {}
        assert await it.group_line.members(team.link.key) == []
    await it.patch(ada, title="Boss")
    back = await it.patch(ada, active=True)
    assert back.link is not None
    assert (await it.accounts())["ada"]["title"] == "Boss"
    assert await it.group_line.members(team.link.key) == [back.link.key]
    assert await it.log() == [
        "create done",
        "create done",
        "deactivate done",
        "update done",
        "create done",
    ]


async def test_an_inactive_joiner_gets_no_account_where_leavers_lose_theirs(
    open_small: Open,
) -> None:
    it = await open_small(users=REMOVES)
    ada = await it.users.create({**ADA, "active": False})
    assert await it.accounts() == {}
    await it.patch(ada, active=True)
    assert list(await it.accounts()) == ["ada"]
    await it.users.delete(ada.id)
    assert await it.accounts() == {}


async def test_actions_of_the_target_are_called_once_for_each_change(open_small: Open) -> None:
    it = await open_small(users=CALLS)
    ada = await it.users.create(ADA)
    assert it.line.calls == []
    for active in (False, False, True, True, False):
        await it.patch(ada, active=active)
    await it.users.delete(ada.id)
    assert [name for name, _ in it.line.calls] == ["suspend", "resume", "suspend"]
    bob = await it.users.create({"userName": "bob", "active": False})
    await it.users.delete(bob.id)
    assert [name for name, _ in it.line.calls[3:]] == ["suspend"]


async def test_a_refused_action_refuses_the_request(open_small: Open) -> None:
    it = await open_small("title: title", users='  scope: userType ne "x"\n' + CALLS)
    ada = await it.users.create({**ADA, "active": True})
    it.line.refuses = Rejected("the last owner")
    with pytest.raises(ScimError) as caught:
        await it.patch(ada, active=False)
    # The account is out of use already: only a second look tells how it ends.
    assert caught.value.status == 503
    it.line.refuses = None
    await it.restart()
    assert (await it.users.get(ada.id)).resource["active"] is False
    assert [name for name, _ in it.line.calls] == ["suspend"]


@pytest.mark.parametrize("operations", [SETS, REMOVES, CALLS])
@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_a_crash_while_somebody_leaves_is_settled_by_the_target(
    open_small: Open, operations: str, breaks: str
) -> None:
    it = await open_small(users=SCOPE + operations)
    ada = await it.users.create(ADA)
    it.line.breaks = breaks
    with pytest.raises(ScimError):
        await it.patch(ada, title="Legal")
    it.line.breaks = None
    await it.restart()
    title = (await it.users.get(ada.id)).resource["title"]
    accounts = await it.accounts()
    is_active = "ada" in accounts and accounts["ada"]["is_active"] is True
    assert (title, is_active) == (("Sales", True) if breaks == "before" else ("Legal", False))
    await it.patch(ada, title="Legal")
    accounts = await it.accounts()
    assert "ada" not in accounts or accounts["ada"]["is_active"] is False


async def test_groups_have_a_scope_too(open_small: Open) -> None:
    it = await open_small(users="", more=GROUPS + '  scope: displayName sw "App"\n')
    ada = await it.users.create(ADA)
    assert it.group_line is not None
    groups = it.integration.groups
    team = await groups.create({"displayName": "Team", "members": [{"value": ada.id}]})
    assert team.link is None
    rename = [{"op": "replace", "path": "displayName", "value": "App Team"}]
    team = await groups.patch(team.id, rename)
    assert team.link is not None
    assert await it.group_line.members(team.link.key) == [1]
    key = team.link.key
    rename = [{"op": "replace", "path": "displayName", "value": "Team"}]
    assert (await groups.patch(team.id, rename)).link is None
    assert await it.group_line.read(key) is None
    assert await it.group_line.members(key) == []
    assert set(await groups.references([team.id])) == {team.id}
    await groups.delete(team.id)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("title"), st.sampled_from(["Sales", "Sales II", "Legal", "Law"])),
        st.tuples(st.just("active"), st.booleans()),
        st.tuples(st.just("delete"), st.none()),
        st.tuples(st.just("crash"), st.integers(0, 2)),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(_STEPS, st.sampled_from([SETS, REMOVES, CALLS]))
def test_whatever_happens_the_account_is_as_scope_and_active_say(
    steps: list[tuple[str, Any]], operations: str
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patching:
        let_memory_call(patching)
        asyncio.run(_run(steps, operations, f"sqlite:///{Path(folder) / 'store.db'}"))


async def _run(steps: list[tuple[str, Any]], operations: str, store_url: str) -> None:
    it = await small(store_url, "title: title", users=SCOPE + operations)
    removes = operations == REMOVES
    ada = None
    for what, value in steps:
        try:
            if what == "crash":
                it.line.left = value
                continue
            if what == "restart":
                await it.restart()
            elif ada is None:
                ada = await it.users.create(ADA)
            elif what == "delete":
                await it.users.delete(ada.id)
                ada = None
            else:
                ada = await it.patch(ada, **{what: value})
        except Killed:
            await it.restart()
            found = await it.store.find("small", "User", "userName", "ada")
            ada = found[0] if found else None
        await _check(it, ada.id if ada else None, removes)
    await it.store.close()


async def _check(it: Small, user_id: str | None, removes: bool) -> None:
    accounts = await it.accounts()
    assert len(accounts) <= 1
    if user_id is None:
        return
    record = await it.users.get(user_id)
    in_use = it.program.users.is_active(record.resource)
    assert (record.link is not None) == ("ada" in accounts)
    if in_use:
        assert accounts["ada"] == {
            "email": "ada",
            "is_active": True,
            "title": record.resource["title"],
        }
    else:
        assert "ada" not in accounts or (not removes and accounts["ada"]["is_active"] is False)
    assert it.integration.open_intents == 0
