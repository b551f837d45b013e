"""Regular expressions in .NET's notation, matched in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it has no types

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.limits import check_length, limited, spend

MAX_PATTERN = 2_000
MAX_PROGRAM = 100_000
# A search for the next match may look at all that is left, one step of a table a character; what
# the groups captured costs at most the program's size for each character, once.
_SEARCH = 50

_OUTSIDE = re.compile(
    r"\\u(?P<code>[0-9a-fA-F]{4})|(?P<back>\\(?:[1-9]|k[<'{]))|(?P<looking>\(\?<?[=!])"
    r"|\(\?(?:<(?P<name>\w+)>|'(?P<quoted>\w+)')|(?P<opening>\[\^?\]?)|\\.|.",
    re.DOTALL,
)
_INSIDE = re.compile(
    r"\\u(?P<code>[0-9a-fA-F]{4})|(?P<closing>\])|(?P<without>-\[)|\\.|.", re.DOTALL
)
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
        last = None
        for found in self.automaton.finditer(text):
            # re2 gives an empty match twice where it had to look ahead for it.
            if found.span() != last:
                yield Match(text, tuple(found.span(number) for number in numbers))
            last = found.span()
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
    position = 0
    while found := (_INSIDE if inside else _OUTSIDE).match(text, position):
        piece = found.group()
        if found["code"]:
            yield f"\\x{{{found['code']}}}"
        elif inside:
            yield _in_class(found)
            inside = found["closing"] is None
        else:
            yield _out_of_class(found)
            inside = found["opening"] is not None
        position += len(piece)


def _in_class(found: re.Match[str]) -> str:
    piece = found.group()
    if found["without"]:
        raise EvaluationError("a class cannot be taken from another", found.start())
    if piece not in _CLASSES:
        return "\\[" if piece == "[" else piece
    within = _CLASSES[piece][1]
    if within is None:
        raise EvaluationError(f"{piece} cannot stand between brackets", found.start())
    return within


def _out_of_class(found: re.Match[str]) -> str:
    piece = found.group()
    if found["looking"] or found["back"]:
        what = "look-around" if found["looking"] else "a reference back to a group"
        reason = f"{what} is not supported: it can take time without bound"
        raise EvaluationError(reason, found.start())
    if found["opening"]:
        # A bracket that stands first is meant itself.
        return piece.replace("]", "\\]")
    name = found["name"] or found["quoted"]
    return f"(?P<{name}>" if name else _CLASSES.get(piece, (piece,))[0]


def _bad_pattern(text: str, error: re2.error) -> EvaluationError:
    detail = error.args[0]
    reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    problem, _, fragment = reason.partition(": ")
    offset = text.find(fragment) if fragment else -1
    return EvaluationError(f"the pattern has an error: {problem}", max(offset, 0))
