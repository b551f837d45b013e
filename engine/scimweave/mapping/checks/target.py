"""A mapping against what its target has: fields, lengths, nulls, uniqueness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from scimweave.mapping.checks.rules import ALWAYS_THERE
from scimweave.mapping.diagnostics import Diagnostic, did_you_mean, finding, position
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import Field, FieldError, Membership, ObjectProgram, Program

# Which types of a field a target's type takes; a target that says no more takes everything.
_EVERYTHING = frozenset(
    {"string", "integer", "decimal", "boolean", "date", "datetime", "uuid", "json"}
)
_TAKES: Mapping[str, frozenset[str]] = {
    "string": _EVERYTHING - {"boolean"},
    "integer": frozenset({"integer", "decimal", "boolean"}),
    "decimal": frozenset({"integer", "decimal"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"datetime"}),
    "uuid": frozenset({"uuid", "string"}),
}


class FieldDescription(Protocol):
    """A field as the target has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def nullable(self) -> bool: ...  # noqa: D102
    @property
    def has_default(self) -> bool: ...  # noqa: D102
    @property
    def max_length(self) -> int | None: ...  # noqa: D102
    @property
    def unique(self) -> bool: ...  # noqa: D102


def check_target(
    program: Program,
    description: Mapping[str, FieldDescription],
    objects: ObjectProgram | None = None,
) -> list[Diagnostic]:
    """Return what the mapping and the fields of its target disagree about.

    ``objects`` is the part of the mapping that the description is of: its users by default.
    """
    part = objects or program.users
    found = [
        *_missing(program, part, description),
        *_nulls(program, part, description),
        *_types(program, part, description),
        *_lengths(program, part, description),
        *_matches(program, part, description),
    ]
    return sorted(found, key=position)


def check_members(
    program: Program, description: Mapping[str, FieldDescription]
) -> list[Diagnostic]:
    """Return what the mapping and the membership table of its target disagree about."""
    table = program.groups.members if program.groups else None
    if not isinstance(table, Membership):
        return []
    where: YamlPath = ("groups", "members")
    columns = {"group": table.group, "member": table.member}
    found = [
        finding(
            "missing-field",
            f'{table.object} has no field "{name}"',
            program.span_of(*where, key),
            did_you_mean(name, description),
        )
        for key, name in columns.items()
        if name not in description
    ]
    found += [
        finding(
            "not-null-without-value",
            f'{table.object} wants a value for "{name}", and a membership has none',
            program.span_of(*where, "object"),
        )
        for name, described in description.items()
        if not (described.nullable or described.has_default) and name not in columns.values()
    ]
    return sorted(found, key=position)


def target_finding(
    program: Program, reason: str, where: YamlPath = ("users", "object")
) -> Diagnostic:
    """Return a finding about a target that cannot be opened, or lacks the object at ``where``."""
    return finding("unusable-target", reason, program.span_of(*where))


def _missing(
    program: Program, part: ObjectProgram, description: Mapping[str, FieldDescription]
) -> Iterator[Diagnostic]:
    places: dict[str, YamlPath] = {
        name: (part.section, "operations", key, "set", name)
        for key, names in (
            ("reactivate", part.operations.reactivate_set),
            ("deactivate", part.operations.deactivate_set),
        )
        for name in names
    }
    places |= {field.name: (part.section, "attributes", field.name) for field in part.fields}
    for name, place in places.items():
        if name not in description:
            yield finding(
                "missing-field",
                f'{part.object} has no field "{name}"',
                program.key_span_of(*place),
                did_you_mean(name, description),
            )
    if part.key not in description:
        yield finding(
            "missing-field",
            f'{part.object} has no field "{part.key}", by which accounts are known',
            program.span_of(part.section, "key"),
            did_you_mean(part.key, description),
        )


def _nulls(
    program: Program, part: ObjectProgram, description: Mapping[str, FieldDescription]
) -> Iterator[Diagnostic]:
    one = part.section.removesuffix("s")
    for name, described in description.items():
        if described.nullable or name == part.key:
            continue
        field = part.field(name)
        if field is None:
            if not described.has_default:
                yield finding(
                    "not-null-without-value",
                    f'{part.object} wants a value for "{name}", and no attribute fills it',
                    program.key_span_of(part.section, "attributes"),
                )
        elif _can_be_null(field, ALWAYS_THERE[part.section]):
            yield finding(
                "null-possible",
                f'{part.object} takes no null in "{name}", '
                f"and a {one} without {field.source_text} gives null",
                program.key_span_of(part.section, "attributes", name),
                help=f'give "default", or "required: true" to refuse such a {one}',
            )


def _can_be_null(field: Field, always_there: frozenset[str]) -> bool:
    if field.required or any(source.attribute in always_there for source in field.sources):
        return False
    try:
        return field.read({}) is None
    except FieldError:
        return False


def _types(
    program: Program, part: ObjectProgram, description: Mapping[str, FieldDescription]
) -> Iterator[Diagnostic]:
    for field in part.fields:
        described = description.get(field.name)
        if described is None or field.type is None:
            continue
        taken = _TAKES.get(described.type, _EVERYTHING)
        if field.type not in taken:
            yield finding(
                "unfit-type",
                f'"{field.name}" is {described.type} at the target, '
                f"and the mapping makes {field.type} of it",
                program.key_span_of(part.section, "attributes", field.name),
                help=_how_to_fit(field.type, described.type),
            )


def _how_to_fit(made: str, wanted: str) -> str:
    if wanted == "string":
        if made == "boolean":
            return 'choose the words: values: { "true": …, "false": … }'
        return "say which text it becomes, by `expr` for example"
    return f'"type: {wanted}" makes it one, or refuses what is none'


def _lengths(
    program: Program, part: ObjectProgram, description: Mapping[str, FieldDescription]
) -> Iterator[Diagnostic]:
    for field in part.fields:
        described = description.get(field.name)
        limit = described.max_length if described is not None else None
        if limit is None or field.type not in {None, "string"}:
            continue
        for path, length in _long_literals(program, (part.section, "attributes", field.name)):
            if length > limit:
                yield finding(
                    "too-short",
                    f'"{field.name}" takes {limit} characters at the target, and this has {length}',
                    program.span_of(*path),
                )
        if field.max_length is None and field.sources and not _has_table(program, part, field):
            yield finding(
                "length-unchecked",
                f'"{field.name}" takes {limit} characters at the target, '
                "and the mapping lets any number through",
                program.key_span_of(part.section, "attributes", field.name),
                help=f'"max_length: {limit}" refuses longer ones before they are written',
            )
        elif field.max_length is not None and limit < field.max_length:
            yield finding(
                "too-short",
                f'"{field.name}" takes {limit} characters at the target, '
                f"and the mapping lets {field.max_length} through",
                program.span_of(part.section, "attributes", field.name, "max_length"),
            )


def _has_table(program: Program, part: ObjectProgram, field: Field) -> bool:
    return program.has(part.section, "attributes", field.name, "values")


def _long_literals(program: Program, where: YamlPath) -> Iterator[tuple[YamlPath, int]]:
    """Yield the place and the length of each text that a rule writes as it stands."""
    rule = program.at(*where)
    if not isinstance(rule, dict):
        return
    for key in ("const", "default"):
        if isinstance(text := rule.get(key), str):
            yield (*where, key), len(text)
    table = rule.get("values")
    for name, text in table.items() if isinstance(table, dict) else ():
        if isinstance(text, str):
            yield (*where, "values", name), len(text)


def _matches(
    program: Program, part: ObjectProgram, description: Mapping[str, FieldDescription]
) -> Iterator[Diagnostic]:
    for index, name in enumerate(part.match):
        described = description.get(name)
        if described is not None and not described.unique:
            yield finding(
                "no-unique-match",
                f'two accounts may have the same "{name}", by which accounts are found',
                program.span_of(part.section, "match", index),
                help="a unique index at the target keeps that from happening",
            )
