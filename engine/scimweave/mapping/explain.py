"""Where the value of a target field came from, step by step.

The rule is read from the file again and followed apart from the closures that run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from scimweave.mapping.diagnostics import Span
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.explained import Piece, explain_expression
from scimweave.mapping.project import KEEP, Field, FieldError, ObjectProgram, Program, to_json
from scimweave.mapping.rules.convert import Unfit, to_string
from scimweave.mapping.rules.fitting import REST
from scimweave.mapping.rules.secret import has_any
from scimweave.mapping.rules.vocabulary import USER_VOCABULARY, Vocabulary
from scimweave.scim.path import compile_path, parse_path

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel

Taken = Literal["const", "source", "row", "default", "cleared", "kept", "required", "deactivated"]
Section = Literal["users", "groups"]
Resource = dict[str, Any]
_SETS = ("deactivate", "reactivate")


@dataclass(frozen=True, slots=True)
class SourceRead:
    """A SCIM path that was read; ``taken`` says that its value was used."""

    path: str
    value: Any
    taken: bool


@dataclass(slots=True)
class Trace:
    """How a rule came to its value.

    ``row`` is the key of the table's row. ``raw`` is the value before it is put into the field's
    type, ``taken`` what decided it.
    """

    sources: list[SourceRead] = field(default_factory=list)
    expression: Piece | None = None
    row: str | None = None
    default: Piece | None = None
    taken: Taken = "source"
    raw: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One target field of one resource: the rule, the way, and the result.

    ``value`` is in JSON form; it is None where the field is kept as it is (``is_kept``) or cannot
    be computed (``error``).
    """

    field: str
    span: Span
    rule: str
    trace: Trace
    value: Any
    error: str | None
    is_kept: bool
    sensitive: bool


def rules_of(program: Program, section: Section = "users") -> Mapping[str, AttributeModel]:
    """Return the rules of a part of a file that compiles, by target field."""
    # pydantic takes a tenth of a second to import: only who explains pays for it.
    from scimweave.mapping.model import read_model  # noqa: PLC0415

    model, _ = read_model(program.data())
    part = getattr(model, section, None)
    return {} if part is None else part.attributes


def explain(
    program: Program, resource: Resource, objects: ObjectProgram | None = None
) -> list[Explanation]:
    """Explain each target field of a canonical resource, in the order of the file.

    ``objects`` is the part of the program that is about it; without it, the one for users.
    """
    objects = objects or program.users
    resource = objects.seen(resource)
    projection = objects.project(resource)
    errors = {fault.field: fault.reason for fault in projection.faults}
    rules = rules_of(program, objects.section)
    sets = objects.operations.deactivate_set if resource.get("active") is False else {}
    places = _Places(program, objects)
    found = []
    for name in [*rules, *(each for each in sets if each not in rules)]:
        target_field = objects.field(name)
        trace = Trace()
        if target_field is not None and _is_left_alone(target_field, resource):
            trace = Trace(taken="kept", raw=KEEP)
        elif target_field is not None:
            trace = follow(rules[name], target_field, resource, objects.vocabulary)
        if name in sets:
            trace.taken = "deactivated"
        span, text = places.of(name, is_set=name in sets)
        found.append(
            Explanation(
                field=name,
                span=span,
                rule=text,
                trace=trace,
                value=to_json(projection.values.get(name)),
                error=errors.get(name),
                is_kept=name not in projection.values and name not in errors,
                sensitive=target_field is not None and target_field.sensitive,
            )
        )
    return found


def _is_left_alone(target_field: Field, resource: Resource) -> bool:
    """Whether a field is made of a secret that the resource does not bring."""
    return bool(target_field.secrets) and not has_any(resource, target_field.secrets)


class _Places:
    """Where rules stand, and their text without the literals of sensitive fields."""

    def __init__(self, program: Program, objects: ObjectProgram) -> None:
        self._program = program
        self._objects = objects
        sensitive = [each.name for each in objects.fields if each.sensitive]
        self._hidden = {
            line
            for name in sensitive
            for path in (self._rule(name), *map(partial(self._set, name), _SETS))
            if program.has(*path)
            for line in program.lines_of(*path)
        }

    def of(self, name: str, *, is_set: bool) -> tuple[Span, str]:
        """Return the place of a rule, or of what sets the field for leavers, and what it says."""
        path = self._set(name, "deactivate") if is_set else self._rule(name)
        span = self._program.key_span_of(*path)
        if span.line not in self._hidden:
            return span, span.text.strip()
        field = self._objects.field(name)
        return span, name if field is None or is_set else f"{name}: {field.source_text}"

    def _rule(self, name: str) -> YamlPath:
        return (self._objects.section, "attributes", name)

    def _set(self, name: str, operation: str) -> YamlPath:
        return (self._objects.section, "operations", operation, "set", name)


def follow(
    rule: AttributeModel,
    target_field: Field,
    resource: Resource,
    vocabulary: Vocabulary = USER_VOCABULARY,
) -> Trace:
    """Follow a rule for a canonical resource; a user has ``active``."""
    trace = Trace()
    if rule.has("const"):
        trace.taken, trace.raw = "const", rule.const
    else:
        _computed(rule, trace, resource, vocabulary)
    if trace.error is None and trace.raw is not KEEP and trace.raw is not None:
        try:
            target_field.fit(trace.raw)
        except (Unfit, FieldError) as error:
            trace.error = error.reason
    return trace


def _computed(
    rule: AttributeModel, trace: Trace, resource: Resource, vocabulary: Vocabulary
) -> None:
    value = _source(rule, trace, resource, vocabulary)
    if trace.error is not None:
        return
    if value is None or value == "":
        _absent(rule, trace, resource, vocabulary)
    elif rule.values is None:
        trace.raw = value
    else:
        _row(rule, rule.values, trace, value)


def _source(rule: AttributeModel, trace: Trace, resource: Resource, vocabulary: Vocabulary) -> Any:
    if rule.expr is not None:
        trace.expression = _piece(rule.expr, resource, vocabulary)
        trace.error = trace.expression.error
        return trace.expression.value
    taken = None
    for text in rule.from_ or []:
        value = _reader(text, vocabulary)(resource)
        is_first = taken is None and value is not None and value != ""
        trace.sources.append(SourceRead(text, value, is_first))
        if is_first:
            taken = value
    return taken


def _reader(text: str, vocabulary: Vocabulary) -> Callable[[Resource], Any]:
    path = parse_path(text, aliases=vocabulary.aliases)
    return compile_path(path, vocabulary.resource_type)


def _piece(text: str, resource: Resource, vocabulary: Vocabulary) -> Piece:
    return explain_expression(text, resource, roots=vocabulary.aliases)


def _absent(rule: AttributeModel, trace: Trace, resource: Resource, vocabulary: Vocabulary) -> None:
    default = rule.default
    if isinstance(default, dict) and "expr" in default:
        trace.default = _piece(default["expr"], resource, vocabulary)
        trace.error = trace.default.error
        default = trace.default.value
    if default is not None and default != "":
        trace.taken, trace.raw = "default", default
    elif trace.error is None and rule.default == "":
        trace.taken, trace.raw = "default", ""
    elif trace.error is None and rule.required:
        trace.taken, trace.error = "required", "is required"
    elif trace.error is None:
        kept = rule.absent == "keep"
        trace.taken, trace.raw = ("kept", KEEP) if kept else ("cleared", None)


def _row(rule: AttributeModel, table: Mapping[str, Any], trace: Trace, value: Any) -> None:
    try:
        key = value if isinstance(value, str) else to_string(value)
    except Unfit as unfit:
        trace.error = unfit.reason
        return
    if key not in table or key == REST:
        key = REST
    if key not in table:
        trace.error = "is not in the table"
        return
    trace.taken, trace.row, trace.raw = "row", key, table[key]
    if trace.raw is None and rule.required:
        trace.error = "stands for nothing, and the field is required"
