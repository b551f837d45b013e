"""The columns of a table that accounts are made of: their values on the way in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from scimweave.connectors.base import Account, Key, Rejected, TargetError, Value
from scimweave.connectors.sql.executor import Executor
from scimweave.connectors.sql.lists import Item, ListTable
from scimweave.connectors.sql.reflection import Reflection
from scimweave.connectors.sql.types import Unfit, as_it_is

Row = Sequence[Any]


class Bound(NamedTuple):
    """What is to be written: the columns of the row, and the rows of each list."""

    row: dict[str, Any]
    lists: Mapping[str, Sequence[Item]]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields."""
        return (*self.row, *self.lists)


class Columns:
    """The columns of a reflected table, and the lists that child tables hold.

    ``fields`` are the columns that are read behind the key, in their order.
    """

    def __init__(
        self, reflection: Reflection, lists: Mapping[str, ListTable], fields: Sequence[str]
    ) -> None:
        codecs = reflection.codecs
        self._lists = lists
        self._fields = fields
        self._names = frozenset((*reflection.table.c.keys(), *lists))
        self._store = {name: codec.store for name, codec in codecs.items()}
        self._key = reflection.keys.load
        # Most columns hold what an account does.
        self._load = [
            (name, codecs[name].load) for name in fields if codecs[name].load is not as_it_is
        ]

    def have(self, names: Iterable[str]) -> bool:
        """Whether each of ``names`` is a column or a list."""
        return self._names.issuperset(names)

    def bind(self, fields: Mapping[str, Value]) -> Bound:
        """Return what the columns store. Raises ``Rejected`` naming the field."""
        row: dict[str, Any] = {}
        lists: dict[str, Sequence[Item]] = {}
        for name, value in fields.items():
            try:
                if name in self._lists:
                    lists[name] = self._lists[name].bind(value)
                else:
                    row[name] = None if value is None else self._store[name](value)
            except Unfit as error:
                raise Rejected(str(error), name) from error
        return Bound(row, lists)

    def bind_one(self, name: str, value: Value) -> Any:
        """Return what a column stores of a value. Raises ``Unfit``, ``TargetError``."""
        if name in self._lists:
            raise TargetError(f'accounts are not found by "{name}": its values are rows of a table')
        return None if value is None else self._store[name](value)

    def accounts(self, executor: Executor, rows: Sequence[Row]) -> list[Account]:
        """Return the accounts of rows that hold the key and the fields; reads their lists."""
        accounts = [Account(self._key(row[0]), self._loaded(row[1:])) for row in rows]
        if not (self._lists and accounts):
            return accounts
        keys = [account.key for account in accounts]
        read = {name: each.read(executor, keys) for name, each in self._lists.items()}
        return [
            Account(account.key, {**account.fields, **_lists_of(account.key, read)})
            for account in accounts
        ]

    def _loaded(self, row: Row) -> dict[str, Value]:
        fields = dict(zip(self._fields, row, strict=True))
        for name, load in self._load:
            value = fields[name]
            if value is not None:
                fields[name] = load(value)
        return fields


def _lists_of(key: Key, read: Mapping[str, Mapping[Key, Any]]) -> dict[str, Value]:
    return {name: found.get(key) for name, found in read.items()}
