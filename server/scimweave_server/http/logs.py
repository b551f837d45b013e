"""Structured logs: a line an event, JSON where nobody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

from scimweave.provisioning.lifecycle.journal import Event

log = structlog.get_logger("scimweave")


def _line(event: object, **_: object) -> bytes:
    try:
        return orjson.dumps(event, option=orjson.OPT_UTC_Z)
    except TypeError:
        # Half of a surrogate pair, in an address for example.
        return json.dumps(event, default=_text).encode()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


# The usual formatter shows local variables, and one of them may be a password.
_ON_A_TERMINAL: tuple[Processor, ...] = (
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
)
_ELSEWHERE: tuple[Processor, ...] = (
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(serializer=_line),
)


def configure_logs() -> None:
    """Log to standard error, coloured on a terminal and as JSON lines elsewhere."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_ON_A_TERMINAL if terminal else _ELSEWHERE),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr)
        if terminal
        else structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


@contextmanager
def without_logs() -> Iterator[None]:
    """Log nothing meanwhile: what is tried in memory is no event."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(logger: object, name: str, event: EventDict) -> EventDict:
    raise structlog.DropEvent


def operation_log() -> Callable[[Event], None]:
    """Return what logs one closed operation: names of fields, never their values."""
    return _log_operation if sys.stderr.isatty() else _write_operation


def _log_operation(event: Event) -> None:
    write = log.info if event.outcome == "done" else log.warning
    write(event.operation, **_entry(event))


def _write_operation(event: Event) -> None:
    """Write the line that ``log`` would: this one is part of each request that changes a thing."""
    line = _entry(event)
    line["event"] = event.operation
    line["level"] = "info" if event.outcome == "done" else "warning"
    line["timestamp"] = datetime.now(UTC)
    sys.stderr.buffer.write(_line(line) + b"\n")
    sys.stderr.buffer.flush()


def _entry(event: Event) -> dict[str, Any]:
    return {
        "integration": event.integration,
        "resource": event.resource_id,
        "user": event.label,
        "outcome": event.outcome,
        "fields": list(event.fields),
        "detail": event.detail,
        "ms": round(event.seconds * 1000, 1),
    }
