"""Where an expression forgets that an attribute may be absent."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from scimweave.mapping.expression.parser import Node
from scimweave.mapping.expression.syntax import Syntax, parse
from scimweave.mapping.functions.registry import functions

# Below these nodes the current value is no longer the user.
_ELSEWHERE = frozenset({"projection", "value_projection", "filter_projection", "flatten", "pipe"})
_ORDERS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass(frozen=True, slots=True)
class NullUse:
    """An attribute that is used as if it were always there; ``position`` is in the expression."""

    field: str
    position: int
    length: int
    consequence: str
    remedy: str


def null_uses(text: str, always_there: Set[str], resource: str) -> list[NullUse]:
    """Return the uses in an expression that compiles; ``resource`` is what it reads: a user."""
    return list(_Search(parse(text), always_there, resource).visit(None, frozenset()))


class _Search:
    def __init__(self, syntax: Syntax, always_there: Set[str], resource: str) -> None:
        self.syntax = syntax
        self.always_there = always_there
        self.resource = resource

    def visit(self, node: Node | None, present: frozenset[str]) -> Iterator[NullUse]:
        """Walk down; ``present`` are the fields that a condition around has proved."""
        node = self.syntax.tree if node is None else node
        kind = node["type"]
        if kind == "function_expression":
            yield from self._call(node, present)
        elif kind == "comparator" and node["value"] in _ORDERS:
            yield from self._order(node, present)
        children = node["children"]
        if kind in {"slice", "expref"}:
            return
        if kind in _ELSEWHERE:
            # Only what stands before the first step is about the user.
            yield from self.visit(children[0], present)
        elif kind == "and_expression":
            left, right = children
            yield from self.visit(left, present)
            yield from self.visit(right, present | _fields(left))
        elif kind not in {"subexpression", "index_expression"}:
            for child in children:
                yield from self.visit(child, present)
        elif children:
            yield from self.visit(children[0], present)

    def _call(self, node: Node, present: frozenset[str]) -> Iterator[NullUse]:
        function = functions().get(node["value"])
        if function is None:
            return
        for index, argument in enumerate(node["children"]):
            wanted = function.parameter(index).accepted
            if wanted.text == "expression":
                continue
            is_list = argument["type"] == "multi_select_list"
            value = [None] if is_list else None
            for name in self._absent(argument["children"] if is_list else [argument], present):
                if not wanted.accepts(value):
                    position = self.syntax.calls[id(node)].argument(index)
                    text = self.syntax.text
                    at = max(text.find(name, position), 0)
                    consequence = (
                        f"{function.name}() takes no null, and the {self.resource} is refused then"
                    )
                    remedy = f"coalesce({name}, …) gives a value for it"
                    yield NullUse(name, at, len(name), consequence, remedy)

    def _order(self, node: Node, present: frozenset[str]) -> Iterator[NullUse]:
        sign = _ORDERS[node["value"]]
        for name in self._absent(node["children"], present):
            at = max(self.syntax.text.find(name), 0)
            consequence = f"{sign} gives null then, neither true nor false"
            remedy = f"coalesce({name}, …) gives a value to compare"
            yield NullUse(name, at, len(name), consequence, remedy)

    def _absent(self, nodes: list[Node], present: frozenset[str]) -> Iterator[str]:
        for node in nodes:
            name = _chain(node)
            if name is not None and name not in present and name not in self.always_there:
                yield name


def _chain(node: Node) -> str | None:
    """Return a field, or fields one below the other, as they are written."""
    if node["type"] == "field":
        return str(node["value"])
    if node["type"] == "subexpression":
        parts = [_chain(child) for child in node["children"]]
        return ".".join(part for part in parts if part) if all(parts) else None
    return None


def _fields(node: Node) -> frozenset[str]:
    """Return every field that a condition names."""
    name = _chain(node)
    if name is not None:
        return frozenset({name})
    if node["type"] == "slice":
        return frozenset()
    return frozenset[str]().union(*map(_fields, node["children"]))
