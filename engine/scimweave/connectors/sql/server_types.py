"""Which values the columns of a PostgreSQL or MariaDB table take, and what its driver is given."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from scimweave.connectors.base import Value
from scimweave.connectors.sql.types import (
    Codec,
    Unfit,
    as_it_is,
    decimals,
    encodable,
    is_finite,
    loader,
    parsed,
    store_json,
    store_text,
    unfit,
    whole,
)

Make = Callable[[Any, str | None], Codec]


def server_codec(column: TypeEngine[Any], field_type: str | None) -> Codec:
    """Return the codec of a reflected column; ``field_type`` is what the mapping says of it."""
    for kind, make in _KINDS_OF_COLUMN:
        if isinstance(column, kind):
            return make(column, field_type)
    return Codec("any", _store_plain, _load_plain)


def _boolean(column: Any, field_type: str | None) -> Codec:
    return Codec("boolean", _store_boolean, as_it_is)


def _store_boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise unfit("a boolean", value)
    return value


def _tinyint(column: Any, field_type: str | None) -> Codec:
    # MariaDB knows BOOLEAN as another name of TINYINT(1).
    if column.display_width == 1 and field_type in (None, "boolean"):
        return Codec("boolean", _store_boolean, _load_bit)
    return _integer(column, field_type)


def _bit(column: Any, field_type: str | None) -> Codec:
    if (column.length or 1) > 1:
        return Codec("any", _store_plain, _load_plain)
    return Codec("boolean", _store_boolean, _load_bit)


def _load_bit(value: Any) -> Value:
    return value in (1, b"\1") if value in (0, 1, b"\0", b"\1") else value


# The exact kind before the general one: SmallInteger is an Integer.
_BITS: tuple[tuple[type[TypeEngine[Any]], int], ...] = (
    (mysql.TINYINT, 8),
    (mysql.MEDIUMINT, 24),
    (types.SmallInteger, 16),
    (types.BigInteger, 64),
    (types.Integer, 32),
)


def _integer(column: Any, field_type: str | None) -> Codec:
    bits = next((size for kind, size in _BITS if isinstance(column, kind)), 64)
    unsigned = bool(getattr(column, "unsigned", False))
    low, high = (0, 2**bits) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    load = _load_bit if field_type == "boolean" else as_it_is
    return Codec("integer", partial(_store_integer, low, high), load)


def _store_integer(low: int, high: int, value: Value) -> int:
    number = int(value) if isinstance(value, int) else whole(value)
    if not low <= number < high:
        raise Unfit(f"is out of the column's range: {low} to {high - 1}")
    return number


def _numeric(column: Any, field_type: str | None) -> Codec:
    store = partial(_store_decimal, column.precision, column.scale)
    return Codec("decimal", store, as_it_is)


def _store_decimal(precision: int | None, scale: int | None, value: Value) -> Decimal:
    number = _number(value)
    places = decimals(number)
    # Without a precision PostgreSQL keeps what it is given.
    scale = 0 if precision is not None and scale is None else scale
    if scale is not None and places > scale:
        raise Unfit(f"has {places} decimals, the column takes {scale}")
    digits = number.adjusted() + 1 if number else 0
    if precision is not None and scale is not None and digits > precision - scale:
        raise Unfit(f"has more than the {precision - scale} digits that the column takes")
    if digits > _MAX_DIGITS or places > _MAX_DECIMALS:
        raise Unfit("has more digits than the database takes")
    return number


# PostgreSQL, table 8.2.
_MAX_DIGITS = 131_072
_MAX_DECIMALS = 16_383


def _number(value: Value) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise unfit("a number", value)
    if not is_finite(value):
        raise Unfit("is not a finite number")
    return Decimal(str(value))


def _float(column: Any, field_type: str | None) -> Codec:
    return Codec("decimal", _store_float, as_it_is)


def _store_float(value: Value) -> float:
    number = _number(value)
    if not is_finite(float(number)) or Decimal(repr(float(number))) != number:
        raise Unfit("has more digits than the column keeps exactly")
    return float(number)


def _datetime(column: Any, field_type: str | None) -> Codec:
    with_zone = bool(column.timezone) and not isinstance(column, mysql.TIMESTAMP)
    return Codec("datetime", partial(_store_datetime, with_zone), _load_datetime)


def _store_datetime(with_zone: bool, value: Value) -> datetime:
    """Return UTC; without a zone the column does not say so."""
    if not isinstance(value, datetime):
        raise unfit("a date with time (write `type: datetime` in the mapping)", value)
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment if with_zone else moment.replace(tzinfo=None)


def _load_datetime(value: Any) -> Value:
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _date(column: Any, field_type: str | None) -> Codec:
    return Codec("date", _store_date, as_it_is)


def _store_date(value: Value) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise unfit("a date (write `type: date` in the mapping)", value)
    return value


def _time(column: Any, field_type: str | None) -> Codec:
    return Codec("string", _store_time, _load_plain)


def _store_time(value: Value) -> time:
    try:
        return time.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise unfit("a time of day such as 08:30", value) from None


def _uuid(column: Any, field_type: str | None) -> Codec:
    return Codec("uuid", _store_uuid, _uuid_loader(field_type))


def _store_uuid(value: Value) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise unfit("a UUID", value) from None


def _uuid_loader(field_type: str | None) -> Callable[[Any], Value]:
    return _load_uuid if field_type == "uuid" else _load_plain


def _load_uuid(value: Any) -> Value:
    # asyncpg has a UUID of its own.
    return UUID(int=value.int) if isinstance(value, UUID) else parsed(UUID, value)


def _mysql_uuid(column: Any, field_type: str | None) -> Codec:
    return Codec("uuid", lambda value: str(_store_uuid(value)), _uuid_loader(field_type))


def _binary(column: Any, field_type: str | None) -> Codec:
    # A UUID is 16 bytes; else RFC 7643 §2.3.6 writes binary values in base64.
    if field_type == "uuid":
        return Codec("uuid", lambda value: _store_uuid(value).bytes, _load_uuid_bytes)
    return Codec("string", partial(_store_base64, column.length), _load_base64)


def _load_uuid_bytes(value: Any) -> Value:
    return UUID(bytes=value) if isinstance(value, bytes) and len(value) == 16 else value


def _store_base64(length: int | None, value: Value) -> bytes:
    try:
        stored = base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise unfit("bytes in base64", value) from None
    if length is not None and len(stored) > length:
        raise Unfit(f"has {len(stored)} bytes, the column takes {length}")
    return stored


def _load_base64(value: Any) -> Value:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _json(column: Any, field_type: str | None) -> Codec:
    return Codec("json", store_json, partial(parsed, json.loads))


def _jsonb(column: Any, field_type: str | None) -> Codec:
    return Codec("json", _store_jsonb, partial(parsed, json.loads))


def _store_jsonb(value: Value) -> str:
    text = store_json(value)
    if _ESCAPED_NUL.search(text):
        raise Unfit("holds a NUL character, which jsonb cannot hold")
    return text


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _enum(column: Any, field_type: str | None) -> Codec:
    return Codec("string", partial(_store_enum, tuple(column.enums)), as_it_is)


def _store_enum(words: tuple[str, ...], value: Value) -> str:
    if value not in words:
        raise Unfit(f"is none of the values that the column takes: {', '.join(words)}")
    return str(value)


def _array(column: Any, field_type: str | None) -> Codec:
    item = server_codec(column.item_type, None)
    return Codec("json", partial(_store_array, item), partial(_load_array, item))


def _store_array(item: Codec, value: Value) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise unfit("a list", value)
    return [
        None if each is None
        else _store_array(item, each) if isinstance(each, list)
        else item.store(each)
        for each in value
    ]  # fmt: skip


def _load_array(item: Codec, value: Any) -> Value:
    if isinstance(value, list):
        return [_load_array(item, each) for each in value]
    return None if value is None else _as_json(item.load(value))


def _as_json(value: Value) -> Value:
    """Return what a JSON array may hold."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
    return value


def _domain(column: Any, field_type: str | None) -> Codec:
    return server_codec(column.data_type, field_type)


def _text(column: Any, field_type: str | None) -> Codec:
    store = store_json if field_type == "json" else partial(store_text, column.length)
    return Codec("string", store, loader(field_type), column.length)


def _char(column: Any, field_type: str | None) -> Codec:
    made = _text(column, field_type)
    # PostgreSQL fills it up with blanks, and does not tell them from those of the value.
    return Codec(made.type, made.store, lambda value: made.load(value.rstrip(" ")), made.max_length)


def _store_plain(value: Value) -> Any:
    if isinstance(value, dict | list):
        raise unfit("plain values (write `type: json` in the mapping to store JSON)", value)
    return encodable(value) if isinstance(value, str) else value


def _load_plain(value: Any) -> Value:
    """Return what a driver has a class of its own for (an address, a time, a range) as text."""
    match value:
        case str() | int() | float() | Decimal() | datetime() | date() | dict() | list():
            return value
        case bytes():
            return _load_base64(value)
        case timedelta():
            return str(value).rjust(len("00:00:00"), "0")
        case time():
            return value.isoformat()
    return str(value)


# The first that fits is taken.
_KINDS_OF_COLUMN: tuple[tuple[type[TypeEngine[Any]], Make], ...] = (
    (postgresql.DOMAIN, _domain),
    (postgresql.ARRAY, _array),
    (types.ARRAY, _array),
    (types.Enum, _enum),
    (mysql.TINYINT, _tinyint),
    (mysql.BIT, _bit),
    (types.Boolean, _boolean),
    (types.DateTime, _datetime),
    (types.Date, _date),
    (types.Time, _time),
    (postgresql.JSONB, _jsonb),
    (types.JSON, _json),
    (types.Uuid, _uuid),
    (types.LargeBinary, _binary),
    (types.BINARY, _binary),
    (types.VARBINARY, _binary),
    (mysql.SET, lambda column, field_type: Codec("string", _store_plain, _load_set)),
    (types.CHAR, _char),
    (types.String, _text),
    (types.Integer, _integer),
    (types.Float, _float),
    (types.Numeric, _numeric),
)


def _load_set(value: Any) -> Value:
    return ",".join(sorted(value)) if isinstance(value, set) else value


def mysql_codec(column: TypeEngine[Any], field_type: str | None) -> Codec:
    """Return the codec of a column of MariaDB or MySQL, whose drivers know no UUID."""
    make = _mysql_uuid if isinstance(column, types.Uuid) else server_codec
    return make(column, field_type)
