"""From jmespath's syntax tree back to text: how a piece of an expression is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from scimweave.mapping.expression.parser import Node

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_PROJECTIONS = frozenset({"projection", "value_projection", "filter_projection"})
_SINGLE = frozenset({"field", "function_expression", "literal", "current", "identity", "variable"})
# Their first child is what they begin with.
_CONTINUED = frozenset({"subexpression", "index_expression", "flatten"}) | _PROJECTIONS
_LOOSE = frozenset({"or_expression", "and_expression", "comparator", "not_expression", "pipe"})


def unparse(node: Node) -> str:
    """Return text for a person, which but for projections of projections parses to the tree."""
    return _WRITERS[node["type"]](node)


def _operand(node: Node) -> str:
    text = unparse(node)
    return f"({text})" if node["type"] in _LOOSE else text


def _tight(node: Node) -> str:
    """Write what a sign before it would otherwise take only the beginning of."""
    return unparse(node) if node["type"] in _SINGLE else f"({unparse(node)})"


def _base(node: Node) -> str:
    """Write what stands before a bracket or a dot."""
    if node["type"] == "identity":
        return ""
    text = unparse(node)
    return f"({text})" if node["type"] in _LOOSE | _PROJECTIONS else text


def _behind(node: Node) -> str:
    if node["type"] == "identity":
        return ""
    return _operand(node) if _is_bracketed(node) else f".{_operand(node)}"


def _is_bracketed(node: Node) -> bool:
    """Whether a piece begins with an index, a slice or the like, which follow without a dot."""
    if node["type"] not in _CONTINUED:
        return node["type"] in {"index", "slice"}
    first = node["children"][0]
    if first["type"] == "identity":
        return bool(node["type"] != "value_projection")
    return _is_bracketed(first)


def _name(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _literal(node: Node) -> str:
    value = node["value"]
    if isinstance(value, str) and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"


def _chain(node: Node) -> str:
    first, *rest = node["children"]
    return _base(first) + "".join(map(_behind, rest))


def _slice(node: Node) -> str:
    start, end, step = ("" if each is None else str(each) for each in node["children"])
    return f"[{start}:{end}:{step}]"


def _projection(node: Node) -> str:
    base, projected = node["children"]
    children = base["children"]
    # A slice and a flattened list are projected without a star.
    sliced = base["type"] == "index_expression" and children[-1]["type"] == "slice"
    if sliced or base["type"] == "flatten":
        return unparse(base) + _behind(projected)
    return f"{_base(base)}[*]{_behind(projected)}"


def _value_projection(node: Node) -> str:
    base, projected = node["children"]
    before = _base(base)
    return f"{before}.*{_behind(projected)}" if before else f"*{_behind(projected)}"


def _filter_projection(node: Node) -> str:
    base, projected, condition = node["children"]
    return f"{_base(base)}[?{unparse(condition)}]{_behind(projected)}"


def _dictionary(node: Node) -> str:
    pairs = (f"{_name(each['value'])}: {unparse(each['children'][0])}" for each in node["children"])
    return f"{{{', '.join(pairs)}}}"


def _binary(sign: str) -> Callable[[Node], str]:
    return lambda node: f" {sign} ".join(map(_operand, node["children"]))


def _list(node: Node) -> str:
    return ", ".join(map(unparse, node["children"]))


_WRITERS: Mapping[str, Callable[[Node], str]] = {
    "and_expression": _binary("&&"),
    "comparator": lambda node: _binary(_SIGNS[node["value"]])(node),
    "current": lambda node: "@",
    "expref": lambda node: f"&{_operand(node['children'][0])}",
    "field": lambda node: _name(node["value"]),
    "filter_projection": _filter_projection,
    "flatten": lambda node: f"{_base(node['children'][0])}[]",
    "function_expression": lambda node: f"{node['value']}({_list(node)})",
    "identity": lambda node: "@",
    "index": lambda node: f"[{node['value']}]",
    "index_expression": _chain,
    "literal": _literal,
    "multi_select_dict": _dictionary,
    "multi_select_list": lambda node: f"[{_list(node)}]",
    "not_expression": lambda node: f"!{_tight(node['children'][0])}",
    "or_expression": _binary("||"),
    "pipe": _binary("|"),
    "projection": _projection,
    "slice": _slice,
    "subexpression": _chain,
    "value_projection": _value_projection,
    "variable": lambda node: f"${node['value']}",
}
