"""SQL of filtered lists, and of the lookups when the list of indexed attributes changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import orjson

from scimweave.store.base import Lookup, Record
from scimweave.store.conditions import Condition
from scimweave.store.sqlite_conditions import Sql, select
from scimweave.store.sqlite_resources import replace_lookups
from scimweave.store.sqlite_rows import record_from

T = TypeVar("T")
LookupsOf = Callable[[Record], Iterable[Lookup]]

_COLUMNS = """seq, id, resource_type, body, version, created, modified,
       link_key, link_projection, link_revision"""
_EVERY = "SELECT seq FROM resource WHERE integration = ? AND resource_type = ?"


def _query(kind: tuple[str, str], condition: Condition | None) -> Sql:
    return Sql(_EVERY, kind) if condition is None else select(condition, *kind)


def tally(connection: sqlite3.Connection, kind: tuple[str, str], condition: Condition) -> int:
    """Return how many resources satisfy ``condition``."""
    query = _query(kind, condition)
    counted = f"SELECT count(DISTINCT seq) FROM ({query.text})"  # noqa: S608 - constants
    (found,) = connection.execute(counted, query.parameters).fetchone()
    return int(found)


def positions(
    connection: sqlite3.Connection, kind: tuple[str, str], condition: Condition | None, after: int
) -> list[int]:
    """Return the positions behind ``after`` of what satisfies ``condition``, in order."""
    query = _query(kind, condition)
    listed = f"SELECT DISTINCT seq FROM ({query.text}) WHERE seq > ? ORDER BY seq"  # noqa: S608
    return [seq for (seq,) in connection.execute(listed, (*query.parameters, after))]


def chosen(
    connection: sqlite3.Connection,
    kind: tuple[str, str],
    condition: Condition | None,
    after: int,
    offset: int,
    limit: int,
) -> list[tuple[int, Record]]:
    """Return what satisfies ``condition``, with the positions, in order."""
    query = _query(kind, condition)
    page = f"""SELECT {_COLUMNS} FROM resource WHERE seq IN (
        SELECT DISTINCT seq FROM ({query.text}) WHERE seq > ? ORDER BY seq LIMIT ? OFFSET ?
    ) ORDER BY seq"""  # noqa: S608 - constants
    parameters = (*query.parameters, after, limit, offset)
    return [(row[0], record_from(row)) for row in connection.execute(page, parameters).fetchall()]


_AT = f"""
SELECT {_COLUMNS} FROM resource WHERE seq IN (SELECT value FROM json_each(?))
AND integration = ? AND resource_type = ? ORDER BY seq
"""  # noqa: S608 - constants


def read_at(
    connection: sqlite3.Connection,
    kind: tuple[str, str],
    places: Sequence[int],
    read: Callable[[int, Record], T],
) -> list[T]:
    """Return ``read(position, record)`` of the resources at ``places`` that are still there."""
    # A place that was given up may hold a resource of another integration by now.
    rows = connection.execute(_AT, (orjson.dumps(places).decode(), *kind)).fetchall()
    return [read(row[0], record_from(row)) for row in rows]


_LIST = "SELECT attributes FROM lookup_list WHERE integration = ? AND resource_type = ?"


def lookup_list(connection: sqlite3.Connection, kind: tuple[str, str]) -> str | None:
    """Return which attributes have lookups, in the words of ``remember_list``."""
    row = connection.execute(_LIST, kind).fetchone()
    return row[0] if row else None


_REMEMBER = """
INSERT INTO lookup_list (integration, resource_type, attributes) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET attributes = excluded.attributes
"""


def remember_list(connection: sqlite3.Connection, kind: tuple[str, str], attributes: str) -> None:
    """Remember which attributes have lookups."""
    connection.execute(_REMEMBER, (*kind, attributes))


def write_lookups(
    connection: sqlite3.Connection,
    kind: tuple[str, str],
    places: Sequence[int],
    lookups_of: LookupsOf,
) -> None:
    """Write the lookups of the resources at ``places`` anew."""
    for seq, record in read_at(connection, kind, places, lambda seq, record: (seq, record)):
        replace_lookups(connection, kind, seq, set(lookups_of(record)))
