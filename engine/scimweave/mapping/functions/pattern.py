"""Regular expressions in .NET's notation, matched in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it has no types

from scimweave.mapping.fault import EvaluationError
from scimweave.mapping.functions.limits import check_length, limited, spend

MAX_PATTERN = 2_000
MAX_PROGRAM = 100_000
# A search for the next match may look at all that is left, one step of a table a character; what
# the groups captured costs at most the program's size for each character, once.
_SEARCH = 50

_TOKEN = re.compile(r"\\.|\(\?<(?![=!])|\(\?'(?P<quoted>\w+)'|\[\^?\]?|\]|.", re.DOTALL)
_LOOKING = re.compile(r"\(\?<?[=!]")
_BACK = re.compile(r"\\(?:[1-9]|k[<'{])")
_GROUP = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<number>\d{1,2})|(?P<whole>&)|(?P<dollar>\$))")
# RE2 takes these for ASCII; .NET and the names of people do not.
_WORD = r"\p{L}\p{Mn}\p{Nd}\p{Pc}"
_SPACE = r"\t-\r\x{85}\p{Z}"
_CLASSES = {
    r"\d": (r"\p{Nd}", r"\p{Nd}"),
    r"\D": (r"\P{Nd}", r"\P{Nd}"),
    r"\w": (f"[{_WORD}]", _WORD),
    r"\W": (f"[^{_WORD}]", None),
    r"\s": (f"[{_SPACE}]", _SPACE),
    r"\S": (f"[^{_SPACE}]", None),
    r"\Z": (r"\z", None),
}


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern matched: the spans of the whole, 0, and of its groups; -1 is nowhere."""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    automaton: Any
    groups: dict[str, int]

    def matches(self, text: str) -> Iterator[Match]:
        """Find all matches; raises ``EvaluationError`` where that takes too many steps."""
        size = self.automaton.programsize
        numbers = range(self.automaton.groups + 1)
        spend(len(text) * size)
        for found in self.automaton.finditer(text):
            yield Match(text, tuple(found.span(number) for number in numbers))
            spend((len(text) - found.end()) * _SEARCH)

    def group(self, name: str) -> int:
        """The number of a group."""
        number = self.groups.get(name)
        if number is None and name.isascii() and name.isdigit():
            number = int(name) if int(name) <= self.automaton.groups else None
        if number is None:
            raise EvaluationError("the pattern has no such group")
        return number


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern. Raises ``EvaluationError`` with the offset of what is at fault."""
    if len(text) > MAX_PATTERN:
        raise EvaluationError(f"the pattern is longer than {MAX_PATTERN} characters", MAX_PATTERN)
    _refuse_unbounded(text)
    options = re2.Options()
    options.log_errors = False
    try:
        automaton = re2.compile("".join(_translated(text)), options)
    except re2.error as error:
        raise _bad_pattern(text, error) from None
    if automaton.programsize > MAX_PROGRAM:
        raise EvaluationError("the pattern is too large when its repetitions are written out", 0)
    return Pattern(automaton, automaton.groupindex)


def compile_replacement(text: str) -> tuple[str, ...]:
    """Split a replacement such as ``${name}, $1`` into texts and, at odd places, group names."""
    pieces = [""]
    end = 0
    for found in _GROUP.finditer(text):
        pieces[-1] += text[end : found.start()]
        end = found.end()
        if found["dollar"]:
            pieces[-1] += "$"
        else:
            pieces += [found["braced"] or found["number"] or "0", ""]
    pieces[-1] += text[end:]
    return tuple(pieces)


def replace_matches(text: str, pattern: Pattern, replacement: tuple[str, ...]) -> str:
    """Replace each match by texts and groups."""
    groups = [pattern.group(name) for name in replacement[1::2]]
    parts: list[str] = []
    end = length = 0
    for match in pattern.matches(text):
        start, stop = match.spans[0]
        made = [text[end:start], replacement[0]]
        for group, literal in zip(groups, replacement[2::2], strict=True):
            made += [text[slice(*match.spans[group])], literal]
        end = stop
        parts += made
        length += sum(map(len, made))
        check_length(length)
    return limited("".join([*parts, text[end:]]))


def replace_groups(text: str, pattern: Pattern, group: str, replacement: str) -> str:
    """Replace what the group captured in each match."""
    number = pattern.group(group)
    parts: list[str] = []
    end = length = 0
    for match in pattern.matches(text):
        start, stop = match.spans[number]
        if start < 0:
            continue
        parts += [text[end:start], replacement]
        length += start - end + len(replacement)
        check_length(length)
        end = stop
    return limited("".join([*parts, text[end:]]))


def _translated(text: str) -> Iterator[str]:
    """RE2's notation for .NET's, piece by piece."""
    inside = False
    for found in _TOKEN.finditer(text):
        piece = found.group()
        if inside:
            yield _in_class(piece, text, found.start())
            inside = piece != "]"
        elif piece[0] == "[":
            inside = True
            # A bracket that stands first is meant itself.
            yield piece.replace("]", "\\]")
        elif piece in _CLASSES:
            yield _CLASSES[piece][0]
        elif piece == "(?<":
            yield "(?P<"
        else:
            yield f"(?P<{found['quoted']}>" if found["quoted"] else piece


def _in_class(piece: str, text: str, position: int) -> str:
    if piece in _CLASSES:
        within = _CLASSES[piece][1]
        if within is None:
            reason = f"{piece} cannot stand between brackets"
            raise EvaluationError(reason, position)
        return within
    if piece[0] == "[" and not text.startswith("[:", position):
        return piece.replace("[", "\\[")
    return piece


def _refuse_unbounded(text: str) -> None:
    for expression, what in ((_LOOKING, "look-around"), (_BACK, "a reference back to a group")):
        found = expression.search(text.replace("\\\\", "  "))
        if found is not None and text[max(found.start() - 1, 0)] != "\\":
            reason = f"{what} is not supported: it can take time without bound"
            raise EvaluationError(reason, found.start())


def _bad_pattern(text: str, error: re2.error) -> EvaluationError:
    detail = error.args[0]
    reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    problem, _, fragment = reason.partition(": ")
    offset = text.find(fragment) if fragment else -1
    return EvaluationError(f"the pattern has an error: {problem}", max(offset, 0))
