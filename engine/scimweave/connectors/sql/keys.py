"""The keys of accounts as a column holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from scimweave.connectors.base import Key, TargetError
from scimweave.connectors.sql.types import Codec, Unfit


@dataclass(frozen=True, slots=True)
class KeyForm:
    """A column of keys; ``store`` raises ``Unfit`` for a key that no row can have."""

    store: Callable[[Key], Any]
    load: Callable[[Any], Key]


def sqlite_keys(column: str) -> KeyForm:
    """Return the form of keys in a SQLite column, which holds numbers and text alike."""
    return KeyForm(_storable, partial(_load, column))


def server_keys(column: str, codec: Codec) -> KeyForm:
    """Return the form of keys in a column of a server."""
    return KeyForm(partial(_store, codec), lambda value: _load(column, codec.load(value)))


def _storable(key: Key) -> Key:
    if isinstance(key, int):
        if not -(2**63) <= key < 2**63:
            raise Unfit("is a whole number beyond 64 bits")
    elif key.encode(errors="replace").decode() != key:
        raise Unfit("holds half a surrogate pair, which is not a character")
    return key


def _store(codec: Codec, key: Key) -> Any:
    if isinstance(key, str) and codec.type == "integer":
        # MariaDB would take "7th" for 7.
        raise Unfit("is no number")
    return codec.store(key)


def _load(column: str, value: Any) -> Key:
    match value:
        case int() | str():
            return value
        case UUID():
            return str(value)
        case Decimal() if value == value.to_integral_value():
            return int(value)
    raise TargetError(f"a row has no usable {column}; the key has to be a number or text")
