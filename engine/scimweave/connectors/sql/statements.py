"""The statements on one table, compiled once for each set of columns and for one dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Dialect,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import BindParameter, ClauseElement, ColumnElement
from sqlalchemy.types import NullType

MAX_STATEMENTS = 512

# Who compares with it gives its value last.
_VALUE: BindParameter[Any] = bindparam("value", type_=NullType())


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL, and the columns whose values it takes, in its own order."""

    sql: str
    names: tuple[str, ...]


class Statements:
    """The statements on the rows of a table that ``alive`` does not leave out.

    ``fields`` are the columns that are read behind the key; ``lowered`` those that are compared
    in any case of letters.
    """

    def __init__(
        self,
        table: Table,
        dialect: Dialect,
        key: str,
        fields: Sequence[str],
        *,
        lowered: frozenset[str] = frozenset(),
        alive: ColumnElement[bool] | None = None,
        marked: ColumnElement[bool] | None = None,
    ) -> None:
        self._table = table
        self._dialect = dialect
        self._key = table.c[key]
        self._fields = [table.c[name] for name in fields]
        self._lowered = lowered
        self._alive = alive
        self._marked = marked
        self.insert = lru_cache(MAX_STATEMENTS)(self._insert)
        self.update = lru_cache(MAX_STATEMENTS)(self._update)
        self.delete = lru_cache(1)(self._delete)
        self.select = lru_cache(MAX_STATEMENTS)(self._select)
        self.key_of = lru_cache(1)(self._select_key)
        self.scan = lru_cache(4)(self._scan)
        self.marked = lru_cache(MAX_STATEMENTS)(self._select_marked)
        self.revive = lru_cache(MAX_STATEMENTS)(self._revive)

    def _insert(self, names: tuple[str, ...], returning: bool) -> Statement:
        statement = insert(self._table).values(self._parameters(names))
        if returning:
            statement = statement.returning(self._key)
        # Without names this says DEFAULT VALUES.
        return statement_of(self._compiled(statement, None if names else []), names)

    def _update(self, names: tuple[str, ...]) -> Statement:
        """Set columns of the row with a key."""
        return self._set(names, self._alive)

    def _revive(self, names: tuple[str, ...]) -> Statement:
        """Set columns of the marked row with a key."""
        return self._set(names, self._marked)

    def _set(self, names: tuple[str, ...], which: ColumnElement[bool] | None) -> Statement:
        statement = update(self._table).where(self._key == _VALUE)
        if which is not None:
            statement = statement.where(which)
        return statement_of(self._compiled(statement.values(self._parameters(names))), names)

    def _delete(self) -> str:
        return self._compiled(delete(self._table).where(self._key == _VALUE)).string

    def _select(self, name: str, limit: int) -> str:
        """Read the rows with a value; ``rowid`` is the number that SQLite gives a row."""
        rows = self._living(self._rows()).where(self._is_value(name))
        return self._compiled(rows.suffix_with(f"LIMIT {limit:d}")).string

    def _select_key(self, name: str) -> str:
        """Read the key of the row with a value; ``rowid`` as above."""
        row = self._living(select(self._key)).where(self._is_value(name))
        return self._compiled(row).string

    def _select_marked(self, name: str) -> str:
        """Read the keys of marked rows with a value, two at most."""
        rows = select(self._key).where(self._is_value(name))
        if self._marked is not None:
            rows = rows.where(self._marked)
        return self._compiled(rows.suffix_with("LIMIT 2")).string

    def _scan(self, from_start: bool, limit: int) -> str:
        """Read the rows behind a key, or the first ones."""
        rows = self._living(self._rows())
        found = rows if from_start else rows.where(self._key > _VALUE)
        return self._compiled(found.suffix_with(f"LIMIT {limit:d}")).string

    def _is_value(self, name: str) -> ColumnElement[bool]:
        if name in self._lowered:
            return func.lower(self._table.c[name]) == func.lower(_VALUE)
        if name == "rowid" and name not in self._table.c:
            return literal_column("rowid", NullType()) == _VALUE
        return self._table.c[name] == _VALUE

    def _living(self, rows: Select[Any]) -> Select[Any]:
        return rows if self._alive is None else rows.where(self._alive)

    def _rows(self) -> Select[Any]:
        return select(self._key, *self._fields).order_by(self._key)

    def _parameters(self, names: tuple[str, ...]) -> dict[Any, Any]:
        return parameters(self._table, names)

    def _compiled(
        self, statement: ClauseElement, column_keys: list[str] | None = None
    ) -> SQLCompiler:
        return compiled(statement, self._dialect, column_keys)


def parameters(table: Table, names: Sequence[str], prefix: str = "") -> dict[Any, Any]:
    """Return a place for a value of each column, named by its number.

    The names of columns may hold what a parameter's name may not. The places have no type: the
    database knows that of its columns better.
    """
    return {
        table.c[name]: bindparam(f"{prefix}{number}", type_=NullType())
        for number, name in enumerate(names)
    }


def statement_of(compiled: SQLCompiler, names: Sequence[str]) -> Statement:
    """Return SQL with the columns of its numbered places."""
    places = compiled.positiontup or ()
    return Statement(
        compiled.string, tuple(names[int(each)] for each in places if each != _VALUE.key)
    )


def compiled(
    statement: ClauseElement, dialect: Dialect, column_keys: list[str] | None = None
) -> SQLCompiler:
    """Compile a statement. All names in it are quoted by the dialect where they need it."""
    made = statement.compile(dialect=dialect, column_keys=column_keys)
    assert isinstance(made, SQLCompiler)  # noqa: S101 - what a dialect of SQL compiles to
    return made
