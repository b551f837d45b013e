"""What a table looks like; in a SQLite database, asked of SQLAlchemy and of SQLite itself."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from sqlalchemy import Column, Dialect, MetaData, Table, create_engine, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import NullType

from scimweave.connectors.base import AccountShape, FieldDescription, NoSuchObject
from scimweave.connectors.sql.keys import KeyForm, sqlite_keys
from scimweave.connectors.sql.types import Codec, codec

_DIALECT = sqlite.dialect(paramstyle="qmark")
_PREPARER = _DIALECT.identifier_preparer


@dataclass(frozen=True, slots=True)
class Reflection:
    """A table as it was when it was looked at.

    ``indexed`` names the columns by which SQLite finds rows without reading them all.
    ``checks`` holds the condition of each CHECK constraint by its name; ``references`` the
    columns with a foreign key, and ``constraints`` the columns of other constraints by name.
    ``primary`` is the primary key, ``numbered`` the column that the database numbers, ``lowered``
    those that are unique in any case of letters, by an index on ``lower``, and
    ``partially_unique`` those that are unique among some of the rows.
    ``has_rowid`` says whether a new row can be found by its rowid, ``returning`` whether the
    database gives the key of a row that is inserted.
    """

    table: Table
    codecs: Mapping[str, Codec]
    descriptions: Mapping[str, FieldDescription]
    indexed: frozenset[str]
    checks: Mapping[str, str]
    references: frozenset[str]
    has_rowid: bool
    keys: KeyForm
    dialect: Dialect
    primary: tuple[str, ...] = ()
    numbered: str | None = None
    lowered: frozenset[str] = frozenset()
    partially_unique: frozenset[str] = frozenset()
    returning: bool = False
    constraints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    foreign_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def reflect(connection: sqlite3.Connection, shape: AccountShape) -> Reflection:
    """Look at the table of a shape. Raises ``NoSuchObject``, ``sqlite3.Error``."""
    try:
        return _reflect(connection, shape)
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise


def _reflect(connection: sqlite3.Connection, shape: AccountShape) -> Reflection:
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    inspector = inspect(engine)
    name = shape.object
    try:
        columns = inspector.get_columns(name)
    except NoSuchTableError:
        raise no_table(name, inspector.get_table_names()) from None
    primary = inspector.get_pk_constraint(name)["constrained_columns"]
    declared = dict(connection.execute(_DECLARED, (name,)).fetchall())
    types = {each.name: each.type for each in shape.fields}
    table = Table(name, MetaData(), *(Column(each["name"], NullType()) for each in columns))
    has_rowid = _has_rowid(connection, table)
    # SQLite numbers the rows of INTEGER PRIMARY KEY, and of no other spelling.
    numbered = has_rowid and len(primary) == 1 and declared[primary[0]].upper() == "INTEGER"
    indexes = _indexes(connection, name) + ([_Index(True, tuple(primary))] if numbered else [])
    unique = {each.columns[0] for each in indexes if each.unique and len(each.columns) == 1}
    codecs = {
        each["name"]: codec(each["type"], declared[each["name"]], types.get(each["name"]))
        for each in columns
    }
    descriptions = {
        each["name"]: FieldDescription(
            each["name"],
            codecs[each["name"]].type,
            nullable=each["nullable"] and each["name"] not in primary,
            has_default=each["default"] is not None
            or "computed" in each
            or (numbered and each["name"] in primary),
            max_length=codecs[each["name"]].max_length,
            unique=each["name"] in unique,
        )
        for each in columns
    }
    references = inspector.get_foreign_keys(name)
    return Reflection(
        table,
        codecs,
        descriptions,
        indexed=frozenset(first for each in indexes if (first := each.columns[0])),
        checks={
            str(each["name"] or each["sqltext"]): each["sqltext"]
            for each in inspector.get_check_constraints(name)
        },
        references=frozenset(name for each in references for name in each["constrained_columns"]),
        has_rowid=has_rowid,
        keys=sqlite_keys(shape.key),
        dialect=_DIALECT,
        primary=tuple(primary),
        partially_unique=frozenset(
            first
            for each in _indexes(connection, name, partial=True)
            if each.unique and len(each.columns) == 1 and (first := each.columns[0])
        ),
    )


_SHOWN_TABLES = 10


def no_table(name: str, tables: list[str]) -> NoSuchObject:
    """Return the error of a table that is not among ``tables``."""
    near = get_close_matches(name, tables, 1)
    if near:
        return NoSuchObject(f'the database has no table "{name}"; did you mean "{near[0]}"?')
    more = ", …" if len(tables) > _SHOWN_TABLES else ""
    there = f" (it has {', '.join(sorted(tables)[:_SHOWN_TABLES])}{more})" if tables else ""
    advice = "create it, by `scimweave init-target` for example"
    return NoSuchObject(f'the database has no table "{name}"{there}; {advice}')


_DECLARED = "SELECT name, type FROM pragma_table_xinfo(?)"


@dataclass(frozen=True, slots=True)
class _Index:
    unique: bool
    columns: tuple[str | None, ...]


# Also those that SQLite makes for UNIQUE and PRIMARY KEY; None stands for an expression.
_INDEXES = """
SELECT i.name, i."unique", c.name
FROM pragma_index_list(?) AS i JOIN pragma_index_info(i.name) AS c
WHERE i.partial = ?
ORDER BY i.name, c.seqno
"""


def _indexes(connection: sqlite3.Connection, name: str, *, partial: bool = False) -> list[_Index]:
    columns: dict[tuple[str, bool], list[str | None]] = defaultdict(list)
    for index, unique, column in connection.execute(_INDEXES, (name, partial)).fetchall():
        columns[index, bool(unique)].append(column)
    return [_Index(unique, tuple(found)) for (_, unique), found in columns.items()]


def _has_rowid(connection: sqlite3.Connection, table: Table) -> bool:
    """Whether the table has a rowid; a view or a WITHOUT ROWID table has none."""
    (kind,) = connection.execute(_KIND, (table.name,)).fetchone()
    if kind != "table":
        return False
    statement = f"SELECT rowid FROM {_PREPARER.format_table(table)} LIMIT 0"  # noqa: S608 - quoted
    try:
        connection.execute(statement)
    except sqlite3.OperationalError:
        return False
    return True


_KIND = "SELECT type FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')"
