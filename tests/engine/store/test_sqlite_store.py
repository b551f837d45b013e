from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scimweave.store.base import (
    Change,
    DuplicateValue,
    Intent,
    Link,
    Lookup,
    Record,
    StoreError,
    Unmapped,
)
from scimweave.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
LINK = Link(7, {"email": "ada@example.com", "is_active": True, "notes": None}, "r1")


def record(id_: str = "u1", user_name: str = "ada@example.com", version: int = 1) -> Record:
    resource = {"userName": user_name, "active": True, "name": {"givenName": "Zoë 👩🏽‍💻"}}
    return Record(id_, "User", resource, version, NOW, NOW + timedelta(seconds=1), LINK)


def lookups(of: Record) -> list[Lookup]:
    return [Lookup("userName", str(of.resource.get("userName")).casefold(), unique=True)]


def intent(after: Record | None, resource_id: str = "u1", label: str = "Ada@example.com") -> Intent:
    return Intent(
        integration="preciate",
        resource_type="User",
        resource_id=after.id if after else resource_id,
        operation="create",
        label=label,
        changes=(Change("email", None, label), Change("tags", ["a"], {"b": 1.5})),
        revision="r1",
        before=3,
        after=after,
        key="k7",
        delivery={"email": label, "is_active": True},
    )


async def save(store: SqliteStore, *records: Record) -> None:
    for each in records:
        entry = await store.begin(intent(each, label=each.resource["userName"]))
        await store.commit(entry, "done", put=each, lookups=lookups(each))


async def found(store: SqliteStore, user_name: str) -> list[str]:
    return [each.id for each in await store.find("preciate", "User", "userName", user_name)]


async def test_a_resource_is_read_as_it_was_put(store: SqliteStore) -> None:
    await save(store, record())
    assert await store.get("preciate", "User", "u1") == record()


async def test_a_resource_needs_no_link(store: SqliteStore) -> None:
    await save(store, replace(record(), link=None))
    assert await store.get("preciate", "User", "u1") == replace(record(), link=None)


@pytest.mark.parametrize("key", [7, "7", "", 2**63 - 1, "k'\"\0 é"])
async def test_an_account_key_keeps_its_type(store: SqliteStore, key: int | str) -> None:
    await save(store, replace(record(), link=replace(LINK, key=key)))
    read = await store.get("preciate", "User", "u1")
    assert read is not None
    assert read.link is not None
    assert read.link.key == key
    assert (await store.journal("preciate"))[0].key == key


@pytest.mark.parametrize(
    ("integration", "kind", "id_"),
    [("other", "User", "u1"), ("preciate", "Group", "u1"), ("preciate", "User", "U1")],
)
async def test_a_resource_is_its_integrations_own(
    store: SqliteStore, integration: str, kind: str, id_: str
) -> None:
    await save(store, record())
    assert await store.get(integration, kind, id_) is None


async def test_a_lookup_finds_its_resource(store: SqliteStore) -> None:
    await save(store, record("u1", "ada"), record("u2", "grace"))
    assert await found(store, "grace") == ["u2"]
    assert await found(store, "GRACE") == []
    assert await store.find("other", "User", "userName", "grace") == []


async def test_a_lookup_moves_with_its_resource(store: SqliteStore) -> None:
    await save(store, record("u1", "ada"), record("u1", "augusta", 2))
    assert await found(store, "ada") == []
    assert await found(store, "augusta") == ["u1"]
    await save(store, record("u2", "ada"))
    assert await found(store, "ada") == ["u2"]


async def test_lookups_that_are_not_unique_find_all_in_order(store: SqliteStore) -> None:
    for number in range(12):
        entry = await store.begin(intent(record(f"u{number}")))
        shared = [Lookup("externalId", "x")]
        await store.commit(entry, "done", put=record(f"u{number}"), lookups=shared)
    ids = [each.id for each in await store.find("preciate", "User", "externalId", "x")]
    assert ids == [f"u{number}" for number in range(12)]


async def test_a_unique_value_is_refused_twice_and_nothing_is_written(store: SqliteStore) -> None:
    await save(store, record("u1", "ada"))
    entry = await store.begin(intent(record("u2", "ada")))
    with pytest.raises(DuplicateValue) as raised:
        await store.commit(
            entry, "done", put=record("u2", "ada"), lookups=lookups(record("u2", "ada"))
        )
    assert raised.value.attribute == "userName"
    assert await store.get("preciate", "User", "u2") is None
    assert [each.id for each in await store.open_intents("preciate")] == [entry]
    await store.commit(entry, "failed", detail="taken")
    assert (await store.journal("preciate"))[-1].outcome == "failed"


async def test_a_unique_value_is_refused_that_another_process_took(
    store: SqliteStore, path: Path
) -> None:
    beside = await SqliteStore.open(path, exclusive=False)
    entries = [await each.begin(intent(record("u1", "ada"))) for each in (store, beside)]
    await beside.commit(
        entries[1], "done", put=record("u1", "ada"), lookups=lookups(record("u1", "ada"))
    )
    with pytest.raises(DuplicateValue):
        await store.commit(
            entries[0], "done", put=record("u2", "ada"), lookups=lookups(record("u2", "ada"))
        )
    assert await found(store, "ada") == ["u1"]
    await beside.close()


async def test_the_value_that_is_taken_is_named_among_others(store: SqliteStore) -> None:
    account = Lookup("$account", "7", unique=True)
    shared = Lookup("externalId", "x")
    for id_, user_name in (("u1", "ada"), ("u2", "grace")):
        each = record(id_, user_name)
        entry = await store.begin(intent(each))
        committing = store.commit(
            entry, "done", put=each, lookups=[shared, account, *lookups(each)]
        )
        if id_ == "u1":
            await committing
            continue
        with pytest.raises(DuplicateValue) as raised:
            await committing
        assert raised.value.attribute == "$account"
    assert await found(store, "grace") == []


async def test_a_value_becomes_unique_and_common_again(store: SqliteStore) -> None:
    for unique in (False, True, False):
        each = record("u1", "ada")
        entry = await store.begin(intent(each))
        await store.commit(entry, "done", put=each, lookups=[Lookup("userName", "ada", unique)])
        entry = await store.begin(intent(record("u2", "ada")))
        committing = store.commit(
            entry, "done", put=record("u2", "ada"), lookups=lookups(record("u2", "ada"))
        )
        if unique:
            with pytest.raises(DuplicateValue):
                await committing
        else:
            await committing
            entry = await store.begin(intent(None, "u2"))
            await store.commit(entry, "done", remove="u2")


async def test_a_unique_value_is_taken_in_its_integration_only(store: SqliteStore) -> None:
    await save(store, record("u1", "ada"))
    entry = await store.begin(replace(intent(record("u1", "ada")), integration="other"))
    await store.commit(entry, "done", put=record("u1", "ada"), lookups=lookups(record("u1", "ada")))
    assert await store.count("other", "User") == 1


async def test_a_removed_resource_frees_its_values(store: SqliteStore) -> None:
    await save(store, record("u1", "ada"))
    entry = await store.begin(intent(None, "u1"))
    await store.commit(entry, "done", remove="u1")
    assert await store.get("preciate", "User", "u1") is None
    assert await found(store, "ada") == []
    await save(store, record("u2", "ada"))


async def test_pages_keep_the_order_of_creation(store: SqliteStore) -> None:
    ids = ["z", "a", "m", "b", "y"]
    await save(store, *(record(id_, id_) for id_ in ids))
    await save(store, record("a", "changed", 2))
    assert await store.count("preciate", "User") == 5
    pages = [
        [each.id for each in await store.page("preciate", "User", offset, 2)]
        for offset in (0, 2, 4, 6)
    ]
    assert pages == [["z", "a"], ["m", "b"], ["y"], []]
    assert await store.page("preciate", "User", 0, 0) == []


async def test_batches_walk_over_everything_once(store: SqliteStore) -> None:
    await save(store, *(record(f"u{number}", f"n{number}") for number in range(7)))
    seen: list[str] = []
    position = 0
    while True:
        found = await store.chosen("preciate", "User", None, after=position, limit=3)
        if not found:
            break
        position = found[-1][0]
        seen += [each.id for _, each in found]
    assert seen == [f"u{number}" for number in range(7)]
    assert await store.chosen("other", "User", None, limit=3) == []


async def test_what_was_awaited_is_read(store: SqliteStore) -> None:
    for number in range(50):
        each = record("u1", f"n{number}", number)
        await save(store, each)
        assert await store.get("preciate", "User", "u1") == each
        assert [found.id for found in await store.page("preciate", "User", 0, 9)] == ["u1"]


async def test_an_open_intent_comes_back_whole(store: SqliteStore) -> None:
    first = intent(record())
    second = intent(None, "u2")
    numbers = [await store.begin(first), await store.begin(second)]
    found = await store.open_intents("preciate")
    assert [each.id for each in found] == numbers
    assert [each.intent for each in found] == [first, second]
    assert [each.id for each in await store.open_intents("preciate", "u2")] == [numbers[1]]
    assert await store.open_intents("other") == []


async def test_an_open_intent_survives_a_restart(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.begin(intent(record()))
    await store.close()
    store = await SqliteStore.open(path)
    assert [each.intent for each in await store.open_intents("preciate")] == [intent(record())]
    await store.close()


async def test_a_closed_entry_is_a_line_of_the_log(store: SqliteStore, path: Path) -> None:
    entry = await store.begin(intent(record()))
    await store.commit(entry, "done", put=record(), lookups=lookups(record()), detail="adopted")
    (line,) = await store.journal("preciate")
    assert line.closed is not None
    assert line.closed >= line.at
    assert line.changes == intent(record()).changes
    assert (line.id, line.operation, line.label) == (entry, "create", "Ada@example.com")
    assert (line.outcome, line.detail, line.key) == ("done", "adopted", 7)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM intent").fetchone() == (0,)


async def test_an_open_entry_has_no_outcome(store: SqliteStore) -> None:
    await store.begin(intent(record()))
    (line,) = await store.journal("preciate")
    assert (line.outcome, line.detail, line.closed, line.key) == (None, None, None, "k7")


async def test_a_number_is_never_given_twice(store: SqliteStore) -> None:
    first, second = [await store.begin(intent(record())) for _ in range(2)]
    for entry in (second, first):
        await store.commit(entry, "failed")
    third = await store.begin(intent(record()))
    assert [line.id for line in await store.journal("preciate")] == [first, second, third]
    assert first < second < third


async def test_an_intent_whose_link_says_all_comes_back_whole(store: SqliteStore) -> None:
    whole = replace(intent(record()), delivery=LINK.projection)
    await store.begin(whole)
    (opened,) = await store.open_intents("preciate")
    assert opened.intent == whole


@pytest.mark.parametrize("outcome", ["done", "failed"])
async def test_a_leaver_counts_from_the_intent_on_unless_it_failed(
    store: SqliteStore, outcome: str
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    entry = await store.begin(replace(intent(None), leaver=True))
    assert [each.resource_id for each in await store.leavers("preciate", before)] == ["u1"]
    await store.commit(entry, outcome)
    assert len(await store.leavers("preciate", before)) == (1 if outcome == "done" else 0)


@pytest.mark.parametrize("is_open", [True, False])
async def test_leavers_can_be_forgotten(store: SqliteStore, is_open: bool) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    entry = await store.begin(replace(intent(None), leaver=True))
    if not is_open:
        await store.commit(entry, "done")
    await store.forget_leavers("preciate", before)
    assert await store.leavers("preciate", before) == []


async def test_an_entry_is_closed_once(store: SqliteStore) -> None:
    entry = await store.begin(intent(record()))
    await store.commit(entry, "failed")
    with pytest.raises(StoreError, match="has its outcome already"):
        await store.commit(entry, "done", put=record())
    with pytest.raises(StoreError, match="has no entry 99"):
        await store.commit(99, "done", put=record())
    assert await store.get("preciate", "User", "u1") is None


async def test_the_log_gives_its_last_lines_newest_last(store: SqliteStore) -> None:
    numbers = [await store.begin(intent(record(f"u{number}"))) for number in range(5)]
    lines = await store.journal("preciate", limit=3)
    assert [line.id for line in lines] == numbers[2:]
    assert [line.id for line in await store.journal("preciate", after=numbers[3])] == numbers[4:]
    assert await store.journal("other") == []


@pytest.mark.parametrize("user", ["u1", "ada", "ADA", "augusta"])
async def test_the_log_of_a_person_is_found_by_id_and_by_any_name_they_had(
    store: SqliteStore, user: str
) -> None:
    await save(store, record("u1", "Ada"), record("u2", "Grace"), record("u1", "Augusta", 2))
    labels = [line.label for line in await store.journal("preciate", user=user)]
    assert labels == ["Ada", "Augusta"]


@pytest.mark.parametrize("user", ["nobody", "\ud800", "' OR 1=1 --", "%"])
async def test_the_log_of_nobody_is_empty(store: SqliteStore, user: str) -> None:
    await save(store, record())
    assert await store.journal("preciate", user=user) == []


async def test_a_key_is_found_by_its_digest(store: SqliteStore) -> None:
    made = await store.add_key("preciate", b"\0digest", "…abcd", None)
    assert await store.key(b"\0digest") == made
    assert await store.key(b"other") is None
    assert (made.expires, made.last_used) == (None, None)


async def test_a_new_key_ends_those_before_it_at_once(store: SqliteStore) -> None:
    await store.add_key("preciate", b"1", "…1", None)
    other = await store.add_key("other", b"2", "…2", None)
    await store.add_key("preciate", b"3", "…3", None)
    old, new = await store.keys("preciate")
    assert old.expires is not None
    assert old.expires <= datetime.now(UTC)
    assert new.expires is None
    assert await store.keys("other") == [other]


async def test_a_grace_period_does_not_lengthen_an_earlier_one(store: SqliteStore) -> None:
    await store.add_key("preciate", b"1", "…1", None)
    await store.add_key("preciate", b"2", "…2", timedelta(hours=1))
    await store.add_key("preciate", b"3", "…3", timedelta(hours=24))
    first, second, _ = await store.keys("preciate")
    assert first.expires is not None
    assert second.expires is not None
    left = [each.expires - datetime.now(UTC) for each in (first, second) if each.expires]
    assert timedelta(minutes=59) < left[0] <= timedelta(hours=1)
    assert timedelta(hours=23) < left[1] <= timedelta(hours=24)


async def test_revoking_ends_one_key_or_all(store: SqliteStore) -> None:
    one = await store.add_key("preciate", b"1", "…1", None)
    await store.add_key("preciate", b"2", "…2", timedelta(hours=1))
    await store.add_key("other", b"3", "…3", None)
    assert await store.revoke_keys("other", one.id) == 0
    assert await store.revoke_keys("preciate", one.id) == 1
    assert await store.revoke_keys("preciate") == 1
    assert await store.revoke_keys("preciate") == 0
    ends = [key.expires for key in await store.keys("preciate")]
    assert all(end and end <= datetime.now(UTC) for end in ends)


async def test_the_last_use_of_a_key_is_kept(store: SqliteStore) -> None:
    key = await store.add_key("preciate", b"1", "…1", None)
    await store.key_used(key.id, NOW)
    assert await store.keys("preciate") == [replace(key, last_used=NOW)]


@pytest.mark.parametrize(
    "resource",
    [{"userName": "\ud800"}, {"\udfff": "x"}, {"number": 2**64}, {"bytes": b"x"}],
    ids=["surrogate", "surrogate-in-a-name", "number-beyond-64-bits", "no-json"],
)
async def test_a_value_that_json_cannot_hold_is_refused(
    store: SqliteStore, resource: dict[str, object]
) -> None:
    unfit = replace(record(), resource=resource)
    with pytest.raises(StoreError, match="cannot be stored"):
        await store.begin(intent(unfit))
    entry = await store.begin(intent(record()))
    with pytest.raises(StoreError, match="cannot be stored"):
        await store.commit(entry, "done", put=unfit)
    await store.commit(entry, "done", put=record())


async def test_a_text_that_sqlite_cannot_hold_is_refused(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="cannot be stored"):
        await store.begin(intent(record(), label="\ud800"))
    entry = await store.begin(intent(record()))
    for bad in (Lookup("userName", "\ud800", unique=True), Lookup("\udfff", "x")):
        with pytest.raises(StoreError, match="cannot be stored"):
            await store.commit(entry, "done", put=record(), lookups=[bad])
    with pytest.raises(StoreError, match="cannot be stored"):
        await store.commit(entry, "done", put=replace(record(), version=2**70))
    assert await store.get("preciate", "User", "u1") is None
    await store.commit(entry, "done", put=record())


async def test_half_a_surrogate_pair_finds_nothing(store: SqliteStore) -> None:
    assert await store.get("preciate", "User", "\ud800") is None
    assert await store.find("preciate", "User", "userName", "\ud800") == []


@pytest.mark.parametrize("text", ["a\0b", "'; DROP TABLE resource; --", "x" * 10_000, "👩🏽‍💻", ""])
async def test_any_other_text_is_kept_exactly(store: SqliteStore, text: str) -> None:
    await save(store, record(text or "empty", text))
    read = await store.find("preciate", "User", "userName", text.casefold())
    assert [each.resource["userName"] for each in read] == [text]


async def test_unmapped_attributes_add_up(store: SqliteStore) -> None:
    later = NOW + timedelta(hours=1)
    await store.add_unmapped("preciate", {"emails": 2, "nickName": 1}, NOW)
    await store.add_unmapped("preciate", {"nickName": 4}, later)
    await store.add_unmapped("other", {"title": 1}, NOW)
    assert list(await store.unmapped("preciate")) == [
        Unmapped("nickName", 5, NOW, later),
        Unmapped("emails", 2, NOW, NOW),
    ]
