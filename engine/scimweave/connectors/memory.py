"""Accounts in this process's memory: for tests, and for trying a mapping out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from scimweave.connectors.base import (
    Account,
    AccountShape,
    Conflict,
    FieldDescription,
    FieldShape,
    Gone,
    Key,
    MembersShape,
    Rejected,
    ScanPage,
    TargetError,
    Value,
)

MAX_FOUND = 10
PAGE = 1000

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "decimal": (int, float, Decimal),
    "boolean": (bool,),
    "datetime": (datetime,),
    "date": (date,),
    "uuid": (UUID,),
}


class MemoryConnector:
    """Implements ``Connector`` on dicts.

    Fields take what the shape says of them; a ``match`` field is unique, in any case of letters.
    """

    def __init__(self, shape: AccountShape) -> None:
        self._shape = shape
        self._fields = {field.name: field for field in shape.fields}
        self._accounts: dict[Key, dict[str, Value]] = {}
        self._last_key = 0
        # A dict, not a set: members come back in the order of their joining.
        self._members: dict[Key, dict[Key, None]] = {}

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Make an account; the key is the next number, unless ``fields`` holds it."""
        self._check(fields)
        for field in self._shape.fields:
            if field.required and field.name not in fields:
                raise Rejected(f"{field.name} must have a value", field.name)
        key = fields.get(self._shape.key)
        if not isinstance(key, int | str):
            self._last_key += 1
            key = self._last_key
        if key in self._accounts:
            raise Conflict(f"another account has the key {key}", self._shape.key)
        self._refuse_duplicates(None, fields)
        empty = dict.fromkeys(self._fields)
        self._accounts[key] = {**empty, **deepcopy(dict(fields))}
        return key

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set ``fields`` and leave the others."""
        account = self._account(key)
        self._check(fields)
        if fields.get(self._shape.key, key) != key:
            raise Rejected("the key of an account cannot be changed", self._shape.key)
        self._refuse_duplicates(key, fields)
        account.update(deepcopy(dict(fields)))

    async def delete(self, key: Key) -> None:
        """Remove the account."""
        self._account(key)
        del self._accounts[key]

    async def read(self, key: Key) -> Account | None:
        """Return a copy of the account."""
        found = self._accounts.get(key)
        return None if found is None else Account(key, deepcopy(found))

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the accounts with this value."""
        if value is None:
            return []
        wanted = self._compared(field, value)
        found = (
            Account(key, deepcopy(fields))
            for key, fields in self._accounts.items()
            if self._compared(field, fields.get(field)) == wanted
        )
        return list(islice(found, MAX_FOUND))

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield the accounts in the order of their making; the cursor says how many were seen."""
        start = int(after or 0)
        while True:
            accounts = [
                Account(key, deepcopy(fields))
                for key, fields in islice(self._accounts.items(), start, start + PAGE)
            ]
            start += PAGE
            more = start < len(self._accounts)
            yield ScanPage(accounts, str(start) if more else None)
            if not more:
                return

    async def health(self) -> None:
        """Return: this process is there."""

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: there is nobody to call."""
        raise TargetError(f'memory has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Return the fields of the shape, and the key."""
        key = FieldDescription(self._shape.key, "integer", has_default=True, unique=True)
        described = {
            field.name: FieldDescription(
                field.name,
                field.type or "any",
                nullable=not field.required,
                max_length=field.max_length,
                unique=field.name in self._shape.match,
            )
            for field in self._shape.fields
        }
        return {key.name: key, **described}

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Put accounts into a group."""
        self._members.setdefault(group, {}).update(dict.fromkeys(members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Take accounts out of a group."""
        found = self._members.get(group, {})
        for member in members:
            found.pop(member, None)

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members."""
        return list(self._members.get(group, ()))

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the two keys of a pair."""
        shape = self._shape.members
        columns = (shape.group, shape.member) if isinstance(shape, MembersShape) else ()
        return {
            each.name: FieldDescription(each.name, each.type or "any", nullable=False)
            for each in columns
        }

    async def close(self) -> None:
        """Keep the accounts; there is nothing to let go of."""

    def _account(self, key: Key) -> dict[str, Value]:
        try:
            return self._accounts[key]
        except KeyError:
            raise Gone(f"there is no {self._shape.object} with {self._shape.key} {key}") from None

    def _check(self, fields: Mapping[str, Value]) -> None:
        for name, value in fields.items():
            field = self._fields.get(name)
            if field is None:
                if name != self._shape.key:
                    raise Rejected(f"there is no field {name}", name)
            elif reason := _misfit(field, value):
                raise Rejected(reason, name)

    def _refuse_duplicates(self, key: Key | None, fields: Mapping[str, Value]) -> None:
        for name in self._shape.match:
            if fields.get(name) is None:
                continue
            wanted = self._compared(name, fields[name])
            for other, account in self._accounts.items():
                if other != key and self._compared(name, account.get(name)) == wanted:
                    raise Conflict(f"another {self._shape.object} has this {name}", name)

    def _compared(self, field: str, value: Value) -> Any:
        return value.casefold() if field in self._shape.match and isinstance(value, str) else value


def _misfit(field: FieldShape, value: Value) -> str | None:
    if value is None:
        return f"{field.name} must have a value" if field.required else None
    expected = _PYTHON_TYPES.get(field.type or "")
    wrong_bool = isinstance(value, bool) and field.type in {"integer", "decimal"}
    wrong_datetime = isinstance(value, datetime) and field.type == "date"
    if expected and (wrong_bool or wrong_datetime or not isinstance(value, expected)):
        return f"takes {field.type}, got {type(value).__name__}"
    if field.max_length is not None and isinstance(value, str) and len(value) > field.max_length:
        return f"has {len(value)} characters, takes {field.max_length}"
    return None
