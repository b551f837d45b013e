"""What a change of a resource means (design, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Operation(StrEnum):
    """What is done to an account."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"
    MEMBERS = "members"
    IMPORT = "import"
    REPAIR = "repair"


def operation(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Operation:
    """Return what a change means; a resource that does not say is active (Q66).

    Whether a creation adopts an account, only the target can tell.
    """
    if before is None:
        return Operation.CREATE
    if after is None:
        return Operation.DELETE
    was_active, is_active = before.get("active") is not False, after.get("active") is not False
    if was_active == is_active:
        return Operation.UPDATE
    return Operation.REACTIVATE if is_active else Operation.DEACTIVATE
