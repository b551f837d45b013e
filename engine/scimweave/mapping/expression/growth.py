"""How large a value an expression can make, and how much work it can be: known before it runs.

Everything that an expression does to a document goes over its values a fixed number of times, so
that both are at most ``times`` the size of what comes in, ``whole`` times that of the document and
``plus`` a number. Sizes count values; what is made of one value twice counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.mapping.expression.fault import ExpressionError
from scimweave.mapping.expression.parser import Node

MAX_TIMES = 1_000
MAX_PLUS = 100_000
# What a named expression may hold that is read for each element of a list.
MAX_INNER = 64


@dataclass(frozen=True, slots=True)
class Bound:
    """At most ``times`` the size of what comes in, ``whole`` times the document, ``plus`` a number.

    What comes in is a part of the document, or made of it; to an element of a list the document is
    no measure, and ``whole`` is 0.
    """

    times: int
    plus: int
    whole: int = 0

    def __add__(self, other: Bound) -> Bound:
        return Bound(self.times + other.times, self.plus + other.plus, self.whole + other.whole)

    def of(self, size: Bound) -> Bound:
        """The bound where what comes in is itself bounded by ``size``."""
        return Bound(
            self.times * size.times,
            self.times * size.plus + self.plus,
            self.times * size.whole + self.whole,
        )

    def of_elements(self, size: Bound) -> Bound:
        """The bound for all elements of an array that is bounded by ``size``."""
        return Bound(self.times + self.plus, 1).of(size)

    def larger(self, other: Bound) -> Bound:
        """A bound of either."""
        return Bound(
            max(self.times, other.times),
            max(self.plus, other.plus),
            max(self.whole, other.whole),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """How large the value of a node is, and how much work it takes."""

    size: Bound
    work: Bound


Named = Mapping[int, Growth]
_NONE: Named = {}
_NOTHING = Bound(0, 0)
_ONE = Bound(0, 1)
_SAME = Bound(1, 0)
_PLAIN = Growth(_SAME, _ONE)


def check_growth(text: str, tree: Node, named: Named = _NONE) -> Growth:
    """Refuse an expression that makes too much of a small document. Raises ``ExpressionError``.

    ``named`` has the bounds of named expressions by the ``id`` of the nodes that read them.
    """
    found = growth_of(tree, named)
    for bound in (found.size, found.work):
        if bound.times + bound.whole > MAX_TIMES:
            reason = f"it could make more than {MAX_TIMES} times of what it reads"
            raise ExpressionError(text, 0, reason)
        if bound.plus > MAX_PLUS:
            raise ExpressionError(text, 0, f"it could take more than {MAX_PLUS} steps")
    return found


def read_by_name(found: Growth, *, inner: bool) -> Growth:
    """The bounds of a node that reads a named expression; the work is done where it is read."""
    if inner:
        return Growth(Bound(0, MAX_INNER), _ONE)
    return Growth(
        *(Bound(0, each.plus, each.times + each.whole) for each in (found.size, found.work))
    )


def growth_of(node: Node, named: Named = _NONE) -> Growth:
    """The bounds of a node."""
    return named[id(node)] if id(node) in named else _own_growth(node, named)


def _own_growth(node: Node, named: Named) -> Growth:
    kind = node["type"]
    if kind == "literal":
        return Growth(Bound(0, _values(node["value"])), _ONE)
    if kind in ("subexpression", "index_expression", "pipe"):
        return _chain(node["children"], named)
    if kind in ("projection", "value_projection", "filter_projection"):
        return _projection(named, *node["children"])
    if kind == "function_expression":
        return _call(node["children"], named)
    if kind == "slice" or not node["children"]:
        return _PLAIN
    return _of_parts(kind, [growth_of(child, named) for child in node["children"]])


def _chain(children: list[Node], named: Named) -> Growth:
    whole = Growth(_SAME, _NOTHING)
    for child in children:
        step = growth_of(child, named)
        whole = Growth(step.size.of(whole.size), whole.work + step.work.of(whole.size))
    return whole


def _projection(named: Named, base: Node, projected: Node, condition: Node | None = None) -> Growth:
    array, each = growth_of(base, named), growth_of(projected, named)
    work = each.work if condition is None else each.work + growth_of(condition, named).work
    return Growth(
        each.size.of_elements(array.size), array.work + array.size + work.of_elements(array.size)
    )


def _call(children: list[Node], named: Named) -> Growth:
    arguments = [growth_of(child, named) for child in children if child["type"] != "expref"]
    size, work = _sum([each.size for each in arguments]), _sum([each.work for each in arguments])
    work += size
    for child in children:
        if child["type"] == "expref":
            each = growth_of(child["children"][0], named)
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
