"""``reverse``: how SCIM attributes are read back from the fields of an account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from scimweave.mapping.diagnostics import did_you_mean
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.compiled import (
    EvaluationError,
    Expression,
    ExpressionError,
    compile_expression,
)
from scimweave.mapping.project import FieldError, Inverse, to_json
from scimweave.mapping.report import Report
from scimweave.mapping.rules.attributes import Named, named
from scimweave.mapping.rules.convert import Value
from scimweave.mapping.rules.fitting import REST, shown
from scimweave.mapping.rules.impure import report_impure
from scimweave.mapping.rules.origin import report_expression
from scimweave.mapping.rules.secret import secret_paths
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.schema import Attribute
from scimweave.scim.syntax import And, AttributePath, Compare, Filter

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel

_TEXT = frozenset({"string", "reference", "binary", "dateTime"})
_KEYS = frozenset({"to", "expr"})
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Inverses:
    """What a rule gives back, and why it gives nothing back where that loses something."""

    found: tuple[Inverse, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whose sources are known, with what its ``reverse`` may name."""

    name: str
    model: AttributeModel
    where: YamlPath
    sources: tuple[AttributePath, ...]
    table: Mapping[str, Value] | None
    vocabulary: Vocabulary
    fields: Sequence[str]


def inverses(rule: Rule, report: Report) -> Inverses:
    """Return how a rule is read back; what is wrong with its ``reverse`` is reported."""
    given = rule.model.reverse
    if secret_paths(rule.sources):
        if given not in (None, False):
            message = "a secret is never read back: leave out reverse"
            report.at_key("conflicting-keys", message, (*rule.where, "reverse"))
        return Inverses()
    if rule.model.has("const") and given is None:
        return Inverses()
    if given is False:
        return Inverses(reason="reverse: false")
    return _derived(rule) if given is None else _written(rule, given, report)


def as_scim(value: Value, leaf: Attribute) -> Any:
    """Return a target value in the form that a SCIM attribute has; text where it takes text."""
    match value:
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.isoformat().replace("+00:00", "Z")
        case date() | UUID():
            return str(value)
        case bool() | int() | float() | Decimal() if leaf.type in _TEXT:
            plain = to_json(value)
            return plain if isinstance(plain, str) else json.dumps(plain)
        case Decimal():
            return to_json(value)
        case _:
            return value


def _derived(rule: Rule) -> Inverses:
    model = rule.model
    if model.expr is not None:
        return Inverses(reason="an expression is not read back without reverse")
    if len(model.from_ or ()) != 1:
        return Inverses(reason="it has several sources, and which one it was is not known")
    (path,) = rule.sources[:1]
    resolved = rule.vocabulary.resource_type.resolve(path)
    leaf = resolved.sub_attribute or resolved.attribute
    if resolved.attribute.multi_valued and resolved.sub_attribute and path.filter is None:
        return Inverses(reason=f"{path} is a list of which only a part is known")
    if path.filter is not None and not _is_template(path.filter):
        return Inverses(reason=f"no element can be made for [{path.filter}]")
    if rule.table is not None:
        back = _looking_up(rule.name, rule.table, rule.model.sensitive)
        return Inverses((Inverse(path, frozenset({rule.name}), back),))
    name = rule.name

    def read(fields: Mapping[str, Value]) -> Any:
        return as_scim(fields.get(name), leaf)

    return Inverses((Inverse(path, frozenset({name}), read),))


def _is_template(found: Filter) -> bool:
    """Whether a filter says all of an element that it selects by."""
    match found:
        case And(left, right):
            return _is_template(left) and _is_template(right)
        case Compare(_, "eq", value):
            return value is not None
        case _:
            return False


def _looking_up(name: str, table: Mapping[str, Value], sensitive: bool) -> Any:
    """Return the look-up from a table's values to its keys; it never guesses."""
    keys: dict[str, list[str]] = {}
    for key, value in table.items():
        keys.setdefault(_text(value), []).append(key)

    def look_up(fields: Mapping[str, Value]) -> str | None:
        value = fields.get(name)
        if value is None:
            return None
        found = keys.get(_text(value), ["*"] if REST in table else [])
        if len(found) == 1 and found[0] != REST:
            return found[0]
        subject = "the value" if sensitive else shown(to_json(value))
        if not found:
            raise FieldError(f"{subject} is in no row of the table")
        if found == [REST]:
            raise FieldError(f'{subject} is what "*" gives, and could have been anything')
        listed = ", ".join(json.dumps(key, ensure_ascii=False) for key in found[:_LISTED])
        raise FieldError(f"{subject} stands for several values: {listed}")

    return look_up


def _text(value: Value) -> str:
    return json.dumps(to_json(value), sort_keys=True)


def _written(rule: Rule, given: Any, report: Report) -> Inverses:
    where = (*rule.where, "reverse")
    many = isinstance(given, list)
    found = []
    for index, each in enumerate(given if many else [given]):
        place = (*where, index) if many else where
        compiled_one = _one(rule, each, place, report)
        if compiled_one is not None:
            found.append(compiled_one)
    return Inverses(tuple(found))


def _one(rule: Rule, given: Any, where: YamlPath, report: Report) -> Inverse | None:
    if isinstance(given, str):
        target = _only_source(rule, where, report)
        expression = _expression(rule, given, where, report)
    elif isinstance(given, dict):
        if not _well_formed(given, where, report):
            return None
        target = _source(rule, given["to"], (*where, "to"), report)
        expression = _expression(rule, given["expr"], (*where, "expr"), report)
    else:
        message = '"reverse" is false, an expression, or { to: …, expr: … }'
        report.at_value("wrong-type", message, where)
        return None
    if target is None or expression is None:
        return None
    leaf = target.resolved.sub_attribute or target.resolved.attribute
    chains = expression.fields
    reads = frozenset(rule.fields if chains is None else {chain[0] for chain in chains})
    return Inverse(target.path, reads, _evaluating(expression, reads, leaf, rule.model.sensitive))


def _well_formed(given: Mapping[str, Any], where: YamlPath, report: Report) -> bool:
    before = len(report.findings)
    for key in given.keys() - _KEYS:
        label = did_you_mean(key, _KEYS)
        report.at_key("unknown-key", f'unknown key "{key}"', (*where, key), label)
    for key in sorted(_KEYS - given.keys()):
        report.at_key("missing-key", f'"reverse" has no "{key}"', where)
    for key in sorted(_KEYS & given.keys()):
        if not isinstance(given[key], str):
            report.at_value("wrong-type", f'"{key}" is text', (*where, key))
    return len(report.findings) == before


def _only_source(rule: Rule, where: YamlPath, report: Report) -> Named | None:
    if len(rule.sources) == 1:
        (path,) = rule.sources
        resolved = rule.vocabulary.resource_type.resolve(path)
        return Named(path, resolved, "")
    message = f'"{rule.name}" has {len(rule.sources)} sources: say which of them is read back'
    hint = f"reverse: {{ to: {rule.sources[0] if rule.sources else 'userName'}, expr: … }}"
    report.at_value("bad-value", message, where, help=hint)
    return None


def _source(rule: Rule, text: str, where: YamlPath, report: Report) -> Named | None:
    found = named(text, where, rule.vocabulary, report)
    if found is None:
        return None
    mine = {(each.uri, each.attribute) for each in rule.sources}
    if (found.path.uri, found.path.attribute) not in mine:
        sources = ", ".join(map(str, rule.sources)) or "nothing"
        message = f'"{rule.name}" is not made of "{text}", and does not give it back'
        report.at_value("bad-value", message, where, help=f"it reads {sources}")
        return None
    path = found.path
    listed = found.resolved.attribute.multi_valued and path.filter is None and path.sub_attribute
    if listed or (path.filter is not None and not _is_template(path.filter)):
        message = f'no element can be made for "{text}"'
        hint = 'name one by its equalities, such as emails[type eq "work"].value'
        report.at_value("bad-value", message, where, help=hint)
        return None
    return found


def _expression(rule: Rule, text: str, where: YamlPath, report: Report) -> Expression | None:
    try:
        expression = compile_expression(text)
    except ExpressionError as error:
        report_expression(error, where, report)
        return None
    report_impure(expression, where, report)
    for name, *_ in sorted(expression.fields or ()):
        if name not in rule.fields:
            message = f'the mapping writes no field "{name}" that could be read back'
            label = did_you_mean(name, rule.fields)
            position = max(0, text.find(name))
            report.inside("unknown-field", message, where, position, len(name), label)
            return None
    return expression


def _evaluating(
    expression: Expression, reads: frozenset[str], leaf: Attribute, sensitive: bool
) -> Any:
    def read(fields: Mapping[str, Value]) -> Any:
        plain = {name: to_json(fields.get(name)) for name in reads}
        try:
            return as_scim(expression(plain), leaf)
        except EvaluationError as error:
            reason = "reverse has no result" if sensitive else f"reverse: {error.reason}"
            raise FieldError(reason) from None

    return read
