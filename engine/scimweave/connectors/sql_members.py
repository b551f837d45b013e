"""The statements on a membership table: who is in which group, as pairs of account keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sqlalchemy.dialects import sqlite

from scimweave.connectors.base import AccountShape, Key, MembersShape, TargetError
from scimweave.connectors.sql_reflection import Reflection, reflect

_QUOTE = sqlite.dialect().identifier_preparer.quote


def reflect_members(connection: sqlite3.Connection, shape: MembersShape) -> Reflection:
    """Look at the table of a shape. Raises ``NoSuchObject``, ``sqlite3.Error``."""
    columns = (shape.group, shape.member)
    return reflect(connection, AccountShape(shape.object, shape.group.name, (), columns))


class MemberTable:
    """A reflected membership table.

    ``add`` and ``remove`` run inside a transaction of the caller, which is taken back when they
    raise. All methods with a connection raise ``sqlite3.Error`` too.
    """

    def __init__(self, connection: sqlite3.Connection, shape: MembersShape) -> None:
        self.reflection = reflect_members(connection, shape)
        for each in (shape.group, shape.member):
            if each.name not in self.reflection.descriptions:
                raise TargetError(f'table "{shape.object}" has no column "{each.name}"')
        table, group, member = (
            _QUOTE(name) for name in (shape.object, shape.group.name, shape.member.name)
        )
        pair = f"{group} = ?1 AND {member} = ?2"
        # The target need not keep pairs unique: only what is not there is inserted.
        self._add = (
            f"INSERT INTO {table} ({group}, {member}) SELECT ?1, ?2 "  # noqa: S608 - quoted names
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {pair})"
        )
        self._remove = f"DELETE FROM {table} WHERE {pair}"  # noqa: S608 - quoted names
        self._members = f"SELECT DISTINCT {member} FROM {table} WHERE {group} = ?1 ORDER BY 1"  # noqa: S608

    def add(self, connection: sqlite3.Connection, group: Key, members: Iterable[Key]) -> None:
        """Insert the pairs that are not there."""
        connection.executemany(self._add, [(group, member) for member in members])

    def remove(self, connection: sqlite3.Connection, group: Key, members: Iterable[Key]) -> None:
        """Delete pairs."""
        connection.executemany(self._remove, [(group, member) for member in members])

    def members(self, connection: sqlite3.Connection, group: Key) -> list[Key]:
        """Return the keys of a group's members."""
        return [key for (key,) in connection.execute(self._members, (group,)).fetchall()]
