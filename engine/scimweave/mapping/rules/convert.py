"""What a target field takes: lossless conversion of a value, or the reason why not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from uuid import UUID

Value = str | int | float | bool | Decimal | datetime | date | UUID | None | Any
Converter = Callable[[Any], Value]

_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][-+]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6}0*)?"
    r"(?P<zone>[Zz]|[-+][0-9]{2}:[0-9]{2})?"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_BOOLEANS = {"true": True, "false": False}


class Unfit(Exception):
    """A value that the field does not take; ``reason`` goes behind the value, without it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def to_string(value: Any) -> str:
    """Numbers and booleans in the form that JSON gives them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise Unfit("is not text")


def to_integer(value: Any) -> int:
    """``42``, ``"42"`` and ``4.0``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise Unfit("is not a whole number")


def to_decimal(value: Any) -> Decimal:
    """Numbers, and text that is one."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return Decimal(str(value))
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise Unfit("is not a number")


def to_boolean(value: Any) -> bool:
    """Booleans, and the words in any case (Q2)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise Unfit("is not true or false")


def to_date(value: Any) -> date:
    """``2024-02-29``; a date with a time is not one."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Unfit("is not a date such as 2024-02-29")


def to_datetime(value: Any) -> datetime:
    """RFC 3339 with a time zone, as UTC."""
    found = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unfit("is not a date and time such as 2024-02-29T12:00:00Z")
    if found["zone"] is None:
        raise Unfit("is a time without a time zone")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit("is not a date and time that exists") from None


def to_uuid(value: Any) -> UUID:
    """Hexadecimal digits, with or without hyphens."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise Unfit("is not a UUID")


def to_any(value: Any) -> Value:
    """Whatever it is (type json)."""
    return value


CONVERTERS: Mapping[str, Converter] = MappingProxyType(
    {
        "string": to_string,
        "integer": to_integer,
        "decimal": to_decimal,
        "boolean": to_boolean,
        "date": to_date,
        "datetime": to_datetime,
        "uuid": to_uuid,
        "json": to_any,
    }
)
