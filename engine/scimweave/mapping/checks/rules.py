"""What is wrong with single rules that compile: pieces that are never reached, or never filled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimweave.mapping.checks.expressions import check_expressions, with_named
from scimweave.mapping.checks.matching import check_matching
from scimweave.mapping.checks.nulls import NullUse, null_uses
from scimweave.mapping.checks.secrets import check_sensitive_literals
from scimweave.mapping.checks.shapes import root_shape
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import Field, ObjectProgram
from scimweave.mapping.report import Report
from scimweave.mapping.rules.fitting import REST
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.error import ScimError
from scimweave.scim.path import parse_path
from scimweave.scim.schema import Attribute
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel, ObjectsModel

# Every resource has them, whatever the provider sends (design, section 6; Q66).
ALWAYS_THERE: Mapping[str, frozenset[str]] = {
    "users": frozenset({"userName", "active"}),
    "groups": frozenset({"displayName"}),
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule with its place in the file."""

    model: AttributeModel
    where: YamlPath
    report: Report
    objects: ObjectProgram

    @property
    def resource(self) -> str:
        """What the rule is about, as a word."""
        return _word(self.objects)


def check_rules(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Look at each rule that was compiled."""
    root = root_shape(objects.vocabulary)
    texts = {name: named.let.text for name, named in objects.vocabulary.lets.items()}
    known = with_named(texts, root, ALWAYS_THERE[objects.section], report)
    for name, rule in model.attributes.items():
        if objects.field(name) is None:
            continue
        placed = _Rule(rule, (objects.section, "attributes", name), report, objects)
        _check_sources(placed)
        _check_default(placed)
        _check_table(placed)
        _check_required(placed)
        _check_nulls(placed)
        check_expressions(rule, placed.where, known, report)
    for name, text in texts.items():
        for use in null_uses(text, ALWAYS_THERE[objects.section], _word(objects)):
            _report_null(use, ("let", name), report)
    _check_match(model, objects, report)
    check_matching(model, objects, report)
    check_sensitive_literals(model, objects, report)


def is_always_there(path: AttributePath, objects: ObjectProgram) -> bool:
    """Whether every resource of the type has this attribute."""
    names = {each.lower() for each in ALWAYS_THERE[objects.section]}
    return path.uri is None and path.filter is None and path.attribute.lower() in names


def _check_sources(rule: _Rule) -> None:
    """Report entries of a ``from`` list behind which nothing can come."""
    texts = rule.model.from_ or []
    earlier: dict[str, str] = {}
    certain: str | None = None
    for index, text in enumerate(texts):
        path = parse_path(text, aliases=rule.objects.vocabulary.aliases)
        same = next((earlier[each] for each in _around(path) if each in earlier), None)
        where = (*rule.where, "from", index)
        if certain is not None:
            message = (
                f'"{text}" is never read: every {rule.resource} has {certain}, which goes before'
            )
            rule.report.at_value("unreachable-source", message, where)
        elif same is not None:
            message = f'"{text}" is never read: {same} goes before'
            rule.report.at_value("unreachable-source", message, where)
        earlier[str(path).lower()] = text
        if certain is None and is_always_there(path, rule.objects):
            certain = text


def _around(path: AttributePath) -> Iterator[str]:
    """Yield the path, and those that have a value wherever it has one."""
    yield str(path).lower()
    yield str(AttributePath(path.uri, path.attribute, path.sub_attribute)).lower()
    yield str(AttributePath(path.uri, path.attribute)).lower()
    if path.filter is not None:
        yield str(AttributePath(path.uri, path.attribute, None, path.filter)).lower()


def _check_default(rule: _Rule) -> None:
    paths = [
        parse_path(text, aliases=rule.objects.vocabulary.aliases) for text in rule.model.from_ or []
    ]
    certain = next((each for each in paths if is_always_there(each, rule.objects)), None)
    if certain is not None and rule.model.default is not None:
        message = f"the default is never used: every {rule.resource} has {certain}"
        rule.report.at_key("unreachable-default", message, (*rule.where, "default"))


def _check_table(rule: _Rule) -> None:
    leaves = list(_leaves(rule.model.from_ or [], rule.objects.vocabulary))
    types = {leaf.type for leaf in leaves if leaf is not None}
    kind = types.pop() if len(types) == 1 and None not in leaves else None
    known = {value for leaf in leaves if leaf is not None for value in leaf.canonical_values}
    complete = bool(leaves) and all(leaf and leaf.canonical_values for leaf in leaves)
    for key in rule.model.values or {}:
        where = (*rule.where, "values", key)
        if key == REST:
            continue
        if key == "":
            message = "an empty text counts as absent: this row is never used"
            hint = 'give "default" for what is absent'
            rule.report.at_key("unreachable-value", message, where, help=hint)
        elif kind is not None and (wanted := _impossible(key, kind)):
            message = f"{json.dumps(key, ensure_ascii=False)} never comes: {wanted}"
            rule.report.at_key("unreachable-value", message, where)
        elif complete and key not in known:
            _report_unknown(key, known, where, rule)


def _report_unknown(key: str, known: Set[str], where: YamlPath, rule: _Rule) -> None:
    """Report a row for a value that the schema does not have, or does not suggest."""
    shown = json.dumps(key, ensure_ascii=False)
    listed = ", ".join(f'"{each}"' for each in sorted(known))
    if all(_is_declared(text, rule) for text in rule.model.from_ or []):
        message = f"{shown} never comes: the schema of this file has no such value"
        hint = f"its canonicalValues are {listed}"
        rule.report.at_key("unreachable-value", message, where, help=hint)
    else:
        # To RFC 7643 §7 canonical values are suggestions, and providers make use of that.
        message = f"SCIM suggests no value {shown} here"
        rule.report.at_key("unusual-value", message, where, help=f"it suggests {listed}")


def _is_declared(text: str, rule: _Rule) -> bool:
    """Whether a path leads into an extension that the file itself declares."""
    uri = parse_path(text, aliases=rule.objects.vocabulary.aliases).uri
    return uri is not None and rule.report.document.exactly(("schema", uri)) is not None


def _impossible(key: str, kind: str) -> str:
    """Return what values of a SCIM type look like, where ``key`` is none."""
    if kind == "boolean" and key not in {"true", "false"}:
        return "the attribute is true or false, in lower case"
    if kind == "integer" and not _INTEGER.fullmatch(key):
        return "the attribute is a whole number"
    return ""


def _leaves(texts: list[str], vocabulary: Vocabulary) -> Iterator[Attribute | None]:
    for text in texts:
        try:
            resolved = vocabulary.resource_type.resolve(
                parse_path(text, aliases=vocabulary.aliases)
            )
        except ScimError:
            # An attribute that the file itself brings along.
            yield None
            continue
        yield resolved.sub_attribute or resolved.attribute


def _check_required(rule: _Rule) -> None:
    if not rule.model.required:
        return
    message = f'"{rule.where[-1]}" is required, and this would leave it empty'
    if rule.model.has("const") and rule.model.const is None:
        rule.report.at_key("required-empty", message, (*rule.where, "const"))
    for key, value in (rule.model.values or {}).items():
        where = (*rule.where, "values", key)
        if value is None and not rule.report.document.is_faulty(where):
            rule.report.at_key("required-empty", message, where)


def _check_nulls(rule: _Rule) -> None:
    places: list[tuple[str, YamlPath]] = []
    if rule.model.expr is not None:
        places.append((rule.model.expr, (*rule.where, "expr")))
    default = rule.model.default
    if isinstance(default, dict) and isinstance(default.get("expr"), str):
        places.append((default["expr"], (*rule.where, "default", "expr")))
    for text, where in places:
        for use in null_uses(text, ALWAYS_THERE[rule.objects.section], rule.resource):
            _report_null(use, where, rule.report)


def _report_null(use: NullUse, where: YamlPath, report: Report) -> None:
    message = f"{use.field} may be absent: {use.consequence}"
    report.inside("null-ignored", message, where, use.position, use.length, help=use.remedy)


def _check_match(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Report match fields that may be empty, where none of them is sure to have a value."""
    compiled = [
        (index, field)
        for index, name in enumerate(model.match)
        if (field := objects.field(name)) is not None
    ]
    if any(_is_filled(model.attributes[field.name], field, objects) for _, field in compiled):
        return
    word = _word(objects)
    for index, field in compiled:
        report.at_value(
            "match-empty",
            f'"{field.name}" finds accounts, and a {word} without {field.source_text} has none',
            (objects.section, "match", index),
            help=f'"required: true" refuses such a {word}',
        )


def _is_filled(rule: AttributeModel, field: Field, objects: ObjectProgram) -> bool:
    """Whether each resource has a value for the field, or is refused."""
    return (
        rule.required
        or rule.has("const")
        or rule.default is not None
        or any(is_always_there(each, objects) for each in field.sources)
    )


def _word(objects: ObjectProgram) -> str:
    return objects.resource_type.name.lower()
