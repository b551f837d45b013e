"""A field whose value is a list of objects, each of which is a row of a child table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.types import NullType

from scimweave.connectors.base import AccountShape, FieldShape, Key, TargetError, Value
from scimweave.connectors.sql.executor import Executor
from scimweave.connectors.sql.options import ChildOptions
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.statements import compiled, parameters
from scimweave.connectors.sql.types import Codec, Unfit

MAX_PARENTS = 500

Plain = Mapping[str, Any]
# SQL, and the columns whose values it takes.
_Places = tuple[str, list[str | None]]

_KEY: Any = bindparam("key", type_=NullType())


@dataclass(frozen=True, slots=True)
class Item:
    """An object of the list: what its row stores, and what is read back of that."""

    stored: tuple[Any, ...]
    plain: Plain


def child_shape(options: ChildOptions) -> AccountShape:
    """Return the shape by which a child table is looked at."""
    fields = [
        FieldShape(name, column.type, column.max_length) for name, column in options.columns.items()
    ]
    return AccountShape(options.object, options.parent, (), tuple(fields))


class ListTable:
    """A reflected child table.

    Rows are in the order of the table's own primary key, or else of their values. All methods
    raise the errors of the driver too, and run inside a transaction of the caller.
    """

    def __init__(self, options: ChildOptions, reflection: Reflection) -> None:
        for name in (options.parent, *options.columns):
            if name not in reflection.table.c:
                raise TargetError(f'table "{options.object}" has no column "{name}"')
        self._reflection = reflection
        self._table = reflection.table
        self._parent = reflection.table.c[options.parent]
        self._names = tuple(options.columns)
        self._keys = {name: column.from_ for name, column in options.columns.items()}
        self._codecs = {name: reflection.codecs[name] for name in self._names}
        own = reflection.primary
        self._own = own[0] if len(own) == 1 and own[0] != options.parent else None
        self._select = lru_cache(64)(self._compile_select)
        self._insert = lru_cache(1)(self._compile_insert)
        self._update = lru_cache(1)(self._compile_update)
        self._delete_row = lru_cache(1)(self._compile_delete_row)
        self._delete_all = lru_cache(1)(self._compile_delete_all)

    def bind(self, value: Value) -> list[Item]:
        """Return the rows of a value. Raises ``Unfit``."""
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise Unfit("takes a list of objects, each of which is a row")
        return [self._item(number, each) for number, each in enumerate(value)]

    def read(self, executor: Executor, parents: Sequence[Key]) -> dict[Key, list[Plain]]:
        """Return the lists of accounts by their keys; who has no rows is not in it."""
        keys = self._reflection.keys
        found: dict[Key, list[Plain]] = {}
        for start in range(0, len(parents), MAX_PARENTS):
            some = parents[start : start + MAX_PARENTS]
            values = [keys.store(each) for each in some]
            for parent, _, *row in executor.execute(self._select(len(some)), values).fetchall():
                found.setdefault(keys.load(parent), []).append(self._plain(row))
        return found

    def write(self, executor: Executor, key: Key, items: Sequence[Item]) -> None:
        """Make the rows of an account those of ``items``; rows that are right are left alone."""
        parent = self._reflection.keys.store(key)
        rows = executor.execute(self._select(1), [parent]).fetchall()
        there = [(own, self._plain(row)) for _, own, *row in rows]
        wanted = [item.plain for item in items]
        if [plain for _, plain in there] == wanted:
            return
        if self._own is None:
            if not _same_in_any_order([plain for _, plain in there], wanted):
                self.remove(executor, key)
                self._add(executor, parent, items)
            return
        if not self._changed_in_place(executor, there, items):
            kept = _common_start([plain for _, plain in there], wanted)
            for own, _ in there[kept:]:
                executor.execute(self._delete_row(), [own])
            self._add(executor, parent, items[kept:])

    def remove(self, executor: Executor, key: Key) -> None:
        """Delete the rows of an account."""
        executor.execute(self._delete_all(), [self._reflection.keys.store(key)])

    def _changed_in_place(
        self, executor: Executor, there: list[tuple[Any, Plain]], items: Sequence[Item]
    ) -> bool:
        """Update the rows that differ, where they only got values that no other row had."""
        known = [plain for _, plain in there]
        changes = [
            (own, item)
            for (own, plain), item in zip(there, items, strict=False)
            if plain != item.plain
        ]
        if len(there) != len(items) or any(item.plain in known for _, item in changes):
            return False
        for own, item in changes:
            _run(executor, self._update(), {**self._row(item), None: own})
        return True

    def _add(self, executor: Executor, parent: Any, items: Sequence[Item]) -> None:
        for item in items:
            _run(executor, self._insert(), {**self._row(item), None: parent})

    def _row(self, item: Item) -> dict[str | None, Any]:
        return dict(zip(self._names, item.stored, strict=True))

    def _item(self, number: int, value: Any) -> Item:
        where = f"row {number + 1} of the list"
        if not isinstance(value, Mapping):
            raise Unfit(f"{where} is no object")
        if unknown := sorted(set(value) - set(self._keys.values())):
            raise Unfit(
                f'{where} has a "{unknown[0]}", for which table "{self._table.name}" has no '
                "column in `children` of the mapping"
            )
        stored = tuple(
            self._stored(f"{where}: {key}", self._codecs[name], value.get(key))
            for name, key in self._keys.items()
        )
        return Item(stored, self._plain(stored))

    @staticmethod
    def _stored(where: str, codec: Codec, value: Value) -> Any:
        if value is None:
            return None
        try:
            return codec.store(_typed(codec.type, value))
        except Unfit as error:
            raise Unfit(f"{where} {error}") from None

    def _plain(self, row: Sequence[Any]) -> Plain:
        return {
            self._keys[name]: _jsonable(self._codecs[name].load(value))
            for name, value in zip(self._names, row, strict=True)
            if value is not None
        }

    def _compile_select(self, count: int) -> str:
        columns = [self._table.c[name] for name in self._names]
        own = self._table.c[self._own] if self._own else self._parent
        order = [own] if self._own else columns
        places = [bindparam(str(number), type_=NullType()) for number in range(count)]
        statement = select(self._parent, own.label("own"), *columns)
        found = statement.where(self._parent.in_(places)).order_by(*order)
        return self._compiled(found)

    # None stands for the place of the key, in both of them.
    def _compile_insert(self) -> _Places:
        places = {self._parent: _KEY, **parameters(self._table, self._names)}
        return self._places(insert(self._table).values(places))

    def _compile_update(self) -> _Places:
        made = update(self._table).values(parameters(self._table, self._names))
        return self._places(made.where(self._table.c[self._own or ""] == _KEY))

    def _compile_delete_row(self) -> str:
        return self._compiled(delete(self._table).where(self._table.c[self._own or ""] == _KEY))

    def _compile_delete_all(self) -> str:
        return self._compiled(delete(self._table).where(self._parent == _KEY))

    def _places(self, statement: Any) -> _Places:
        made = compiled(statement, self._reflection.dialect)
        # SQLAlchemy writes columns in the order of the table.
        names = [
            None if place == _KEY.key else self._names[int(place)]
            for place in made.positiontup or ()
        ]
        return made.string, names

    def _compiled(self, statement: Any) -> str:
        return compiled(statement, self._reflection.dialect).string


def _run(executor: Executor, places: _Places, row: Mapping[str | None, Any]) -> None:
    sql, names = places
    executor.execute(sql, [row[name] for name in names])


def _common_start(one: Sequence[Plain], other: Sequence[Plain]) -> int:
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        same += 1
    return same


def _same_in_any_order(one: Sequence[Plain], other: Sequence[Plain]) -> bool:
    return Counter(map(_as_text, one)) == Counter(map(_as_text, other))


def _as_text(plain: Plain) -> str:
    return repr(sorted(plain.items()))


_PARSERS: Mapping[str, Any] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _typed(type_: str, value: Value) -> Value:
    """Return a time as one: JSON has text for it."""
    if isinstance(value, str) and type_ in _PARSERS:
        try:
            return _PARSERS[type_](value)
        except ValueError:
            return value
    return value


def _jsonable(value: Value) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    return value
