"""Identifiers of resources."""

from __future__ import annotations

import os
import time

_SIZE = 10
_AT_ONCE = 400
_pool: list[bytes] = []


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562): milliseconds, then 74 random bits.

    Identifiers in the order of their making stay side by side in every index that holds them,
    so that a commit writes few pages, however many resources there are.
    """
    moment = time.time_ns() // 1_000_000
    value = (moment << 80) | int.from_bytes(_random())
    value = value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _random() -> bytes:
    # Whoever asks the system lets the other threads go first: that is long, for ten bytes.
    try:
        return _pool.pop()
    except IndexError:
        found = os.urandom(_SIZE * _AT_ONCE)
        _pool.extend(found[at : at + _SIZE] for at in range(0, len(found), _SIZE))
        return os.urandom(_SIZE)
