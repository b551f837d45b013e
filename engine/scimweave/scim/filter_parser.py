"""The recursive-descent parser that paths and filters share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from scimweave.scim.lexer import BareWord, SyntaxFault, Token, string_value, tokens
from scimweave.scim.syntax import (
    And,
    AttributePath,
    Compare,
    Filter,
    Literal,
    Not,
    Or,
    Present,
    ValuePath,
)

# A chain of conditions becomes a tree as deep as the chain is long.
MAX_CONDITIONS = 200
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
_NAME = re.compile(r"\$?[A-Za-z][\w$-]*\Z")
_NAMES = r"(\$?[A-Za-z][\w$-]*)(?:\.(\$?[A-Za-z][\w$-]*))?"
_PLAIN_PATH = re.compile(rf"[ \t]*{_NAMES}[ \t]*")
_PLAIN_EQUALS = re.compile(rf'[ \t]*{_NAMES}[ \t]+[eE][qQ][ \t]*"([^"\\\ud800-\udfff]*)"[ \t]*')
# An extension ends in ":2.0:User"; Q20 puts a dot where the last colon belongs.
_URN = re.compile(
    r"(?P<uri>urn:.+?:\d+\.\d+:\w+|urn:.+)[:.](?P<rest>\$?[A-Za-z][\w$-]*(?:\.\$?[A-Za-z][\w$-]*)?)\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_NO_ALIASES: Mapping[str, str] = MappingProxyType({})


def plain_path(text: str) -> AttributePath | None:
    """Read ``attribute`` or ``attribute.sub``; None for all else, which is the parser's."""
    match = _PLAIN_PATH.fullmatch(text)
    return AttributePath(None, match[1], match[2]) if match else None


def plain_comparison(text: str) -> Compare | None:
    """Read ``attribute eq "value"``, which is nearly all that providers ask; None for all else.

    The parser reads it alike, by way of tokens.
    """
    match = _PLAIN_EQUALS.fullmatch(text)
    return Compare(AttributePath(None, match[1], match[2]), "eq", match[3]) if match else None


class Parser:
    """One text being read. ``fault`` turns a position and a reason into the error to raise.

    ``aliases`` are short names of extensions.
    """

    def __init__(
        self,
        text: str,
        fault: SyntaxFault,
        max_depth: int,
        aliases: Mapping[str, str] = _NO_ALIASES,
    ) -> None:
        self._fault = fault
        self._aliases = aliases
        self._tokens = tokens(text, fault)
        self._next = 0
        # The token that comes next.
        self.token = self._tokens[0]
        self._room = max_depth
        self._conditions = 0

    def path(self) -> AttributePath:
        """PATH of RFC 7644 §3.5.2, up to the end."""
        path = self._attribute()
        if self.token.kind == "left":
            path = AttributePath(path.uri, path.attribute, None, self._bracketed(path))
            if self.token.kind == "dot":
                self._take()
                path = AttributePath(path.uri, path.attribute, self._name(), path.filter)
        self.end()
        return path

    def filter(self) -> Filter:
        """FILTER of RFC 7644 §3.4.2.2, up to the end."""
        found = self._either()
        self.end()
        return found

    def end(self) -> None:
        """Refuse whatever is left."""
        if self.token.kind != "end":
            raise self._fault(self.token.position, f"unexpected {self.token.text!r}")

    def _take(self) -> Token:
        token = self.token
        self._next += 1
        self.token = self._tokens[self._next]
        return token

    def _expect(self, kind: str, what: str) -> Token:
        if self.token.kind != kind:
            raise self._fault(self.token.position, f"{what} is missing here")
        return self._take()

    def _keyword(self, word: str) -> bool:
        if self.token.kind == "word" and self.token.text.lower() == word:
            self._take()
            return True
        return False

    def _either(self) -> Filter:
        left = self._both()
        while self._keyword("or"):
            left = Or(left, self._both())
        return left

    def _both(self) -> Filter:
        left = self._single()
        while self._keyword("and"):
            left = And(left, self._single())
        return left

    def _single(self) -> Filter:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise self._fault(self.token.position, f"more than {MAX_CONDITIONS} conditions")
        if self.token.kind == "open":
            return self._grouped()
        following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if following.kind == "open" and self._keyword("not"):
            return Not(self._grouped())
        path = self._attribute()
        if self.token.kind == "left":
            inner = self._bracketed(path)
            if self.token.kind != "dot":
                return ValuePath(path, inner)
            self._take()
            path = AttributePath(path.uri, path.attribute, self._name(), inner)
        return self._comparison(path)

    def _grouped(self) -> Filter:
        return self._nested("open", "close", '"("', '")"')

    def _bracketed(self, owner: AttributePath) -> Filter:
        if owner.sub_attribute is not None:
            reason = f"brackets stand before the sub-attribute: […].{owner.sub_attribute}"
            raise self._fault(self.token.position, reason)
        return self._nested("left", "right", '"["', '"]"')

    def _nested(self, start: str, stop: str, start_text: str, stop_text: str) -> Filter:
        opening = self._expect(start, start_text)
        if self._room == 0:
            raise self._fault(opening.position, "nested too deeply")
        self._room -= 1
        inner = self._either()
        self._room += 1
        self._expect(stop, stop_text)
        return inner

    def _comparison(self, path: AttributePath) -> Filter:
        token = self._expect("word", "an operator")
        operator = token.text.lower()
        if operator == "pr":
            return Present(path)
        if operator not in OPERATORS:
            known = ", ".join(sorted(OPERATORS | {"pr"}))
            raise self._fault(token.position, f"no operator {token.text!r}; known are {known}")
        return Compare(path, operator, self._literal())

    def _literal(self) -> Literal:
        token = self.token
        if token.kind == "string":
            return string_value(self._take(), self._fault)
        word = self._expect("word", "a value").text
        lower = word.lower()
        if lower in _WORDS:
            return _WORDS[lower]
        if _NUMBER.match(word) and len(word) <= 64:
            number = json.loads(word)
            return number if abs(number) != float("inf") else BareWord(word)
        return BareWord(word)

    def _name(self) -> str:
        token = self._expect("word", "a sub-attribute")
        if not _NAME.match(token.text):
            raise self._fault(token.position, f"{token.text!r} is not an attribute name")
        return token.text

    def _attribute(self) -> AttributePath:
        token = self._expect("word", "an attribute")
        uri, rest = None, token.text
        if rest[:4].lower() == "urn:":
            match = _URN.match(rest)
            if match is None:
                raise self._fault(token.position, f"{rest!r} names a schema but no attribute of it")
            uri, rest = match["uri"], match["rest"]
        elif self._aliases:
            alias, dot, behind = rest.partition(".")
            if dot and alias in self._aliases:
                uri, rest = self._aliases[alias], behind
        names = _PLAIN_PATH.fullmatch(rest)
        if names is None:
            raise self._fault(token.position, f"{token.text!r} is not an attribute path")
        return AttributePath(uri, names[1], names[2])
