"""Evaluates an expression and keeps the value of each of its pieces.

Slower than the closures that run, and apart from them: the walk is jmespath's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from jmespath.visitor import TreeInterpreter

from scimweave.mapping.expression.closures import is_false
from scimweave.mapping.expression.dependencies import Dependencies
from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.expression.lets import Let
from scimweave.mapping.expression.parser import VARIABLE, Node
from scimweave.mapping.expression.syntax import parse
from scimweave.mapping.expression.unparse import unparse
from scimweave.mapping.functions.limits import start
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.functions.spec import Function
from scimweave.mapping.rules.secret import without_secrets

# Their value says nothing that their text does not.
_PLAIN = frozenset({"literal", "identity", "current", "expref", "index", "slice", "key_val_pair"})
_CHAINS = frozenset({"subexpression", "index_expression"})
DEFAULT_ARM = "default"
TRUE_ARM, FALSE_ARM = "condition true", "condition false"
# Which values they pass over.
_FIRST_OF: Mapping[str, tuple[Any, ...]] = {
    "coalesce": (None,),
    "first_present": (None, ""),
    "not_null": (None,),
}
_NO_LETS: Mapping[str, Let] = {}


@dataclass(slots=True)
class Piece:
    """A piece of an expression with the value that it had.

    ``error`` says why there was none. ``arm`` is the key of the pair that a ``switch`` chose, as
    it is written, or ``default``. ``choices`` are all that were made below the whole expression:
    the text of what chose, and of what was chosen, as in ``arms_of``.
    """

    text: str
    value: Any = None
    error: str | None = None
    arm: str | None = None
    children: list[Piece] = field(default_factory=list)
    choices: frozenset[tuple[str, str]] = frozenset()


def explain_expression(
    text: str,
    document: Any,
    *,
    roots: Mapping[str, str] | None = None,
    lets: Mapping[str, Let] = _NO_LETS,
) -> Piece:
    """Evaluate an expression that compiles; the arguments are those of ``compile_expression``.

    The pieces of a named expression are shown where it is read.
    """
    start()
    return _explain(text, document, roots or {}, lets)


def _explain(text: str, root: Any, roots: Mapping[str, str], lets: Mapping[str, Let]) -> Piece:
    syntax = parse(text)
    dependencies = Dependencies.of(syntax.tree, roots)
    document = root
    if dependencies.fields() is None:
        # As where it runs: whoever reads everything does not ask for what nobody may see.
        document = without_secrets(root) if isinstance(root, dict) else root
    whole = Piece(unparse(syntax.tree))

    def named(name: str) -> Piece:
        return _explain(lets[name].text, root, roots, lets)

    interpreter = _Interpreter(dependencies.renamed, whole, named)
    try:
        whole.value = interpreter.visit(cast(Any, syntax.tree), document)
    except EvaluationError as error:
        whole.error = error.reason
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        whole.error = str(error)
    whole.choices = frozenset(interpreter.choices)
    return _whole(whole)


def arms_of(text: str, lets: Mapping[str, Let] = _NO_LETS) -> list[tuple[str, list[str]]]:
    """Return each piece of an expression that chooses, with its arms, in the order of the text.

    These are ``switch`` (by its keys), ``iif``, ``coalesce`` and its like, ``||`` and ``&&``.
    Those of the named expressions that it reads are there too.
    """
    found = []
    for node in _nodes(parse(text).tree):
        if node["type"] == VARIABLE:
            found += arms_of(lets[node["value"]].text, lets)
        elif arms := _arms(node):
            found.append((unparse(node), arms))
    return found


def _arms(node: Node) -> list[str]:
    children = node["children"]
    if node["type"] in {"or_expression", "and_expression"}:
        return [unparse(child) for child in children]
    if node["type"] != "function_expression":
        return []
    if node["value"] == "switch":
        return [*map(unparse, children[2::2]), DEFAULT_ARM]
    if node["value"] == "iif":
        return [TRUE_ARM, FALSE_ARM]
    if node["value"] in _FIRST_OF:
        return [unparse(child) for child in children]
    return []


def _nodes(node: Node) -> list[Node]:
    children = [] if node["type"] == "slice" else node["children"]
    return [node, *(each for child in children for each in _nodes(child))]


def _whole(piece: Piece) -> Piece:
    """Let the outermost node and the whole expression be one."""
    if len(piece.children) == 1 and piece.error is None:
        (only,) = piece.children
        piece.children, piece.arm = only.children, only.arm
    return piece


class _Interpreter(TreeInterpreter):
    """jmespath's walk, with scimweave's functions; what is visited is added to ``piece``."""

    def __init__(
        self, renamed: Mapping[int, str], piece: Piece, named: Callable[[str], Piece]
    ) -> None:
        super().__init__()
        self._renamed = renamed
        self._piece = piece
        self.choices: set[tuple[str, str]] = set()
        self._named = named
        self._known: dict[str, Piece] = {}

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        if node["type"] in _PLAIN:
            return super().visit(node, *args, **kwargs)
        around, piece = self._piece, Piece(unparse(node))
        around.children.append(piece)
        self._piece = piece
        try:
            piece.value = super().visit(node, *args, **kwargs)
        except EvaluationError as error:
            piece.error = error.reason
            raise
        finally:
            self._piece = around
            if node["type"] in _CHAINS:
                # Of a chain only what it begins with may be more than fields.
                piece.children = [each for each in piece.children[:1] if each.children]
        return piece.value

    def visit_field(self, node: Any, value: Any) -> Any:
        name = self._renamed.get(id(node), node["value"])
        return value.get(name) if isinstance(value, dict) else None

    def visit_variable(self, node: Any, value: Any) -> Any:
        name = node["value"]
        if name not in self._known:
            self._known[name] = self._named(name)
        found = self._known[name]
        self._piece.children.append(found)
        self.choices |= found.choices
        if found.error is not None:
            raise EvaluationError(f"${name}: {found.error}")
        return found.value

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        function = functions()[node["value"]]
        arguments = [
            self._argument(function, index, child, value)
            for index, child in enumerate(node["children"])
        ]
        if function.name == "switch":
            self._piece.arm = _arm(node, arguments)
        chosen = _chosen(function.name, node, arguments)
        if chosen is not None:
            self.choices.add((unparse(node), chosen))
        return function.implementation(*arguments)

    def visit_or_expression(self, node: Any, value: Any) -> Any:
        return self._either(node, value, takes_left=lambda found: not is_false(found))

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        return self._either(node, value, takes_left=is_false)

    def _either(self, node: Any, value: Any, takes_left: Callable[[Any], bool]) -> Any:
        left, right = node["children"]
        found = self.visit(left, value)
        is_left = takes_left(found)
        self.choices.add((unparse(node), unparse(left if is_left else right)))
        return found if is_left else self.visit(right, value)

    def _argument(self, function: Function, index: int, node: Any, value: Any) -> Any:
        if node["type"] == "expref":
            return partial(self._apply, node["children"][0])
        argument = self.visit(node, value)
        parameter = function.parameter(index)
        if not parameter.accepted.accepts(argument):
            raise EvaluationError(function.wrong_type(index, argument))
        return argument if parameter.prepare is None else parameter.prepare(argument)

    def _apply(self, node: Any, value: Any) -> Any:
        # A key of sort_by() and the like is computed for each element: no step of its own.
        around, self._piece = self._piece, Piece("")
        try:
            return self.visit(node, value)
        finally:
            self._piece = around


def _chosen(name: str, node: Node, arguments: list[Any]) -> str | None:
    if name == "switch":
        return _arm(node, arguments)
    if name == "iif":
        return TRUE_ARM if arguments[0] else FALSE_ARM
    passed_over = _FIRST_OF.get(name)
    if passed_over is None:
        return None
    present = (
        child
        for child, value in zip(node["children"], arguments, strict=True)
        if value not in passed_over
    )
    first = next(present, None)
    return None if first is None else unparse(first)


def _arm(node: Node, arguments: list[Any]) -> str:
    source, _, *pairs = arguments
    wanted = "" if source is None else source
    for index, key in enumerate(pairs[::2]):
        # In Python true is 1.
        if key == wanted and isinstance(key, bool) is isinstance(wanted, bool):
            return unparse(node["children"][2 + 2 * index])
    return DEFAULT_ARM
