"""What a change of a resource means (design, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Operation(StrEnum):
    """What is done to an account."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"
    MEMBERS = "members"
    OUT_OF_SCOPE = "out-of-scope"
    IMPORT = "import"
    REPAIR = "repair"


class Rules(Protocol):
    """What of a mapping decides who has an account."""

    def in_scope(self, resource: dict[str, Any]) -> bool:
        """Whether the resource is provisioned at all."""
        ...

    def is_active(self, resource: dict[str, Any]) -> bool:
        """Whether its account is to be in use."""
        ...

    def makes_account(self, resource: dict[str, Any]) -> bool:
        """Whether a new resource gets an account."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a resource stands before a change: whether it has an account, and whether in use."""

    has_account: bool
    was_active: bool


def standing(rules: Rules, resource: dict[str, Any]) -> Standing:
    """Return how a resource stands that was brought here with nothing in between."""
    return Standing(rules.makes_account(resource), rules.is_active(resource))


def operation(rules: Rules, before: Standing | None, after: dict[str, Any] | None) -> Operation:
    """Return what a change means; a resource that does not say is active (Q66).

    Whether a creation adopts an account, only the target can tell.
    """
    if after is None:
        return Operation.DELETE
    if before is not None and before.has_account:
        return _of_account(rules, before.was_active, after)
    if not rules.in_scope(after):
        return Operation.OUT_OF_SCOPE
    if before is None or gets_account(rules, before, after):
        return Operation.CREATE
    return Operation.UPDATE


def gets_account(rules: Rules, before: Standing | None, after: dict[str, Any]) -> bool:
    """Whether a resource without an account gets one now: nobody who is inactive by a change."""
    return rules.makes_account(after) and (before is None or rules.is_active(after))


def _of_account(rules: Rules, was_active: bool, after: dict[str, Any]) -> Operation:
    is_active = rules.is_active(after)
    if was_active and not is_active:
        return Operation.DEACTIVATE
    if not rules.in_scope(after):
        return Operation.OUT_OF_SCOPE
    return Operation.REACTIVATE if is_active and not was_active else Operation.UPDATE
