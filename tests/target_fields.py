"""The fields of a target, as the check of a mapping against it sees them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetField:
    name: str
    type: str = "string"
    nullable: bool = True
    has_default: bool = False
    max_length: int | None = None
    unique: bool = False
