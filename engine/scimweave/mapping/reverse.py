"""From the fields of an account back to the resource that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimweave.mapping.project import Field, FieldError, FieldFault, ObjectProgram, to_json
from scimweave.mapping.rules.convert import Value
from scimweave.scim.coercion import Findings
from scimweave.scim.error import ScimError
from scimweave.scim.resource import Checker

if TYPE_CHECKING:
    from scimweave.scim.edit import Edit

_BackRead = tuple[Field, str, Callable[[Mapping[str, Value]], Any], "Edit"]


@dataclass(frozen=True, slots=True)
class Reversed:
    """What could be read back of an account.

    ``resource`` is canonical; it may lack what a resource needs, where the account has no value.
    ``unread`` are fields that have a value and nothing to read them back by, with the reason.
    ``faults`` are values from which no resource comes; they hold none of a sensitive field.
    """

    resource: dict[str, Any]
    unread: Mapping[str, str]
    faults: tuple[FieldFault, ...] = ()


class Reverser:
    """Reads accounts of one mapping back; the edits are those of PATCH, compiled once."""

    def __init__(self, objects: ObjectProgram) -> None:
        checker = Checker(objects.resource_type, objects.acceptance)
        self._objects = objects
        self._set = {
            name: to_json(value) for name, value in objects.operations.deactivate_set.items()
        }
        self._maps_active = any(_is_active(source) for f in objects.fields for source in f.sources)
        self._lost = tuple((f.name, f.not_read) for f in objects.fields if f.not_read)
        found: list[_BackRead] = [
            (each, str(back.to), back.read, checker.editor.edit(str(back.to)))
            for each in objects.fields
            for back in each.inverses
        ]
        # What a default could have given is only known when the rest is read.
        self._plain = tuple(each for each in found if not each[0].defaulted)
        self._defaulted = tuple(each for each in found if each[0].defaulted)

    def __call__(self, fields: Mapping[str, Value]) -> Reversed:
        """Read the fields of an account, which are not modified."""
        left = self._left(fields)
        resource: dict[str, Any] = {}
        unread = {name: reason for name, reason in self._lost if not _is_nothing(fields.get(name))}
        unread |= dict.fromkeys(left, "operations.deactivate has overwritten it")
        done: dict[str, Any] = {}
        faults: list[FieldFault] = []
        for each in self._plain:
            if each[0].name not in left:
                self._read(each, fields, resource, done, faults)
        for each in self._defaulted:
            if each[0].name not in left and not _is_default(each[0], resource, fields):
                self._read(each, fields, resource, done, faults)
        if self._set and not self._maps_active and self._is_left(fields):
            resource["active"] = False
        return Reversed(resource, unread, tuple(faults))

    def _read(
        self,
        back: _BackRead,
        fields: Mapping[str, Value],
        resource: dict[str, Any],
        done: dict[str, Any],
        faults: list[FieldFault],
    ) -> None:
        field, path, read, edit = back
        try:
            value = read(fields)
        except FieldError as error:
            faults.append(FieldFault(field.name, path, error.reason))
            return
        if _is_nothing(value):
            return
        if path in done:
            if done[path] != value:
                reason = "another field has another value for the same attribute"
                faults.append(FieldFault(field.name, path, reason))
            return
        try:
            change = edit.assign(value, False, Findings())
            if change is not None:
                change(resource)
        except ScimError as error:
            reason = "the value does not fit the attribute" if field.sensitive else error.detail
            faults.append(FieldFault(field.name, path, reason))
            return
        done[path] = value

    def _is_left(self, fields: Mapping[str, Value]) -> bool:
        return all(
            name in fields and to_json(fields[name]) == value for name, value in self._set.items()
        )

    def _left(self, fields: Mapping[str, Value]) -> frozenset[str]:
        """Return the fields of a leaver that say no more than that they left."""
        if not self._set or not self._is_left(fields):
            return frozenset()
        return frozenset(
            name
            for name in self._set
            if (field := self._objects.field(name)) is not None
            and field.inverses
            and not any(_is_active(source) for source in field.sources)
        )


def _is_active(source: Any) -> bool:
    return source.uri is None and source.attribute == "active"


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _is_default(field: Field, resource: dict[str, Any], fields: Mapping[str, Value]) -> bool:
    """Whether the rule gives the value that is there without its source."""
    try:
        made = field.read(resource)
    except FieldError:
        return False
    return bool(to_json(made) == to_json(fields.get(field.name)))
