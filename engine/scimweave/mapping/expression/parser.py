"""jmespath's parser, which here also takes ``$name``: a named expression, as in JEP 18.

``$`` begins nothing else in JMESPath; a field such as ``"$ref"`` stands in double quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from jmespath import lexer, parser
from jmespath.exceptions import ParseError

Node = dict[str, Any]
VARIABLE = "variable"
_NAME = "unquoted_identifier"
_BASE: Any = parser.Parser


class Lexer(lexer.Lexer):
    """Takes ``$name`` for an identifier."""

    START_IDENTIFIER = lexer.Lexer.START_IDENTIFIER | {"$"}


class Parser(_BASE):  # type: ignore[misc]  # its types are not published
    """Makes nodes ``{"type": "variable", "value": name}`` of such identifiers."""

    def _parse(self, expression: str) -> Any:
        tokens = list(Lexer().tokenize(expression))
        _check(tokens)
        self._tokens = tokens
        self._index = 0
        tree = self._expression(binding_power=0)
        if self._current_token() != "eof":
            token = self._lookahead_token(0)
            raise ParseError(token["start"], token["value"], token["type"], "Unexpected token")
        return tree

    def _token_nud_unquoted_identifier(self, token: Any) -> Any:
        name = token["value"]
        if name.startswith("$"):
            return {"type": VARIABLE, "value": name[1:], "children": []}
        return super()._token_nud_unquoted_identifier(token)


def parse_tree(text: str) -> Node:
    """Return the syntax tree of an expression; raises what jmespath raises."""
    # Without its cache: nodes are told apart by their identity.
    tree: Node = Parser()._do_parse(text)
    return tree


def tokens_of(text: str) -> Iterator[Any]:
    """Yield the tokens of an expression that parses."""
    yield from Lexer().tokenize(text)


def _check(tokens: list[Any]) -> None:
    """Refuse ``$name`` where only the name of a field can stand, and ``$`` alone."""
    before = ""
    for token, following in pairwise(tokens):
        if token["type"] == _NAME and token["value"].startswith("$"):
            alone = token["value"] == "$"
            if alone or before == "dot" or following["type"] in {"colon", "lparen"}:
                raise ParseError(token["start"], token["value"], VARIABLE, "misplaced")
        before = token["type"]
