"""A table as the accounts of a shape: what each operation runs, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from scimweave.connectors.base import (
    Account,
    AccountShape,
    FieldDescription,
    Gone,
    Key,
    Rejected,
    TargetError,
    Value,
)
from scimweave.connectors.sql.columns import Bound, Columns
from scimweave.connectors.sql.executor import Executor
from scimweave.connectors.sql.lists import ListTable
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.soft_delete import SoftDelete
from scimweave.connectors.sql.statements import Statements

MAX_FOUND = 10
PAGE = 1000

Stored = Mapping[str, Any]


class SqlTable:
    """A reflected table as the accounts of a shape.

    ``lists`` are the fields that child tables hold; with ``soft`` rows are marked, not deleted.
    ``insert``, ``update`` and ``delete`` run inside a transaction of the caller, which is taken
    back when they raise. All methods with an executor raise the errors of the driver too.
    """

    def __init__(
        self,
        reflection: Reflection,
        shape: AccountShape,
        lists: Mapping[str, ListTable],
        soft: SoftDelete | None = None,
    ) -> None:
        self.reflection = reflection
        self.name = shape.object
        self.key = shape.key
        self._match = [name for name in shape.match if name in reflection.table.c]
        self._lists = lists
        self._soft = soft
        self._makes_key = _makes_key(reflection, shape.key)
        columns = reflection.table.c
        wanted = [field.name for field in shape.fields if field.name not in lists]
        self._fields = tuple(name for name in wanted if name in columns)
        self.columns = Columns(reflection, lists, self._fields)
        if soft is not None and soft.column in wanted:
            raise TargetError(
                f'soft_delete: column "{soft.column}" is filled by the mapping, and cannot mark '
                "rows too"
            )
        self._statements = (
            Statements(
                reflection.table,
                reflection.dialect,
                self.key,
                self._fields,
                lowered=reflection.lowered,
                alive=soft.alive if soft else None,
                marked=soft.marked if soft else None,
            )
            if self.key in columns
            else None
        )

    def describe(self) -> Mapping[str, FieldDescription]:
        """Return the fields by name; a key that the connector makes counts as a default."""
        described = dict(self.reflection.descriptions)
        if self._makes_key:
            described[self.key] = replace(described[self.key], has_default=True)
        if self._soft is not None:
            marks = described[self._soft.column]
            described[self._soft.column] = replace(marks, has_default=True)
            # An index over those that are not marked keeps these apart.
            for name in self.reflection.partially_unique:
                described[name] = replace(described[name], unique=True)
        for name in self._lists:
            described[name] = FieldDescription(name, "json")
        return described

    def has(self, names: Iterable[str]) -> bool:
        """Whether each of ``names``, and what every statement needs, is a column or a list."""
        return self._statements is not None and self.columns.have(names)

    def missing(self, names: Iterable[str]) -> str:
        """Return the first name for which ``has`` is false."""
        if self._statements is None:
            return self.key
        return next(name for name in names if not self.columns.have((name,)))

    def bind(self, fields: Mapping[str, Value]) -> Bound:
        """Return what the columns store. Raises ``Rejected`` naming the field."""
        return self.columns.bind(fields)

    def bind_new(self, fields: Mapping[str, Value]) -> Bound:
        """Bind the fields of a new row, with a key where nobody else gives one."""
        bound = self.columns.bind(fields)
        if bound.row.get(self.key) is None:
            bound.row.pop(self.key, None)
            if self._makes_key:
                bound.row[self.key] = self._new_key()
        return bound

    def bind_key(self, key: Key) -> Any:
        """Return what the column of keys stores. Raises ``Unfit``: no row has this key."""
        return self.reflection.keys.store(key)

    def insert(self, executor: Executor, bound: Bound) -> Key:
        """Insert a row; returns its key."""
        if self._soft is None:
            key = self._insert(executor, bound.row)
        else:
            key = self._insert_or_revive(executor, bound.row, self._soft)
        self._write_lists(executor, key, bound)
        return key

    def update(self, executor: Executor, key: Key, bound: Bound) -> None:
        """Set fields of the row with this key. Raises ``Gone``."""
        stored = self.bind_key(key)
        if bound.row.get(self.key, stored) != stored:
            raise Rejected("the key of an account cannot be changed", self.key)
        if bound.row:
            statement = self._run.update(tuple(bound.row))
            values = [bound.row[name] for name in statement.names]
            count = executor.execute(statement.sql, [*values, stored]).rowcount
            self._one_row(executor, count, key)
        elif not self.select(executor, self.key, stored):
            raise self.gone(key)
        self._write_lists(executor, key, bound)

    def delete(self, executor: Executor, key: Key) -> None:
        """Remove the row with this key, and its lists, or mark it. Raises ``Gone``."""
        stored = self.bind_key(key)
        if self._soft is not None:
            column = self._soft.column
            statement = self._run.update((column,))
            count = executor.execute(statement.sql, [self._soft.mark(), stored]).rowcount
        else:
            for each in self._lists.values():
                each.remove(executor, key)
            count = executor.execute(self._run.delete(), [stored]).rowcount
        self._one_row(executor, count, key)

    def select(self, executor: Executor, name: str, value: Any) -> list[Account]:
        """Return the accounts with a stored value, at most ten, in the order of their keys."""
        rows = executor.execute(self._run.select(name, MAX_FOUND), [value]).fetchall()
        return self.columns.accounts(executor, rows)

    def select_after(self, executor: Executor, key: Key | None) -> list[Account]:
        """Return the next accounts in the order of their keys, a page at most."""
        values = [] if key is None else [self.bind_key(key)]
        rows = executor.execute(self._run.scan(key is None, PAGE), values).fetchall()
        return self.columns.accounts(executor, rows)

    def probe(self, executor: Executor) -> None:
        """Read a row, where there is one."""
        executor.execute(self._run.scan(True, 1), []).fetchall()

    def is_indexed(self, name: str) -> bool:
        """Whether rows are found by this column without reading the table."""
        return name in self.reflection.indexed

    def gone(self, key: Key) -> Gone:
        """Return the error that says that there is no such row."""
        return Gone(f"there is no row in {self.name} with {self.key} {key}")

    @property
    def _run(self) -> Statements:
        assert self._statements is not None  # noqa: S101 - ``has`` says that there is no key
        return self._statements

    def _new_key(self) -> Any:
        key, codec = uuid4(), self.reflection.codecs[self.key]
        return codec.store(key.hex if codec.max_length == len(key.hex) else str(key))

    def _insert(self, executor: Executor, row: Stored) -> Key:
        returning = self.reflection.returning and row.get(self.key) is None
        statement = self._run.insert(tuple(row), returning)
        cursor = executor.execute(statement.sql, [row[name] for name in statement.names])
        if returning:
            rows = cursor.fetchall()
            if len(rows) != 1:
                raise self._ignored()
            return self.reflection.keys.load(rows[0][0])
        if cursor.rowcount != 1:
            raise self._ignored()
        if self.key in row:
            return self.reflection.keys.load(row[self.key])
        return self._numbered(executor, cursor.lastrowid)

    def _numbered(self, executor: Executor, number: int | None) -> Key:
        name = "rowid" if self.reflection.has_rowid else self.key
        rows = executor.execute(self._run.key_of(name), [number]).fetchall()
        if not rows:
            raise self._ignored()
        return self.reflection.keys.load(rows[0][0])

    def _insert_or_revive(self, executor: Executor, row: Stored, soft: SoftDelete) -> Key:
        """Insert a row; where a marked one of the same account is in its way, take that."""
        executor.execute("SAVEPOINT scimweave_insert")
        try:
            key = self._insert(executor, row)
        except (sqlite3.IntegrityError, IntegrityError):
            executor.execute("ROLLBACK TO SAVEPOINT scimweave_insert")
            marked = self._marked(executor, row)
            if marked is None:
                raise
            return self._revive(executor, marked, row, soft)
        executor.execute("RELEASE SAVEPOINT scimweave_insert")
        return key

    def _marked(self, executor: Executor, row: Stored) -> Any:
        """Return the stored key of the one marked row that ``match`` proves to be the account."""
        for name in self._match:
            if row.get(name) is None:
                continue
            rows = executor.execute(self._run.marked(name), [row[name]]).fetchall()
            if rows:
                return rows[0][0] if len(rows) == 1 else None
        return None

    def _revive(self, executor: Executor, stored: Any, row: Stored, soft: SoftDelete) -> Key:
        described = self.reflection.descriptions
        empty = {name: None for name in self._fields if described[name].nullable}
        fields = {**empty, **row, soft.column: soft.revived}
        fields.pop(self.key, None)
        statement = self._run.revive(tuple(fields))
        values = [fields[name] for name in statement.names]
        count = executor.execute(statement.sql, [*values, stored]).rowcount
        key = self.reflection.keys.load(stored)
        self._one_row(executor, count, key)
        for each in self._lists.values():
            each.remove(executor, key)
        return key

    def _write_lists(self, executor: Executor, key: Key, bound: Bound) -> None:
        for name, items in bound.lists.items():
            self._lists[name].write(executor, key, items)

    def _one_row(self, executor: Executor, count: int, key: Key) -> None:
        if count == 0:
            there = self.select(executor, self.key, self.bind_key(key))
            raise self._ignored() if there else self.gone(key)
        if count != 1:
            raise TargetError(f"{count} rows in {self.name} have {self.key} {key}; make it unique")

    def _ignored(self) -> Rejected:
        return Rejected(
            f"{self.name} ignored the change without an error; look at its triggers, "
            "and for ON CONFLICT IGNORE"
        )


def _makes_key(reflection: Reflection, key: str) -> bool:
    """Whether the connector gives new accounts their key."""
    described = reflection.descriptions.get(key)
    if described is None:
        return False
    told = reflection.returning or reflection.has_rowid
    if described.has_default and (told or reflection.numbered == key):
        return False
    return described.type in {"string", "any", "uuid"}
