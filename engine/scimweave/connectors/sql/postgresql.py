"""PostgreSQL: how its driver connects, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from scimweave.connectors.base import TargetError
from scimweave.connectors.sql.faults import Fault, Kind
from scimweave.connectors.sql.options import SqlOptions, TlsOptions
from scimweave.connectors.sql.tls import tls_context

DRIVER = "asyncpg"
EXTRA = "postgres"
BACKEND = "postgresql+asyncpg"
# A read needs no transaction around it then.
READING_LEVEL: str | None = "AUTOCOMMIT"
ISOLATION: str | None = None

# libpq's names, which people have in their URLs.
_TLS_QUERY = {"sslmode": "mode", "sslrootcert": "ca", "sslcert": "certificate", "sslkey": "key"}


def address(url: URL) -> tuple[URL, dict[str, str]]:
    """Return the URL for the driver, and what it says of TLS. Raises ``TargetError``."""
    tls = {_TLS_QUERY[name]: str(url.query[name]) for name in _TLS_QUERY if name in url.query}
    others = {name: each for name, each in url.query.items() if name not in _TLS_QUERY}
    if unknown := sorted(set(others) - {"host"}):
        raise TargetError(f'the target\'s url has an option "{unknown[0]}" that is not supported')
    return url.set(drivername=BACKEND, query=others), tls


def connect_arguments(options: SqlOptions, tls: TlsOptions | None) -> dict[str, Any]:
    """Return what the driver is told beside the address. Raises ``TargetError``."""
    arguments: dict[str, Any] = {
        "timeout": options.connect_timeout,
        "server_settings": {
            "application_name": "scimweave",
            "statement_timeout": str(options.statement_timeout * 1000),
            "idle_in_transaction_session_timeout": str(options.statement_timeout * 2000),
        },
    }
    if tls is not None and tls.mode == "prefer":
        arguments["ssl"] = "prefer"
    elif tls is not None:
        arguments["ssl"] = tls_context(tls) or False
    return arguments


# By the class of SQLSTATE, and by the whole of it (PostgreSQL, appendix A).
_KINDS: Mapping[str, Kind] = {
    "08": "lost", "22": "refused", "25": "passing", "40": "circle", "53": "passing",
    "55": "passing", "57": "lost", "58": "lost", "P0": "refused",
    "0A000": "stale", "3F000": "no-table",
    "23502": "null", "23503": "reference", "23505": "unique", "23514": "check", "23P01": "unique",
    "23001": "reference",
    "42P01": "stale", "42703": "stale", "42704": "stale", "42804": "stale", "42883": "stale",
    "428C9": "refused", "57014": "passing",
}  # fmt: skip

_KEY = re.compile(r"Key \((.*?)\)=")
_NAMED = re.compile(r'column "(.*?)"')


def fault(error: BaseException) -> Fault:
    """Return what an error of SQLAlchemy or of the driver means."""
    cause = _cause(error)
    state = getattr(cause, "sqlstate", None)
    message = str(getattr(cause, "message", None) or cause).partition("\n")[0]
    if state is None or "query argument" in message:
        return _of_driver(cause, message)
    kind: Kind = _KINDS.get(state) or _KINDS.get(state[:2], "other")
    constraint = getattr(cause, "constraint_name", None)
    columns: tuple[str, ...] = ()
    if name := getattr(cause, "column_name", None):
        columns = (name,)
    elif kind == "unique" and (found := _KEY.search(getattr(cause, "detail", None) or "")):
        # An index that is newer than our look at the table; an expression is no column.
        columns = tuple(each.strip(' "') for each in found[1].split(",") if "(" not in each)
    elif kind == "refused" and (found := _NAMED.search(message)):
        columns = (found[1],)
    if state.startswith("22"):
        # What stands behind it is the value.
        message = message.partition(': "')[0]
    return Fault(kind, message, constraint, columns)


def _cause(error: BaseException) -> BaseException:
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "__cause__", None) or original or error


def _of_driver(cause: BaseException, message: str) -> Fault:
    if "query argument" in message:
        # The driver found a type that is not the one of the reflected column.
        return Fault("stale", "the type of a column has changed")
    if isinstance(cause, TimeoutError):
        return Fault("lost", "the database did not answer in time")
    return Fault("lost", message or type(cause).__name__)
