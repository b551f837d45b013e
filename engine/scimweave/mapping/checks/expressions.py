"""What is wrong with an expression that compiles: types that never fit, arms never reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimweave.mapping.checks.shapes import ANYTHING, Shape, accepted_kinds, kinds_of, shape_of
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.syntax import Node, Syntax, parse
from scimweave.mapping.expression.unparse import unparse
from scimweave.mapping.functions.argument_type import ArgumentType
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel

# The types of fields that something of a JSON type can become; of text, everything.
_BECOMES: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean", "string", "json"}),
    "number": frozenset({"integer", "decimal", "string", "json"}),
    "array": frozenset({"json"}),
    "object": frozenset({"json"}),
}
_FIRST_OF = frozenset({"coalesce", "first_present", "not_null"})
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a piece of an expression; ``position`` is in its text."""

    code: str
    position: int
    length: int
    message: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of what expressions read: of the resource, and of named expressions.

    ``always_there`` are attributes that every resource has.
    """

    root: Shape
    always_there: Set[str]
    named: Mapping[str, Shape]


def with_named(
    texts: Mapping[str, str], root: Shape, always_there: Set[str], report: Report
) -> Known:
    """Look at named expressions, each behind those that it reads, and report what is wrong."""
    named: dict[str, Shape] = {}
    known = Known(root, always_there, named)
    for name, text in texts.items():
        named[name] = _report(text, ("let", name), known, report)
    return known


def check_expressions(rule: AttributeModel, where: YamlPath, known: Known, report: Report) -> None:
    """Report what is wrong with the expressions of a rule, and with what becomes of them."""
    if rule.expr is not None:
        result = _report(rule.expr, (*where, "expr"), known, report)
        kinds = result.kinds or frozenset()
        if kinds and rule.values and not kinds & {"string", "boolean", "number"}:
            message = f"the expression gives {_named(kinds)}; a table looks up a single value"
            report.at_key("type-mismatch", message, (*where, "values"))
        elif kinds and rule.type and not rule.values and not _becomes(kinds, rule.type):
            message = f"the expression gives {_named(kinds)}, which never becomes {rule.type}"
            report.at_value("type-mismatch", message, (*where, "type"))
    if isinstance(rule.default, dict) and isinstance(rule.default.get("expr"), str):
        text = rule.default["expr"]
        _report(text, (*where, "default", "expr"), known, report)


def _report(text: str, where: YamlPath, known: Known, report: Report) -> Shape:
    flaws, result = flaws_of(text, known)
    for each in flaws:
        report.inside(each.code, each.message, where, each.position, each.length)
    return result


def _becomes(kinds: Set[str], field_type: str) -> bool:
    return any(kind == "string" or field_type in _BECOMES[kind] for kind in kinds)


def flaws_of(text: str, known: Known) -> tuple[list[Flaw], Shape]:
    """Return what is wrong with an expression that compiles, and the shape of its result."""
    syntax = parse(text)
    search = _Search(syntax, known)
    result = shape_of(syntax.tree, known.root, search)
    return sorted(search.flaws, key=lambda each: each.position), result


class _Search:
    def __init__(self, syntax: Syntax, known: Known) -> None:
        self.syntax = syntax
        self.known = known
        self.flaws: list[Flaw] = []

    def named(self, name: str) -> Shape:
        """What a named expression gives; one that was reported can be anything."""
        return self.known.named.get(name, ANYTHING)

    def __call__(self, node: Node, arguments: list[Shape]) -> None:
        """Look at a call, with the shapes of its arguments."""
        self.flaws += self._types(node, arguments)
        if node["value"] == "switch":
            self.flaws += self._switch(node, arguments)
        elif node["value"] in _FIRST_OF:
            self.flaws += self._first_of(node)

    def _types(self, node: Node, arguments: list[Shape]) -> Iterator[Flaw]:
        function = functions().get(node["value"])
        if function is None:
            return
        for index, shape in enumerate(arguments):
            parameter = function.parameter(index)
            got = _unfit(shape, parameter.accepted)
            if got:
                message = (
                    f"argument {index + 1} of {function.name}(), {parameter.name}, "
                    f"takes {parameter.type}, and this is {got}"
                )
                yield self._at("type-mismatch", node, index, message)

    def _switch(self, node: Node, arguments: list[Shape]) -> Iterator[Flaw]:
        source = arguments[0].kinds
        seen: list[Any] = []
        for index in range(2, len(node["children"]), 2):
            key = node["children"][index]
            if key["type"] != "literal":
                continue
            value = key["value"]
            kinds = arguments[index].kinds
            if any(value == each and type(value) is type(each) for each in seen):
                message = f"{unparse(key)} stands here a second time, and is never reached"
                yield self._at("unreachable-arm", node, index, message)
            elif source and kinds and value != "" and not kinds & source:
                message = (
                    f"{unparse(key)} is never reached: it is {_named(kinds)}, "
                    f"the source {_named(source)}"
                )
                yield self._at("unreachable-arm", node, index, message)
            seen.append(value)

    def _first_of(self, node: Node) -> Iterator[Flaw]:
        skips_empty = node["value"] == "first_present"
        for index, child in enumerate(node["children"][:-1]):
            if not self._is_certain(child, skips_empty=skips_empty):
                continue
            behind = unparse(node["children"][index + 1])
            message = f"{_cut(behind)} is never reached: {_cut(unparse(child))} is always there"
            yield self._at("unreachable-arm", node, index + 1, message)
            return

    def _is_certain(self, node: Node, *, skips_empty: bool) -> bool:
        if node["type"] == "literal":
            return node["value"] is not None and not (skips_empty and node["value"] == "")
        return node["type"] == "field" and node["value"] in self.known.always_there

    def _at(self, code: str, node: Node, index: int, message: str) -> Flaw:
        position = self.syntax.calls[id(node)].argument(index)
        piece = unparse(node["children"][index])
        fits = self.syntax.text.startswith(piece, position)
        return Flaw(code, position, len(piece) if fits else 1, message)


def _unfit(shape: Shape, accepted: ArgumentType) -> str:
    """Return what a value is where it never fits; empty where it may."""
    if accepted.text in {"any", "expression"} or not shape.kinds:
        return ""
    if not shape.kinds & accepted_kinds(accepted):
        return _named(shape.kinds)
    inner = shape.element.kinds if shape.element else None
    if not inner or shape.kinds != {"array"} or list in accepted.classes:
        return ""
    fits = any(inner & kinds_of(each) for each in accepted.elements)
    return "" if fits else f"array[{_named(inner)}]"


def _named(kinds: Set[str]) -> str:
    return "|".join(sorted(kinds))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
