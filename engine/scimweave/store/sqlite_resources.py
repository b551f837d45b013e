"""SQL of the resources and of the values that they are found by."""

from __future__ import annotations

import sqlite3

from scimweave.store.base import DuplicateValue, Key, Lookup, Record
from scimweave.store.sqlite_rows import Encoded, record_from

_GET = """
SELECT seq, id, resource_type, body, version, created, modified,
       link_key, link_projection, link_revision
FROM resource WHERE integration = ? AND id = ? AND resource_type = ?
"""


def get(
    connection: sqlite3.Connection, integration: str, resource_type: str, resource_id: str
) -> Record | None:
    """Return one resource by id."""
    row = connection.execute(_GET, (integration, resource_id, resource_type)).fetchone()
    return record_from(row) if row else None


_FIND = """
SELECT r.seq, r.id, r.resource_type, r.body, r.version, r.created, r.modified,
       r.link_key, r.link_projection, r.link_revision
FROM lookup AS l JOIN resource AS r ON r.seq = l.seq
WHERE l.integration = ? AND l.resource_type = ? AND l.attribute = ? AND l.value = ?
ORDER BY l.place LIMIT ?
"""


def find(
    connection: sqlite3.Connection,
    integration: str,
    resource_type: str,
    attribute: str,
    value: str,
    limit: int,
) -> list[Record]:
    """Return the resources with a lookup, in the order they were made; a negative limit is none."""
    parameters = (integration, resource_type, attribute, value, limit)
    rows = connection.execute(_FIND, parameters).fetchall()
    return [record_from(row) for row in rows]


_COUNT = "SELECT count(*) FROM resource WHERE integration = ? AND resource_type = ?"


def count(connection: sqlite3.Connection, integration: str, resource_type: str) -> int:
    """Return how many resources there are."""
    (found,) = connection.execute(_COUNT, (integration, resource_type)).fetchone()
    return int(found)


# A quote inside of a JSON text has a backslash: this is the name of a key, and no value.
_UNMARKED = """
SELECT count(*) FROM resource
WHERE integration = ? AND resource_type = ? AND link_key IS NOT NULL
  AND instr(link_projection, CAST(? AS BLOB)) = 0
"""


def unmarked(connection: sqlite3.Connection, kind: tuple[str, str], mark: str) -> int:
    """Return how many resources have a link without ``mark`` in its projection."""
    (found,) = connection.execute(_UNMARKED, (*kind, f'"{mark}":')).fetchone()
    return int(found)


# The inner query passes over what is skipped in the index alone.
_PAGE = """
SELECT seq, id, resource_type, body, version, created, modified,
       link_key, link_projection, link_revision
FROM resource WHERE seq IN (
    SELECT seq FROM resource WHERE integration = ? AND resource_type = ?
    ORDER BY seq LIMIT ? OFFSET ?
) ORDER BY seq
"""


def page(
    connection: sqlite3.Connection, integration: str, resource_type: str, offset: int, limit: int
) -> list[Record]:
    """Return resources in the order they were made."""
    parameters = (integration, resource_type, max(0, limit), max(0, offset))
    return [record_from(row) for row in connection.execute(_PAGE, parameters).fetchall()]


_PLACE = """
SELECT seq, link_key FROM resource WHERE integration = ? AND id = ? AND resource_type = ?
"""
_INSERT = """
INSERT INTO resource (body, version, modified, link_key, link_projection, link_revision, created,
                      integration, id, resource_type)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# When it was made never changes, and a column that is named has its index written.
_UPDATE = """
UPDATE resource SET body = ?, version = ?, modified = ?,
       link_key = ?, link_projection = ?, link_revision = ?
WHERE seq = ?
"""


def put(connection: sqlite3.Connection, integration: str, record: Encoded) -> Key | None:
    """Insert or replace a resource, with its lookups unless they are None.

    Returns the key of the account that it had before. Raises ``DuplicateValue``.
    """
    identity = (integration, record.id, record.resource_type)
    kind = (integration, record.resource_type)
    row = connection.execute(_PLACE, identity).fetchone()
    if row is None:
        made = (*record.columns, record.created, *identity)
        seq = connection.execute(_INSERT, made).lastrowid
        assert seq is not None  # noqa: S101 - an INSERT that worked has a rowid
        _add_lookups(connection, kind, seq, set(record.lookups or ()))
        return None
    before: Key | None
    seq, before = row
    connection.execute(_UPDATE, (*record.columns, seq))
    if record.lookups is not None:
        replace_lookups(connection, kind, seq, set(record.lookups))
    return before


_LOOKUPS = "SELECT attribute, value, place = 0 FROM lookup WHERE seq = ?"
_DELETE_LOOKUP = """
DELETE FROM lookup
WHERE integration = ? AND resource_type = ? AND attribute = ? AND value = ? AND place = ?
"""


def replace_lookups(
    connection: sqlite3.Connection, kind: tuple[str, str], seq: int, wanted: set[Lookup]
) -> None:
    """Make ``wanted`` the lookups of a resource. Raises ``DuplicateValue``."""
    stored = set(connection.execute(_LOOKUPS, (seq,)).fetchall())
    if stored == wanted:
        return
    gone = [
        (*kind, attribute, value, 0 if unique else seq)
        for attribute, value, unique in stored - wanted
    ]
    connection.executemany(_DELETE_LOOKUP, gone)
    _add_lookups(connection, kind, seq, wanted - stored)


_INSERT_LOOKUP = """
INSERT INTO lookup (integration, resource_type, attribute, value, place, seq)
VALUES (?, ?, ?, ?, ?, ?)
"""
_OWNER = """
SELECT seq FROM lookup
WHERE integration = ? AND resource_type = ? AND attribute = ? AND value = ? AND place = 0
"""


def _add_lookups(
    connection: sqlite3.Connection, kind: tuple[str, str], seq: int, new: set[Lookup]
) -> None:
    rows = [
        (*kind, attribute, value, 0 if unique else seq, seq) for attribute, value, unique in new
    ]
    try:
        connection.executemany(_INSERT_LOOKUP, rows)
    except sqlite3.IntegrityError as error:
        for attribute, value, unique in new:
            owner = connection.execute(_OWNER, (*kind, attribute, value)).fetchone()
            if unique and owner not in {None, (seq,)}:
                raise DuplicateValue(attribute) from error
        raise


_REMOVE = "DELETE FROM resource WHERE integration = ? AND id = ? AND resource_type = ?"


def remove(
    connection: sqlite3.Connection, integration: str, resource_type: str, resource_id: str
) -> None:
    """Remove a resource and its lookups; nothing where there is none."""
    connection.execute(_REMOVE, (integration, resource_id, resource_type))
