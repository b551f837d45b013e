"""A mapping against what its target has: fields, lengths, nulls, uniqueness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from scimweave.mapping.diagnostics import Diagnostic, did_you_mean, finding, position
from scimweave.mapping.project import Field, FieldError, Program
from scimweave.mapping.source import YamlPath

_ATTRIBUTES: YamlPath = ("users", "attributes")
# Every user has them, whatever the provider sends (design, section 6; Q66).
_ALWAYS_THERE = frozenset({"userName", "active"})


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


def check_target(program: Program, description: Mapping[str, FieldDescription]) -> list[Diagnostic]:
    """Return what the mapping and the fields of its target disagree about."""
    found = [
        *_missing(program, description),
        *_nulls(program, description),
        *_lengths(program, description),
        *_matches(program, description),
    ]
    return sorted(found, key=position)


def target_finding(program: Program, reason: str) -> Diagnostic:
    """Return a finding about a target that cannot be opened, or lacks the object."""
    return finding("unusable-target", reason, program.span_of("users", "object"))


def _missing(program: Program, description: Mapping[str, FieldDescription]) -> Iterator[Diagnostic]:
    users = program.users
    places: dict[str, YamlPath] = {
        name: ("users", "operations", key, "set", name)
        for key, names in (
            ("reactivate", users.operations.reactivate_set),
            ("deactivate", users.operations.deactivate_set),
        )
        for name in names
    }
    places |= {field.name: (*_ATTRIBUTES, field.name) for field in users.fields}
    for name, place in places.items():
        if name not in description:
            yield _no_field(program, name, place, description)
    if users.key not in description:
        yield finding(
            "missing-field",
            f'{users.object} has no field "{users.key}", by which accounts are known',
            program.span_of("users", "key"),
            did_you_mean(users.key, description),
        )


def _no_field(
    program: Program, name: str, place: YamlPath, description: Mapping[str, FieldDescription]
) -> Diagnostic:
    return finding(
        "missing-field",
        f'{program.users.object} has no field "{name}"',
        program.key_span_of(*place),
        did_you_mean(name, description),
    )


def _nulls(program: Program, description: Mapping[str, FieldDescription]) -> Iterator[Diagnostic]:
    users = program.users
    for name, described in description.items():
        if described.nullable or name == users.key:
            continue
        field = users.field(name)
        if field is None:
            if not described.has_default:
                yield finding(
                    "not-null-without-value",
                    f'{users.object} wants a value for "{name}", and no attribute fills it',
                    program.key_span_of(*_ATTRIBUTES),
                )
        elif _can_be_null(field):
            yield finding(
                "null-possible",
                f'{users.object} takes no null in "{name}", '
                f"and a user without {field.source_text} gives null",
                program.key_span_of(*_ATTRIBUTES, name),
                help='give "default", or "required: true" to refuse such a user',
            )


def _can_be_null(field: Field) -> bool:
    if field.required or any(source.attribute in _ALWAYS_THERE for source in field.sources):
        return False
    try:
        return field.read({}) is None
    except FieldError:
        return False


def _lengths(program: Program, description: Mapping[str, FieldDescription]) -> Iterator[Diagnostic]:
    for field in program.users.fields:
        described = description.get(field.name)
        limit = described.max_length if described is not None else None
        if limit is not None and field.max_length is not None and limit < field.max_length:
            yield finding(
                "too-short",
                f'"{field.name}" takes {limit} characters at the target, '
                f"and the mapping lets {field.max_length} through",
                program.span_of(*_ATTRIBUTES, field.name, "max_length"),
            )


def _matches(program: Program, description: Mapping[str, FieldDescription]) -> Iterator[Diagnostic]:
    for index, name in enumerate(program.users.match):
        described = description.get(name)
        if described is not None and not described.unique:
            yield finding(
                "no-unique-match",
                f'two accounts may have the same "{name}", by which accounts are found',
                program.span_of("users", "match", index),
                help="a unique index at the target keeps that from happening",
            )
