"""Expressions: JMESPath with scimweave's functions, compiled once to Python closures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scimweave.mapping.expression.calls import Evaluate
from scimweave.mapping.expression.closures import compile_tree
from scimweave.mapping.expression.dependencies import Dependencies
from scimweave.mapping.expression.fault import EvaluationError, ExpressionError, MappingFault
from scimweave.mapping.expression.growth import check_growth
from scimweave.mapping.expression.syntax import parse
from scimweave.mapping.functions.limits import start

__all__ = [
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "MappingFault",
    "compile_expression",
]


class Expression:
    """A compiled expression: call it with a document, which it leaves as it is.

    ``fields`` are the paths from the root that it may read, each with everything below it; None
    when that is the whole document. ``functions`` are the names that it calls.
    """

    __slots__ = ("_evaluate", "fields", "functions", "text")

    def __init__(
        self,
        text: str,
        evaluate: Evaluate,
        fields: frozenset[tuple[str, ...]] | None,
        functions: frozenset[str],
    ) -> None:
        self.text = text
        self.fields = fields
        self.functions = functions
        self._evaluate = evaluate

    def __call__(self, document: Any) -> Any:
        """The result for a document of JSON values; raises ``EvaluationError``."""
        if self.functions:
            start()
        try:
            return self._evaluate(document)
        except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise EvaluationError(str(error)) from error

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(text: str, *, roots: Mapping[str, str] | None = None) -> Expression:
    """Compile an expression; ``roots`` gives fields at the document's root another name.

    Raises ``ExpressionError``.
    """
    syntax = parse(text)
    check_growth(text, syntax.tree)
    dependencies = Dependencies.of(syntax.tree, roots or {})
    return Expression(
        text,
        compile_tree(syntax, dependencies.renamed),
        dependencies.fields(),
        syntax.functions,
    )
