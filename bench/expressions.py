"""Compiled expressions against ``jmespath.search`` on the reference mapping."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath import functions

from scimweave.mapping.expression.compiled import compile_expression

MARK = 8.0
ROUNDS = 7
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PERSON = {
    "userName": "Ada@Contoso.com",
    "active": True,
    "title": "Analyst",
    "externalId": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    ENTERPRISE: {"department": "Engines"},
}
# What mappings/preciate.yaml reads and computes, and three functions.
EXPRESSIONS = {
    "preciate": (
        "userName",
        "active",
        "displayName",
        "title",
        "name.givenName",
        "name.familyName",
        "name.formatted",
        "join(' ', [name.givenName, name.familyName])",
        "externalId",
        f'"{ENTERPRISE}".department',
    ),
    "functions": (
        "lower(userName)",
        "switch(title, 'other', 'Analyst', 'A', 'Manager', 'M')",
        "join('; ', [title, externalId])",
    ),
}


@dataclass(frozen=True)
class Comparison:
    """Microseconds for all expressions of a set on one person."""

    name: str
    compiled_us: float
    jmespath_us: float

    @property
    def ratio(self) -> float:
        """How many times faster the compiled ones are."""
        return self.jmespath_us / self.compiled_us


class _Functions(functions.Functions):
    """The functions that JMESPath does not have, as jmespath lets one add them."""

    @functions.signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @functions.signature(
        {"types": ["string", "null"]},
        {"types": ["string"]},
        {"types": ["string"], "variadic": True},
    )
    def _func_switch(self, source: str, default: str, *pairs: str) -> str:
        return dict(zip(pairs[::2], pairs[1::2], strict=True)).get(source, default)


def measure(times: int = 2000) -> list[Comparison]:
    """Measure both in this process, ``times`` each; raises where results differ."""
    options = jmespath.Options(custom_functions=_Functions())
    return [
        _compare("preciate", EXPRESSIONS["preciate"], options, times),
        _compare("functions", EXPRESSIONS["functions"], options, times),
        _compare("both", [*EXPRESSIONS["preciate"], *EXPRESSIONS["functions"]], options, times),
    ]


def sentence(compared: Sequence[Comparison]) -> str:
    """Say how compiled expressions compare."""
    *_, both = compared
    verdict = "reached" if both.ratio >= MARK else "NOT reached"
    return (
        f"expressions: {both.compiled_us:.1f} µs compiled, {both.jmespath_us:.1f} µs by "
        f"jmespath.search: {both.ratio:.1f} times faster (mark {MARK:.0f}: {verdict})"
    )


def _compare(name: str, texts: Sequence[str], options: jmespath.Options, times: int) -> Comparison:
    compiled = [compile_expression(text) for text in texts]

    def ours() -> list[Any]:
        return [expression(PERSON) for expression in compiled]

    def theirs() -> list[Any]:
        return [jmespath.search(text, PERSON, options) for text in texts]

    assert ours() == theirs(), (ours(), theirs())
    # The shortest of several, taken in turn: whatever else the machine does only adds.
    rounds = [(_microseconds(ours, times), _microseconds(theirs, times)) for _ in range(ROUNDS)]
    compiled_us, jmespath_us = map(min, zip(*rounds, strict=True))
    return Comparison(name, round(compiled_us, 2), round(jmespath_us, 2))


def _microseconds(work: Callable[[], object], times: int) -> float:
    return timeit.timeit(work, number=times) / times * 1e6


if __name__ == "__main__":
    print(sentence(measure()))
