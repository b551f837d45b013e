"""What a refusal of an API means: the error, and the field that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Gone,
    Rejected,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.http.answer import Answer, NotJson, sensitive_texts
from scimweave.connectors.http.client import HttpClient
from scimweave.connectors.rest.operation import Operation

# The request itself is not what the target has; no value of it is at fault.
_MISDECLARED = frozenset({403, 405, 406, 411, 414, 415, 426, 431, 501})


def refusal(
    client: HttpClient,
    operation: Operation,
    answer: Answer,
    shape: AccountShape,
    written: Mapping[str, Value],
) -> TargetError:
    """Return the error that an answer without success stands for; ``written`` was sent."""
    status = answer.status
    message, field = _complaint(operation, answer)
    shown = client.shown(message, sensitive_texts(shape, written))
    reason = shown or f"{client.base.host} answers {status}"
    about = _named(field, shape)
    if status in operation.gone and operation.places & {"key", "value"}:
        return Gone(reason)
    if status in operation.conflict:
        return Conflict(reason, about or _mentioned(message, written))
    if status >= 500:
        applied = None if operation.writes else False
        return Unreachable(f"{client.base.host} answers {status}: {reason}", applied=applied)
    if status in _MISDECLARED or status in operation.gone:
        sent = f"{operation.name} ({operation.method} {operation.template})"
        return TargetError(f"{sent} is answered with {status}: {reason}")
    return Rejected(reason, about or _mentioned(message, written))


def _complaint(operation: Operation, answer: Answer) -> tuple[str, str]:
    try:
        body = answer.json()
    except NotJson as other:
        return f"status {answer.status}, {other}", ""
    message, field = operation.complaint(body)
    return message or f"status {answer.status}", field


def _named(field: str, shape: AccountShape) -> str | None:
    """Return the field that an error names: by its name, or by a pointer to it."""
    if not field:
        return None
    names = [each.name for each in shape.fields]
    asked = field.strip("/").replace("/", ".").casefold()
    for name in sorted(names, key=len, reverse=True):
        if asked == name.casefold() or asked.endswith(f".{name.casefold()}"):
            return name
    return None


def _mentioned(message: str, written: Iterable[str]) -> str | None:
    """Return the one written field that a message mentions."""
    found = [
        name
        for name in written
        if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", message, re.IGNORECASE)
    ]
    return found[0] if len(found) == 1 else None
