"""The tables of a sql target, made from what mappings say of their fields."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from sqlalchemy.types import TypeEngine

from scimweave.connectors import sql_database
from scimweave.connectors.base import AccountShape, FieldShape, MembersShape, TargetError
from scimweave.connectors.registry import Target

_TYPES: Mapping[str, type[TypeEngine[Any]]] = {
    "integer": BigInteger,
    "decimal": Numeric,
    "boolean": Boolean,
    "date": Date,
    "datetime": DateTime,
    "uuid": Uuid,
    "json": JSON,
}
# userName is not case-exact (RFC 7643 §4.1.1), so neither is what an account is found by.
_MATCH_COLLATION = "NOCASE"

_DIALECT = sqlite.dialect()


def create_statements(target: Target, shapes: Iterable[AccountShape]) -> list[str]:
    """Return the DDL of the tables that the target lacks; writes nothing.

    Nothing is lacking where the target is not of kind sql. Raises ``TargetError``.
    """
    if target.connector != "sql":
        return []
    path = sql_database.path_of(str(target.options.get("url", "")))
    if not path.is_file():
        return _missing(shapes, frozenset())
    with _translated(path), closing(sql_database.connect_reader(path)) as connection:
        return _missing(shapes, _existing(connection))


def init_target(target: Target, shapes: Iterable[AccountShape]) -> list[str]:
    """Create the tables that the target lacks, and its file; returns the DDL that was run.

    Tables that exist are left as they are. Raises ``TargetError``, and then no table was made.
    """
    shapes = tuple(shapes)
    statements = create_statements(target, shapes)
    if not statements:
        return []
    path = sql_database.path_of(str(target.options["url"]))
    with _translated(path):
        if not path.is_file():
            _create_file(path)
        with closing(sql_database.connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # Looked at again under the lock; closing takes back what was not committed.
            statements = _missing(shapes, _existing(connection))
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
    return statements


def _create_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        # Readers and the writer do not wait for each other then.
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise TargetError(f"{path}: {error}") from error


_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"


def _existing(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(_folded(name) for (name,) in connection.execute(_TABLES).fetchall())


def _folded(name: str) -> str:
    # SQLite compares names so: ASCII letters in any case.
    return name.encode().lower().decode()


def _missing(shapes: Iterable[AccountShape], existing: frozenset[str]) -> list[str]:
    by_table: dict[str, list[AccountShape]] = {}
    pairs: dict[str, MembersShape] = {}
    for shape in shapes:
        by_table.setdefault(shape.object, []).append(shape)
        if isinstance(shape.members, MembersShape):
            pairs.setdefault(shape.members.object, shape.members)
    return [
        *(
            statement
            for name, group in by_table.items()
            if _folded(name) not in existing
            for statement in _statements(name, group)
        ),
        *(
            statement
            for name, members in pairs.items()
            if _folded(name) not in existing and name not in by_table
            for statement in _member_statements(members)
        ),
    ]


def _member_statements(shape: MembersShape) -> Iterator[str]:
    """Yield the DDL of a membership table.

    It has no foreign keys: the accounts may live in another database.
    """
    columns = [
        Column(each.name, _key_type(each), primary_key=True, nullable=False, autoincrement=False)
        for each in (shape.group, shape.member)
    ]
    table = Table(shape.object, MetaData(), *columns)
    yield _sql(CreateTable(table))
    name = f"{shape.object}_{shape.member.name}"
    yield _sql(CreateIndex(Index(name, table.c[shape.member.name])))


def _key_type(field: FieldShape) -> TypeEngine[Any]:
    return Integer() if field.type is None else _column_type(field, is_match=False)


def _statements(name: str, shapes: list[AccountShape]) -> Iterator[str]:
    """Yield the DDL of one table, into which one or more mappings write."""
    keys = {shape.key for shape in shapes}
    if len(keys) > 1:
        raise TargetError(
            f'mappings disagree on the key of table "{name}": {", ".join(sorted(keys))}'
        )
    (key,) = keys
    match = dict.fromkeys(field for shape in shapes for field in shape.match)
    columns = _columns(name, key, shapes)
    numbered = columns[0].autoincrement is True
    table = Table(name, MetaData(), *columns, sqlite_autoincrement=numbered)
    yield _sql(CreateTable(table))
    for field in match:
        if field != key:
            yield _sql(CreateIndex(Index(f"{name}_{field}_key", table.c[field], unique=True)))


def _columns(name: str, key: str, shapes: list[AccountShape]) -> list[Column[Any]]:
    fields = _merged(name, shapes)
    match = {field for shape in shapes for field in shape.match}
    # A field that one of the mappings leaves empty cannot be required.
    required = [{field.name for field in shape.fields if field.required} for shape in shapes]
    columns: list[Column[Any]] = [
        Column(
            field.name,
            _column_type(field, is_match=field.name in match),
            primary_key=field.name == key,
            nullable=field.name != key and not all(field.name in names for names in required),
            autoincrement=False,
        )
        for field in fields.values()
    ]
    if key in fields:
        return columns
    return [Column(key, Integer, primary_key=True, autoincrement=True), *columns]


def _merged(name: str, shapes: list[AccountShape]) -> dict[str, FieldShape]:
    fields: dict[str, FieldShape] = {}
    for shape in shapes:
        for field in (*shape.fields, *(FieldShape(each) for each in shape.match)):
            known = fields.setdefault(field.name, field)
            if not field.type or (field.type, field.max_length) == (known.type, known.max_length):
                continue
            if known.type:
                raise TargetError(
                    f'mappings disagree on column "{field.name}" of table "{name}": '
                    f"{_described(known)} or {_described(field)}"
                )
            fields[field.name] = field
    return fields


def _described(field: FieldShape) -> str:
    return f"{field.type}({field.max_length})" if field.max_length else str(field.type)


def _column_type(field: FieldShape, *, is_match: bool) -> TypeEngine[Any]:
    if (made := _TYPES.get(field.type or "")) is not None:
        return made()
    collation = _MATCH_COLLATION if is_match else None
    if field.max_length:
        return String(field.max_length, collation=collation)
    return Text(collation=collation)


def _sql(statement: DDLElement) -> str:
    return str(statement.compile(dialect=_DIALECT)).strip()
