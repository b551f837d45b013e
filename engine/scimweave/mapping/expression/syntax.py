"""From the text of an expression to jmespath's syntax tree, with positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jmespath.exceptions import (
    EmptyExpressionError,
    IncompleteExpressionError,
    LexerError,
    ParseError,
)

from scimweave.mapping.expression.fault import ExpressionError
from scimweave.mapping.expression.parser import VARIABLE, Node, parse_tree, tokens_of

__all__ = ["Call", "Node", "Syntax", "parse", "variables_of"]

MAX_LENGTH = 10_000
MAX_DEPTH = 100

_OPENING = {"lparen", "lbracket", "lbrace", "filter"}
_CLOSING = {"rparen", "rbracket", "rbrace"}
_IDENTIFIERS = {"unquoted_identifier", "quoted_identifier"}
_PROJECTIONS = {"projection", "value_projection", "filter_projection"}


@dataclass(frozen=True, slots=True)
class Call:
    """Where a function call stands: its name and each of its arguments."""

    position: int
    arguments: list[int]

    def argument(self, index: int) -> int:
        """The position of an argument."""
        # jmespath lets commas be left out; the call itself is then near enough.
        return self.arguments[index] if index < len(self.arguments) else self.position


@dataclass(frozen=True, slots=True)
class Syntax:
    """The syntax tree of an expression.

    ``calls`` and ``references`` (the positions of ``&``) are by the ``id`` of their node.
    ``variables`` are the names behind ``$``; ``inner`` are the nodes of those that are read for
    each element of a list.
    """

    text: str
    tree: Node
    calls: dict[int, Call]
    references: dict[int, int]
    functions: frozenset[str]
    variables: frozenset[str]
    inner: frozenset[int]


def parse(text: str) -> Syntax:
    """Parse an expression; raises ``ExpressionError``."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(text, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
    tree = _tree(text)
    tokens = list(tokens_of(text))
    nodes = list(_in_source_order(text, tree))
    calling = [node for node in nodes if node["type"] == "function_expression"]
    referring = [node for node in nodes if node["type"] == "expref"]
    references = [token["start"] for token in tokens if token["type"] == "expref"]
    return Syntax(
        text,
        tree,
        calls=dict(zip(map(id, calling), _calls(tokens), strict=True)),
        references=dict(zip(map(id, referring), references, strict=True)),
        functions=frozenset(node["value"] for node in calling),
        variables=frozenset(node["value"] for node in nodes if node["type"] == VARIABLE),
        inner=frozenset(map(id, _inner(tree, inside=False))),
    )


def _inner(node: Node, *, inside: bool) -> Iterator[Node]:
    """Yield the variables that are read for each element of a list."""
    if node["type"] == VARIABLE and inside:
        yield node
    if node["type"] == "slice":
        return
    for index, child in enumerate(node["children"]):
        is_each = node["type"] == "expref" or (node["type"] in _PROJECTIONS and index > 0)
        yield from _inner(child, inside=inside or is_each)


def variables_of(text: str) -> frozenset[str]:
    """Return the names behind ``$`` in an expression; of one that does not parse, none."""
    if "$" not in text:
        return frozenset()
    try:
        return parse(text).variables
    except ExpressionError:
        return frozenset()


def _tree(text: str) -> Node:
    try:
        return parse_tree(text)
    except EmptyExpressionError:
        raise ExpressionError(text, 0, "the expression is empty") from None
    except IncompleteExpressionError:
        raise ExpressionError(text, len(text), "the expression ends too early") from None
    except LexerError as error:
        raise ExpressionError(text, error.lexer_position, error.message) from None
    except ParseError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise _too_deep(text) from None
    except ValueError as error:
        # A number with more digits than Python converts.
        raise ExpressionError(text, 0, str(error)) from None


def _syntax_error(text: str, error: ParseError) -> ExpressionError:
    position, kind = error.lex_position, error.token_type
    if kind == "EOF":
        reason = "the expression ends too early"
    elif kind == "NUMBER":
        reason = f"a number stands in backticks: `{error.token_value}`"
    elif kind == VARIABLE.upper():
        return _misplaced(text, position, error.token_value)
    elif error.msg.startswith("Quoted identifier"):
        reason = "the name of a function is not quoted"
        position = next(
            name["start"]
            for name, following in pairwise(tokens_of(text))
            if name["type"] == "quoted_identifier" and following["type"] == "lparen"
        )
    else:
        reason = f"unexpected {error.token_value!r}"
    return ExpressionError(text, position, reason)


def _misplaced(text: str, position: int, name: str) -> ExpressionError:
    if name == "$":
        return ExpressionError(text, position, "a name follows $, as in $full_name")
    hint = f'a field of this name stands in double quotes: "{name}"'
    reason = f"{name} is a named expression, and stands by itself"
    return ExpressionError(text, position, reason, hint=hint)


def _too_deep(text: str) -> ExpressionError:
    return ExpressionError(text, 0, f"nested more than {MAX_DEPTH} deep")


def _in_source_order(text: str, tree: Node) -> Iterator[Node]:
    stack = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(text)
        yield node
        if node["type"] == "slice":
            continue
        children = node["children"]
        if node["type"] == "filter_projection":
            base, projected, condition = children
            children = [base, condition, projected]
        stack.extend((child, depth + 1) for child in reversed(children))


def _calls(tokens: list[Any]) -> list[Call]:
    found: list[Call] = []
    open_brackets: list[Call | None] = []
    for index, token in enumerate(tokens):
        kind = token["type"]
        if kind in _OPENING:
            called = _called(tokens[:index]) if kind == "lparen" else None
            call = None if called is None else Call(called, [tokens[index + 1]["start"]])
            open_brackets.append(call)
            if call is not None:
                found.append(call)
        elif kind in _CLOSING:
            open_brackets.pop()
        elif kind == "comma" and (call := open_brackets[-1]) is not None:
            call.arguments.append(tokens[index + 1]["start"])
    return found


def _called(before: list[Any]) -> int | None:
    """Where the name stands that a parenthesis behind these tokens calls, if it calls one."""
    if not before or before[-1]["type"] not in {"unquoted_identifier", "rparen"}:
        return None
    # jmespath also takes (name)(argument).
    return next(int(token["start"]) for token in reversed(before) if token["type"] in _IDENTIFIERS)
