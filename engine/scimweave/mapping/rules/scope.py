"""``scope``: a SCIM filter that says who is provisioned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.report import Report
from scimweave.mapping.rules.attributes import canonical, is_readable, unknown, unreadable
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.error import ScimError
from scimweave.scim.filter import FilterError, compile_filter, parse_filter
from scimweave.scim.schema import USER_TYPE
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is provisioned: ``holds`` tells it of a canonical resource, which is not modified.

    ``sources`` are the attributes that it looks at.
    """

    text: str
    tree: Filter
    sources: tuple[AttributePath, ...]
    holds: Callable[[dict[str, Any]], bool] = field(repr=False, compare=False)


def compile_scope(
    text: str | None, where: YamlPath, vocabulary: Vocabulary, report: Report
) -> Scope | None:
    """Compile a scope; None where there is none, or something was reported."""
    if text is None:
        return None
    try:
        tree = parse_filter(text, aliases=vocabulary.aliases)
    except FilterError as error:
        report.inside("bad-filter", error.reason, where, error.position)
        return None
    sources = [_source(path, text, where, vocabulary, report) for path in _paths(tree)]
    found = [each for each in sources if each is not None]
    if len(found) < len(sources):
        return None
    try:
        holds = compile_filter(tree, vocabulary.resource_type)
    except ScimError as error:
        report.inside("bad-filter", error.detail, where, 0, len(text))
        return None
    if vocabulary.resource_type.name == USER_TYPE.name:
        holds = _with_active(holds)
    return Scope(text, tree, tuple(dict.fromkeys(found)), holds)


def _with_active(holds: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    """A user who does not say so is active (Q66)."""

    def holds_of_user(resource: dict[str, Any]) -> bool:
        return holds(resource if "active" in resource else {**resource, "active": True})

    return holds_of_user


def _paths(tree: Filter) -> Iterator[AttributePath]:
    """Yield what a filter reads; what stands in brackets belongs to the attribute before them."""
    match tree:
        case And(left, right) | Or(left, right):
            yield from _paths(left)
            yield from _paths(right)
        case Not(operand):
            yield from _paths(operand)
        case Compare(path) | Present(path) | ValuePath(path):
            yield path


def _source(
    path: AttributePath, text: str, where: YamlPath, vocabulary: Vocabulary, report: Report
) -> AttributePath | None:
    position, written = _written(path, text)
    try:
        resolved = vocabulary.resource_type.resolve(path)
    except ScimError:
        message, label = unknown(path, written, vocabulary)
        report.inside("unknown-attribute", message, where, position, len(written), label)
        return None
    if not is_readable(resolved):
        message = unreadable(written, resolved)
        report.inside("unreadable-attribute", message, where, position, len(written))
        return None
    found = canonical(path, resolved)
    return AttributePath(found.uri, found.attribute, found.sub_attribute)


def _written(path: AttributePath, text: str) -> tuple[int, str]:
    """Return where a path stands in a filter, and how it is written there."""
    blank = _TEXT.sub(lambda found: " " * len(found.group()), text)
    name = path.attribute if path.filter or not path.sub_attribute else f"{path.attribute}."
    name += "" if path.filter or not path.sub_attribute else path.sub_attribute
    before = r"[\w.:$-]*[.:]" if path.uri else ""
    found = re.search(rf"(?<![\w.:$-]){before}{re.escape(name)}(?![\w$-])", blank)
    return (found.start(), found.group()) if found else (0, text)
