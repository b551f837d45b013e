"""PATCH bodies in every dialect, compiled to changes (RFC 7644 §3.5.2, entra-facts 1.6, 1.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scimweave.scim.coercion import Findings, shown_name
from scimweave.scim.edit import Change, Edit, ReadOnly
from scimweave.scim.error import (
    ScimError,
    invalid_path,
    invalid_syntax,
    invalid_value,
    mutability,
)
from scimweave.scim.fields import lowered, refuse_duplicates
from scimweave.scim.resource import Checker

_OPS = ("add", "replace", "remove")
_BODY = frozenset({"schemas", "Operations"})
_MEMBERS = frozenset({"op", "path", "value"})


@dataclass(frozen=True, slots=True)
class _Step:
    """One change; ``number`` and ``path`` are those of the operation that asks for it."""

    change: Change
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes to one resource, read and checked.

    ``dropped`` are the paths of what nothing maps.
    """

    dropped: tuple[str, ...]
    _steps: tuple[_Step, ...] = field(repr=False)
    _checker: Checker = field(repr=False)
    _findings: Findings = field(repr=False, compare=False)

    @property
    def quirks(self) -> frozenset[str]:
        """Numbers of ``scim.quirks``; complete after ``apply``."""
        return frozenset(self._findings.quirks)

    def apply(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return the changed resource, an equal one where nothing changes.

        The argument is not modified. Raises ``ScimError``; then no change counts.
        """
        draft = dict(resource)
        for step in self._steps:
            try:
                step.change(draft)
            except ScimError as error:
                raise _located(error, step.number, step.path) from None
        self._checker.require(draft, resource)
        return draft


def parse_patch(body: Any, checker: Checker, *, max_operations: int = 1000) -> Patch:
    """Read a PatchOp body. Raises ``ScimError`` that names the operation at fault."""
    findings = Findings()
    steps = []
    operations = _operations(body, max_operations)
    if not operations:
        findings.quirks.add("Q24")
    for number, operation in enumerate(operations):
        path = ""
        try:
            op, path, value = _read(operation, findings)
            change = _change(op, path, value, checker, findings)
            checker.refuse_dropped(findings.dropped)
        except ScimError as error:
            raise _located(error, number, path) from None
        if change is not None:
            steps.append(_Step(change, number, path))
    return Patch(
        tuple(dict.fromkeys(findings.dropped)),
        tuple(steps),
        checker,
        findings,
    )


def _operations(body: Any, max_operations: int) -> list[Any]:
    if not isinstance(body, dict):
        raise invalid_syntax('the body of a PATCH is an object with "Operations"')
    if body.keys() <= _BODY:
        operations = body.get("Operations")
    else:
        operations = _members(body).get("operations")
    if not isinstance(operations, list):
        raise invalid_syntax('"Operations" is missing or no array')
    if len(operations) > max_operations:
        raise ScimError(
            413, f"{len(operations)} operations are too many: at most {max_operations} in a request"
        )
    return operations


_MISSING = object()


def _read(operation: Any, findings: Findings) -> tuple[str, str, Any]:
    """Return op, path ("" for none) and value (or ``_MISSING``) of an operation."""
    if not isinstance(operation, dict):
        raise invalid_syntax("an operation is an object")
    members = operation if operation.keys() <= _MEMBERS else _members(operation)
    op = members.get("op")
    found = op.lower() if isinstance(op, str) else None
    if found is None or found not in _OPS:
        shown = f'"{shown_name(op)[:80]}"' if isinstance(op, str) else "missing or no string"
        raise invalid_syntax(f'"op" is {shown}: it has to be add, replace or remove')
    if op != found:
        findings.quirks.add("Q1")
    path = members.get("path")
    if path is not None and not isinstance(path, str):
        raise invalid_path('"path" has to be a string')
    return found, path or "", members.get("value", _MISSING)


def _change(op: str, path: str, value: Any, checker: Checker, findings: Findings) -> Change | None:
    edit: Edit = checker.editor.edit(path) if path else checker.editor.whole
    if isinstance(edit, ReadOnly) and edit.refused:
        raise mutability(f"{edit.path} is read-only")
    if op == "remove":
        return edit.remove(None if value is _MISSING else value, findings)
    if value is _MISSING:
        raise invalid_value(f"{op} takes a value: send null to clear")
    return edit.assign(value, op == "add", findings)


def _members(body: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the members under their names in lower case (Q21)."""
    refuse_duplicates(body)
    return {lowered(key): value for key, value in body.items()}


def _located(error: ScimError, number: int, path: str) -> ScimError:
    place = f"Operations[{number}]" + (f' (path "{_short(path)}")' if path else "")
    return ScimError(error.status, f"{place}: {error.detail}", error.scim_type)


def _short(text: str) -> str:
    text = shown_name(text)
    return text if len(text) <= 80 else text[:79] + "…"
