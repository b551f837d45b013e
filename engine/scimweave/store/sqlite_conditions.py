"""Conditions as SQL. Every value is a parameter.

``select`` is a query for the positions (``seq``) of what satisfies a condition, ``test`` the
condition of one row ``r`` of the table of resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any as Anything

from scimweave.store.conditions import (
    All,
    Any,
    Between,
    Condition,
    Equals,
    HasId,
    HasMember,
    IsMember,
    Within,
)

# SQLite takes 500 terms in a compound query.
MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters."""

    text: str
    parameters: tuple[Anything, ...]


_BY_ID = "SELECT seq FROM resource WHERE integration = ? AND id = ? AND resource_type = ?"
_BY_LOOKUP = "SELECT seq FROM lookup WHERE integration = ? AND resource_type = ? AND attribute = ?"
_BY_TIME = "SELECT seq FROM resource WHERE integration = ? AND resource_type = ?"
_BY_MEMBERSHIP = """SELECT r.seq FROM member AS pair CROSS JOIN resource AS r ON r.seq = pair.{own}
WHERE pair.{other} = (SELECT seq FROM resource WHERE integration = ? AND id = ?)
AND r.resource_type = ?"""
_HAS_MEMBERSHIP = """EXISTS (SELECT 1 FROM member AS pair WHERE pair.{own} = r.seq
AND pair.{other} = (SELECT seq FROM resource WHERE integration = r.integration AND id = ?))"""
_GROUP = {"own": "group_seq", "other": "member_seq"}
_MEMBER = {"own": "member_seq", "other": "group_seq"}
_HAS_LOOKUP = (
    "EXISTS (SELECT 1 FROM lookup INDEXED BY lookup_resource WHERE seq = r.seq AND attribute = ?"
)


def select(condition: Condition, integration: str, resource_type: str) -> Sql:  # noqa: PLR0911
    """Return a query for positions; one may come twice."""
    kind = (integration, resource_type)
    match condition:
        case HasId(id_):
            return Sql(_BY_ID, (integration, id_, resource_type))
        case Equals() | Between():
            bounds = _lookup_bounds(condition)
            return Sql(_BY_LOOKUP + bounds.text, (*kind, condition.attribute, *bounds.parameters))
        case Within():
            bounds = _time_bounds(condition)
            return Sql(_BY_TIME + bounds.text, (*kind, *bounds.parameters))
        case HasMember(id_):
            return Sql(_BY_MEMBERSHIP.format(**_GROUP), (integration, id_, resource_type))
        case IsMember(id_):
            return Sql(_BY_MEMBERSHIP.format(**_MEMBER), (integration, id_, resource_type))
        case All(parts):
            first, *rest = sorted(parts, key=_breadth)
            driving = select(first, *kind)
            tests = _join(" AND ", [test(part) for part in rest])
            behind = f" AND {tests.text}" if rest else ""
            return Sql(
                f"SELECT r.seq FROM resource AS r WHERE r.seq IN ({driving.text}){behind}",  # noqa: S608 - constants
                driving.parameters + tests.parameters,
            )
        case Any(parts):
            return _join(" UNION ALL ", [select(part, *kind) for part in parts])


def test(condition: Condition) -> Sql:  # noqa: PLR0911
    """Return the condition of a row ``r``, whose integration and type are right."""
    match condition:
        case HasId(id_):
            return Sql("r.id = ?", (id_,))
        case Equals() | Between():
            bounds = _lookup_bounds(condition)
            return Sql(f"{_HAS_LOOKUP}{bounds.text})", (condition.attribute, *bounds.parameters))
        case Within():
            bounds = _time_bounds(condition, "r.")
            return Sql(f"(1{bounds.text})", bounds.parameters)
        case HasMember(id_):
            return Sql(_HAS_MEMBERSHIP.format(**_GROUP), (id_,))
        case IsMember(id_):
            return Sql(_HAS_MEMBERSHIP.format(**_MEMBER), (id_,))
        case All(parts):
            return _in_brackets(" AND ", parts)
        case Any(parts):
            return _in_brackets(" OR ", parts)


def _lookup_bounds(condition: Equals | Between) -> Sql:
    if isinstance(condition, Equals):
        return Sql(" AND value = ?", (condition.value,))
    text, parameters = "", []
    if condition.low is not None:
        text += f" AND value {'>=' if condition.low_included else '>'} ?"
        parameters.append(condition.low)
    if condition.high is not None:
        text += f" AND value {'<=' if condition.high_included else '<'} ?"
        parameters.append(condition.high)
    return Sql(text, tuple(parameters))


def _time_bounds(condition: Within, row: str = "") -> Sql:
    text, parameters = "", []
    for comparison, bound in ((">=", condition.low), ("<", condition.high)):
        if bound is not None:
            text += f" AND {row}{condition.time} {comparison} ?"
            parameters.append(bound)
    return Sql(text, tuple(parameters))


def _breadth(condition: Condition) -> int:  # noqa: PLR0911
    """Guess how many resources satisfy a condition: the fewest drive the query."""
    match condition:
        case HasId():
            return 0
        case Equals():
            return 1 if condition.narrow else 2
        case All(parts):
            return min(map(_breadth, parts))
        case Any(parts):
            return max(map(_breadth, parts))
        case Between():
            return 3 if condition.low or condition.high else 5
        case HasMember():
            return 2
        case IsMember() | Within():
            return 4


def _in_brackets(word: str, parts: tuple[Condition, ...]) -> Sql:
    joined = _join(word, [test(part) for part in parts])
    return Sql(f"({joined.text})", joined.parameters)


def _join(word: str, parts: list[Sql]) -> Sql:
    return Sql(
        word.join(part.text for part in parts),
        tuple(value for part in parts for value in part.parameters),
    )
