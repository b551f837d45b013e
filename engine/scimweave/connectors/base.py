"""What every connector offers, and the errors by which a target refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

Key = int | str
# ``Any`` stands for JSON arrays and objects (fields of type json).
Value = str | int | float | bool | Decimal | datetime | date | UUID | None | Any


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A target field as the mapping declares it; ``type`` is one of the mapping's type names.

    A value of a ``sensitive`` field must not be repeated in an error.
    """

    name: str
    type: str | None = None
    max_length: int | None = None
    required: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class MembersShape:
    """Where the members of groups are kept: a table of pairs, by the columns of their keys."""

    object: str
    group: FieldShape
    member: FieldShape


@dataclass(frozen=True, slots=True)
class MembersField:
    """Where the members of groups are kept: a field of the group that lists their keys."""

    name: str


@dataclass(frozen=True, slots=True)
class AccountShape:
    """The kind of account that a mapping writes: a table, a collection, an object class."""

    object: str
    key: str
    match: tuple[str, ...]
    fields: tuple[FieldShape, ...]
    members: MembersShape | MembersField | None = None
    section: Literal["users", "groups"] = "users"


@dataclass(frozen=True, slots=True)
class Account:
    """The record in the target; ``fields`` holds those of the shape, by target name."""

    key: Key
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ScanPage:
    """Some of a target's accounts; ``cursor`` goes on after them, None where these are the last."""

    accounts: Sequence[Account]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A field as the target has it."""

    name: str
    type: str
    nullable: bool = True
    has_default: bool = False
    max_length: int | None = None
    unique: bool = False


class TargetError(Exception):
    """The target did not do what was asked; the subclasses say why."""


class Unreachable(TargetError):
    """No answer, or a passing fault: try again after ``retry_after`` seconds.

    ``applied`` is None where nobody knows whether the change was made (a time-out after the
    request was sent), False where it certainly was not.
    """

    def __init__(self, reason: str, *, retry_after: int = 30, applied: bool | None = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.applied = applied


class Rejected(TargetError):
    """The target refuses a value; ``field`` is its name where the target tells."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


class Conflict(TargetError):
    """Another account has this value already; ``field`` is its name where the target tells."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


class Gone(TargetError):
    """There is no account with this key any more."""


class NoSuchObject(TargetError):
    """The target has no table (collection, object class) of the name that the mapping gives."""


class Connector(Protocol):
    """One kind of account in one target.

    Every method raises ``TargetError``. A method that returns has made its change durable; one
    that raises has changed nothing, save for ``Unreachable`` with ``applied=None``.
    """

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Make an account with ``fields``; returns the key that the target gave it."""
        ...

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set ``fields`` of the account and leave the others. Raises ``Gone``."""
        ...

    async def delete(self, key: Key) -> None:
        """Remove the account. Raises ``Gone``."""
        ...

    async def read(self, key: Key) -> Account | None:
        """Return the account as it is now; None where there is none."""
        ...

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the accounts whose ``field`` equals ``value``: at most ten."""
        ...

    def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield all accounts, page by page, in an order that stays.

        ``after`` is the cursor of a page that was seen before, also by another process. Accounts
        that come or go meanwhile may be in it or not; the others are there once.
        """
        ...

    async def health(self) -> None:
        """Return where the target can be used now."""
        ...

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Do what the target calls ``name`` to an account; ``fields`` is its projection.

        Doing it twice is doing it once. Raises ``Gone``.
        """
        ...

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Return the target's fields by name. Raises ``NoSuchObject``."""
        ...

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Put accounts into a group, all or none; those that are in it already stay.

        This, ``remove_members``, ``members`` and ``describe_members`` are for shapes with
        ``members``. Costs do not grow with the group.
        """
        ...

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Take accounts out of a group, all or none; those that are not in it do no harm."""
        ...

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members."""
        ...

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the fields of the membership table by name. Raises ``NoSuchObject``."""
        ...

    async def close(self) -> None:
        """Let go of connections; what is in flight finishes first."""
        ...
