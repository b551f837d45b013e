"""The DDL of tables in the dialects of the databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable, DDLElement
from sqlalchemy.types import TypeEngine

from scimweave.connectors.base import AccountShape, FieldShape, MembersShape, TargetError
from scimweave.connectors.sql.options import ChildOptions, SqlOptions
from scimweave.connectors.sql.server_reflection import split_name

# A name may be longer at SQLite only: PostgreSQL takes 63 bytes, MariaDB 64 characters.
_MAX_NAME = 60
# What an index of MariaDB's takes of a text, in characters.
_MAX_INDEXED = 255
_OWN_KEY = "id"


@dataclass(frozen=True, slots=True)
class Style:
    """How tables are written for a kind of database.

    ``types`` are those of the mapping's type names. userName is not case-exact (RFC 7643 §4.1.1),
    so neither is what an account is found by: a column of ``match`` has the collation ``match``,
    or its index is on lower case.
    """

    dialect: Dialect
    types: Mapping[str, TypeEngine[Any]]
    text: TypeEngine[Any]
    number: TypeEngine[Any]
    match: str | None = None
    indexes_lower: bool = False
    indexes_partially: bool = False
    identity: bool = False
    needs_length: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    has_schema: Callable[[str], bool] = lambda schema: True


_TYPES: Mapping[str, TypeEngine[Any]] = {
    "integer": BigInteger(),
    "decimal": Numeric(),
    "boolean": Boolean(),
    "date": Date(),
    "datetime": DateTime(),
    "uuid": Uuid(),
    "json": JSON(),
}

SQLITE = Style(
    sqlite.dialect(),
    _TYPES,
    Text(),
    Integer(),
    match="NOCASE",
    indexes_partially=True,
    options={"sqlite_autoincrement": True},
)


def server_style(dialect: Dialect, has_schema: Callable[[str], bool]) -> Style:
    """Return the style of the server that a dialect has connected to."""
    if dialect.name == "postgresql":
        return Style(
            dialect,
            {**_TYPES, "datetime": DateTime(timezone=True), "json": postgresql.JSONB()},
            Text(),
            BigInteger(),
            indexes_lower=True,
            indexes_partially=True,
            identity=True,
            has_schema=has_schema,
        )
    exact, match = _mysql_collations(dialect)
    return Style(
        dialect,
        {**_TYPES, "decimal": Numeric(38, 10), "datetime": mysql.DATETIME(fsp=6)},
        mysql.MEDIUMTEXT(),
        BigInteger(),
        match=match,
        needs_length=True,
        options={"mysql_charset": "utf8mb4", "mysql_collate": exact, "mysql_engine": "InnoDB"},
        has_schema=has_schema,
    )


def _mysql_collations(dialect: Dialect) -> tuple[str, str]:
    """Return a collation that is exact, and one in any case; blanks at the end count in both."""
    version = dialect.server_version_info or ()
    if not getattr(dialect, "is_mariadb", False):
        return "utf8mb4_0900_bin", "utf8mb4_0900_as_ci"
    if version >= (10, 10, 1):
        return "utf8mb4_nopad_bin", "uca1400_nopad_as_ci"
    return "utf8mb4_nopad_bin", "utf8mb4_unicode_nopad_ci"


def missing_tables(
    options: SqlOptions,
    shapes: Iterable[AccountShape],
    style: Style,
    exists: Callable[[str], bool],
) -> list[str]:
    """Return the DDL of the tables of mappings that are not there. Raises ``TargetError``."""
    accounts: dict[str, list[AccountShape]] = {}
    pairs: dict[str, MembersShape] = {}
    children: dict[str, tuple[ChildOptions, AccountShape]] = {}
    for shape in _without(options.children, shapes):
        accounts.setdefault(shape.object, []).append(shape)
        if isinstance(shape.members, MembersShape):
            pairs.setdefault(shape.members.object, shape.members)
        for child in options.children.values() if shape.section == "users" else ():
            children.setdefault(child.object, (child, shape))
    makers: dict[str, Callable[[], Iterator[str]]] = {}
    for name, group in accounts.items():
        makers[name] = partial(_accounts, name, group, options, style)
    for name, members in pairs.items():
        makers.setdefault(name, partial(_pairs, members, style))
    for name, (child, shape) in children.items():
        makers.setdefault(name, partial(_rows, child, shape, style))
    lacking = [name for name in makers if not exists(name)]
    return [*_schemas(lacking, style), *(each for name in lacking for each in makers[name]())]


def _without(
    children: Mapping[str, ChildOptions], shapes: Iterable[AccountShape]
) -> Iterator[AccountShape]:
    """Yield the shapes without the fields that child tables hold."""
    for shape in shapes:
        if shape.section != "users":
            yield shape
            continue
        yield replace(
            shape, fields=tuple(each for each in shape.fields if each.name not in children)
        )


def _schemas(names: Sequence[str], style: Style) -> Iterator[str]:
    if style.dialect.name == "sqlite":
        return
    for schema in dict.fromkeys(split_name(name)[0] for name in names):
        if schema is not None and not style.has_schema(schema):
            yield _sql(CreateSchema(schema), style)


def _table(name: str, style: Style, *columns: Column[Any], **more: Any) -> Table:
    schema, own = (None, name) if style.dialect.name == "sqlite" else split_name(name)
    options = {**style.options, **more}
    return Table(own, MetaData(), *columns, schema=schema, **options)


def _index(table: Table, column: str, suffix: str = "", **more: Any) -> Index:
    return Index(f"{table.name}_{column}"[:_MAX_NAME] + suffix, table.c[column], **more)


def _pairs(shape: MembersShape, style: Style) -> Iterator[str]:
    """Yield the DDL of a membership table.

    It has no foreign keys: the accounts may live in another database.
    """
    columns = [
        Column(
            each.name,
            _key_type(each, style),
            primary_key=True,
            nullable=False,
            autoincrement=False,
        )
        for each in (shape.group, shape.member)
    ]
    table = _table(shape.object, style, *columns, sqlite_autoincrement=False)
    yield _sql(CreateTable(table), style)
    yield _sql(CreateIndex(_index(table, shape.member.name)), style)


def _rows(child: ChildOptions, shape: AccountShape, style: Style) -> Iterator[str]:
    """Yield the DDL of a child table, whose rows have a number of their own."""
    key = next((each for each in shape.fields if each.name == shape.key), FieldShape(shape.key))
    columns: list[Column[Any]] = [
        _numbered(_OWN_KEY, style),
        Column(child.parent, _key_type(key, style), nullable=False),
    ]
    columns += [
        Column(name, _column_type(FieldShape(name, each.type, each.max_length), style))
        for name, each in child.columns.items()
    ]
    table = _table(child.object, style, *columns)
    yield _sql(CreateTable(table), style)
    yield _sql(CreateIndex(_index(table, child.parent)), style)


def _key_type(shape: FieldShape, style: Style) -> TypeEngine[Any]:
    return style.number if shape.type is None else _column_type(shape, style, indexed=True)


def _numbered(name: str, style: Style) -> Column[Any]:
    if style.identity:
        return Column(name, style.number, Identity(), primary_key=True)
    return Column(name, style.number, primary_key=True, autoincrement=True)


def _accounts(
    name: str, shapes: list[AccountShape], options: SqlOptions, style: Style
) -> Iterator[str]:
    """Yield the DDL of one table, into which one or more mappings write."""
    keys = {shape.key for shape in shapes}
    if len(keys) > 1:
        raise TargetError(
            f'mappings disagree on the key of table "{name}": {", ".join(sorted(keys))}'
        )
    (key,) = keys
    match = dict.fromkeys(each for shape in shapes for each in shape.match)
    columns = _columns(name, key, shapes, style)
    marks = dict.fromkeys(
        mark for shape in shapes if (mark := options.soft_delete.of(shape.section))
    )
    columns += [Column(mark, style.types["datetime"]) for mark in marks]
    numbered = columns[0].autoincrement is True or columns[0].identity is not None
    table = _table(name, style, *columns, sqlite_autoincrement=numbered)
    yield _sql(CreateTable(table), style)
    for each in match:
        if each != key:
            yield _sql(CreateIndex(_match_index(table, each, list(marks), style)), style)


def _match_index(table: Table, name: str, marks: list[str], style: Style) -> Index:
    more: dict[str, Any] = {}
    if marks and style.indexes_partially:
        # Who was deleted may come back.
        alive = table.c[marks[0]].is_(None)
        more = {"sqlite_where": alive, "postgresql_where": alive}
    column = table.c[name]
    lowered = style.indexes_lower and isinstance(column.type, String)
    index_name = f"{table.name}_{name}"[:_MAX_NAME] + "_key"
    return Index(index_name, func.lower(column) if lowered else column, unique=True, **more)


def _columns(name: str, key: str, shapes: list[AccountShape], style: Style) -> list[Column[Any]]:
    fields = _merged(name, shapes)
    match = {each for shape in shapes for each in shape.match}
    # A field that one of the mappings leaves empty cannot be required.
    required = [{each.name for each in shape.fields if each.required} for shape in shapes]
    columns: list[Column[Any]] = [
        Column(
            each.name,
            _column_type(each, style, is_match=each.name in match, indexed=each.name == key),
            primary_key=each.name == key,
            nullable=each.name != key and not all(each.name in names for names in required),
            autoincrement=False,
        )
        for each in fields.values()
    ]
    return columns if key in fields else [_numbered(key, style), *columns]


def _merged(name: str, shapes: list[AccountShape]) -> dict[str, FieldShape]:
    fields: dict[str, FieldShape] = {}
    for shape in shapes:
        for each in (*shape.fields, *(FieldShape(match) for match in shape.match)):
            known = fields.setdefault(each.name, each)
            if not each.type or (each.type, each.max_length) == (known.type, known.max_length):
                continue
            if known.type:
                raise TargetError(
                    f'mappings disagree on column "{each.name}" of table "{name}": '
                    f"{_described(known)} or {_described(each)}"
                )
            fields[each.name] = each
    return fields


def _described(shape: FieldShape) -> str:
    return f"{shape.type}({shape.max_length})" if shape.max_length else str(shape.type)


def _column_type(
    shape: FieldShape, style: Style, *, is_match: bool = False, indexed: bool = False
) -> TypeEngine[Any]:
    if (made := style.types.get(shape.type or "")) is not None:
        return made
    collation = style.match if is_match else None
    length = shape.max_length
    if style.needs_length and (is_match or indexed):
        length = min(length or _MAX_INDEXED, _MAX_INDEXED)
    if length and (not style.needs_length or length <= _MAX_INDEXED * 4):
        return String(length, collation=collation)
    return style.text if collation is None else Text(collation=collation)


def _sql(statement: DDLElement, style: Style) -> str:
    return str(statement.compile(dialect=style.dialect)).strip()
