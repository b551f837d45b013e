"""Conditions that a store answers from its indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class HasId:
    """The resource with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Equals:
    """One of the lookups of ``attribute`` is ``value``; ``narrow``: few resources share it."""

    attribute: str
    value: str
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """One of the lookups of ``attribute`` lies between the bounds, in the order of code points.

    A bound that is None is open; both open: there is a lookup.
    """

    attribute: str
    low: str | None = None
    high: str | None = None
    low_included: bool = True
    high_included: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """The time lies in ``low <= time < high``, in microseconds since 1970; None is open."""

    time: Literal["created", "modified"]
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class HasMember:
    """A group that the resource with this id is a member of."""

    id: str


@dataclass(frozen=True, slots=True)
class IsMember:
    """A member of the group with this id."""

    group_id: str


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds. There is at least one."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of the parts holds. There is at least one."""

    parts: tuple[Condition, ...]


Condition = HasId | Equals | Between | Within | HasMember | IsMember | All | Any

# What no resource satisfies.
NOTHING = Within("created", 0, 0)


def is_narrow(condition: Condition) -> bool:
    """Whether so few resources are looked at that it takes microseconds."""
    match condition:
        case HasId():
            return True
        case Equals():
            return condition.narrow
        case All(parts):
            return any(map(is_narrow, parts))
        case Any(parts):
            return len(parts) <= 10 and all(map(is_narrow, parts))
        case _:
            return False


def after_prefix(prefix: str) -> str | None:
    """Return the first text behind all that starts with ``prefix``; None where there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    # Half a surrogate pair is no text.
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)
