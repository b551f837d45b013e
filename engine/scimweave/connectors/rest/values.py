"""Accounts and members as the answers and requests of an API hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scimweave.connectors.base import (
    Account,
    AccountShape,
    Key,
    MembersField,
    TargetError,
    Value,
)
from scimweave.connectors.http.json_values import folded, from_wire, looked_up, nested, to_wire
from scimweave.connectors.rest.operation import Operation
from scimweave.connectors.rest.template import FIELDS


class Wire:
    """Reads and writes accounts of one shape; ``is_nested`` says that dots in names are paths."""

    def __init__(self, shape: AccountShape, *, is_nested: bool) -> None:
        self._shape = shape
        self._is_nested = is_nested

    def account(self, operation: Operation, item: Any, key: Key | None = None) -> Account:
        """Return an account of an answer. Raises ``TargetError`` where it has no key."""
        found = key_of(operation.key(item)) if key is None else key
        if found is None:
            raise TargetError(f"an account in the answer to {operation.name} has no key; see key")
        document = operation.fields(item)
        if not isinstance(document, dict):
            raise TargetError(f"an account in the answer to {operation.name} is no object")
        fields: dict[str, Value] = {
            field.name: from_wire(field, looked_up(document, field.name, is_path=self._is_nested))
            for field in self._shape.fields
        }
        if self._shape.key in fields and fields[self._shape.key] is None:
            fields[self._shape.key] = found
        return Account(found, fields)

    def values(self, fields: Mapping[str, Value], *, key: Key | None = None) -> dict[str, Value]:
        """Return what stands for the places in paths and queries."""
        values: dict[str, Value] = {f"{FIELDS}{name}": value for name, value in fields.items()}
        values["object"] = self._shape.object
        if isinstance(self._shape.members, MembersField):
            values["members_field"] = self._shape.members.name
        if key is not None:
            values["key"] = key
        return values

    def document(self, fields: Mapping[str, Value], *, key: Key | None = None) -> dict[str, Any]:
        """Return what bodies are made of."""
        wire = {name: to_wire(name, value) for name, value in fields.items()}
        members = self._shape.members
        return {
            "fields": nested(wire) if self._is_nested else wire,
            "key": key,
            "object": self._shape.object,
            "members_field": members.name if isinstance(members, MembersField) else None,
        }

    def member(self, operation: Operation, item: Any) -> Key:
        """Return the key of a member. Raises ``TargetError`` where it has none."""
        key = key_of(operation.key(item) if isinstance(item, dict) else item)
        if key is None:
            raise TargetError("a member of a group has no key; see members.key")
        return key

    def listed(self, operation: Operation, item: Any) -> list[Key]:
        """Return the members that a group lists in its field. Raises ``TargetError``."""
        name = self.members_field()
        found = looked_up(operation.fields(item), name, is_path=self._is_nested)
        if found is not None and not isinstance(found, list):
            raise TargetError(f'"{name}" of a group is no list')
        return [self.member(operation, each) for each in found or ()]

    def members_field(self) -> str:
        """Return the name of the field that lists members. Raises ``TargetError``."""
        members = self._shape.members
        if not isinstance(members, MembersField):
            raise TargetError(f'no field is named for the members of "{self._shape.object}"')
        return members.name

    def compared(self, field: str, value: Value) -> Any:
        """Return a value in the form in which the target is expected to compare it."""
        return folded(value) if field in self._shape.match else value


def key_of(found: Any) -> Key | None:
    """Return what a key may be; None for anything else."""
    is_key = isinstance(found, int | str) and not isinstance(found, bool) and found != ""
    return found if is_key else None
