"""A user explained: the rules followed, beside what was delivered and what is at the target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scimweave.connectors.base import Account, TargetError
from scimweave.mapping import Program, to_json
from scimweave.mapping.explain import Explanation, explain
from scimweave.mapping.explain_expression import Piece
from scimweave.provisioning.difference import MASK, remember, same
from scimweave.provisioning.lookups import USER_NAME, folded
from scimweave.provisioning.running import start
from scimweave.scim.error import ScimError
from scimweave.scim.resource import Checker
from scimweave.scim.schema import USER_TYPE
from scimweave.store.base import Link, Record, Store
from scimweave_server.cli.options import fail

USER = USER_TYPE.name


@dataclass(frozen=True, slots=True)
class Value:
    """What stands somewhere else for a field, masked where it is sensitive."""

    value: Any
    differs: bool


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
        for name, piece in (("expression", trace.expression), ("default", trace.default)):
            if piece is not None:
                shown[name] = self._piece(piece)
        for name, other in (("delivered", self.delivered), ("target", self.target)):
            if other is not None:
                shown[name] = {"value": other.value, "differs": other.differs}
        return shown

    def masked(self, value: Any) -> Any:
        """Return a value that may be shown."""
        return MASK if self.explanation.sensitive and value is not None else value

    def _piece(self, piece: Piece) -> dict[str, Any]:
        shown: dict[str, Any] = {"text": piece.text, "value": self.masked(piece.value)}
        if piece.error is not None:
            shown["error"] = piece.error
        if piece.arm is not None:
            shown["arm"] = self.masked(piece.arm)
        if piece.children:
            shown["pieces"] = [self._piece(each) for each in piece.children]
        return shown


@dataclass(frozen=True, slots=True)
class Explained:
    """One user. ``note`` says why nothing is known of the target."""

    program: Program
    user_name: str
    fields: tuple[ExplainedField, ...]
    resource_id: str | None = None
    link: Link | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs."""
        return {
            "integration": self.program.integration,
            "userName": self.user_name,
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
    return Explained(program, resource[USER_NAME], fields)


def read_user(program: Program, content: str | bytes, name: str) -> dict[str, Any]:
    """Return the canonical user of a JSON text; ends with a message where it holds none."""
    checker = Checker(USER_TYPE, program.users.acceptance, program.users.unmapped)
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


async def record_of(store: Store, integration: str, user: str) -> Record | None:
    """Find a stored user by id or userName."""
    record = await store.get(integration, USER, user)
    if record is not None:
        return record
    return next(iter(await store.find(integration, USER, USER_NAME, folded(user))), None)


async def of_record(program: Program, record: Record) -> Explained:
    """Explain a stored user; the target is read, and nothing is written."""
    account, note = await _account(program, record.link)
    delivered = record.link.projection if record.link else None
    fields = tuple(
        ExplainedField(
            each,
            _delivered(program, each, delivered) if delivered is not None else None,
            _at_target(program, each, account) if account else None,
        )
        for each in explain(program, record.resource)
    )
    name = record.resource[USER_NAME]
    return Explained(program, name, fields, record.id, record.link, note)


async def _account(program: Program, link: Link | None) -> tuple[Account | None, str]:
    """Return what is at the target, or why nothing is known of it."""
    if link is None:
        return None, "no account is linked to this user"
    if program.target.connector == "memory":
        return None, "accounts in memory are known to the server alone"
    try:
        connector = (await start(program)).connector
        try:
            account = await connector.read(link.key)
        finally:
            await connector.close()
    except TargetError as error:
        return None, f"the target cannot be read: {error}"
    return account, "" if account else f"the target has no account {link.key}"


def _delivered(program: Program, found: Explanation, delivered: Mapping[str, Any]) -> Value:
    # A null of a new account was left to the target.
    return _compared(program, found, delivered.get(found.field), delivered.get(found.field))


def _at_target(program: Program, found: Explanation, account: Account) -> Value | None:
    if found.field not in account.fields:
        return None
    value = account.fields[found.field]
    return _compared(program, found, value, remember(program.users.field(found.field), value))


def _compared(program: Program, found: Explanation, value: Any, remembered: Any) -> Value:
    """Compare what stands somewhere with what the rule gives now."""
    field = program.users.field(found.field)
    is_free = field is not None and field.apply == "on_create"
    if found.is_kept or found.error is not None:
        is_free = True
    differs = not is_free and not same(remembered, remember(field, found.value))
    shown = MASK if found.sensitive and value is not None else to_json(value)
    return Value(shown, differs)
