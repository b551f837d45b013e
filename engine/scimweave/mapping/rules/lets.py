"""``let``: the named expressions of a mapping file, compiled for what a rule is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from scimweave.mapping.diagnostics import Related
from scimweave.mapping.document.source import MapNode, YamlPath
from scimweave.mapping.expression.compiled import Expression, ExpressionError, compile_expression
from scimweave.mapping.expression.lets import Evaluate, Let
from scimweave.mapping.expression.syntax import variables_of
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.report import Report
from scimweave.mapping.rules.origin import report_expression, sources_of
from scimweave.mapping.rules.secret import without_secrets
from scimweave.mapping.rules.vocabulary import NamedExpression, Vocabulary

if TYPE_CHECKING:
    from scimweave.mapping.model import MappingModel, ObjectsModel

MAX_DEPTH = 20
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PLACE: YamlPath = ("let",)


@dataclass(frozen=True, slots=True)
class Lets:
    """The texts of ``let``, and which of them the rules of each section come to read."""

    texts: Mapping[str, str]
    used: Mapping[str, frozenset[str]]
    # A cycle, and what leads into one, cannot be compiled.
    broken: frozenset[str]

    def compiled(self, section: str, vocabulary: Vocabulary, report: Report) -> Vocabulary:
        """Return the vocabulary with the named expressions that a section may read."""
        names = self.used.get(section, frozenset())
        if section == "users":
            # Those that nothing reads are looked at too.
            names |= self.texts.keys() - frozenset().union(*self.used.values())
        found: dict[str, NamedExpression] = {}
        broken = set(self.broken)
        for name in _in_order(names, self.texts):
            # What is wrong with those that it reads was reported.
            read = variables_of(self.texts[name])
            if name in broken or broken & read or read & self.texts.keys() - found.keys():
                broken.add(name)
                continue
            made = _compiled(name, self.texts[name], found, vocabulary, report)
            if made is None:
                broken.add(name)
                report.complete = False
            else:
                found[name] = made
        return Vocabulary(
            vocabulary.resource_type,
            vocabulary.aliases,
            MappingProxyType(found),
            frozenset(broken),
        )


def read_lets(model: MappingModel, report: Report) -> Lets:
    """Look at how named expressions depend on each other, and report what nothing reads."""
    texts = dict(model.let)
    for name in list(texts):
        if not _NAME.fullmatch(name):
            message = f'"{name}" is no name for an expression'
            hint = "letters, digits and underscores; a rule reads it as $name"
            report.at_key("bad-value", message, (*_PLACE, name), help=hint)
            del texts[name]
    broken = _report_cycles(texts, report)
    used = {
        section: _reached(_texts(objects), texts)
        for section, objects in (("users", model.users), ("groups", model.groups))
        if objects is not None
    }
    node = report.document.exactly(_PLACE)
    entries = node.entries if isinstance(node, MapNode) else {}
    keys = {name: key for name, (key, _) in entries.items()}
    read = [model.users, *([model.groups] if model.groups is not None else [])]
    named = frozenset().union(*(variables_of(text) for each in read for text in _texts(each)))
    # Where a name is mistaken, one of those that nothing reads is meant.
    is_known = report.complete and named <= keys.keys()
    for name in sorted(texts.keys() - frozenset().union(*used.values())):
        # What a file extends may offer more than it uses.
        if is_known and keys[name].source is report.document.source:
            message = f"no rule reads ${name}"
            report.at_key("unused-let", message, (*_PLACE, name))
    # What could not be read, a rule may read all the same.
    unread = frozenset(keys) - texts.keys()
    return Lets(texts, used, broken | unread)


def _compiled(
    name: str,
    text: str,
    known: Mapping[str, NamedExpression],
    vocabulary: Vocabulary,
    report: Report,
) -> NamedExpression | None:
    where = (*_PLACE, name)
    lets = {each: named.let for each, named in known.items()}
    try:
        expression = compile_expression(text, roots=vocabulary.aliases, lets=lets)
    except ExpressionError as error:
        report_expression(error, where, report)
        return None
    before = len(report.findings)
    own = sources_of(expression, where, vocabulary, report)
    if len(report.findings) > before:
        return None
    parts = [known[each.name] for each in expression.lets]
    let = Let(
        name,
        text,
        expression.functions.union(*(part.let.functions for part in parts)),
        expression.growth,
        _reading(expression),
    )
    sources = dict.fromkeys([*own, *(each for part in parts for each in part.sources)])
    return NamedExpression(let, tuple(sources), _impure(expression, parts))


def _reading(expression: Expression) -> Evaluate:
    if expression.fields is not None:
        return expression.going_on
    # Whoever reads the whole resource does not ask for what nobody may see.
    return lambda resource: expression.going_on(without_secrets(resource))


def _impure(expression: Expression, parts: Iterable[NamedExpression]) -> frozenset[str]:
    own = {name for name in expression.functions if not functions()[name].pure}
    return frozenset(own).union(*(part.impure for part in parts))


def _report_cycles(texts: Mapping[str, str], report: Report) -> frozenset[str]:
    """Report cycles and chains that are too long; return the names in and above them."""
    heights: dict[str, int] = {}
    broken: set[str] = set()

    def height(name: str, around: tuple[str, ...]) -> int:
        if name in around:
            circle = around[around.index(name) :]
            if not broken & set(circle):
                _report_circle(circle, report)
            broken.update(circle)
            return 0
        if len(around) > MAX_DEPTH:
            return 1
        if name not in heights:
            below = [height(each, (*around, name)) for each in _known(texts[name], texts)]
            heights[name] = 1 + max(below, default=0)
        return heights[name]

    for name in texts:
        if height(name, ()) > MAX_DEPTH and not broken & {name}:
            message = f"more than {MAX_DEPTH} named expressions are made of each other"
            report.at_key("circular-let", message, (*_PLACE, name))
            broken.add(name)
    return frozenset(broken)


def _report_circle(circle: tuple[str, ...], report: Report) -> None:
    way = " → ".join(f"${name}" for name in (*circle, circle[0]))
    first, *others = circle
    related = tuple(Related(report.document.key((*_PLACE, name)), "part of it") for name in others)
    message = f"${first} is made of itself: {way}"
    report.at_key("circular-let", message, (*_PLACE, first), related=related)


def _texts(objects: ObjectsModel) -> list[str]:
    """Return the expressions of all rules."""
    found = [rule.expr for rule in objects.attributes.values() if rule.expr is not None]
    for rule in objects.attributes.values():
        if isinstance(rule.default, dict) and isinstance(rule.default.get("expr"), str):
            found.append(rule.default["expr"])
    return found


def _reached(read: Iterable[str], texts: Mapping[str, str]) -> frozenset[str]:
    waiting = [name for text in read for name in _known(text, texts)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _known(texts[name], texts)
    return frozenset(found)


def _in_order(names: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """Return names and all that they read, each behind those that it reads but for a cycle."""
    found: dict[str, None] = {}
    begun: set[str] = set()
    waiting = [(name, False) for name in sorted(names, reverse=True)]
    while waiting:
        name, is_done = waiting.pop()
        if is_done:
            found[name] = None
        elif name not in begun:
            begun.add(name)
            waiting.append((name, True))
            waiting += [(each, False) for each in _known(texts[name], texts)]
    return list(found)


def _known(text: str, texts: Mapping[str, str]) -> list[str]:
    return sorted(variables_of(text) & texts.keys())
