"""SQL of who is in which group."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scimweave.store.base import MemberDelta, Reference

# Nothing where the group or the member has gone meanwhile.
_PAIR = """
FROM resource AS g CROSS JOIN resource AS m
WHERE g.integration = ?1 AND g.id = ?2 AND m.integration = ?1 AND m.id = ?3
"""
_ADD = f"""
INSERT OR IGNORE INTO member (group_seq, member_seq, display) SELECT g.seq, m.seq, ?4 {_PAIR}
"""
_REMOVE = f"""
DELETE FROM member WHERE (group_seq, member_seq) = (SELECT g.seq, m.seq {_PAIR})
"""  # noqa: S608 - constant


def change(
    connection: sqlite3.Connection, integration: str, group_id: str, delta: MemberDelta
) -> None:
    """Let members join and leave a group; who is in it, or not, already does no harm."""
    place = (integration, group_id)
    connection.executemany(_REMOVE, [(*place, each) for each in delta.removed])
    connection.executemany(_ADD, [(*place, each, delta.displays.get(each)) for each in delta.added])


# A group that loses a member is another one than before.
_CHANGED = """
UPDATE resource SET version = version + 1, modified = ?1 WHERE seq IN (
    SELECT pair.group_seq FROM resource AS m CROSS JOIN member AS pair ON pair.member_seq = m.seq
    WHERE m.integration = ?2 AND m.id = ?3
)
"""


def leave(connection: sqlite3.Connection, integration: str, resource_id: str, at: int) -> None:
    """Give the groups of a resource that is about to be removed a new version."""
    connection.execute(_CHANGED, (at, integration, resource_id))


# What people call a resource: the displayName of a User or Group, or else the userName. A member
# may have a name of its own in the group, which the provider gave.
_REFERENCE = """
    {0}.id, {0}.resource_type,
    coalesce({1}, json_extract(CAST({0}.body AS TEXT), '$.displayName'),
             json_extract(CAST({0}.body AS TEXT), '$.userName')),
    {0}.link_key
"""
_REFERRED = f"""
SELECT {_REFERENCE.format("r", "NULL")}
FROM json_each(?1) AS wanted
CROSS JOIN resource AS r ON r.integration = ?2 AND r.id = wanted.value
"""  # noqa: S608 - constant


def referred(
    connection: sqlite3.Connection, integration: str, resource_ids: Sequence[str]
) -> dict[str, Reference]:
    """Return those of the ids that there are."""
    rows = connection.execute(_REFERRED, (_listed(resource_ids), integration)).fetchall()
    return {row[0]: Reference(*row) for row in rows}


_MEMBERS = f"""
SELECT g.id, {_REFERENCE.format("m", "pair.display")}
FROM json_each(?1) AS wanted
CROSS JOIN resource AS g ON g.integration = ?2 AND g.id = wanted.value
CROSS JOIN member AS pair ON pair.group_seq = g.seq
CROSS JOIN resource AS m ON m.seq = pair.member_seq
"""  # noqa: S608 - constant


def members(
    connection: sqlite3.Connection, integration: str, group_ids: Sequence[str]
) -> Mapping[str, list[Reference]]:
    """Return the members of some groups, in the order they were made."""
    return _by_owner(connection.execute(_MEMBERS, (_listed(group_ids), integration)))


_MEMBERSHIPS = f"""
SELECT m.id, {_REFERENCE.format("g", "NULL")}
FROM json_each(?1) AS wanted
CROSS JOIN resource AS m ON m.integration = ?2 AND m.id = wanted.value
CROSS JOIN member AS pair ON pair.member_seq = m.seq
CROSS JOIN resource AS g ON g.seq = pair.group_seq
"""  # noqa: S608 - constant


def memberships(
    connection: sqlite3.Connection, integration: str, resource_ids: Sequence[str]
) -> Mapping[str, list[Reference]]:
    """Return the groups of some resources, in the order they were made."""
    return _by_owner(connection.execute(_MEMBERSHIPS, (_listed(resource_ids), integration)))


_MEMBER_IDS = """
SELECT m.id FROM resource AS g
CROSS JOIN member AS pair ON pair.group_seq = g.seq
CROSS JOIN resource AS m ON m.seq = pair.member_seq
WHERE g.integration = ? AND g.id = ?
"""


def member_ids(connection: sqlite3.Connection, integration: str, group_id: str) -> list[str]:
    """Return the ids of a group's members, in the order they were made."""
    return [id_ for (id_,) in connection.execute(_MEMBER_IDS, (integration, group_id)).fetchall()]


_AMONG = """
SELECT m.id FROM json_each(?1) AS wanted
CROSS JOIN resource AS m ON m.integration = ?2 AND m.id = wanted.value
CROSS JOIN member AS pair ON pair.member_seq = m.seq AND pair.group_seq = (
    SELECT seq FROM resource WHERE integration = ?2 AND id = ?3
)
"""


def among(
    connection: sqlite3.Connection, integration: str, group_id: str, resource_ids: Sequence[str]
) -> frozenset[str]:
    """Return those of the ids that are members of a group."""
    parameters = (_listed(resource_ids), integration, group_id)
    return frozenset(id_ for (id_,) in connection.execute(_AMONG, parameters).fetchall())


def _listed(ids: Sequence[str]) -> str:
    # One parameter, however many: SQLite has a limit on their number.
    return json.dumps([each for each in ids if "\0" not in each], ensure_ascii=True)


def _by_owner(
    rows: Iterable[tuple[str, str, str, str | None, int | str | None]],
) -> Mapping[str, list[Reference]]:
    found: defaultdict[str, list[Reference]] = defaultdict(list)
    for owner, *reference in rows:
        # The columns are those of ``_REFERENCE``, which is in the order of the fields.
        found[owner].append(Reference(*reference))  # type: ignore[arg-type]
    return dict(found)
