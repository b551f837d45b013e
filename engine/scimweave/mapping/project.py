"""A compiled mapping: from a resource to the fields of its account, purely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from scimweave.mapping.diagnostics import Diagnostic, Span
from scimweave.mapping.document.source import Document, to_data
from scimweave.mapping.expression.lets import computing
from scimweave.mapping.guard import GuardProgram
from scimweave.mapping.rules.convert import Value
from scimweave.mapping.rules.reference import AccountOf
from scimweave.mapping.rules.scope import Scope
from scimweave.mapping.rules.secret import has_any, without_secrets
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.resource import Acceptance
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.reverse import Reversed

Unmapped = Literal["drop", "keep", "reject"]
Deletion = Literal["delete", "deactivate", "ignore"]


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
class Inverse:
    """How one SCIM attribute is read back.

    ``read`` takes the fields of an account by name, of which it reads ``reads``; it gives what the
    attribute takes, or None, and raises ``FieldError``.
    """

    to: AttributePath
    reads: frozenset[str]
    read: Callable[[Mapping[str, Value]], Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """One target field.

    ``type`` is None where any JSON value may come. ``sources`` are the SCIM attributes that the
    value depends on, in canonical case. ``read`` gives the value for a canonical resource, or
    ``KEEP``; it raises ``FieldError``. ``fit`` puts a literal into the field's type; it raises
    ``Unfit``. ``secrets`` are the sources that are never stored: the field is written only by a
    request that brings one of them, and is left alone by others. ``refers`` is the rule
    of a field that holds the key of another account. ``inverses`` read it back;
    ``not_read`` says why nothing does, where that loses something. ``defaulted``: its value may
    come from ``default``.
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
    secrets: tuple[AttributePath, ...] = ()
    inverses: tuple[Inverse, ...] = ()
    refers: str | None = None
    not_read: str | None = None
    defaulted: bool = False


@dataclass(frozen=True, slots=True)
class Operations:
    """What becomes of the account; the sets are target values by field.

    The calls are actions of the target; ``removes_leavers`` says that a deactivation removes the
    account.
    """

    deactivate_set: Mapping[str, Value]
    reactivate_set: Mapping[str, Value]
    delete: Deletion
    missing: Literal["recreate", "fail"]
    deactivate_call: str | None = None
    reactivate_call: str | None = None
    removes_leavers: bool = False


@dataclass(frozen=True, slots=True)
class ObjectProgram:
    """How resources of one type become accounts; ``section`` is where the file says so.

    ``label`` is the attribute by which people know a resource, and which is its own;
    ``hides_label`` says that it is sensitive. ``once`` are the fields written at creation only,
    ``discreet`` those whose values nobody may see. ``resource_type`` has the extensions that the
    file declares.
    """

    vocabulary: Vocabulary
    section: Literal["users", "groups"]
    label: Literal["userName", "displayName"]
    object: str
    key: str
    match: tuple[str, ...]
    unmapped: Unmapped
    ignore: tuple[AttributePath, ...]
    fields: tuple[Field, ...]
    acceptance: Acceptance = field(repr=False)
    operations: Operations
    patch_status: Literal[200, 204]
    filterable: tuple[AttributePath, ...]
    scope: Scope | None
    known_fields: frozenset[str] = field(init=False)
    once: frozenset[str] = field(init=False)
    hides_label: bool = field(init=False)
    resource_type: ResourceType = field(init=False, repr=False, compare=False)
    references: tuple[Field, ...] = field(init=False, repr=False, compare=False)
    discreet: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _ignored: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _readers: tuple[tuple[str, Reader], ...] = field(init=False, repr=False, compare=False)
    _secret: frozenset[str] = field(init=False, repr=False, compare=False)
    _reverse: Callable[[Mapping[str, Value]], Reversed] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    @property
    def published(self) -> ResourceType:
        """What providers are told of: what is taken, and what is kept where that is said."""
        return self.acceptance.with_kept() if self.unmapped == "keep" else self.acceptance.accepted

    def __post_init__(self) -> None:
        names = {each.name for each in self.fields}
        both = self.operations.deactivate_set.keys() | self.operations.reactivate_set.keys()
        object.__setattr__(self, "known_fields", frozenset(names | both))
        once = frozenset(each.name for each in self.fields if each.apply == "on_create")
        object.__setattr__(self, "once", once)
        hidden = {path.attribute for each in self.fields if each.sensitive for path in each.sources}
        object.__setattr__(self, "hides_label", self.label in hidden)
        object.__setattr__(self, "resource_type", self.vocabulary.resource_type)
        refers = tuple(each for each in self.fields if each.refers is not None)
        object.__setattr__(self, "references", refers)
        object.__setattr__(self, "_ignored", tuple(str(path).lower() for path in self.ignore))
        object.__setattr__(self, "_by_name", {each.name: each for each in self.fields})
        discreet = {each.name: each for each in self.fields if each.sensitive or each.secrets}
        object.__setattr__(self, "discreet", discreet)
        secret = frozenset(each.name for each in self.fields if each.secrets)
        object.__setattr__(self, "_secret", secret)
        object.__setattr__(self, "_readers", tuple((f.name, f.read) for f in self.fields))

    def in_scope(self, resource: dict[str, Any]) -> bool:
        """Whether a canonical resource is provisioned at all; others are kept here only."""
        return self.scope is None or self.scope.holds(resource)

    def is_active(self, resource: dict[str, Any]) -> bool:
        """Whether the account of a resource is to be in use."""
        return resource.get("active") is not False and self.in_scope(resource)

    def makes_account(self, resource: dict[str, Any]) -> bool:
        """Whether a new resource gets an account."""
        if self.operations.removes_leavers and resource.get("active") is False:
            return False
        return self.in_scope(resource)

    def ignores(self, name: str) -> bool:
        """Whether an attribute, by the path that it is counted under, is knowingly unmapped."""
        lower = name.lower()
        return any(
            lower.startswith(path) and lower[len(path) :][:1] in ("", ".", ":")
            for path in self._ignored
        )

    def field(self, name: str) -> Field | None:
        """Return the field that an attribute fills; None for others."""
        return self._by_name.get(name)

    def without_their_secret(self, resource: dict[str, Any]) -> frozenset[str]:
        """Return the fields made of secrets that ``resource`` does not bring."""
        if not self._secret:
            return self._secret
        return frozenset(
            name for name in self._secret if not has_any(resource, self._by_name[name].secrets)
        )

    def storable(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return what may be stored of a resource, which is not modified."""
        return without_secrets(resource, self.acceptance.accepted)

    def reverse(self, fields: Mapping[str, Value]) -> Reversed:
        """Read the fields of an account back into a resource; they are not modified."""
        if self._reverse is None:
            # Compiled on first use: most programs only ever project.
            from scimweave.mapping.reverse import Reverser  # noqa: PLC0415

            object.__setattr__(self, "_reverse", Reverser(self))
        assert self._reverse is not None  # noqa: S101 - made above
        return self._reverse(fields)

    def seen(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return a canonical resource as the rules see it."""
        if self.section == "groups":
            return resource
        if not self.in_scope(resource):
            return {**resource, "active": False}
        # Whoever reads it back is told so too (Q66).
        return resource if "active" in resource else {**resource, "active": True}

    def project(self, resource: dict[str, Any], *, creating: bool = False) -> Projection:
        """Compute the target fields of a canonical resource, which is not modified.

        Fields made of secrets are left out where ``resource`` lacks the secret, unless the account
        is being created: then ``default`` and ``required`` hold for them too.

        For a resource that is not active, ``operations.deactivate.set`` goes over the rules; a
        user out of scope is not active for them.
        """
        resource = self.seen(resource)
        if not self.vocabulary.lets:
            return self._project(resource, creating)
        with computing(resource):
            return self._project(resource, creating)

    def _project(self, resource: dict[str, Any], creating: bool) -> Projection:
        values: dict[str, Value] = {}
        faults: list[FieldFault] = []
        kept = frozenset() if creating else self.without_their_secret(resource)
        for name, read in self._readers:
            if name in kept:
                continue
            try:
                value = read(resource)
            except FieldError as fault:
                text = self._by_name[name].source_text
                faults.append(FieldFault(name, text, fault.reason))
                continue
            if value is not KEEP:
                values[name] = value
        if resource.get("active") is False and self.operations.deactivate_set:
            values.update(self.operations.deactivate_set)
            faults = [each for each in faults if each.field not in values]
        return Projection(values, tuple(faults))


@dataclass(frozen=True, slots=True)
class UserProgram(ObjectProgram):
    """How users become accounts.

    ``lookup``: a user that is searched for and not known is looked for at the target.
    """

    lookup: bool = True


@dataclass(frozen=True, slots=True)
class Membership:
    """The table at the target that says who is in which group, and its two columns of keys."""

    object: str
    group: str
    member: str


@dataclass(frozen=True, slots=True)
class MemberField:
    """The field of a group at the target that lists its members."""

    name: str


@dataclass(frozen=True, slots=True)
class GroupProgram(ObjectProgram):
    """How groups become accounts; without ``members`` the target does not know who is in them."""

    members: Membership | MemberField | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where accounts live: the kind of connector, and what it is given."""

    connector: str
    # An address may hold a password.
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that a test expects; what is None or not named in ``body`` may be anything."""

    status: int | None
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class MappingTest:
    """One entry of ``tests``: ``body`` is what the request sends, None where that is nothing.

    ``resource`` is what is there before, or is created. ``members`` are the expected ids of a
    group's members.
    """

    name: str
    span: Span
    section: Literal["users", "groups"]
    resource: dict[str, Any]
    request: Literal["create", "patch", "put", "delete"]
    body: Any
    operation: str | None
    target: Mapping[str, Any]
    absent: tuple[str, ...]
    members: tuple[str, ...] | None
    error: str | None
    reply: Reply | None


def default_path(integration: str) -> str:
    """Return where an integration is served that names no path."""
    return f"/scim/{integration}/v2"


@dataclass(frozen=True, slots=True)
class Program:
    """One mapping file, compiled.

    ``revision`` changes when a projection may. Two programs are equal when file and content are.
    ``files`` are all that it is made of, with the digests of what was read (``Files``).
    """

    file: Path
    integration: str
    title: str
    path: str
    revision: str
    target: Target
    users: UserProgram = field(compare=False)
    groups: GroupProgram | None = field(compare=False)
    guard: GuardProgram | None
    tests: tuple[MappingTest, ...] = field(compare=False, repr=False)
    warnings: tuple[Diagnostic, ...] = field(compare=False)
    digest: str
    files: Mapping[Path, bytes] = field(compare=False, repr=False)
    _document: Document = field(compare=False, repr=False)

    @property
    def objects(self) -> tuple[ObjectProgram, ...]:
        """What is provisioned: users, and groups where the file has them."""
        return (self.users,) if self.groups is None else (self.users, self.groups)

    def span_of(self, *path: str | int) -> Span:
        """Return where the value at a YAML path stands, or the nearest thing around it."""
        return self._document.value(path)

    def has(self, *path: str | int) -> bool:
        """Whether the file has something at a YAML path."""
        return self._document.exactly(path) is not None

    def at(self, *path: str | int) -> Any:
        """Return the plain data at a YAML path, its placeholders replaced; None for nothing."""
        node = self._document.exactly(path)
        return None if node is None else to_data(node)

    def data(self) -> Any:
        """Return the plain data of the file, its placeholders replaced."""
        return self._document.data()

    def lines_of(self, *path: str | int) -> frozenset[tuple[str, int]]:
        """Return the lines, with their file, of a key and its value."""
        return self._document.lines(path)

    def key_span_of(self, *path: str | int) -> Span:
        """Return where the key at a YAML path stands, or the nearest thing around it."""
        return self._document.key(path)


def to_json(value: Value) -> Any:
    """Return the JSON form of a target value: what a link stores, and the journal shows.

    Of the key of another account that is the id of its user.
    """
    match value:
        case str() | bool() | int() | None:
            return value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case Decimal():
            if value == value.to_integral_value():
                return int(value)
            # 1.50 is 1.5 at one target and 1.500 at another.
            return format(value, "f").rstrip("0")
        case date() | UUID() | AccountOf():
            return str(value)
        case _:
            return value
