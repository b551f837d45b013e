"""Where the value of a field comes from: SCIM paths, an expression, or a constant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.compiled import (
    EvaluationError,
    Expression,
    ExpressionError,
    compile_expression,
)
from scimweave.mapping.expression.lets import computing
from scimweave.mapping.expression.syntax import variables_of
from scimweave.mapping.project import FieldError
from scimweave.mapping.report import Report
from scimweave.mapping.rules.attributes import every_attribute, named, named_by_expression
from scimweave.mapping.rules.impure import report_impure, report_impure_lets
from scimweave.mapping.rules.secret import secret_paths, without_secrets
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.path import compile_path
from scimweave.scim.syntax import AttributePath

Read = Callable[[dict[str, Any]], Any]
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "decimal"}
_WORD = re.compile(r"\$?\w+")
_ABOUT_A_NAME = frozenset({"unknown-function", "refused-function", "unknown-let"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Gives a value for a resource, or None.

    ``type`` is the field type that its values have for certain; ``text`` names it in messages.
    """

    read: Read
    sources: tuple[AttributePath, ...]
    type: str | None
    text: str


def from_paths(
    texts: list[str], where: YamlPath, vocabulary: Vocabulary, report: Report
) -> Origin | None:
    """Read the first of some SCIM paths that is present; None where something was reported."""
    places = [where if len(texts) == 1 else (*where, index) for index in range(len(texts))]
    found = [
        named(text, place, vocabulary, report) for text, place in zip(texts, places, strict=True)
    ]
    complete = [each for each in found if each is not None]
    if len(complete) < len(found):
        return None
    readers = [compile_path(each.path, vocabulary.resource_type) for each in complete]
    types = {each.type for each in complete}
    return Origin(
        readers[0] if len(readers) == 1 else _first_present(readers),
        tuple(each.path for each in complete),
        types.pop() if len(types) == 1 else None,
        " or ".join(texts),
    )


def from_expression(
    text: str,
    where: YamlPath,
    vocabulary: Vocabulary,
    report: Report,
    *,
    sensitive: bool,
    once: bool = False,
) -> Origin | None:
    """Compute a value; None where something was reported.

    ``once`` says that it is written once: only then may it differ from one time to the next.
    """
    if vocabulary.broken_lets and vocabulary.broken_lets & variables_of(text):
        # What is wrong is said where it stands.
        return None
    try:
        expression = compile_expression(text, roots=vocabulary.aliases, lets=vocabulary.expressions)
    except ExpressionError as error:
        report_expression(error, where, report)
        return None
    before = len(report.findings)
    read = [vocabulary.lets[each.name] for each in expression.lets]
    if not once:
        report_impure(expression, where, report)
        report_impure_lets(expression.text, read, where, report)
    own = sources_of(expression, where, vocabulary, report)
    if len(report.findings) > before:
        return None
    sources = tuple(dict.fromkeys([*own, *(path for each in read for path in each.sources)]))
    known = expression.fields is not None and sources
    names = ", ".join(sorted(str(path) for path in sources)) if known else "expr"
    evaluate = _evaluating(expression, sensitive or bool(secret_paths(sources)))
    return Origin(evaluate, sources, None, names)


def from_constant(value: Any) -> Origin:
    """Give the same value for every resource."""
    return Origin(lambda _: value, (), type_of(value), "const")


def type_of(value: Any) -> str | None:
    """Return the field type of a literal; a subclass of str is text."""
    if isinstance(value, str):
        return "string"
    return None if value is None else _TYPES.get(type(value), "json")


def _first_present(readers: list[Read]) -> Read:
    def read(resource: dict[str, Any]) -> Any:
        for each in readers:
            value = each(resource)
            if value is not None and value != "":
                return value
        return None

    return read


def _evaluating(expression: Expression, sensitive: bool) -> Read:
    def read(resource: dict[str, Any]) -> Any:
        try:
            return expression(resource)
        except EvaluationError as error:
            reason = "the expression has no result" if sensitive else error.reason
            raise FieldError(reason) from None

    def read_without_secrets(resource: dict[str, Any]) -> Any:
        return read(without_secrets(resource))

    # Whoever reads the whole resource does not ask for what nobody may see.
    evaluate = read if expression.fields is not None else read_without_secrets
    if not expression.lets:
        return evaluate

    def read_with_lets(resource: dict[str, Any]) -> Any:
        with computing(resource):
            return evaluate(resource)

    return read_with_lets


def sources_of(
    expression: Expression, where: YamlPath, vocabulary: Vocabulary, report: Report
) -> tuple[AttributePath, ...]:
    """Return what an expression reads itself; what is no attribute is reported."""
    if expression.fields is None:
        return every_attribute(vocabulary)
    paths: list[AttributePath] = []
    for chain in sorted(expression.fields):
        paths += named_by_expression(chain, expression.text, where, vocabulary, report)
    return tuple(paths)


def report_expression(error: ExpressionError, where: YamlPath, report: Report) -> None:
    """Report what keeps an expression from being compiled."""
    length = 1
    if error.code in _ABOUT_A_NAME:
        word = _WORD.match(error.text, error.position)
        length = len(word.group()) if word else 1
    is_label = error.code in {"unknown-function", "unknown-let"}
    label, help = (error.hint, "") if is_label else ("", error.hint)
    report.inside(error.code, error.reason, where, error.position, length, label, help=help)
