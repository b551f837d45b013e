"""The connector of every kind of database, but for how its statements are run."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from scimweave.connectors.base import (
    Account,
    AccountShape,
    FieldDescription,
    Key,
    MembersShape,
    ScanPage,
    TargetError,
    Value,
)
from scimweave.connectors.sql import table as sql_table
from scimweave.connectors.sql.executor import Executor
from scimweave.connectors.sql.lists import ListTable, child_shape
from scimweave.connectors.sql.members import MemberTable, member_key_shape, members_shape
from scimweave.connectors.sql.options import ChildOptions, SqlOptions
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.soft_delete import soft_delete
from scimweave.connectors.sql.table import SqlTable
from scimweave.connectors.sql.types import Unfit

T = TypeVar("T")
R = TypeVar("R", SqlTable, MemberTable)
Work = Callable[[Executor], T]
Reflect = Callable[[Any, AccountShape], Reflection]


class Reflected(Protocol):
    """A table that was looked at."""

    reflection: Reflection


class Stale(TargetError):
    """A table is no longer as it was reflected; ``error`` is what that came to."""

    def __init__(self, error: TargetError) -> None:
        super().__init__(str(error))
        self.error = error


class TableConnector(ABC):
    """Implements ``Connector`` on a table; it is looked at when it is first used.

    Where a table turns out to have changed it is looked at anew, and the operation tried again.
    """

    def __init__(self, options: SqlOptions, shape: AccountShape) -> None:
        self._options = options
        self._shape = shape
        self._table: SqlTable | None = None
        self._member_table: MemberTable | None = None

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Insert a row; returns the key that the database or the mapping gave it, or a UUID."""

        async def attempt(table: SqlTable) -> Key:
            bound = table.bind_new(fields)
            return await self._write(table, partial(table.insert, bound=bound), bound.names)

        return await self._on_table(fields, attempt)

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set columns of a row and leave the others. Raises ``Gone``."""

        async def attempt(table: SqlTable) -> None:
            if not _may_exist(table, key) or (not fields and await self.read(key) is None):
                raise table.gone(key)
            if fields:
                bound = table.bind(fields)
                work = partial(table.update, key=key, bound=bound)
                await self._write(table, work, bound.names)

        await self._on_table(fields, attempt)

    async def delete(self, key: Key) -> None:
        """Delete a row. Raises ``Gone``."""

        async def attempt(table: SqlTable) -> None:
            if not _may_exist(table, key):
                raise table.gone(key)
            await self._write(table, partial(table.delete, key=key))

        await self._on_table((), attempt)

    async def read(self, key: Key) -> Account | None:
        """Return the row as it is now."""

        async def attempt(table: SqlTable) -> Account | None:
            if not _may_exist(table, key):
                return None
            work = partial(table.select, name=table.key, value=table.bind_key(key))
            found = await self._read(table, work, table.is_indexed(table.key))
            return found[0] if found else None

        return await self._on_table((), attempt)

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the rows with a value, compared by the column's own collation."""

        async def attempt(table: SqlTable) -> Sequence[Account]:
            if value is None:
                return []
            try:
                stored = table.columns.bind_one(field, value)
            except Unfit:
                # The column cannot hold it, so no row does.
                return []
            work = partial(table.select, name=field, value=stored)
            return await self._read(table, work, table.is_indexed(field))

        return await self._on_table((field,), attempt)

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield the rows in the order of their keys; the cursor is the last key, as JSON."""
        cursor = after
        while True:
            last: Key | None = None if cursor is None else json.loads(cursor)
            accounts = await self._on_table((), partial(self._page, after=last))
            full = len(accounts) == sql_table.PAGE
            cursor = json.dumps(accounts[-1].key) if full else None
            yield ScanPage(accounts, cursor)
            if cursor is None:
                return

    async def health(self) -> None:
        """Look into the table."""
        await self._on_table((), lambda table: self._read(table, table.probe))

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: there is nothing in a table to call."""
        raise TargetError(f'a table has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Look at the table anew, and return its columns by name."""
        self._member_table = None
        return (await self._looked_at()).describe()

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Insert the pairs that are not there, in one transaction."""
        await self._on_pairs(
            lambda table: self._write(table, partial(table.add, group=group, members=members))
        )

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Delete pairs, in one transaction."""
        await self._on_pairs(
            lambda table: self._write(table, partial(table.remove, group=group, members=members))
        )

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members."""
        return await self._on_pairs(
            lambda table: self._read(table, partial(table.members, group=group))
        )

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Look at the membership table anew, and return its columns by name."""
        self._member_table = None
        shape = members_shape(self._members_shape())
        return (await self._look(lambda source, reflect: reflect(source, shape))).descriptions

    def forget(self) -> None:
        """Look at the tables anew before they are used again."""
        self._table = None
        self._member_table = None

    @abstractmethod
    async def close(self) -> None:
        """Let go of the database; what is in flight finishes first."""

    @abstractmethod
    async def _look(self, make: Callable[[Any, Reflect], T]) -> T:
        """Return ``make(source, reflect)``, which looks at tables of a source."""

    @abstractmethod
    async def _write(self, table: Reflected, work: Work[T], written: Collection[str] = ()) -> T:
        """Run ``work`` in a transaction; returns when that is durable."""

    @abstractmethod
    async def _read(self, table: Reflected, work: Work[T], indexed: bool = False) -> T:
        """Run ``work``, which reads; ``indexed`` where it finds its rows by an index."""

    async def _on_table(
        self, names: Collection[str], attempt: Callable[[SqlTable], Awaitable[T]]
    ) -> T:
        try:
            return await attempt(await self._table_with(names))
        except Stale:
            self.forget()
        try:
            return await attempt(await self._table_with(names))
        except Stale as stale:
            self.forget()
            raise stale.error from stale

    async def _on_pairs(self, attempt: Callable[[MemberTable], Awaitable[T]]) -> T:
        try:
            return await attempt(await self._pairs())
        except Stale:
            self.forget()
        try:
            return await attempt(await self._pairs())
        except Stale as stale:
            self.forget()
            raise stale.error from stale

    async def _page(self, table: SqlTable, after: Key | None) -> list[Account]:
        return await self._read(table, partial(table.select_after, key=after))

    async def _table_with(self, names: Collection[str]) -> SqlTable:
        """Return the table; looks again where it has no such column. Raises ``TargetError``."""
        table = self._table
        if table is None or not table.has(names):
            table = await self._looked_at()
            if not table.has(names):
                raise TargetError(f'table "{table.name}" has no column "{table.missing(names)}"')
        return table

    async def _looked_at(self) -> SqlTable:
        self._table = None
        self._table = table = await self._look(self._make_table)
        return table

    async def _pairs(self) -> MemberTable:
        if self._member_table is None:
            self._member_table = await self._look(self._make_pairs)
        return self._member_table

    def _make_table(self, source: Any, reflect: Reflect) -> SqlTable:
        shape = self._shape
        reflection = reflect(source, shape)
        lists = {
            name: ListTable(options, reflect(source, child_shape(options)))
            for name, options in self._children().items()
        }
        column = self._options.soft_delete.of(shape.section)
        return SqlTable(
            reflection, shape, lists, soft_delete(reflection, column) if column else None
        )

    def _children(self) -> Mapping[str, ChildOptions]:
        return self._options.children if self._shape.section == "users" else {}

    def _make_pairs(self, source: Any, reflect: Reflect) -> MemberTable:
        shape = self._members_shape()
        reflection = reflect(source, members_shape(shape))
        if shape.member.name not in reflection.table.c:
            raise TargetError(f'table "{shape.object}" has no column "{shape.member.name}"')
        member_keys = reflect(source, member_key_shape(shape)).keys
        return MemberTable(reflection, member_keys, shape)

    def _members_shape(self) -> MembersShape:
        if not isinstance(self._shape.members, MembersShape):
            raise TargetError(f'no table is named for the members of "{self._shape.object}"')
        return self._shape.members


def _may_exist(table: SqlTable, key: Key) -> bool:
    try:
        table.bind_key(key)
    except Unfit:
        return False
    return True
