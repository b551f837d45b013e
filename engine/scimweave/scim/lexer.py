"""Tokens of paths and filters, each with its position."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

SyntaxFault = Callable[[int, str], Exception]

_TOKEN = re.compile(
    r"""[ \t]*
      (?: (?P<open>\() | (?P<close>\)) | (?P<left>\[) | (?P<right>\])
        | (?P<string>"(?:[^"\\]|\\.)*")
        | (?P<word>[^\s()\[\]"]+) | (?P<end>\Z) | (?P<bad>.))""",
    re.VERBOSE | re.DOTALL,
)
_JOINED = re.compile(r"\.[A-Za-z$_]")


class BareWord(str):
    """A string that stood without quotes (Q45); in all else a string."""

    __slots__ = ()


class Token(NamedTuple):
    """``kind`` is a group of the pattern, or ``end``; ``position`` counts characters from 0."""

    kind: str
    text: str
    position: int


def tokens(text: str, fault: SyntaxFault) -> list[Token]:
    """Split ``text``; ends with an ``end`` token. Raises what ``fault(position, reason)`` makes."""
    found: list[Token] = []
    last = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        word, position = match[kind], match.start(kind)
        if kind == "bad":
            reason = "the string is not closed" if word == '"' else "unexpected character"
            raise fault(position, reason)
        # A dot joins a sub-attribute only to a closing bracket; elsewhere it is part of a word.
        if last == "right" and kind == "word" and _JOINED.match(word):
            found.append(Token("dot", ".", position))
            word, position = word[1:], position + 1
        found.append(Token(kind, word, position))
        if kind == "end":
            break
        last = kind
    return found


def string_value(token: Token, fault: SyntaxFault) -> str:
    """Read a quoted string by the rules of JSON."""
    value = token.text[1:-1]
    if "\\" in value:
        try:
            value = str(json.loads(token.text, strict=False))
        except json.JSONDecodeError as error:
            raise fault(token.position + error.pos, "a bad escape in the string") from None
    try:
        value.encode()
    except UnicodeEncodeError:
        raise fault(token.position, "half of a surrogate pair in the string") from None
    return value
