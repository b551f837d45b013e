"""Cursors: where a page ended, in characters that a URL takes as they are (RFC 9865).

A cursor holds all that it needs: it does not expire, and costs no memory while it is not used.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from scimweave.scim.error import ScimError, invalid_cursor

MAX_CURSOR = 4096
MAX_POSITION = 2**63
# 0 and the value, or 1 and 0 where it is absent.
SortKey = tuple[int, Any]
ABSENT: SortKey = (1, 0)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last resource of a page: its source, its position in the store, its sort key."""

    source: int
    position: int
    key: SortKey | None = None


def encode(mark: Mark, fingerprint: str) -> str:
    """Return a cursor behind ``mark``, for the query of that fingerprint only."""
    raw = orjson.dumps([fingerprint, mark.source, mark.position, mark.key])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(cursor: str, fingerprint: str, *, sources: int, key_type: type | None) -> Mark:
    """Return where a cursor stands; an empty one is before the first.

    ``key_type`` is that of the sort keys: ``str``, ``float``, or None without a sort. Raises
    ``ScimError`` (invalidCursor).
    """
    if not cursor:
        return Mark(0, 0)
    match _read(cursor):
        case [str(made_for), *_] if made_for != fingerprint:
            raise invalid_cursor(
                "the cursor belongs to another query; send filter, sortBy and sortOrder unchanged"
            )
        case [str(), int(source), int(position), key] if (
            0 <= source < sources and 0 <= position < MAX_POSITION and _is_key(key, key_type)
        ):
            return Mark(source, position, None if key is None else (key[0], key[1]))
        case _:
            raise _broken()


def fingerprint(*parts: Any) -> str:
    """Return what two queries have in common only where all parts are equal."""
    text = repr(parts).encode("utf-8", "backslashreplace")
    return blake2b(text, digest_size=8).hexdigest()


def _read(cursor: str) -> Any:
    if len(cursor) > MAX_CURSOR or not cursor.isascii():
        raise _broken()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return orjson.loads(raw)
    except (binascii.Error, orjson.JSONDecodeError):
        raise _broken() from None


def _is_key(key: Any, key_type: type | None) -> bool:
    if key_type is None:
        return key is None
    match key:
        case [1, 0]:
            return True
        case [0, value]:
            return isinstance(value, str) if key_type is str else isinstance(value, int | float)
        case _:
            return False


def _broken() -> ScimError:
    return invalid_cursor(
        "the cursor is not one of this endpoint; send an empty one for the first page, and the "
        "nextCursor of the page before for the others"
    )
