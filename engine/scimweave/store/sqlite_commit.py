"""The two transactions that end an operation: commit, and hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scimweave.store import (
    sqlite_held,
    sqlite_journal,
    sqlite_members,
    sqlite_moved,
    sqlite_resources,
)
from scimweave.store.base import HELD, Hold, Key, MemberDelta
from scimweave.store.sqlite_rows import Encoded, micros


def commit(
    connection: sqlite3.Connection,
    entry: int,
    outcome: str,
    detail: str | None,
    put: Encoded | None,
    members: MemberDelta,
    remove: str | None,
    refers: Mapping[str, Key | None],
) -> None:
    """Close a journal entry, and store or remove its resource (``Store.commit``)."""
    at = micros(datetime.now(UTC))
    link = put.link if put else None
    key = link.key if link else None
    integration, resource_type = sqlite_journal.close(
        connection, entry, outcome, detail=detail, at=at, key=key
    )
    if put is not None:
        before = sqlite_resources.put(connection, integration, put)
        if members:
            sqlite_members.change(connection, integration, put.id, members)
        stays = link is not None and HELD in link.projection
        _follow_account(connection, integration, put.id, before, key, stays=stays)
    elif remove is not None:
        before = sqlite_moved.key_of(connection, integration, remove)
        sqlite_members.leave(connection, integration, remove, at)
        sqlite_resources.remove(connection, integration, resource_type, remove)
        _follow_account(connection, integration, remove, before, None, stays=False)
    if refers:
        sqlite_moved.compare(connection, integration, refers)


def _follow_account(
    connection: sqlite3.Connection,
    integration: str,
    resource_id: str,
    before: Key | None,
    key: Key | None,
    *,
    stays: bool,
) -> None:
    """Follow what became of an account: another key than ``before``, and who was held with it."""
    new_key = None
    if before != key:
        sqlite_moved.note(connection, integration, resource_id)
        new_key = key
    sqlite_held.end(connection, integration, resource_id, new_key, stays=stays)


def hold(
    connection: sqlite3.Connection,
    entry: tuple[Any, ...],
    known_by: tuple[str, str, str],
    put: Encoded | None,
    held: Hold,
) -> None:
    """Store or remove the resource of a leaver, whose account stays (``Store.hold``)."""
    integration, at = known_by[0], micros(held.since)
    number = sqlite_journal.begin(connection, entry, known_by)
    sqlite_journal.close(connection, number, "held", detail=held.reason, at=at, key=held.key)
    if put is not None:
        sqlite_resources.put(connection, integration, put)
        if put.link is not None:
            sqlite_held.end(connection, integration, put.id, put.link.key, stays=True)
    else:
        sqlite_members.leave(connection, integration, held.resource_id, at)
        sqlite_resources.remove(connection, integration, held.resource_type, held.resource_id)
        sqlite_moved.note(connection, integration, held.resource_id)
    sqlite_held.put(connection, integration, number, held)
