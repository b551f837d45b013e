"""Bodies: a JMESPath expression over what is to be sent, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scimweave.mapping.expression.closures import compile_tree
from scimweave.mapping.expression.compiled import Expression, compile_expression
from scimweave.mapping.expression.dependencies import Dependencies
from scimweave.mapping.expression.growth import check_growth
from scimweave.mapping.expression.syntax import Node, Syntax, parse

FIELDS = "fields"
# What a body is made of: ``fields`` by name, the account's ``key``, the ``object`` of the mapping,
# the keys of ``members`` and the name of the attribute that holds them.
ROOTS = frozenset({FIELDS, "key", "object", "members", "member", "members_field", "field", "value"})

Document = Mapping[str, Any]
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent. ``several`` are the keys of it that are made of more than one field."""

    text: str
    make: Callable[[Document], Any]
    several: tuple[str, ...]

    def __call__(self, document: Document) -> Any:
        """Return the JSON of a document.

        A key that only reads fields which are not in the document is left out: an update says
        nothing of them. Raises ``EvaluationError``.
        """
        made = self.make(document)
        return None if made is _ABSENT else made


def compile_body(text: str) -> Body:
    """Compile a body. Raises ``ExpressionError``."""
    # Refuses what no part by itself would be refused for, and names: a target has none.
    compile_expression(text)
    syntax = parse(text)
    several: list[str] = []
    return Body(text, _compile(syntax, syntax.tree, "", several), tuple(several))


def _compile(
    syntax: Syntax, node: Node, name: str, several: list[str]
) -> Callable[[Document], Any]:
    if node["type"] == "multi_select_dict":
        pairs = {
            each["value"]: _compile(syntax, each["children"][0], each["value"], several)
            for each in node["children"]
        }
        return lambda document: _object(pairs, document)
    found = Dependencies.of(node, {})
    evaluate = Expression(
        syntax.text,
        compile_tree(replace(syntax, tree=node), found.renamed, {}),
        found.fields(),
        syntax.functions,
        (),
        check_growth(syntax.text, node),
    )
    read = list(_fields(evaluate.fields))
    if len(read) > 1:
        several.append(name or syntax.text)
    if not read:
        return evaluate
    return lambda document: evaluate(document) if _has_any(document, read) else _ABSENT


def _object(pairs: Mapping[str, Callable[[Document], Any]], document: Document) -> dict[str, Any]:
    made = {name: make(document) for name, make in pairs.items()}
    return {name: value for name, value in made.items() if value is not _ABSENT}


def _fields(paths: frozenset[tuple[str, ...]] | None) -> Iterator[tuple[str, ...]]:
    """Return the single fields that an expression reads; what reads all of them reads none."""
    for path in paths or ():
        if path[0] == FIELDS and len(path) > 1:
            yield path[1:]


def _has_any(document: Document, paths: list[tuple[str, ...]]) -> bool:
    return any(_has(document[FIELDS], path) for path in paths)


def _has(document: Any, path: tuple[str, ...]) -> bool:
    for step in path:
        if not isinstance(document, dict) or step not in document:
            return False
        document = document[step]
    return True
