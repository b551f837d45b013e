"""``bulkId:x`` stands for the id of what another operation of the request creates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from scimweave.scim.error import ScimError, invalid_syntax, invalid_value
from scimweave_server.http.bulk_operation import BulkOperation

_WHOLE = re.compile(r"bulkId:(.+)", re.IGNORECASE | re.DOTALL)
_INSIDE = re.compile(r"""bulkId:([^\s"'/\[\](),]+)""", re.IGNORECASE)
# Members whose text may hold a reference; elsewhere a value is one, or it is not.
_TEXTS = ("path", "$ref")
_GONE = object()


class References:
    """The ids that are known so far. Every bulkId is that of one POST."""

    def __init__(self, operations: Iterable[BulkOperation]) -> None:
        self._ids: dict[str, str | None] = {}
        self._settled: set[str] = set()
        for operation in operations:
            name = operation.bulk_id
            if name is None or operation.method != "POST":
                continue
            if name in self._ids:
                raise invalid_syntax(f'two operations have the bulkId "{name[:80]}"')
            self._ids[name] = None

    def settle(self, operation: BulkOperation, resource_id: str | None) -> None:
        """Note what an operation created; None where it failed."""
        if operation.method == "POST" and operation.bulk_id is not None:
            self._ids[operation.bulk_id] = resource_id
            self._settled.add(operation.bulk_id)

    def waits(self, named: Iterable[str]) -> bool:
        """Whether one of these is still to be created."""
        return any(name in self._ids and name not in self._settled for name in named)

    def resolve(self, operation: BulkOperation) -> BulkOperation:
        """Put ids in the places of references.

        Raises ``ScimError``: 400 where nothing has the bulkId, 409 where its operation failed.
        """
        return self._with(operation, _resolved(operation.data, "", self._id))

    def without_waiting(self, operation: BulkOperation) -> BulkOperation:
        """Leave out the values that refer to what is still to be created. Raises ``ScimError``."""

        def found(name: str) -> Any:
            return _GONE if self.waits((name,)) else self._id(name)

        data = _resolved(operation.data, "", found)
        return self._with(operation, {} if data is _GONE else data)

    def _with(self, operation: BulkOperation, data: Any) -> BulkOperation:
        whole = _WHOLE.fullmatch(operation.resource_id)
        resource_id = self._id(whole[1]) if whole else operation.resource_id
        return replace(operation, data=data, resource_id=resource_id)

    def _id(self, name: str) -> str:
        if name not in self._ids:
            raise invalid_value(f'no POST of this request has the bulkId "{name[:80]}"')
        found = self._ids[name]
        if found is None:
            raise ScimError(
                409, f'bulkId "{name[:80]}" stands for nothing: its operation was not done'
            )
        return found


def named_by(operation: BulkOperation) -> frozenset[str]:
    """Return the bulkIds that an operation refers to."""
    names: set[str] = set()

    def note(name: str) -> str:
        names.add(name)
        return name

    _resolved(operation.data, "", note)
    if whole := _WHOLE.fullmatch(operation.resource_id):
        names.add(whole[1])
    return frozenset(names)


def _resolved(value: Any, key: str, found: Any) -> Any:
    """Return a value with what ``found`` gives for each reference; ``_GONE`` takes it out.

    A complex value goes with its "value".
    """
    if isinstance(value, str):
        return _text(value, key, found)
    if isinstance(value, list):
        elements = (_resolved(each, key, found) for each in value)
        return [each for each in elements if each is not _GONE]
    if isinstance(value, dict):
        members = {name: _resolved(each, name, found) for name, each in value.items()}
        if any(name.lower() == "value" and each is _GONE for name, each in members.items()):
            return _GONE
        return {name: each for name, each in members.items() if each is not _GONE}
    return value


def _text(value: str, key: str, found: Any) -> Any:
    if whole := _WHOLE.fullmatch(value):
        return found(whole[1])
    if key.lower() not in _TEXTS:
        return value
    parts: list[str] = []
    position = 0
    for match in _INSIDE.finditer(value):
        name = found(match[1])
        if name is _GONE:
            return _GONE
        parts += (value[position : match.start()], name)
        position = match.end()
    return "".join((*parts, value[position:]))
