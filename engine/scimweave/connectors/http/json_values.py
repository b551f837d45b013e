"""Target values as JSON, and back by the type of their field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from scimweave.connectors.base import FieldShape, Rejected, Value
from scimweave.mapping.rules.convert import CONVERTERS, Unfit


def to_wire(field: str, value: Value) -> Any:
    """Return what orjson writes for a value. Raises ``Rejected`` for what JSON does not hold."""
    match value:
        case str():
            return _text(field, value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | UUID():
            return str(value)
        case Decimal():
            return _number(field, value)
        case int() if not -(2**63) <= value < 2**64:
            return orjson.Fragment(str(value).encode())
    try:
        orjson.dumps(value)
    except TypeError:
        raise Rejected("cannot be written as JSON", field) from None
    return value


def from_wire(field: FieldShape, value: Any) -> Value:
    """Return a JSON value as one of the field's type; what is of another type stays as it is."""
    convert = CONVERTERS.get(field.type or "")
    if convert is None or value is None:
        return value
    try:
        return convert(value)
    except Unfit:
        return value


def folded(value: Value) -> Value:
    """Return a value for a comparison in which the case of letters does not count."""
    return value.casefold() if isinstance(value, str) else value


def dump(body: Any) -> bytes:
    """Write JSON. Raises ``Rejected``."""
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise Rejected(f"the body cannot be written as JSON: {error}") from None


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``{"name.first": 1}`` into ``{"name": {"first": 1}}``."""
    made: dict[str, Any] = {}
    for name, value in fields.items():
        *around, last = name.split(".")
        place = made
        for step in around:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place[last] = value
    return made


def looked_up(document: Mapping[str, Any], name: str, *, is_path: bool) -> Any:
    """Return the value of a field, whose name may be a path with dots; None where there is none."""
    if name in document or not is_path:
        return document.get(name)
    value: Any = document
    for step in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def merged(one: Any, other: Any) -> Any:
    """Return ``one`` with the changes of ``other``; objects in both are merged, not replaced."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: merged(one.get(name), value) for name, value in other.items()}}


def _text(field: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Rejected("holds half a surrogate pair, which is not a character", field) from None
    return value


def _number(field: str, value: Decimal) -> Any:
    if not value.is_finite():
        raise Rejected("is not a finite number", field)
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    number = float(value)
    # As few digits as say the same; all of them where a float would lose some.
    return (
        number if Decimal(repr(number)) == value else orjson.Fragment(format(value, "f").encode())
    )
