"""What one request may cost: a limit for each of its parts, and a clear error beyond."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024

MAX_JSON_DEPTH = 32
MAX_BULK_OPERATIONS = 1000
BODY_SECONDS = 30.0
# A connection that sends no whole request head is closed; so is one that is idle too long.
HEAD_SECONDS = 30.0
IDLE_SECONDS = 75.0
# How long the rest of a refused body is read, so that the provider gets to see the answer.
LINGERING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, as they are after decompression; times in seconds."""

    max_body: int = MEBIBYTE
    max_bulk_payload: int = MEBIBYTE
    max_bulk_operations: int = MAX_BULK_OPERATIONS
    max_json_depth: int = MAX_JSON_DEPTH
    body_seconds: float = BODY_SECONDS
    head_seconds: float = HEAD_SECONDS
    idle_seconds: float = IDLE_SECONDS
    lingering_seconds: float = LINGERING_SECONDS
