"""Which JSON types the value of an expression can have, as far as the schemas tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import NoneType
from typing import Any, Protocol

from scimweave.mapping.expression.syntax import Node
from scimweave.mapping.functions.argument_type import ArgumentType, type_name
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.schema import Attribute, Schema

_KINDS = {"boolean": "boolean", "integer": "number", "decimal": "number", "complex": "object"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The types that a value can have, without null; ``kinds`` is None where it can be anything.

    ``member`` gives the shape of a field of an object, ``element`` is that of an array's elements.
    """

    kinds: frozenset[str] | None
    member: Callable[[str], Shape] | None = None
    element: Shape | None = None

    def field(self, name: str) -> Shape:
        """What a field of it is."""
        return self.member(name) if self.member else _anything_of(self)

    def each(self) -> Shape:
        """What an element of it is."""
        return self.element or _anything_of(self)

    def or_(self, other: Shape) -> Shape:
        """What is one or the other."""
        if self.kinds is None or other.kinds is None:
            return ANYTHING
        # Null alone says nothing of what is in the other.
        if not self.kinds or not other.kinds:
            return other if other.kinds else self
        element = self.element.or_(other.element) if self.element and other.element else None
        return Shape(self.kinds | other.kinds, element=element)


ANYTHING = Shape(None)
NULL = Shape(frozenset())


class Visit(Protocol):
    """Who is told of each call, with the shapes of its arguments."""

    def __call__(self, node: Node, arguments: list[Shape]) -> None:
        """Look at a call."""
        ...

    def named(self, name: str) -> Shape:
        """What a named expression gives."""
        ...


_BOOLEAN = Shape(frozenset({"boolean"}))


def _anything_of(shape: Shape) -> Shape:
    """What is below a value of which no more is known; null below one that has nothing below."""
    return ANYTHING if shape.kinds is None or shape.kinds & {"array", "object"} else NULL


def root_shape(vocabulary: Vocabulary) -> Shape:
    """Return the shape of a resource."""
    resource_type = vocabulary.resource_type
    roots = {each.id: _of_schema(each) for each in resource_type.extensions}
    roots |= {alias: roots[uri] for alias, uri in vocabulary.aliases.items() if uri in roots}
    core = {each.name: _of_attribute(each) for each in resource_type.core.attributes.values()}
    known = {**core, **roots}
    return Shape(frozenset({"object"}), lambda name: known.get(name, ANYTHING))


def shape_of(node: Node, current: Shape, visit: Visit) -> Shape:
    """Return the shape of a node; ``visit`` is told of each call and the shapes of its arguments.

    An argument that is an expression has the shape ``ANYTHING``.
    """
    return _SHAPES.get(node["type"], _of_parts)(node, current, visit)


def _of_parts(node: Node, current: Shape, visit: Visit) -> Shape:
    for child in node["children"]:
        shape_of(child, current, visit)
    return _BOOLEAN if node["type"] in {"comparator", "not_expression"} else ANYTHING


def _chain(node: Node, current: Shape, visit: Visit) -> Shape:
    return reduce(lambda value, child: shape_of(child, value, visit), node["children"], current)


def _flatten(node: Node, current: Shape, visit: Visit) -> Shape:
    elements = shape_of(node["children"][0], current, visit).each()
    is_flat = elements.kinds is not None and "array" not in elements.kinds
    return _array(elements if is_flat else ANYTHING)


def _projection(node: Node, current: Shape, visit: Visit) -> Shape:
    base, projected, *conditions = node["children"]
    array = shape_of(base, current, visit)
    each = ANYTHING if node["type"] == "value_projection" else array.each()
    for condition in conditions:
        shape_of(condition, each, visit)
    return _array(shape_of(projected, each, visit))


def _either(node: Node, current: Shape, visit: Visit) -> Shape:
    return _union(shape_of(child, current, visit) for child in node["children"])


def _list(node: Node, current: Shape, visit: Visit) -> Shape:
    return _array(_either(node, current, visit))


def _dict(node: Node, current: Shape, visit: Visit) -> Shape:
    return _members(
        {each["value"]: shape_of(each["children"][0], current, visit) for each in node["children"]}
    )


def _called(node: Node, current: Shape, visit: Visit) -> Shape:
    arguments = [_argument(child, current, visit) for child in node["children"]]
    visit(node, arguments)
    chosen = _CHOSEN.get(node["value"])
    if chosen is not None:
        return _union(chosen(arguments))
    function = functions().get(node["value"])
    return ANYTHING if function is None else _returned(function.returns)


def _argument(node: Node, current: Shape, visit: Visit) -> Shape:
    if node["type"] != "expref":
        return shape_of(node, current, visit)
    # It is evaluated for elements of which nothing is known here.
    shape_of(node["children"][0], ANYTHING, visit)
    return ANYTHING


_SHAPES: Mapping[str, Callable[[Node, Shape, Visit], Shape]] = {
    "and_expression": _either,
    "current": lambda node, current, visit: current,
    "field": lambda node, current, visit: current.field(node["value"]),
    "filter_projection": _projection,
    "flatten": _flatten,
    "function_expression": _called,
    "identity": lambda node, current, visit: current,
    "index": lambda node, current, visit: current.each(),
    "index_expression": _chain,
    "literal": lambda node, current, visit: _of_literal(node["value"]),
    "multi_select_dict": _dict,
    "multi_select_list": _list,
    "or_expression": _either,
    "pipe": _chain,
    "projection": _projection,
    "slice": lambda node, current, visit: _array(current.each()),
    "subexpression": _chain,
    "value_projection": _projection,
    "variable": lambda node, current, visit: visit.named(node["value"]),
}
# The arguments of which one is the result.
_CHOSEN: Mapping[str, Callable[[list[Shape]], list[Shape]]] = {
    "coalesce": lambda arguments: arguments,
    "first_present": lambda arguments: arguments,
    "not_null": lambda arguments: arguments,
    "iif": lambda arguments: arguments[1:],
    "switch": lambda arguments: [*arguments[1:2], *arguments[3::2]],
}


def _returned(text: str) -> Shape:
    return ANYTHING if text == "any" else Shape(accepted_kinds(ArgumentType.parse(text)))


def accepted_kinds(accepted: ArgumentType) -> frozenset[str]:
    """Return the names of the types that an argument takes, without null; not of ``any``."""
    arrays = frozenset({"array"} if accepted.elements else ())
    return kinds_of(accepted.classes) | arrays


def kinds_of(classes: Iterable[type]) -> frozenset[str]:
    """Return the names of types as JSON has them, without null."""
    return frozenset(type_name(each()) for each in classes if each is not NoneType)


def _union(shapes: Iterable[Shape]) -> Shape:
    return reduce(Shape.or_, shapes, NULL)


def _array(element: Shape) -> Shape:
    return Shape(frozenset({"array"}), element=element)


def _members(known: Mapping[str, Shape]) -> Shape:
    """What has these fields and no others."""
    return Shape(frozenset({"object"}), lambda name: known.get(name, NULL))


def _of_schema(schema: Schema) -> Shape:
    return _object(schema.attributes.values())


def _of_attribute(attribute: Attribute) -> Shape:
    subs = attribute.sub_attributes
    kind = _KINDS.get(attribute.type, "string")
    one = _object(subs.values()) if subs else Shape(frozenset({kind}))
    return _array(one) if attribute.multi_valued else one


def _object(attributes: Iterable[Attribute]) -> Shape:
    known = {each.name: _of_attribute(each) for each in attributes}
    return Shape(frozenset({"object"}), lambda name: known.get(name, ANYTHING))


def _of_literal(value: Any) -> Shape:
    if value is None:
        return NULL
    if isinstance(value, list):
        return _array(_union(map(_of_literal, value)))
    if isinstance(value, dict):
        return _members({name: _of_literal(each) for name, each in value.items()})
    return Shape(frozenset({type_name(value)}))
