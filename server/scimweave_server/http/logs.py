"""Structured logs: a line an event, JSON where nobody watches."""

from __future__ import annotations

import sys

import structlog

from scimweave.provisioning.journal import Event

log = structlog.get_logger("scimweave")


def configure_logs() -> None:
    """Log to standard error, coloured on a terminal and as JSON lines elsewhere."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            _console() if terminal else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _console() -> structlog.dev.ConsoleRenderer:
    # The usual formatter shows local variables, and one of them may be a password.
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def log_operation(event: Event) -> None:
    """Log one closed operation: names of fields, never their values."""
    write = log.info if event.outcome == "done" else log.warning
    write(
        event.operation,
        integration=event.integration,
        resource=event.resource_id,
        user=event.label,
        outcome=event.outcome,
        fields=list(event.fields),
        detail=event.detail,
        ms=round(event.seconds * 1000, 1),
    )
