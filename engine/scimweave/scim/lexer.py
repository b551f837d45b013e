"""Tokens of paths and filters, each with its position."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

SyntaxFault = Callable[[int, str], Exception]

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<open>\() | (?P<close>\)) | (?P<left>\[) | (?P<right>\])
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<dot>\.(?=[A-Za-z$_]))
      | (?P<word>[^\s()\[\]"]+)""",
    re.VERBOSE | re.DOTALL,
)


class BareWord(str):
    """A string that stood without quotes (Q45); in all else a string."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is a group of the pattern, or ``end``; ``position`` counts characters from 0."""

    kind: str
    text: str
    position: int


def tokens(text: str, fault: SyntaxFault) -> list[Token]:
    """Split ``text``; ends with an ``end`` token. Raises what ``fault(position, reason)`` makes."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            reason = "the string is not closed" if text[position] == '"' else "unexpected character"
            raise fault(position, reason)
        kind = match.lastgroup or ""
        # A dot joins a sub-attribute only to a closing bracket; elsewhere it is part of a word.
        if kind == "dot" and not (found and found[-1].kind == "right"):
            word = _TOKEN.match(text, position + 1)
            assert word is not None  # noqa: S101 - the pattern looked ahead
            found.append(Token("word", "." + word.group(), position))
            position = word.end()
            continue
        if kind != "space":
            found.append(Token(kind, match.group(), position))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def string_value(token: Token, fault: SyntaxFault) -> str:
    """Read a quoted string by the rules of JSON."""
    try:
        value = json.loads(token.text, strict=False)
    except json.JSONDecodeError as error:
        raise fault(token.position + error.pos, "a bad escape in the string") from None
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise fault(token.position, "half of a surrogate pair in the string") from None
    return str(value)
