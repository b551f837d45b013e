"""Which values a column takes, and how it stores them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

from scimweave.connectors.base import Value


class Unfit(ValueError):
    """A value that the column cannot take as it is; the message does not repeat the value."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A column's type in the mapping's words, and its values on the way in and out.

    ``store`` raises ``Unfit``; neither function sees None, which is NULL in every column.
    """

    type: str
    store: Callable[[Value], Any]
    load: Callable[[Any], Value]
    max_length: int | None = None


def codec(column: TypeEngine[Any], declared: str, field_type: str | None) -> Codec:
    """Return the codec of a column.

    ``column`` is the reflected type, ``declared`` the words of the table's definition, and
    ``field_type`` what the mapping says of the field.
    """
    for kind, make in _KINDS_OF_COLUMN:
        if isinstance(column, kind) and (kind is not types.Numeric or _is_decimal(declared)):
            return make(column, field_type)
    return Codec("any", partial(_store_any, True, field_type), loader(field_type))


def _is_decimal(declared: str) -> bool:
    # Whatever SQLite does not know has numeric affinity too: STRING, UUID, MONEY.
    return declared.upper().lstrip().startswith(("NUMERIC", "DECIMAL", "DEC"))


def as_it_is(value: Any) -> Value:
    """Return what the driver gives."""
    return value


def unfit(takes: str, value: Value) -> Unfit:
    """Return the error of a value of another kind than the column takes."""
    return Unfit(f"takes {takes}, got {_KINDS.get(type(value), type(value).__name__)}")


_KINDS = {
    str: "text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    Decimal: "a number",
    datetime: "a date with time",
    date: "a date",
    UUID: "a UUID",
    dict: "a JSON object",
    list: "a JSON array",
}


def store_text(max_length: int | None, value: Value) -> str:
    """Return a value as text of at most ``max_length`` characters."""
    text = value if isinstance(value, str) else _as_text(value, max_length)
    if max_length is not None and len(text) > max_length:
        raise Unfit(f"has {len(text)} characters, the column takes {max_length}")
    return encodable(text)


def _as_text(value: Value, max_length: int | None) -> str:
    match value:
        case bool():
            raise unfit("text (choose the words with `values:` in the mapping)", value)
        case UUID():
            return value.hex if max_length == len(value.hex) else str(value)
        case datetime() | date():
            return value.isoformat()
        case int() | float() | Decimal():
            return str(value)
        case _:
            raise unfit("text (write `type: json` in the mapping to store JSON)", value)


def encodable(text: str) -> str:
    """Return the text where every database can hold it."""
    if "\0" in text:
        # SQLite's functions and its NOCASE collation end a text there: "a\0b" would equal "a\0c".
        raise Unfit("holds a NUL character, which a text column cannot hold safely")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("holds half a surrogate pair, which is not a character") from None
    return text


def _store_boolean(value: Value) -> int:
    if not isinstance(value, bool):
        raise unfit("a boolean", value)
    return int(value)


def _load_boolean(value: Any) -> Value:
    return bool(value) if value in (0, 1) else value


def _store_datetime(value: Value) -> str:
    """Return UTC without saying so, as SQLAlchemy's SQLite dialect stores it."""
    if not isinstance(value, datetime):
        raise unfit("a date with time (write `type: datetime` in the mapping)", value)
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat(sep=" ", timespec="microseconds")


def _load_datetime(value: Any) -> Value:
    moment = parsed(datetime.fromisoformat, value)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment


def _store_date(value: Value) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise unfit("a date (write `type: date` in the mapping)", value)
    return value.isoformat()


def store_json(value: Value) -> str:
    """Return a value as JSON text."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise unfit("JSON", value) from None
    return encodable(text)


def _load_json(value: Any) -> Value:
    # A column declared JSON has numeric affinity: a lone number comes back as one.
    return parsed(json.loads, value)


def store_integer(value: Value) -> int:
    """Return a value as a whole number of 64 bits."""
    if not isinstance(value, int):
        value = whole(value)
    if not -(2**63) <= value < 2**63:
        raise Unfit("is a whole number beyond 64 bits")
    return int(value)


def whole(value: Value) -> int:
    """Return a number without decimals as a whole one; what is beyond 64 bits stays so."""
    if not isinstance(value, float | Decimal) or not is_finite(value):
        raise unfit("a whole number", value)
    number = Decimal(str(value))
    if decimals(number):
        raise unfit("a whole number", value)
    # The power of ten may be huge, and no column takes more digits than these.
    return int(number) if number.adjusted() < 20 else 2**63


def is_finite(value: int | float | Decimal) -> bool:
    """Whether it is a number, and not infinite."""
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def decimals(number: Decimal) -> int:
    """Return how many decimals are not zeros at the end; ``normalize`` would round."""
    _, digits, exponent = number.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    return max(0, -int(exponent) - (len(digits) - len(significant))) if significant else 0


def _store_number(precision: int | None, scale: int | None, value: Value) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise unfit("a number", value)
    if not is_finite(value):
        raise Unfit("is not a finite number")
    number = Decimal(str(value))
    places = decimals(number)
    if scale is not None and places > scale:
        raise Unfit(f"has {places} decimals, the column takes {scale}")
    whole_digits = number.adjusted() + 1 if number else 0
    if precision is not None and scale is not None and whole_digits > precision - scale:
        raise Unfit(f"has more than the {precision - scale} digits that the column takes")
    if not places:
        return store_integer(number)
    if Decimal(repr(float(number))) != number:
        raise Unfit("has more digits than SQLite keeps exactly")
    return float(number)


def _load_decimal(value: Any) -> Value:
    return Decimal(str(value)) if isinstance(value, int | float) else value


def _store_any(numeric: bool, field_type: str | None, value: Value) -> Any:
    if field_type == "json":
        return store_json(value)
    match value:
        case int():
            return store_integer(value)
        case float() | Decimal():
            return _store_number(None, None, value)
        case dict() | list():
            raise unfit("plain values (write `type: json` in the mapping to store JSON)", value)
    text = store_text(None, value)
    if numeric and _NUMBER.fullmatch(text):
        raise Unfit(
            "would be changed into a number: SQLite takes the column's type for a numeric one; "
            "declare it TEXT"
        )
    return text


_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)


def parsed(parse: Callable[[str], Value], value: Any) -> Value:
    """Return a stored text as a value; what somebody else wrote in another form stays text."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except (ValueError, InvalidOperation):
        return value


# They read back what ``_as_text`` made of a value of the field's type.
_LOADERS: Mapping[str, Callable[[Any], Value]] = {
    "uuid": partial(parsed, UUID),
    "date": partial(parsed, date.fromisoformat),
    "datetime": _load_datetime,
    "decimal": partial(parsed, Decimal),
    "json": _load_json,
    "boolean": _load_boolean,
}


def loader(field_type: str | None) -> Callable[[Any], Value]:
    """Return what reads back a text column for a field of this type."""
    return _LOADERS.get(field_type or "", as_it_is)


def _boolean(column: Any, field_type: str | None) -> Codec:
    return Codec("boolean", _store_boolean, _load_boolean)


def _datetime(column: Any, field_type: str | None) -> Codec:
    return Codec("datetime", _store_datetime, _load_datetime)


def _date(column: Any, field_type: str | None) -> Codec:
    return Codec("date", _store_date, partial(parsed, date.fromisoformat))


def _json(column: Any, field_type: str | None) -> Codec:
    return Codec("json", store_json, _load_json)


def _text(column: Any, field_type: str | None) -> Codec:
    store = store_json if field_type == "json" else partial(store_text, column.length)
    return Codec("string", store, loader(field_type), column.length)


def _integer(column: Any, field_type: str | None) -> Codec:
    load = _load_boolean if field_type == "boolean" else as_it_is
    return Codec("integer", store_integer, load)


def _number(column: Any, field_type: str | None) -> Codec:
    store = partial(_store_number, column.precision, getattr(column, "scale", None))
    return Codec("decimal", store, _load_decimal if field_type == "decimal" else as_it_is)


def _untyped(column: Any, field_type: str | None) -> Codec:
    # No affinity: SQLite keeps what it is given.
    return Codec("any", partial(_store_any, False, field_type), loader(field_type))


# The first that fits is taken.
_KINDS_OF_COLUMN: tuple[tuple[type[TypeEngine[Any]], Callable[[Any, str | None], Codec]], ...] = (
    (types.Boolean, _boolean),
    (types.DateTime, _datetime),
    (types.Date, _date),
    (types.JSON, _json),
    (types.String, _text),
    (types.Integer, _integer),
    (types.Float, _number),
    (types.Numeric, _number),
    (types.NullType, _untyped),
    (types.LargeBinary, _untyped),
)
