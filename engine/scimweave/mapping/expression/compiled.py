"""Expressions: JMESPath with scimweave's functions, compiled once to Python closures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from scimweave.mapping.diagnostics import closest
from scimweave.mapping.expression.calls import Evaluate
from scimweave.mapping.expression.closures import compile_tree
from scimweave.mapping.expression.dependencies import Dependencies
from scimweave.mapping.expression.fault import EvaluationError, ExpressionError, MappingFault
from scimweave.mapping.expression.growth import Growth, check_growth, read_by_name
from scimweave.mapping.expression.lets import Let
from scimweave.mapping.expression.parser import VARIABLE, Node
from scimweave.mapping.expression.syntax import Syntax, parse
from scimweave.mapping.functions.limits import start

__all__ = [
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "MappingFault",
    "compile_expression",
]
Lets = Mapping[str, Let]
_NO_LETS: Lets = MappingProxyType({})


class Expression:
    """A compiled expression: call it with a document, which it leaves as it is.

    ``fields`` are the paths from the root that it may read, each with everything below it; None
    when that is the whole document. ``functions`` are the names that it calls, ``lets`` the named
    expressions that it reads: what these read and call is theirs.
    """

    __slots__ = ("_counts", "_evaluate", "fields", "functions", "growth", "lets", "text")

    def __init__(
        self,
        text: str,
        evaluate: Evaluate,
        fields: frozenset[tuple[str, ...]] | None,
        functions: frozenset[str],
        lets: tuple[Let, ...],
        growth: Growth,
    ) -> None:
        self.text = text
        self.fields = fields
        self.functions = functions
        self.lets = lets
        self.growth = growth
        self._evaluate = evaluate
        self._counts = bool(functions) or any(let.functions for let in lets)

    def __call__(self, document: Any) -> Any:
        """The result for a document of JSON values; raises ``EvaluationError``."""
        if self._counts:
            start()
        return self.going_on(document)

    def going_on(self, document: Any) -> Any:
        """The result as a part of another evaluation, whose limits hold for both."""
        try:
            return self._evaluate(document)
        except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise EvaluationError(str(error)) from error

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(
    text: str, *, roots: Mapping[str, str] | None = None, lets: Lets = _NO_LETS
) -> Expression:
    """Compile an expression; ``roots`` gives fields at the document's root another name.

    ``lets`` are the named expressions that it may read, as in ``$name``; they are about the
    document of ``computing``. Raises ``ExpressionError``.
    """
    syntax = parse(text)
    _check_names(syntax, lets)
    growth = check_growth(text, syntax.tree, _growth_by_node(syntax, lets))
    dependencies = Dependencies.of(syntax.tree, roots or {})
    return Expression(
        text,
        compile_tree(syntax, dependencies.renamed, lets),
        dependencies.fields(),
        syntax.functions,
        tuple(lets[name] for name in sorted(syntax.variables)),
        growth,
    )


def position_of(name: str, text: str) -> int:
    """Return where an expression reads a named one first."""
    found = re.search(rf"\${name}\b", text)
    return found.start() if found else 0


def _check_names(syntax: Syntax, lets: Lets) -> None:
    for name in sorted(syntax.variables - lets.keys()):
        meant = closest(name, lets)
        raise ExpressionError(
            syntax.text,
            position_of(name, syntax.text),
            f"there is no named expression ${name}",
            code="unknown-let",
            hint=f'did you mean "${meant}"?' if meant else "",
        )


def _growth_by_node(syntax: Syntax, lets: Lets) -> Mapping[int, Growth]:
    return {
        id(node): read_by_name(lets[node["value"]].growth, inner=id(node) in syntax.inner)
        for node in _variables(syntax.tree)
    }


def _variables(node: Node) -> list[Node]:
    if node["type"] == VARIABLE:
        return [node]
    children = [] if node["type"] == "slice" else node["children"]
    return [each for child in children for each in _variables(child)]
