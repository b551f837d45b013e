"""Identifiers of resources."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562): milliseconds, then 74 random bits.

    Identifiers in the order of their making stay side by side in every index that holds them,
    so that a commit writes few pages, however many resources there are.
    """
    moment = time.time_ns() // 1_000_000
    value = (moment << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
