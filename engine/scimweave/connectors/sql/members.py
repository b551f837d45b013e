"""The statements on a membership table: who is in which group, as pairs of account keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import NullType

from scimweave.connectors.base import AccountShape, FieldShape, Key, MembersShape, TargetError
from scimweave.connectors.sql.executor import Executor
from scimweave.connectors.sql.keys import KeyForm
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.statements import compiled
from scimweave.connectors.sql.types import Unfit

# SQLite takes 32,766 values in a statement, PostgreSQL 32,767.
MAX_PAIRS = 500

_GROUP: Any = bindparam("group", type_=NullType())


def members_shape(shape: MembersShape) -> AccountShape:
    """Return the shape by which a membership table is looked at: its key is that of the group."""
    return AccountShape(shape.object, shape.group.name, (), (shape.group, shape.member))


def member_key_shape(shape: MembersShape) -> AccountShape:
    """Return the same with the member as key."""
    fields: tuple[FieldShape, ...] = (shape.group, shape.member)
    return AccountShape(shape.object, shape.member.name, (), fields)


class MemberTable:
    """A reflected membership table; ``member_keys`` is the form of its keys of members.

    ``add`` and ``remove`` run inside a transaction of the caller, which is taken back when they
    raise. All methods raise the errors of the driver too.
    """

    def __init__(self, reflection: Reflection, member_keys: KeyForm, shape: MembersShape) -> None:
        self.reflection = reflection
        columns = reflection.table.c
        for each in (shape.group, shape.member):
            if each.name not in columns:
                raise TargetError(f'table "{shape.object}" has no column "{each.name}"')
        self._member_keys = member_keys
        self._group, self._member = columns[shape.group.name], columns[shape.member.name]
        self._add = lru_cache(MAX_PAIRS)(self._compile_add)
        self._remove = lru_cache(MAX_PAIRS)(self._compile_remove)
        self._there = lru_cache(MAX_PAIRS)(self._compile_there)
        self._members = lru_cache(1)(self._compile_members)

    def add(self, executor: Executor, group: Key, members: Sequence[Key]) -> None:
        """Insert the pairs that are not there; the target need not keep pairs unique."""
        stored = self._stored_group(group)
        for some in self._stored(members):
            found = executor.execute(self._there(len(some)), [stored, *some]).fetchall()
            there = {each[0] for each in found}
            new = [each for each in some if each not in there]
            if new:
                pairs = [value for each in new for value in (stored, each)]
                executor.execute(self._add(len(new)), pairs)

    def remove(self, executor: Executor, group: Key, members: Sequence[Key]) -> None:
        """Delete pairs."""
        stored = self._stored_group(group)
        for some in self._stored(members):
            executor.execute(self._remove(len(some)), [stored, *some])

    def members(self, executor: Executor, group: Key) -> list[Key]:
        """Return the keys of a group's members."""
        rows = executor.execute(self._members(), [self._stored_group(group)]).fetchall()
        return [self._member_keys.load(each[0]) for each in rows]

    def _stored_group(self, group: Key) -> Any:
        try:
            return self.reflection.keys.store(group)
        except Unfit as error:
            raise TargetError(f'the key of a group in "{self._group.name}" {error}') from error

    def _stored(self, members: Sequence[Key]) -> Iterator[list[Any]]:
        """Yield the keys as they are stored, in one order everywhere: nobody waits in a circle."""
        try:
            stored = sorted({self._member_keys.store(each) for each in members}, key=_order)
        except Unfit as error:
            raise TargetError(f'the key of a member in "{self._member.name}" {error}') from error
        for start in range(0, len(stored), MAX_PAIRS):
            yield stored[start : start + MAX_PAIRS]

    def _compile_add(self, count: int) -> str:
        pairs = [
            {
                self._group.name: bindparam(f"{number}g", type_=NullType()),
                self._member.name: bindparam(f"{number}m", type_=NullType()),
            }
            for number in range(count)
        ]
        table, dialect = self.reflection.table, self.reflection.dialect
        # Another request may have added one meanwhile.
        match dialect.name:
            case "postgresql":
                statement: Any = postgresql.insert(table).values(pairs).on_conflict_do_nothing()
            case "sqlite":
                statement = sqlite.insert(table).values(pairs).on_conflict_do_nothing()
            case _:
                statement = mysql.insert(table).values(pairs)
                statement = statement.on_duplicate_key_update({self._group.name: self._group})
        made = compiled(statement, dialect)
        return made.string

    def _compile_remove(self, count: int) -> str:
        return self._compiled(delete(self.reflection.table).where(*self._pairs(count)))

    def _compile_there(self, count: int) -> str:
        return self._compiled(select(self._member).where(*self._pairs(count)))

    def _compile_members(self) -> str:
        found = select(self._member).distinct().where(self._group == _GROUP)
        return self._compiled(found.order_by(self._member))

    def _pairs(self, count: int) -> tuple[Any, Any]:
        places = [bindparam(str(number), type_=NullType()) for number in range(count)]
        return self._group == _GROUP, self._member.in_(places)

    def _compiled(self, statement: Any) -> str:
        return compiled(statement, self.reflection.dialect).string


def _order(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value
