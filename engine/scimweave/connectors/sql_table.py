"""The statements on one table, compiled once for each set of fields, and their parameters."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, bindparam, delete, insert, literal_column, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import BindParameter, ClauseElement

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
from scimweave.connectors.sql_reflection import Reflection
from scimweave.connectors.sql_types import Unfit

MAX_FOUND = 10
PAGE = 1000
MAX_STATEMENTS = 512

_DIALECT = sqlite.dialect(paramstyle="qmark")

Stored = Mapping[str, Any]


class SqlTable:
    """A reflected table as the accounts of a shape.

    ``insert``, ``update`` and ``delete`` run inside a transaction of the caller, which is taken
    back when they raise. All methods with a connection raise ``sqlite3.Error`` too.
    """

    def __init__(self, reflection: Reflection, shape: AccountShape) -> None:
        self.reflection = reflection
        self.name = shape.object
        self.key = shape.key
        self._columns = reflection.table.c
        wanted = [field.name for field in shape.fields if field.name in self._columns]
        self._fields = tuple(wanted)
        self._insert = lru_cache(MAX_STATEMENTS)(self._compile_insert)
        self._update = lru_cache(MAX_STATEMENTS)(self._compile_update)
        self._delete = lru_cache(1)(self._compile_delete)
        self._select = lru_cache(MAX_STATEMENTS)(self._compile_select)
        self._scan = lru_cache(2)(self._compile_scan)

    def describe(self) -> Mapping[str, FieldDescription]:
        """Return the columns by name; a key that the connector makes counts as a default."""
        described = dict(self.reflection.descriptions)
        if self._makes_key():
            described[self.key] = replace(described[self.key], has_default=True)
        return described

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return those of ``names``, and of what every statement needs, that are no columns."""
        return [name for name in (self.key, *names) if name not in self._columns]

    def bind(self, fields: Mapping[str, Value]) -> Stored:
        """Return what the columns store. Raises ``Rejected`` naming the field."""
        codecs = self.reflection.codecs
        stored: dict[str, Any] = {}
        for name, value in fields.items():
            try:
                stored[name] = None if value is None else codecs[name].store(value)
            except Unfit as error:
                raise Rejected(str(error), name) from error
        return stored

    def with_key(self, row: Stored) -> Stored:
        """Add a key where neither the mapping nor the database gives one."""
        if row.get(self.key) is not None:
            return row
        given = {name: value for name, value in row.items() if name != self.key}
        if not self._makes_key():
            return given
        key = uuid4()
        short = self.reflection.codecs[self.key].max_length == len(key.hex)
        return {**given, self.key: key.hex if short else str(key)}

    def insert(self, connection: sqlite3.Connection, row: Stored) -> Key:
        """Insert a row; returns its key."""
        statement = self._insert(tuple(row))
        cursor = connection.execute(statement.sql, [row[name] for name in statement.names])
        if cursor.rowcount != 1:
            raise self._ignored()
        if self.key in row:
            return self._as_key(row[self.key])
        made = self.select(connection, "rowid", cursor.lastrowid)
        if not made:
            raise self._ignored()
        return made[0].key

    def update(self, connection: sqlite3.Connection, key: Key, row: Stored) -> None:
        """Set fields of the row with this key. Raises ``Gone``."""
        if row.get(self.key, key) != key:
            raise Rejected("the key of an account cannot be changed", self.key)
        statement = self._update(tuple(row))
        values = [row[name] for name in statement.names]
        count = connection.execute(statement.sql, (*values, key)).rowcount
        self._one_row(connection, count, key)

    def delete(self, connection: sqlite3.Connection, key: Key) -> None:
        """Remove the row with this key. Raises ``Gone``."""
        count = connection.execute(self._delete(), (key,)).rowcount
        self._one_row(connection, count, key)

    def select(self, connection: sqlite3.Connection, name: str, value: Any) -> list[Account]:
        """Return the accounts with a stored value, at most ten, in the order of their keys."""
        rows = connection.execute(self._select(name), (value,)).fetchall()
        return [self._account(row) for row in rows]

    def select_after(self, connection: sqlite3.Connection, key: Key | None) -> list[Account]:
        """Return the next accounts in the order of their keys, a page at most."""
        parameters = () if key is None else (key,)
        rows = connection.execute(self._scan(key is None), parameters).fetchall()
        return [self._account(row) for row in rows]

    def probe(self, connection: sqlite3.Connection) -> None:
        """Read a row, where there is one."""
        connection.execute(self._scan(True)).fetchone()

    def is_indexed(self, name: str) -> bool:
        """Whether rows are found by this column without reading the table."""
        return name in self.reflection.indexed

    def gone(self, key: Key) -> Gone:
        """Return the error that says that there is no such row."""
        return Gone(f"there is no row in {self.name} with {self.key} {key}")

    def _one_row(self, connection: sqlite3.Connection, count: int, key: Key) -> None:
        if count == 0:
            raise self._ignored() if self.select(connection, self.key, key) else self.gone(key)
        if count != 1:
            raise TargetError(f"{count} rows in {self.name} have {self.key} {key}; make it unique")

    def _ignored(self) -> Rejected:
        return Rejected(
            f"{self.name} ignored the change without an error; look at its triggers, "
            "and for ON CONFLICT IGNORE"
        )

    def _account(self, row: Sequence[Any]) -> Account:
        codecs = self.reflection.codecs
        values = zip(self._fields, row[1:], strict=True)
        return Account(
            self._as_key(row[0]),
            {name: None if value is None else codecs[name].load(value) for name, value in values},
        )

    def _as_key(self, value: Any) -> Key:
        if isinstance(value, int | str):
            return value
        raise TargetError(
            f"a row in {self.name} has no usable {self.key}; the key has to be a number or text"
        )

    def _makes_key(self) -> bool:
        """Whether the connector gives new accounts their key."""
        described = self.reflection.descriptions.get(self.key)
        if described is None or (described.has_default and self.reflection.has_rowid):
            return False
        return described.type in {"string", "any"}

    def _compile_insert(self, names: tuple[str, ...]) -> _Statement:
        statement = insert(self.reflection.table).values(self._parameters(names))
        # Without names this says DEFAULT VALUES.
        return _statement(_compiled(statement, column_keys=None if names else []), names)

    def _compile_update(self, names: tuple[str, ...]) -> _Statement:
        statement = update(self.reflection.table).where(self._columns[self.key] == _VALUE)
        return _statement(_compiled(statement.values(self._parameters(names))), names)

    def _compile_delete(self) -> str:
        statement = delete(self.reflection.table).where(self._columns[self.key] == _VALUE)
        return _compiled(statement).string

    def _compile_select(self, name: str) -> str:
        compared = literal_column("rowid") if name == "rowid" else self._columns[name]
        found = self._rows().where(compared == _VALUE)
        return _compiled(found.suffix_with(f"LIMIT {MAX_FOUND}")).string

    def _compile_scan(self, from_start: bool) -> str:
        rows = self._rows()
        found = rows if from_start else rows.where(self._columns[self.key] > _VALUE)
        return _compiled(found.suffix_with(f"LIMIT {PAGE}")).string

    def _rows(self) -> Select[Any]:
        key = self._columns[self.key]
        return select(key, *(self._columns[field] for field in self._fields)).order_by(key)

    def _parameters(self, names: tuple[str, ...]) -> dict[Any, Any]:
        # Numbered names: those of columns may hold what a parameter's name may not.
        return {self._columns[name]: bindparam(str(i)) for i, name in enumerate(names)}


_VALUE: BindParameter[Any] = bindparam("value")


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, and the fields whose values it takes, in its own order."""

    sql: str
    names: tuple[str, ...]


def _statement(compiled: SQLCompiler, names: tuple[str, ...]) -> _Statement:
    parameters = compiled.positiontup or ()
    return _Statement(
        compiled.string, tuple(names[int(each)] for each in parameters if each != _VALUE.key)
    )


def _compiled(statement: ClauseElement, column_keys: list[str] | None = None) -> SQLCompiler:
    compiled = statement.compile(dialect=_DIALECT, column_keys=column_keys)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a dialect of SQL compiles to
    return compiled
