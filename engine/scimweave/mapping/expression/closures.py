"""From jmespath's syntax tree to closures; nothing is looked up or parsed when they run."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.mapping.expression.calls import Evaluate, compile_call
from scimweave.mapping.expression.fault import EvaluationError, ExpressionError
from scimweave.mapping.expression.lets import Let, reading
from scimweave.mapping.expression.parser import Node
from scimweave.mapping.expression.syntax import Syntax


@dataclass(frozen=True, slots=True)
class Context:
    """What compiling a node needs besides the node; ``renamed`` is by the ``id`` of a field."""

    syntax: Syntax
    renamed: Mapping[int, str]
    lets: Mapping[str, Let]


def compile_tree(syntax: Syntax, renamed: Mapping[int, str], lets: Mapping[str, Let]) -> Evaluate:
    """Compile a whole expression; ``renamed`` gives field nodes another name.

    Raises ``ExpressionError``; the closure raises ``EvaluationError`` and what Python raises for
    numbers and strings that do not go together.
    """
    return _compile(syntax.tree, Context(syntax, renamed, lets))


def _compile(node: Node, context: Context) -> Evaluate:
    return _COMPILERS[node["type"]](node, context)


def _itself(value: Any) -> Any:
    return value


def _current(node: Node, context: Context) -> Evaluate:
    return _itself


def _literal(node: Node, context: Context) -> Evaluate:
    literal = node["value"]
    return lambda value: literal


def _field(node: Node, context: Context) -> Evaluate:
    return _fields([context.renamed.get(id(node), node["value"])])


def _fields(names: list[str]) -> Evaluate:
    if len(names) == 1:
        (name,) = names
        return lambda value: value.get(name) if isinstance(value, dict) else None
    if len(names) == 2:
        outer, inner = names

        def read_two(value: Any) -> Any:
            found = value.get(outer) if isinstance(value, dict) else None
            return found.get(inner) if isinstance(found, dict) else None

        return read_two

    def read(value: Any) -> Any:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return read


def _chain(node: Node, context: Context) -> Evaluate:
    steps: list[Evaluate] = []
    names: list[str] = []
    for child in node["children"]:
        if child["type"] == "field":
            names.append(context.renamed.get(id(child), child["value"]))
            continue
        if names:
            steps.append(_fields(names))
            names = []
        steps.append(_compile(child, context))
    if names:
        steps.append(_fields(names))
    chained = steps[0]
    for step in steps[1:]:
        chained = _then(chained, step)
    return chained


def _then(first: Evaluate, second: Evaluate) -> Evaluate:
    if first is _itself:
        return second
    if second is _itself:
        return first
    return lambda value: second(first(value))


def _index(node: Node, context: Context) -> Evaluate:
    index: int = node["value"]

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            return None
        try:
            return value[index]
        except IndexError:
            return None

    return read


def _slice(node: Node, context: Context) -> Evaluate:
    part = slice(*node["children"])
    return lambda value: value[part] if isinstance(value, list) else None


def _flatten(node: Node, context: Context) -> Evaluate:
    base = _compile(node["children"][0], context)

    def flatten(value: Any) -> Any:
        found = base(value)
        if not isinstance(found, list):
            return None
        merged: list[Any] = []
        for element in found:
            if isinstance(element, list):
                merged.extend(element)
            else:
                merged.append(element)
        return merged

    return flatten


def _projection(node: Node, context: Context) -> Evaluate:
    base, projected = (_compile(child, context) for child in node["children"])

    def project(value: Any) -> Any:
        found = base(value)
        if not isinstance(found, list):
            return None
        return [result for each in found if (result := projected(each)) is not None]

    return project


def _value_projection(node: Node, context: Context) -> Evaluate:
    base, projected = (_compile(child, context) for child in node["children"])

    def project(value: Any) -> Any:
        found = base(value)
        if not isinstance(found, dict):
            return None
        return [result for each in found.values() if (result := projected(each)) is not None]

    return project


def _filter_projection(node: Node, context: Context) -> Evaluate:
    base_node, projected_node, condition_node = node["children"]
    base = _compile(base_node, context)
    holds = _condition(condition_node, context)
    projected = _compile(projected_node, context)

    def select(value: Any) -> Any:
        found = base(value)
        if not isinstance(found, list):
            return None
        return [result for each in found if holds(each) and (result := projected(each)) is not None]

    return select


def _condition(node: Node, context: Context) -> Evaluate:
    """Compile to what Python takes for true where JMESPath does."""
    evaluate = _compile(node, context)
    if node["type"] in ("comparator", "not_expression"):
        return evaluate
    return lambda value: not is_false(evaluate(value))


def is_false(value: Any) -> bool:
    """Whether JMESPath takes a value for false."""
    # Zero is true in JMESPath.
    return not value and (value is None or value is False or value in ("", [], {}))


def _multi_select_list(node: Node, context: Context) -> Evaluate:
    items = [_compile(child, context) for child in node["children"]]
    if len(items) == 2:
        first, second = items
        return lambda value: None if value is None else [first(value), second(value)]
    return lambda value: None if value is None else [item(value) for item in items]


def _multi_select_dict(node: Node, context: Context) -> Evaluate:
    items = [(pair["value"], _compile(pair["children"][0], context)) for pair in node["children"]]
    return lambda value: None if value is None else {name: item(value) for name, item in items}


def _or(node: Node, context: Context) -> Evaluate:
    left, right = (_compile(child, context) for child in node["children"])

    def either(value: Any) -> Any:
        found = left(value)
        return right(value) if is_false(found) else found

    return either


def _and(node: Node, context: Context) -> Evaluate:
    left, right = (_compile(child, context) for child in node["children"])

    def both(value: Any) -> Any:
        found = left(value)
        return found if is_false(found) else right(value)

    return both


def _not(node: Node, context: Context) -> Evaluate:
    operand = _compile(node["children"][0], context)
    return lambda value: is_false(operand(value))


def _comparator(node: Node, context: Context) -> Evaluate:
    left_node, right_node = node["children"]
    left = _compile(left_node, context)
    right = _compile(right_node, context)
    name = node["value"]
    if name in _ORDERS:
        return _ordering(_ORDERS[name], left, right)
    if right_node["type"] == "literal" and isinstance(right_node["value"], str):
        text = right_node["value"]
        if name == "eq":
            return lambda value: left(value) == text
        return lambda value: left(value) != text
    if name == "eq":
        return lambda value: _equal(left(value), right(value))
    return lambda value: not _equal(left(value), right(value))


def _equal(left: Any, right: Any) -> bool:
    # In Python 0 == False and 1 == True; inside arrays and objects jmespath lets that stand.
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_ORDERED = {int, float, str}


def _ordering(holds: Callable[[Any, Any], bool], left: Evaluate, right: Evaluate) -> Evaluate:
    def compare(value: Any) -> bool | None:
        one, other = left(value), right(value)
        if type(one) not in _ORDERED or type(other) not in _ORDERED:
            return None
        if isinstance(one, str) is not isinstance(other, str):
            raise EvaluationError("a string and a number have no order")
        return holds(one, other)

    return compare


def _function(node: Node, context: Context) -> Evaluate:
    return compile_call(node, context.syntax, lambda child: _compile(child, context))


def _variable(node: Node, context: Context) -> Evaluate:
    return reading(context.lets[node["value"]], inner=id(node) in context.syntax.inner)


def _expref(node: Node, context: Context) -> Evaluate:
    syntax = context.syntax
    reason = "&… is an argument for functions such as sort_by(), nothing else"
    raise ExpressionError(syntax.text, syntax.references[id(node)], reason)


_COMPILERS: dict[str, Callable[[Node, Context], Evaluate]] = {
    "and_expression": _and,
    "comparator": _comparator,
    "current": _current,
    "expref": _expref,
    "field": _field,
    "filter_projection": _filter_projection,
    "flatten": _flatten,
    "function_expression": _function,
    "identity": _current,
    "index": _index,
    "index_expression": _chain,
    "literal": _literal,
    "multi_select_dict": _multi_select_dict,
    "multi_select_list": _multi_select_list,
    "not_expression": _not,
    "or_expression": _or,
    "pipe": _chain,
    "projection": _projection,
    "slice": _slice,
    "subexpression": _chain,
    "value_projection": _value_projection,
    "variable": _variable,
}
