"""A store that an earlier version made goes on as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from scimweave.store import sqlite_file
from scimweave.store.base import Change, DuplicateValue, Intent, Lookup, Record
from scimweave.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
LONG = timedelta(days=1)
MICROS = 1772600767891011
ADA = Record("u1", "User", {"userName": "Ada"}, 1, NOW, NOW)
GRACE = Record("u2", "User", {"userName": "Grace"}, 1, NOW, NOW)
OPEN = Intent(
    integration="preciate",
    resource_type="User",
    resource_id="u2",
    operation="create",
    label="Grace",
    changes=(Change("email", None, "grace"),),
    revision="r1",
    after=GRACE,
    key="7",
    delivery={"email": "grace"},
)


@pytest.fixture
def before_intents(path: Path) -> Path:
    """Return a file of schema 6: ada was made and renamed, grace is being made, a leaver is held.

    Then the log and what is open were one table, and the file saw to unique values.
    """
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for version, script in sqlite_file._migrations():
            if version <= 6:
                sqlite_file._apply(connection, path, version, script)
        connection.execute(
            "INSERT INTO resource"
            " VALUES (1, 'preciate', 'User', 'u1', ?, 1, ?, ?, NULL, NULL, NULL)",
            (orjson.dumps(ADA.resource), MICROS, MICROS),
        )
        connection.execute(
            "INSERT INTO lookup VALUES ('preciate', 'User', 'userName', 'ada', 1, 1),"
            " ('preciate', 'User', 'externalId', 'x', 1, 0)"
        )
        for number, (who, label, outcome, leaver) in enumerate(
            [
                ("u1", "Augusta", "done", None),
                ("u1", "Ada", "done", None),
                ("u3", "Jean", "held", 1),
                ("u2", "Grace", None, None),
            ],
            start=1,
        ):
            payload = {
                "before": 0,
                "after": {
                    "id": "u2",
                    "type": "User",
                    "resource": GRACE.resource,
                    "version": 1,
                    "created": MICROS,
                    "modified": MICROS,
                    "link": None,
                },
                "lookups": [["userName", "grace", True]],
                "delivery": OPEN.delivery,
            }
            connection.execute(
                "INSERT INTO journal VALUES"
                " (?, ?, 'preciate', 'User', ?, 'create', ?, ?, ?, 'r1', '7', ?, ?, NULL, ?, ?)",
                (
                    number,
                    MICROS,
                    who,
                    label,
                    label.casefold(),
                    orjson.dumps([["email", None, label.casefold()]]),
                    None if outcome else orjson.dumps(payload),
                    outcome,
                    MICROS if outcome else None,
                    leaver,
                ),
            )
    return path


async def test_the_log_goes_on(before_intents: Path) -> None:
    store = await SqliteStore.open(before_intents)
    lines = await store.journal("preciate")
    assert [(line.id, line.label, line.outcome) for line in lines] == [
        (1, "Augusta", "done"),
        (2, "Ada", "done"),
        (3, "Jean", "held"),
        (4, "Grace", None),
    ]
    of_ada = await store.journal("preciate", user="AUGUSTA")
    assert [line.label for line in of_ada] == ["Augusta", "Ada"]
    assert [each.resource_id for each in await store.leavers("preciate", NOW - LONG)] == ["u3"]
    assert await store.begin(OPEN) == 5
    await store.close()


async def test_what_was_open_can_be_closed(before_intents: Path) -> None:
    store = await SqliteStore.open(before_intents)
    (found,) = await store.open_intents("preciate")
    assert (found.id, found.intent) == (4, OPEN)
    await store.commit(4, "done", put=GRACE, lookups=[Lookup("userName", "grace", unique=True)])
    assert await store.open_intents("preciate") == []
    assert (await store.journal("preciate", user="grace"))[-1].outcome == "done"
    assert await store.get("preciate", "User", "u2") == GRACE
    await store.close()


async def test_a_unique_value_stays_taken(before_intents: Path) -> None:
    store = await SqliteStore.open(before_intents)
    with pytest.raises(DuplicateValue):
        await store.commit(4, "done", put=GRACE, lookups=[Lookup("userName", "ada", unique=True)])
    await store.commit(4, "done", put=GRACE, lookups=[Lookup("externalId", "x")])
    assert await store.find("preciate", "User", "userName", "ada") == [ADA]
    assert await store.find("preciate", "User", "externalId", "x") == [ADA, GRACE]
    await store.close()
