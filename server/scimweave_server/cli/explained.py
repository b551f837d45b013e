"""A resource explained: the rules followed, beside what was delivered and what is at the target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scimweave.connectors.base import Account, TargetError
from scimweave.connectors.registry import open_connector
from scimweave.mapping import ObjectProgram, Program, to_json
from scimweave.mapping.explain import Explanation, explain
from scimweave.mapping.expression.explained import Piece
from scimweave.provisioning.lifecycle.difference import MASK, remember, same
from scimweave.provisioning.lifecycle.lookups import folded, label_of
from scimweave.provisioning.lifecycle.step import is_held
from scimweave.provisioning.running import shapes_of
from scimweave.scim.error import ScimError
from scimweave.scim.resource import Checker
from scimweave.store.base import Link, Record, Store
from scimweave_server.cli.options import fail

HELD_NOTE = "held by the guard: the account is left as it was until an operator decides"


@dataclass(frozen=True, slots=True)
class Value:
    """What stands somewhere else for a field, masked where it is sensitive.

    ``is_free`` says that it may be another than the rule gives, and is not compared.
    """

    value: Any
    differs: bool
    is_free: bool


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """One field; ``delivered`` and ``target`` are None where nothing is known."""

    explanation: Explanation
    delivered: Value | None = None
    target: Value | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs; sensitive values are masked."""
        found, trace = self.explanation, self.explanation.trace
        shown: dict[str, Any] = {
            "field": found.field,
            "file": found.span.file,
            "line": found.span.line,
            "rule": found.rule,
            "taken": trace.taken,
            "value": self.masked(found.value),
            "kept": found.is_kept,
            "sources": [
                {"path": each.path, "value": self.masked(each.value), "taken": each.taken}
                for each in trace.sources
            ],
        }
        if found.error is not None:
            shown["error"] = found.error
        if trace.row is not None:
            shown["row"] = self.masked(trace.row)
        for name, piece in (("expression", self.expression), ("default", self.default)):
            if piece is not None:
                shown[name] = _piece(piece)
        for name, other in (("delivered", self.delivered), ("target", self.target)):
            if other is not None:
                shown[name] = {"value": other.value, "differs": other.differs}
        return shown

    def masked(self, value: Any) -> Any:
        """Return a value that may be shown."""
        return MASK if self.explanation.sensitive and value is not None else value

    @property
    def expression(self) -> Piece | None:
        """The expression with the values of its pieces; None where its text may hold a secret."""
        return None if self.explanation.sensitive else self.explanation.trace.expression

    @property
    def default(self) -> Piece | None:
        """The default, in the same way."""
        return None if self.explanation.sensitive else self.explanation.trace.default


@dataclass(frozen=True, slots=True)
class Explained:
    """One user or group. ``note`` says why nothing is known of the target."""

    program: Program
    objects: ObjectProgram
    label: str
    fields: tuple[ExplainedField, ...]
    resource_id: str | None = None
    link: Link | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs."""
        return {
            "integration": self.program.integration,
            self.objects.label: self.label,
            "id": self.resource_id,
            "account": self.link.key if self.link else None,
            "revision": self.program.revision,
            "delivered_revision": self.link.revision if self.link else None,
            "note": self.note,
            "fields": [each.to_dict() for each in self.fields],
        }


def of_file(program: Program, file: Path) -> Explained:
    """Explain the SCIM user of a JSON file."""
    resource = read_user(program, file.read_bytes(), str(file))
    fields = tuple(map(ExplainedField, explain(program, resource)))
    note = out_of_scope(program.users, resource)
    return Explained(program, program.users, resource[program.users.label], fields, note=note)


def out_of_scope(objects: ObjectProgram, resource: dict[str, Any]) -> str:
    """Say that a resource is not provisioned; "" where it is."""
    if objects.in_scope(resource):
        return ""
    return f"out of scope: {objects.scope.text if objects.scope else ''} is not true of it"


def _piece(piece: Piece) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": piece.text, "value": piece.value}
    if piece.error is not None:
        shown["error"] = piece.error
    if piece.arm is not None:
        shown["arm"] = piece.arm
    if piece.children:
        shown["pieces"] = [_piece(each) for each in piece.children]
    return shown


def read_user(program: Program, content: str | bytes, name: str) -> dict[str, Any]:
    """Return the canonical user of a JSON text; ends with a message where it holds none."""
    checker = Checker(program.users.resource_type, program.users.acceptance, program.users.unmapped)
    try:
        return checker.check(json.loads(content)).resource
    except json.JSONDecodeError as error:
        fail(f"{name}:{error.lineno}:{error.colno}: {error.msg}")
    except UnicodeDecodeError:
        fail(f"{name}: the text is not UTF-8")
    except RecursionError:
        fail(f"{name}: nested too deeply")
    except ScimError as error:
        fail(f"{name}: {error.detail}")


async def record_of(store: Store, program: Program, name: str) -> Record | None:
    """Find a stored user or group by id or by the name that people know it by."""
    for kind in (each.resource_type.name for each in program.objects):
        record = await store.get(program.integration, kind, name)
        if record is not None:
            return record
        found = await store.find(program.integration, kind, label_of(kind), folded(name))
        if found:
            return found[0]
    return None


async def of_record(program: Program, record: Record) -> Explained:
    """Explain a stored resource; the target is read, and nothing is written."""
    index, objects = next(
        (index, each)
        for index, each in enumerate(program.objects)
        if each.resource_type.name == record.resource_type
    )
    account, note = await _account(program, index, record.link)
    held = HELD_NOTE if is_held(record) else ""
    note = "; ".join(filter(None, (held, out_of_scope(objects, record.resource), note)))
    delivered = record.link.projection if record.link else None
    fields = tuple(
        ExplainedField(
            each,
            _delivered(objects, each, delivered) if delivered is not None else None,
            _at_target(objects, each, account) if account else None,
        )
        for each in explain(program, record.resource, objects)
    )
    label = record.resource[objects.label]
    return Explained(program, objects, label, fields, record.id, record.link, note)


async def _account(program: Program, index: int, link: Link | None) -> tuple[Account | None, str]:
    """Return what is at the target, or why nothing is known of it."""
    if link is None:
        return None, "no account is linked"
    if program.target.connector == "memory":
        return None, "accounts in memory are known to the server alone"
    try:
        connector = await open_connector(program.target, shapes_of(program)[index])
        try:
            account = await connector.read(link.key)
        finally:
            await connector.close()
    except TargetError as error:
        return None, f"the target cannot be read: {error}"
    return account, "" if account else f"the target has no account {link.key}"


def _delivered(
    objects: ObjectProgram, found: Explanation, delivered: Mapping[str, Any]
) -> Value | None:
    field = objects.field(found.field)
    if field is not None and field.secrets:
        # What was made of a password is not remembered.
        return None
    # A null of a new account was left to the target.
    return _compared(objects, found, delivered.get(found.field), delivered.get(found.field))


def _at_target(objects: ObjectProgram, found: Explanation, account: Account) -> Value | None:
    if found.field not in account.fields:
        return None
    value = account.fields[found.field]
    return _compared(objects, found, value, remember(objects.field(found.field), value))


def _compared(objects: ObjectProgram, found: Explanation, value: Any, remembered: Any) -> Value:
    """Compare what stands somewhere with what the rule gives now."""
    field = objects.field(found.field)
    is_free = field is not None and (field.apply == "on_create" or field.refers is not None)
    if found.is_kept or found.error is not None:
        is_free = True
    differs = not is_free and not same(remembered, remember(field, found.value))
    shown = MASK if found.sensitive and value is not None else to_json(value)
    return Value(shown, differs, is_free)
