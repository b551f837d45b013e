"""A compiled mapping: from a resource to the fields of its account, purely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from scimweave.mapping.convert import Value
from scimweave.mapping.diagnostics import Diagnostic, Span
from scimweave.mapping.source import Document
from scimweave.scim.resource import Acceptance
from scimweave.scim.syntax import AttributePath

Unmapped = Literal["drop", "keep", "reject"]


class _Keep:
    """The field is left as it is at the target."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = _Keep()
Reader = Callable[[dict[str, Any]], Any]


class FieldError(Exception):
    """A field that cannot be computed; ``reason`` is for the provider's admin."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A field that cannot be computed for a resource, by target name and SCIM attribute.

    ``reason`` holds no value of a sensitive field.
    """

    field: str
    source_text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Projection:
    """The target fields of one resource. A field that is not in ``values`` is left as it is."""

    values: dict[str, Value]
    faults: tuple[FieldFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One target field.

    ``type`` is None where any JSON value may come. ``sources`` are the SCIM attributes that the
    value depends on, in canonical case. ``read`` gives the value for a canonical resource, or
    ``KEEP``; it raises ``FieldError``. ``fit`` puts a literal into the field's type; it raises
    ``Unfit``.
    """

    name: str
    type: str | None
    max_length: int | None
    required: bool
    sensitive: bool
    apply: Literal["always", "on_create"]
    sources: tuple[AttributePath, ...]
    source_text: str
    read: Reader = field(repr=False, compare=False)
    fit: Callable[[Any], Value] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Operations:
    """What becomes of the account; the sets are target values by field."""

    deactivate_set: Mapping[str, Value]
    reactivate_set: Mapping[str, Value]
    delete: Literal["delete", "deactivate", "ignore"]
    missing: Literal["recreate", "fail"]


@dataclass(frozen=True, slots=True)
class UserProgram:
    """How users become accounts."""

    object: str
    key: str
    match: tuple[str, ...]
    unmapped: Unmapped
    ignore: tuple[AttributePath, ...]
    fields: tuple[Field, ...]
    acceptance: Acceptance = field(repr=False)
    operations: Operations
    known_fields: frozenset[str] = field(init=False)
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _readers: tuple[tuple[str, Reader], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {each.name for each in self.fields}
        both = self.operations.deactivate_set.keys() | self.operations.reactivate_set.keys()
        object.__setattr__(self, "known_fields", frozenset(names | both))
        object.__setattr__(self, "_by_name", {each.name: each for each in self.fields})
        object.__setattr__(self, "_readers", tuple((f.name, f.read) for f in self.fields))

    def field(self, name: str) -> Field | None:
        """Return the field that an attribute fills; None for others."""
        return self._by_name.get(name)

    def project(self, resource: dict[str, Any]) -> Projection:
        """Compute the target fields of a canonical resource, which is not modified.

        For a resource that is not active, ``operations.deactivate.set`` goes over the rules.
        """
        if "active" not in resource:
            # Whoever reads it back is told so too (Q66).
            resource = {**resource, "active": True}
        values: dict[str, Value] = {}
        faults: list[FieldFault] = []
        for name, read in self._readers:
            try:
                value = read(resource)
            except FieldError as fault:
                text = self._by_name[name].source_text
                faults.append(FieldFault(name, text, fault.reason))
                continue
            if value is not KEEP:
                values[name] = value
        if resource["active"] is False and self.operations.deactivate_set:
            values.update(self.operations.deactivate_set)
            faults = [each for each in faults if each.field not in values]
        return Projection(values, tuple(faults))


@dataclass(frozen=True, slots=True)
class Target:
    """Where accounts live: the kind of connector, and what it is given."""

    connector: str
    # An address may hold a password.
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MappingTest:
    """One entry of ``tests``: ``body`` is what the request sends, None where that is nothing."""

    name: str
    span: Span
    user: dict[str, Any]
    request: Literal["create", "patch", "put", "delete"]
    body: Any
    operation: str | None
    target: Mapping[str, Any]
    absent: tuple[str, ...]
    error: str | None


def default_path(integration: str) -> str:
    """Return where an integration is served that names no path."""
    return f"/scim/{integration}/v2"


@dataclass(frozen=True, slots=True)
class Program:
    """One mapping file, compiled.

    ``revision`` changes when a projection may. Two programs are equal when file and content are.
    """

    file: Path
    integration: str
    title: str
    path: str
    revision: str
    target: Target
    users: UserProgram = field(compare=False)
    tests: tuple[MappingTest, ...] = field(compare=False, repr=False)
    warnings: tuple[Diagnostic, ...] = field(compare=False)
    digest: str
    _document: Document = field(compare=False, repr=False)

    def span_of(self, *path: str | int) -> Span:
        """Return where the value at a YAML path stands, or the nearest thing around it."""
        return self._document.value(path)

    def has(self, *path: str | int) -> bool:
        """Whether the file has something at a YAML path."""
        return self._document.exactly(path) is not None

    def data(self) -> Any:
        """Return the plain data of the file, its placeholders replaced."""
        return self._document.data()

    def key_span_of(self, *path: str | int) -> Span:
        """Return where the key at a YAML path stands, or the nearest thing around it."""
        return self._document.key(path)


def to_json(value: Value) -> Any:
    """Return the JSON form of a target value: what a link stores, and the journal shows."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case Decimal():
            if value == value.to_integral_value():
                return int(value)
            # 1.50 is 1.5 at one target and 1.500 at another.
            return format(value, "f").rstrip("0")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value
