"""A burst of leavers is held: taken from the provider, and not brought to the target."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from line import Killed
from scimweave.connectors.base import Key, Rejected, Value
from scimweave.provisioning.held import Decided, decide
from scimweave.provisioning.lifecycle.operator import Brought
from scimweave.provisioning.operated import Decision
from scimweave.provisioning.planning.apply import apply
from scimweave.provisioning.planning.plan import plan
from scimweave.provisioning.search.query import Query
from scimweave.scim.error import ScimError
from scimweave.store.base import Record
from small_integration import Small, let_memory_call, small
from small_mapping import mapping_text

TWO = "guard: { leavers: 2 }\n"
REASON = "more than 2 leavers within 1h"
DELETES = "  operations: { delete: delete }\n"
REMOVES = "  operations: { deactivate: delete }\n"
SCOPE = '  scope: title sw "Sales"\n'
GROUPS = (
    "groups:\n  object: teams\n  key: id\n  match: [name]\n  attributes: { name: displayName }\n"
    "  members: { object: pairs, group: team, member: person }\n"
)
Open = Callable[..., Awaitable[Small]]


class Clock:
    """The time of day, and what was added to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_small(
    store_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Open]:
    let_memory_call(monkeypatch)
    opened: list[Small] = []

    async def open_it(users: str = "", more: str = TWO) -> Small:
        it = await small(store_url, "title: title", users=users, more=more)
        it.users.guard.clock = clock
        opened.append(it)
        return it

    yield open_it
    for it in opened:
        await it.integration.close()
        await it.store.close()


async def people(it: Small, count: int) -> list[Record]:
    return [
        await it.users.create({"userName": f"u{number}", "title": "Sales"})
        for number in range(count)
    ]


async def disabled(it: Small, records: list[Record]) -> list[Record]:
    return [await it.patch(each, active=False) for each in records]


async def in_use(it: Small) -> list[str]:
    return sorted(name for name, each in (await it.accounts()).items() if each["is_active"])


async def held(it: Small) -> list[tuple[str, str]]:
    return [(each.label, each.operation) for each in await it.store.held("small")]


async def decided(it: Small, decision: Decision, *names: str) -> list[Decided]:
    return [each async for each in decide(it.integration, decision, list(names) or None)]


def refuse_updates(it: Small, count: int) -> None:
    """Let the target refuse the next few updates."""
    update = it.line.update
    left = [Rejected("locked", "is_active")] * count

    async def refusing(key: Key, fields: Mapping[str, Value]) -> None:
        if left:
            raise left.pop()
        await update(key, fields)

    it.line.update = refusing  # type: ignore[method-assign]


async def leave_by_deactivation(it: Small, record: Record) -> None:
    assert (await it.patch(record, active=False)).resource["active"] is False


async def leave_by_deletion(it: Small, record: Record) -> None:
    await it.users.delete(record.id)
    with pytest.raises(ScimError) as missing:
        await it.users.get(record.id)
    assert missing.value.status == 404


async def leave_the_scope(it: Small, record: Record) -> None:
    assert (await it.patch(record, title="Research")).resource["title"] == "Research"


@pytest.mark.parametrize(
    ("leave", "users", "operation"),
    [
        pytest.param(leave_by_deactivation, "", "deactivate", id="deactivate"),
        pytest.param(leave_by_deactivation, REMOVES, "deactivate", id="deactivate-removes"),
        pytest.param(leave_by_deletion, "", "delete", id="delete-deactivates"),
        pytest.param(leave_by_deletion, DELETES, "delete", id="delete"),
        pytest.param(leave_the_scope, SCOPE, "deactivate", id="scope"),
        pytest.param(leave_the_scope, SCOPE + REMOVES, "deactivate", id="scope-removes"),
    ],
)
async def test_whoever_is_too_many_has_left_for_the_provider_and_not_for_the_target(
    open_small: Open,
    leave: Callable[[Small, Record], Awaitable[None]],
    users: str,
    operation: str,
) -> None:
    it = await open_small(users)
    for each in await people(it, 4):
        await leave(it, each)
    assert await in_use(it) == ["u2", "u3"]
    assert await held(it) == [("u2", operation), ("u3", operation)]
    assert (await it.log())[-3:] == [f"{operation} done", *[f"{operation} held"] * 2]
    assert (await it.details())[-1] == REASON
    assert [each.outcome for each in it.events[-2:]] == ["held", "held"]
    assert it.integration.held == 2
    assert [each.reason for each in await decided(it, "release")] == [None, None]
    assert await in_use(it) == []
    assert (await it.log())[-2:] == [f"{operation} done"] * 2
    assert str((await it.details())[-1]).startswith("released by guard release")
    assert (it.integration.held, await held(it)) == (0, [])


async def test_without_a_guard_nobody_is_held(open_small: Open) -> None:
    it = await open_small(more="")
    await disabled(it, await people(it, 30))
    assert (await in_use(it), await held(it)) == ([], [])


@pytest.mark.parametrize(
    ("count", "guard", "free"),
    [
        pytest.param(10, "leavers: 3", 3, id="exactly-at-the-limit"),
        pytest.param(10, "leavers: 0", 0, id="every-leaver"),
        pytest.param(40, "percent: 20", 8, id="percent"),
        pytest.param(10, "percent: 20", 5, id="percent-never-holds-a-few"),
        pytest.param(40, "percent: 20, leavers: 6", 6, id="both"),
    ],
)
async def test_so_many_may_leave(open_small: Open, count: int, guard: str, free: int) -> None:
    it = await open_small(more=f"guard: {{ {guard} }}\n")
    await disabled(it, await people(it, count))
    assert len(await in_use(it)) == count - free == it.integration.held


async def test_accounts_in_use_are_counted_anew_when_a_minute_has_passed(
    open_small: Open, clock: Clock
) -> None:
    it = await open_small(more="guard: { percent: 50, window: 1d }\n")
    first = await people(it, 6)
    await disabled(it, first[:1])
    more = [await it.users.create({"userName": f"v{number}"}) for number in range(14)]
    clock.ahead = timedelta(minutes=2)
    await disabled(it, [*first[1:], *more])
    assert len(await in_use(it)) == 10
    assert (await it.details())[-1] == "more than 50 % of 20 users within 1d"


async def test_window_has_room_again_when_fewer_left_in_it_held_or_not(
    open_small: Open, clock: Clock
) -> None:
    it = await open_small()
    records = await people(it, 6)
    await disabled(it, records[:3])
    clock.ahead = timedelta(minutes=59)
    await disabled(it, records[3:4])
    clock.ahead = timedelta(minutes=61)
    await disabled(it, records[4:5])
    clock.ahead = timedelta(minutes=62)
    await disabled(it, records[5:])
    assert [label for label, _ in await held(it)] == ["u2", "u3", "u5"]


async def test_restart_knows_who_left_and_who_is_held(open_small: Open, clock: Clock) -> None:
    it = await open_small()
    records = await people(it, 5)
    await disabled(it, records[:3])
    await it.restart()
    assert it.integration.held == 1
    await disabled(it, records[3:4])
    assert await held(it) == [("u2", "deactivate"), ("u3", "deactivate")]
    await it.restart()
    clock.ahead = timedelta(minutes=61)
    it.users.guard.clock = clock
    await disabled(it, records[4:])
    assert len(await held(it)) == 2


async def test_two_at_once_are_counted_one_after_the_other(open_small: Open) -> None:
    it = await open_small(more="guard: { leavers: 1, percent: 90 }\n")
    records = await people(it, 8)
    await asyncio.gather(*(it.patch(each, active=False) for each in records))
    assert (len(await in_use(it)), it.integration.held) == (7, 7)


async def test_one_person_counts_once(open_small: Open) -> None:
    it = await open_small(DELETES)
    ada, bob, *_ = await people(it, 3)
    await it.patch(ada, active=False)
    await it.patch(ada, active=True)
    await it.patch(ada, active=False)
    await it.users.delete(ada.id)
    await it.patch(bob, active=False)
    assert (await in_use(it), await held(it)) == (["u2"], [])


async def test_who_could_not_leave_does_not_count(open_small: Open) -> None:
    it = await open_small()
    records = await people(it, 5)
    refuse_updates(it, 3)
    for each in records[:3]:
        with pytest.raises(ScimError):
            await it.patch(each, active=False)
    await disabled(it, records[3:])
    assert (await in_use(it), await held(it)) == (["u0", "u1", "u2"], [])
    await it.restart()
    assert (await disabled(it, records[:1]), await held(it))[1] == [("u0", "deactivate")]


async def test_held_leaver_who_changes_stays_held_and_nothing_slips_through(
    open_small: Open,
) -> None:
    it = await open_small()
    records = await people(it, 3)
    await disabled(it, records)
    last = records[-1]
    changed = await it.patch(last, title="Boss")
    assert changed.resource["title"] == "Boss"
    assert (await it.accounts())["u2"]["title"] == "Sales"
    assert await it.users.patch(last.id, []) == await it.users.get(last.id)
    await it.users.delete(last.id)
    assert await held(it) == [("u2", "delete")]
    assert await in_use(it) == ["u2"]


async def test_reactivation_cancels_the_hold_and_only_other_fields_are_written(
    open_small: Open,
) -> None:
    it = await open_small("  operations: { deactivate: { call: suspend } }\n")
    records = await people(it, 4)
    await disabled(it, records)
    back = await it.users.patch(
        records[2].id,
        [
            {"op": "replace", "path": "active", "value": True},
            {"op": "replace", "path": "title", "value": "Sales 2"},
        ],
    )
    assert back.resource["active"] is True
    entry = (await it.store.journal("small", limit=1))[0]
    assert (entry.operation, [each.field for each in entry.changes]) == ("update", ["title"])
    assert (await it.accounts())["u2"] == {"email": "u2", "is_active": True, "title": "Sales 2"}
    assert await held(it) == [("u3", "deactivate")]
    assert len(it.line.calls) == 2


@pytest.mark.parametrize("is_active", [True, False])
async def test_whoever_is_made_again_gets_the_account_that_was_held(
    open_small: Open, is_active: bool
) -> None:
    it = await open_small(DELETES)
    records = await people(it, 3)
    for each in records:
        await it.users.delete(each.id)
    made = await it.users.create({"userName": "U2", "title": "New", "active": is_active})
    assert records[2].link is not None
    assert made.link is not None
    assert made.link.key == records[2].link.key
    assert await in_use(it) == ["U2" if is_active else "u2"]
    assert await held(it) == ([] if is_active else [("U2", "deactivate")])
    assert it.integration.held == (0 if is_active else 1)


@pytest.mark.parametrize("restarts", [True, False])
async def test_whoever_was_held_by_a_request_that_was_cancelled_gets_the_account_too(
    open_small: Open, restarts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = await open_small(DELETES)
    records = await people(it, 3)
    for each in records[:2]:
        await it.users.delete(each.id)
    write, is_written = it.store.hold, asyncio.Event()

    async def writing(*leaver: Any) -> None:
        await write(*leaver)
        is_written.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as slow:
        slow.setattr(it.store, "hold", writing)
        leaving = asyncio.create_task(it.users.delete(records[2].id))
        await is_written.wait()
        leaving.cancel()
        await asyncio.wait({leaving})
    if restarts:
        await it.restart()
    await it.users.create({"userName": "U2", "active": False})
    assert (await in_use(it), await held(it)) == (["u2"], [("U2", "deactivate")])


async def test_search_does_not_bring_back_whoever_is_deleted_and_held(open_small: Open) -> None:
    it = await open_small(DELETES)
    for each in await people(it, 3):
        await it.users.delete(each.id)
    page = await it.users.query(Query(filter='userName eq "u2"'))
    assert (page.total, await held(it)) == (0, [("u2", "delete")])


async def test_drop_gives_a_deactivated_person_back(open_small: Open) -> None:
    it = await open_small()
    records = await people(it, 4)
    await disabled(it, records)
    assert [each.reason for each in await decided(it, "drop", "U2")] == [None]
    back = await it.users.get(records[2].id)
    assert (back.resource["active"], back.version) == (True, 3)
    assert "dropped by guard drop" in str((await it.details())[-1])
    assert await in_use(it) == ["u2", "u3"]
    assert await held(it) == [("u3", "deactivate")]


async def test_drop_of_a_deletion_leaves_the_account_to_nobody(open_small: Open) -> None:
    it = await open_small(DELETES)
    for each in await people(it, 3):
        await it.users.delete(each.id)
    assert [each.reason for each in await decided(it, "drop")] == [None]
    assert (await it.details())[-1] == (
        "dropped by guard drop: account 3 stays as it is, and belongs to nobody here"
    )
    assert (await in_use(it), await held(it)) == (["u2"], [])
    (report,) = await it.integration.reconcile()
    assert [each.account for each in report.unknown] == [3]


@pytest.mark.parametrize("decision", ["release", "drop"])
@pytest.mark.parametrize("leave", [leave_by_deactivation, leave_by_deletion])
async def test_second_decision_is_told_that_nobody_is_held(
    open_small: Open, decision: Decision, leave: Callable[[Small, Record], Awaitable[None]]
) -> None:
    it = await open_small()
    for each in await people(it, 3):
        await leave(it, each)
    assert [each.reason for each in await decided(it, decision, "u2")] == [None]
    assert [each.reason for each in await decided(it, decision, "u2")] == ["is not held"]
    assert await decided(it, decision) == []


async def test_decision_about_everybody_starts_the_window_anew(open_small: Open) -> None:
    it = await open_small()
    records = await people(it, 7)
    await disabled(it, records[:4])
    await decided(it, "release", "u2")
    await disabled(it, records[4:5])
    assert len(await held(it)) == 2
    await decided(it, "release")
    await disabled(it, records[5:])
    await it.restart()
    assert (await in_use(it), await held(it)) == ([], [])


async def test_one_who_cannot_be_released_does_not_stop_the_rest(open_small: Open) -> None:
    it = await open_small()
    await disabled(it, await people(it, 4))
    refuse_updates(it, 1)
    first, second = await decided(it, "release")
    assert ("locked" in str(first.reason), second.reason) == (True, None)
    assert await held(it) == [("u2", "deactivate")]
    assert [each.reason for each in await decided(it, "release")] == [None]


@pytest.mark.parametrize("leave", [leave_by_deactivation, leave_by_deletion])
async def test_crash_in_a_release_is_settled_at_the_next_start(
    open_small: Open, leave: Callable[[Small, Record], Awaitable[None]]
) -> None:
    it = await open_small()
    for each in await people(it, 3):
        await leave(it, each)
    it.line.left = 1
    with pytest.raises(Killed):
        await decided(it, "release")
    assert len(await held(it)) == 1
    await it.restart()
    assert (await held(it), it.integration.held, await in_use(it)) == ([], 0, [])


async def test_crash_before_a_release_reaches_the_target_keeps_it_held(open_small: Open) -> None:
    it = await open_small()
    await disabled(it, await people(it, 3))
    it.line.left = 0
    with pytest.raises(Killed):
        await decided(it, "release")
    await it.restart()
    assert (await held(it), await in_use(it)) == ([("u2", "deactivate")], ["u2"])
    assert [each.reason for each in await decided(it, "release")] == [None]
    assert await in_use(it) == []


async def test_plan_apply_and_reconcile_leave_who_is_held(open_small: Open) -> None:
    it = await open_small()
    await disabled(it, await people(it, 3))
    await it.restart(mapping_text("title: { const: Poet }", more=TWO))
    made = await plan(it.store, it.program, it.program)
    assert (made.held, made.operations) == (1, {"update": 2})
    brought = [each async for each in apply(it.integration, it.program.revision, rate=10_000)]
    assert sorted(each.label for each in brought) == ["u0", "u1"]
    (report,) = await it.integration.reconcile(most=100)
    assert (report.held, report.drifted, report.unknown) == (1, [], [])
    assert (await it.accounts())["u2"] == {"email": "u2", "is_active": True, "title": "Sales"}


async def test_deleted_who_are_held_are_no_accounts_of_nobody(open_small: Open) -> None:
    it = await open_small(DELETES)
    for each in await people(it, 3):
        await it.users.delete(each.id)
    (report,) = await it.integration.reconcile(most=100)
    assert (report.held, report.unknown) == (1, [])


async def test_apply_is_bounded_by_the_guard(open_small: Open) -> None:
    it = await open_small()
    await people(it, 5)
    await it.restart(mapping_text("title: title", users='  scope: title eq "Boss"\n', more=TWO))
    brought = [each async for each in apply(it.integration, it.program.revision, rate=10_000)]
    assert sorted(each.is_held for each in brought) == [False, False, True, True, True]
    assert (len(await in_use(it)), it.integration.held) == (3, 3)
    assert [each async for each in apply(it.integration, it.program.revision, rate=10_000)] == []
    await decided(it, "release")
    assert await in_use(it) == []


async def test_repair_is_bounded_by_the_guard(open_small: Open, clock: Clock) -> None:
    it = await open_small(more="guard: { leavers: 5, window: 1h }\n")
    records = await disabled(it, await people(it, 4))
    clock.ahead = timedelta(hours=2)
    for each in records:
        assert each.link is not None
        await it.line._connector.update(each.link.key, {"is_active": True})
    await it.restart(mapping_text("title: title", more=TWO))
    it.users.guard.clock = clock
    (report,) = await it.integration.reconcile(most=100)
    assert (report.repaired, report.held) == (2, 2)
    assert (len(await in_use(it)), it.integration.held) == (2, 2)
    (again,) = await it.integration.reconcile(most=100)
    assert (again.drifted, again.held) == ([], 2)
    assert await it.users.repair(records[0].id) is Brought.NOTHING
    await decided(it, "release")
    assert await in_use(it) == []


async def test_released_deletion_leaves_its_groups_too(open_small: Open) -> None:
    it = await open_small(DELETES, more=TWO + GROUPS)
    records = await people(it, 3)
    members = [{"value": each.id} for each in records]
    team = await it.integration.groups.create({"displayName": "Team", "members": members})
    for each in records:
        await it.users.delete(each.id)
    assert team.link is not None
    assert it.group_line is not None
    assert list(await it.group_line._connector.members(team.link.key)) == [3]
    await decided(it, "release")
    assert list(await it.group_line._connector.members(team.link.key)) == []
    assert await it.accounts() == {}
