"""``ref: user``: the key of the manager's account, now or as soon as there is one."""

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
from scimweave.scim.error import ScimError
from scimweave.store.base import Record
from small_integration import Small, small
from small_mapping import mapping_text

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
BOSS = "boss: { from: enterprise.manager.value, ref: user }"
KEEP = "boss: { from: enterprise.manager.value, ref: user, absent: keep }"
REQUIRED = "boss: { from: enterprise.manager.value, ref: user, required: true }"
REMOVES = "  operations: { deactivate: delete }\n"
Open = Callable[..., Awaitable[Small]]


@pytest.fixture
async def open_small(store_url: str) -> AsyncIterator[Open]:
    opened: list[Small] = []

    async def open_it(*attributes: str, users: str = REMOVES) -> Small:
        opened.append(await small(store_url, *(attributes or (BOSS,)), users=users))
        return opened[-1]

    yield open_it
    for each in opened:
        await each.integration.close()
        await each.store.close()


async def create(it: Small, name: str, manager: Any = None, **more: Any) -> Record:
    extension = {} if manager is None else {ENTERPRISE: {"manager": manager}}
    return await it.users.create({"userName": name, **extension, **more})


async def boss(it: Small, name: str) -> Any:
    return (await it.accounts())[name]["boss"]


def key(record: Record) -> Any:
    assert record.link is not None
    return record.link.key


@pytest.mark.parametrize("as_sent", [lambda found: found, lambda found: {"value": found}])
async def test_key_of_the_manager_is_written(
    open_small: Open, as_sent: Callable[[str], Any]
) -> None:
    it = await open_small()
    ada = await create(it, "ada")
    await create(it, "bob", as_sent(ada.id))
    assert await boss(it, "bob") == key(ada)


async def test_whoever_waits_for_a_manager_gets_one(open_small: Open) -> None:
    it = await open_small()
    ada = await create(it, "ada", active=False)
    bob = await create(it, "bob", ada.id)
    assert await boss(it, "bob") is None
    ada = await it.patch(ada, active=True)
    assert await boss(it, "bob") == key(ada)
    assert (await it.log())[-1] == "update done"
    assert (await it.details())[-1] == (
        f"by reference: user {ada.id} has the account {key(ada)} now"
    )
    assert (await it.users.get(bob.id)).version == bob.version


async def test_manager_with_another_account_and_without(open_small: Open) -> None:
    it = await open_small()
    ada = await create(it, "ada")
    await create(it, "bob", ada.id)
    await it.patch(ada, active=False)
    assert await boss(it, "bob") is None
    again = await it.patch(ada, active=True)
    assert await boss(it, "bob") == key(again) != key(ada)
    await it.users.delete(ada.id)
    assert await boss(it, "bob") is None
    assert await it.store.moved("small") == []


async def test_absent_keep_leaves_the_field_to_the_target(open_small: Open) -> None:
    it = await open_small(KEEP)
    ada = await create(it, "ada")
    await create(it, "bob", ada.id)
    await it.users.delete(ada.id)
    assert await boss(it, "bob") == key(ada)


async def test_required_manager_is_waited_for(open_small: Open) -> None:
    it = await open_small(REQUIRED)
    ada = await create(it, "ada", "nobody", active=False)
    with pytest.raises(ScimError) as caught:
        await create(it, "bob", ada.id)
    assert caught.value.status == 400
    assert f"user {ada.id} has no account yet" in caught.value.detail


async def test_circles_and_oneself(open_small: Open) -> None:
    it = await open_small()
    ada = await create(it, "ada")
    bob = await create(it, "bob", ada.id)
    await it.patch(ada, **{MANAGER: bob.id})
    eve = await create(it, "eve")
    await it.patch(eve, **{MANAGER: eve.id})
    assert [await boss(it, each) for each in ("ada", "bob", "eve")] == [
        key(bob),
        key(ada),
        key(eve),
    ]
    for each in (ada, eve):
        await it.patch(each, active=False)
        again = await it.patch(each, active=True)
        assert key(again) not in {key(ada), key(bob), key(eve)}
    accounts = await it.accounts()
    assert accounts["bob"]["boss"] == key(await it.users.get(ada.id))
    assert accounts["eve"]["boss"] == key(await it.users.get(eve.id))


async def test_what_follows_is_done_when_the_target_answers_again(open_small: Open) -> None:
    it = await open_small()
    ada = await create(it, "ada")
    await create(it, "bob", ada.id)
    await it.patch(ada, active=False)
    it.line.left = 2
    ada = await it.patch(ada, active=True)
    # The server died behind the write to the target, before anything of it was stored.
    assert await it.store.moved("small") != []
    await it.restart()
    assert await it.integration.settle_references()
    assert await boss(it, "bob") == key(ada)


async def test_whoever_is_behind_waits_while_the_target_is_silent(open_small: Open) -> None:
    it = await open_small()
    ada = await create(it, "ada", active=False)
    await create(it, "bob", ada.id)
    it.line.breaks = None
    it.line.only_creates = True
    ada = await it.patch(ada, active=True)
    assert not await it.integration.settle_references()
    assert await boss(it, "bob") is None
    it.line.only_creates = False
    assert await it.integration.settle_references()
    assert await boss(it, "bob") == key(ada)


async def test_reference_of_an_edit_is_indexed_and_followed(open_small: Open) -> None:
    it = await open_small("boss_id: enterprise.manager.value")
    ada = await create(it, "ada")
    bob = await create(it, "bob", ada.id)
    text = mapping_text("boss_id: enterprise.manager.value", users=REMOVES).replace(
        "boss_id: enterprise.manager.value",
        "boss_id: { from: enterprise.manager.value, ref: user, type: string }",
    )
    await it.restart(text)
    assert await it.users.bring_up(bob.id, it.program.revision)
    await it.patch(ada, active=False)
    again = await it.patch(ada, active=True)
    assert (await it.accounts())["bob"]["boss_id"] == str(key(again))


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.integers(0, 2)),
        st.tuples(st.just("active"), st.integers(0, 2)),
        st.tuples(st.just("inactive"), st.integers(0, 2)),
        st.tuples(st.just("manager"), st.integers(0, 8)),
        st.tuples(st.just("crash"), st.integers(0, 3)),
    ),
    max_size=16,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(_STEPS)
def test_whatever_happens_everybody_has_the_key_of_the_manager(
    steps: list[tuple[str, int]],
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_run(steps, f"sqlite:///{Path(folder) / 'store.db'}"))


async def _run(steps: list[tuple[str, int]], store_url: str) -> None:
    it = await small(store_url, BOSS, users=REMOVES)
    for what, number in steps:
        if what == "crash":
            it.line.left = number
            continue
        try:
            await _step(it, what, number)
        except Killed:
            await it.restart()
        except ScimError as error:
            if error.status != 409:
                raise
    await it.restart()
    assert await it.integration.settle_references()
    records = await it.store.page("small", "User", 0, 10)
    accounts = await it.accounts()
    keys = {each.id: each.link.key if each.link else None for each in records}
    for each in records:
        name = each.resource["userName"]
        assert (name in accounts) == (each.resource.get("active", True) is True)
        manager = each.resource.get(ENTERPRISE, {}).get("manager", {}).get("value")
        if name in accounts:
            assert accounts[name]["boss"] == keys.get(manager)
    await it.integration.close()
    await it.store.close()


async def _step(it: Small, what: str, number: int) -> None:
    found = {
        each.resource["userName"]: each for each in await it.store.page("small", "User", 0, 10)
    }
    name = str(number % 3)
    if what == "create":
        await create(it, name)
    elif name not in found:
        return
    elif what == "delete":
        await it.users.delete(found[name].id)
    elif what == "manager":
        manager = found.get(str(number // 3))
        await it.patch(found[name], **{MANAGER: manager.id if manager else "nobody"})
    else:
        await it.patch(found[name], active=what == "active")
