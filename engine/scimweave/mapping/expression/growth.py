"""How large a value an expression can make, and how much work it can be: known before it runs.

Everything that an expression does to a document goes over its values a fixed number of times, so
that both are at most ``times`` the size of the document ``plus`` a number. Sizes count values;
what is made of one value twice counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scimweave.mapping.expression.fault import ExpressionError
from scimweave.mapping.expression.syntax import Node

MAX_TIMES = 1_000
MAX_PLUS = 100_000


@dataclass(frozen=True, slots=True)
class Bound:
    """At most ``times`` the size of what comes in, ``plus`` a number."""

    times: int
    plus: int

    def __add__(self, other: Bound) -> Bound:
        return Bound(self.times + other.times, self.plus + other.plus)

    def of(self, size: Bound) -> Bound:
        """The bound where what comes in is itself bounded by ``size``."""
        return Bound(self.times * size.times, self.times * size.plus + self.plus)

    def of_elements(self, size: Bound) -> Bound:
        """The bound for all elements of an array that is bounded by ``size``."""
        return Bound(self.times + self.plus, 1).of(size)

    def larger(self, other: Bound) -> Bound:
        """A bound of either."""
        return Bound(max(self.times, other.times), max(self.plus, other.plus))


@dataclass(frozen=True, slots=True)
class Growth:
    """How large the value of a node is, and how much work it takes."""

    size: Bound
    work: Bound


_NOTHING = Bound(0, 0)
_ONE = Bound(0, 1)
_SAME = Bound(1, 0)
_PLAIN = Growth(_SAME, _ONE)


def check_growth(text: str, tree: Node) -> None:
    """Refuse an expression that makes too much of a small document. Raises ``ExpressionError``."""
    found = growth_of(tree)
    for bound in (found.size, found.work):
        if bound.times > MAX_TIMES:
            reason = f"it could make more than {MAX_TIMES} times of what it reads"
            raise ExpressionError(text, 0, reason)
        if bound.plus > MAX_PLUS:
            raise ExpressionError(text, 0, f"it could take more than {MAX_PLUS} steps")


def growth_of(node: Node) -> Growth:
    """The bounds of a node."""
    kind = node["type"]
    if kind == "literal":
        return Growth(Bound(0, _values(node["value"])), _ONE)
    if kind in ("subexpression", "index_expression", "pipe"):
        return _chain(node["children"])
    if kind in ("projection", "value_projection", "filter_projection"):
        return _projection(*node["children"])
    if kind == "function_expression":
        return _call(node["children"])
    if kind == "slice" or not node["children"]:
        return _PLAIN
    return _of_parts(kind, [growth_of(child) for child in node["children"]])


def _chain(children: list[Node]) -> Growth:
    whole = Growth(_SAME, _NOTHING)
    for child in children:
        step = growth_of(child)
        whole = Growth(step.size.of(whole.size), whole.work + step.work.of(whole.size))
    return whole


def _projection(base: Node, projected: Node, condition: Node | None = None) -> Growth:
    array, each = growth_of(base), growth_of(projected)
    work = each.work if condition is None else each.work + growth_of(condition).work
    return Growth(
        each.size.of_elements(array.size), array.work + array.size + work.of_elements(array.size)
    )


def _call(children: list[Node]) -> Growth:
    arguments = [growth_of(child) for child in children if child["type"] != "expref"]
    size, work = _sum([each.size for each in arguments]), _sum([each.work for each in arguments])
    work += size
    for child in children:
        if child["type"] == "expref":
            each = growth_of(child["children"][0])
            work += each.work.of_elements(size)
            size = size.larger(each.size.of_elements(size))
    return Growth(size + _ONE, work + _ONE)


def _of_parts(kind: str, parts: list[Growth]) -> Growth:
    sizes = [each.size for each in parts]
    work = _sum([each.work for each in parts]) + _ONE
    if kind in ("or_expression", "and_expression"):
        return Growth(sizes[0].larger(sizes[1]), work)
    if kind in ("comparator", "not_expression"):
        return Growth(_ONE, work + _sum(sizes))
    if kind in ("flatten", "key_val_pair"):
        return Growth(sizes[0], work + sizes[0])
    return Growth(_sum(sizes) + _ONE, work)


def _sum(bounds: list[Bound]) -> Bound:
    return sum(bounds, _NOTHING)


def _values(literal: Any) -> int:
    count, stack = 0, [literal]
    while stack:
        value = stack.pop()
        count += 1
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
    return count
