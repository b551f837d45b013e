"""What a table of PostgreSQL or MariaDB looks like: asked of SQLAlchemy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import Column, Connection, Dialect, Inspector, MetaData, Table, inspect
from sqlalchemy.types import NullType

from scimweave.connectors.base import AccountShape, FieldDescription
from scimweave.connectors.sql.keys import KeyForm, server_keys
from scimweave.connectors.sql.reflection import Reflection, no_table
from scimweave.connectors.sql.server_types import mysql_codec, server_codec
from scimweave.connectors.sql.types import Codec, Unfit


def reflect(connection: Connection, shape: AccountShape) -> Reflection:
    """Look at the table of a shape. Raises ``NoSuchObject``, and the errors of SQLAlchemy."""
    inspector = inspect(connection)
    schema, name = find_table(inspector, shape.object)
    return _reflection(connection, inspector, schema, shape, name)


def find_table(inspector: Inspector, written: str) -> tuple[str | None, str]:
    """Return schema and name of a table, written ``schema.table`` or ``table``.

    A name may hold dots itself. Raises ``NoSuchObject``.
    """
    for schema, name in _readings(written):
        if inspector.has_table(name, schema=schema):
            return schema, name
    schema, name = split_name(written)
    tables = (
        [] if schema and not inspector.has_schema(schema) else inspector.get_table_names(schema)
    )
    prefix = f"{schema}." if schema else ""
    raise no_table(written, [f"{prefix}{each}" for each in tables])


def split_name(written: str) -> tuple[str | None, str]:
    """Return schema and name as they are meant where there is no such table yet."""
    schema, dot, name = written.partition(".")
    return (schema, name) if dot and schema and name else (None, written)


def _readings(written: str) -> Iterator[tuple[str | None, str]]:
    yield None, written
    for place, letter in enumerate(written):
        if letter == "." and 0 < place < len(written) - 1:
            yield written[:place], written[place + 1 :]


@dataclass(frozen=True, slots=True)
class _Unique:
    """A constraint or index that keeps rows apart; a lone column may be ``lowered`` in it."""

    name: str
    columns: tuple[str, ...]
    partial: bool = False
    lowered: bool = False


def _reflection(
    connection: Connection, inspector: Inspector, schema: str | None, shape: AccountShape, name: str
) -> Reflection:
    mysql = connection.dialect.name != "postgresql"
    columns: list[Any] = [
        {**each, "name": _unescaped(each["name"], mysql)}
        for each in inspector.get_columns(name, schema)
    ]
    primary = inspector.get_pk_constraint(name, schema)
    key = tuple(primary["constrained_columns"])
    uniques = list(_uniques(connection.dialect, inspector, schema, name))
    if key:
        # MariaDB's primary keys have no name of their own.
        uniques.append(_Unique(primary["name"] or "PRIMARY", key))
    alone = [each for each in uniques if len(each.columns) == 1]
    unique = {each.columns[0] for each in alone if not each.partial}
    types = {each.name: each.type for each in shape.fields}
    codecs = {each["name"]: _codec(connection.dialect, each, types) for each in columns}
    references = inspector.get_foreign_keys(name, schema)
    checks = inspector.get_check_constraints(name, schema)
    return Reflection(
        Table(
            name, MetaData(), *(Column(each["name"], NullType()) for each in columns), schema=schema
        ),
        codecs,
        {
            each["name"]: FieldDescription(
                each["name"],
                codecs[each["name"]].type,
                nullable=each["nullable"] and each["name"] not in key,
                has_default=_has_default(each, mysql),
                max_length=codecs[each["name"]].max_length,
                unique=each["name"] in unique,
            )
            for each in columns
        },
        # It is the server that reads them, and not the thread of the event loop.
        indexed=frozenset(),
        checks={_column_check(str(each["name"])): each["sqltext"] for each in checks},
        references=frozenset(each for one in references for each in one["constrained_columns"]),
        has_rowid=False,
        keys=_keys(shape, codecs),
        dialect=connection.dialect,
        primary=key,
        numbered=next(
            (each["name"] for each in columns if each.get("autoincrement") is True), None
        ),
        lowered=frozenset(each.columns[0] for each in alone if each.lowered),
        partially_unique=frozenset(each.columns[0] for each in alone if each.partial),
        returning=connection.dialect.insert_returning,
        constraints={each.name: each.columns for each in uniques},
        foreign_keys={str(each["name"]): tuple(each["constrained_columns"]) for each in references},
    )


def _unescaped(name: str, mysql: bool) -> str:
    # SQLAlchemy reads SHOW CREATE TABLE, and leaves a backtick in a name doubled.
    return name.replace("``", "`") if mysql else name


def _uniques(
    dialect: Dialect, inspector: Inspector, schema: str | None, name: str
) -> Iterator[_Unique]:
    for each in inspector.get_unique_constraints(name, schema):
        yield _Unique(str(each["name"]), tuple(each["column_names"]))
    columns = [each["name"] for each in inspector.get_columns(name, schema)]
    for index in inspector.get_indexes(name, schema):
        if not index["unique"]:
            continue
        partial = bool(index.get("dialect_options", {}).get("postgresql_where"))
        named = tuple(each for each in index["column_names"] if each is not None)
        expressions = index.get("expressions", [])
        if not expressions:
            yield _Unique(str(index["name"]), named, partial)
        elif len(expressions) == 1 and (lowered := _lowered(dialect, expressions[0], columns)):
            yield _Unique(str(index["name"]), (lowered,), partial, lowered=True)


def _lowered(dialect: Dialect, expression: str, columns: Sequence[str]) -> str | None:
    """Return the column whose lower case is an index's expression, as PostgreSQL writes it."""
    for name in columns:
        quoted = dialect.identifier_preparer.quote(name)
        if _BRACKETS.sub(r"\1", expression) in {f"lower({quoted})", f"lower({quoted}::text)"}:
            return name
    return None


# Some versions write lower((email)::text).
_BRACKETS = re.compile(r"\(([^()]*)\)(?=::)")


def _has_default(column: Any, mysql: bool) -> bool:
    if column["default"] is not None or "computed" in column or "identity" in column:
        return True
    return mysql and column.get("autoincrement") is True


def _column_check(name: str) -> str:
    # MariaDB calls the check of a column table.column.
    return name.rpartition(".")[2]


def _codec(dialect: Dialect, column: Any, types: Mapping[str, str | None]) -> Codec:
    make = server_codec if dialect.name == "postgresql" else mysql_codec
    return make(column["type"], types.get(column["name"]))


def _keys(shape: AccountShape, codecs: Mapping[str, Codec]) -> KeyForm:
    if shape.key in codecs:
        return server_keys(shape.key, codecs[shape.key])

    def missing(key: object) -> NoReturn:
        raise Unfit(f"there is no column {shape.key}")

    return KeyForm(missing, missing)


def is_there(inspector: Inspector, written: str) -> bool:
    """Whether there is a table of this name."""
    return any(inspector.has_table(name, schema=schema) for schema, name in _readings(written))
