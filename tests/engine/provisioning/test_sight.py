"""What is odd or not mapped is counted, within bounds, and not forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scimweave.provisioning import sight as sight_module
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.search.query import Query
from scimweave.provisioning.sight import MAX_NAMES, OTHER, Sight, Tally
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from scimweave.store.base import StoreError
from scimweave.store.sqlite import SqliteStore


async def stored(store: SqliteStore) -> dict[str, int]:
    return {each.attribute: each.count for each in await store.unmapped("preciate")}


async def test_counts_survive_a_restart(mapping: Path, store_url: str) -> None:
    for total in (1, 2):
        async with Engine.open(mapping, store=store_url) as engine:
            preciate = engine["preciate"]
            await preciate.users.create(
                {"userName": f"u{total}", "nickName": "x", "active": "True", "emails": ["a@b"]}
            )
            assert dict(preciate.sight.unmapped) == {"nickName": total, "emails": total}
            assert dict(preciate.sight.quirks) == {"Q2": 1}


async def test_every_verb_counts(engine: Engine, users: Users) -> None:
    ada = await users.create({"userName": "ada", "nickName": "x"})
    await users.replace(ada.id, {"userName": "ada", "nickName": "x", "active": "true"})
    await users.patch(ada.id, [{"op": "Replace", "path": "nickName", "value": "y"}])
    await users.query(Query("userName eq ada"))
    sight = engine["preciate"].sight
    assert sight.unmapped["nickName"] == 3
    assert dict(sight.quirks) == {"Q2": 1, "Q1": 1, "Q45": 1}


async def test_ignored_attributes_are_not_counted(
    mapping: Path, edit: Callable[[str, str], None], store_url: str
) -> None:
    edit("  operations:", "  ignore: [emails, name.middleName, 'urn:x:2.0:y', foo]\n  operations:")
    async with Engine.open(mapping, store=store_url) as engine:
        sight = engine["preciate"].sight
        await engine["preciate"].users.create(
            {
                "userName": "ada",
                "emails": ["a@b"],
                "name": {"middleName": "x", "honorificPrefix": "Dr"},
                "urn:x:2.0:y": {"a": 1},
                "urn:x:2.0:yz": {"a": 1},
                "Foo": 1,
                "foot": 1,
            }
        )
        assert {name for name, _ in sight.unmapped} == {
            "name.honorificPrefix",
            "urn:x:2.0:yz:a",
            "foot",
        }


def test_names_are_bounded() -> None:
    tally = Tally()
    for number in range(MAX_NAMES + 5):
        tally.add(str(number))
    tally.add("0")
    assert (tally["0"], tally[OTHER]) == (2, 5)
    assert len(dict(tally)) == MAX_NAMES + 1


async def test_counts_are_written_without_waiting_for_the_end(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight_module, "WRITE_SECONDS", 0.0)
    store = engine.store
    assert isinstance(store, SqliteStore)
    written = asyncio.Event()
    add = store.add_unmapped

    async def noted(integration: str, counts: Mapping[str, int], at: datetime) -> None:
        await add(integration, counts, at)
        written.set()

    monkeypatch.setattr(store, "add_unmapped", noted)
    await engine["preciate"].users.create({"userName": "ada", "nickName": "x"})
    async with asyncio.timeout(10):
        await written.wait()
    assert await stored(store) == {"nickName": 1}


async def test_what_cannot_be_written_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await SqliteStore.open(tmp_path / "s.db")
    sight = Sight(store, "preciate")
    found = type("Found", (), {"dropped": ("a", "b"), "quirks": frozenset()})()

    async def fails(*_: Any) -> None:
        raise StoreError("full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "add_unmapped", fails)
        sight.saw(found, lambda _: False)
        await sight.write()
    sight.saw(found, lambda name: name == "b")
    await sight.close()
    assert await stored(store) == {"a": 2, "b": 1}
    await store.close()


async def test_refused_patch_counts_what_it_brought(engine: Engine, users: Users) -> None:
    ada = await users.create({"userName": "ada"})
    with pytest.raises(ScimError):
        await users.patch(
            ada.id,
            [
                {"op": "add", "path": "nickName", "value": "x"},
                {"op": "replace", "path": "userName", "value": ["a", "b"]},
            ],
        )
    with pytest.raises(ScimError):
        await users.patch("nobody", [{"op": "add", "path": "nickName", "value": "x"}])
    assert engine["preciate"].sight.unmapped["nickName"] == 1
