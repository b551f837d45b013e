"""Rows that are marked as deleted and stay in their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, literal_column, or_
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import NullType

from scimweave.connectors.base import TargetError, Value
from scimweave.connectors.sql.reflection import Reflection


@dataclass(frozen=True, slots=True)
class SoftDelete:
    """The column that marks rows; ``revived`` is what it holds in a row that is none of them."""

    column: str
    alive: ColumnElement[bool]
    marked: ColumnElement[bool]
    revived: Any
    _store: Callable[[Value], Any]
    _mark: Callable[[], Value]

    def mark(self) -> Any:
        """Return what the column stores of a row that is deleted now."""
        return self._store(self._mark())


# NULL or 0 is alive, in the columns that do not hold a time.
_MARKS: dict[str, Callable[[], Value]] = {
    "datetime": lambda: datetime.now(UTC),
    "date": lambda: datetime.now(UTC).date(),
    "boolean": lambda: True,
    "integer": lambda: 1,
}


def soft_delete(reflection: Reflection, name: str) -> SoftDelete:
    """Return how a column marks rows. Raises ``TargetError``."""
    table = reflection.table.name
    described = reflection.descriptions.get(name)
    if described is None:
        raise TargetError(f'table "{table}" has no column "{name}", named by soft_delete')
    if described.type not in _MARKS:
        raise TargetError(
            f'soft_delete: column "{name}" of table "{table}" is no time, date, boolean or number'
        )
    column: Column[Any] = reflection.table.c[name]
    store, mark = reflection.codecs[name].store, _MARKS[described.type]
    if described.type in {"datetime", "date"}:
        if not described.nullable:
            raise TargetError(
                f'soft_delete: column "{name}" of table "{table}" must take NULL, for rows that '
                "are not deleted"
            )
        return SoftDelete(name, column.is_(None), column.is_not(None), None, store, mark)
    zero = _zero(reflection, described.type)
    alive, marked = or_(column.is_(None), column == zero), column != zero
    return SoftDelete(
        name, alive, marked, store(False if described.type == "boolean" else 0), store, mark
    )


def _zero(reflection: Reflection, type_: str) -> ColumnElement[Any]:
    native = type_ == "boolean" and reflection.dialect.name == "postgresql"
    return literal_column("false" if native else "0", NullType())
