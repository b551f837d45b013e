"""MariaDB and MySQL: how their driver connects, and what their errors mean."""

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

DRIVER = "asyncmy"
EXTRA = "mariadb"
# Either is found out when it answers.
BACKEND = "mysql+asyncmy"
READING_LEVEL: str | None = None
# The default locks the gaps between rows too, and makes those wait who are in nobody's way.
ISOLATION: str | None = "READ COMMITTED"

_QUERY = {"unix_socket"}

# Without the strict modes a value that does not fit is cut, and nobody is told. What stands
# behind M! is MariaDB's, behind !50700 MySQL's.
_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', "
    "time_zone = '+00:00', innodb_lock_wait_timeout = {seconds:d} "
    "/*M! , max_statement_time = {seconds:d} */"
    "/*!50700 , max_execution_time = {milliseconds:d} */"
)


def address(url: URL) -> tuple[URL, dict[str, str]]:
    """Return the URL for the driver, and what it says of TLS. Raises ``TargetError``."""
    if unknown := sorted(set(url.query) - _QUERY):
        raise TargetError(f'the target\'s url has an option "{unknown[0]}" that is not supported')
    return url.set(drivername=BACKEND), {}


def connect_arguments(options: SqlOptions, tls: TlsOptions | None) -> dict[str, Any]:
    """Return what the driver is told beside the address. Raises ``TargetError``."""
    seconds = options.statement_timeout
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": options.connect_timeout,
        "init_command": _SESSION.format(seconds=seconds, milliseconds=seconds * 1000),
    }
    if tls is not None and tls.mode == "prefer":
        raise TargetError("target.tls: MariaDB takes disable, require, verify-ca or verify-full")
    if tls is not None and (context := tls_context(tls)) is not None:
        arguments["ssl"] = context
    return arguments


# Error codes of both servers; what MySQL calls otherwise has its own line.
_KINDS: Mapping[int, Kind] = {
    1062: "unique", 1586: "unique",
    1048: "null", 1364: "null", 1263: "null",
    4025: "check", 3819: "check",
    1216: "reference", 1217: "reference", 1451: "reference", 1452: "reference",
    1264: "refused", 1265: "refused", 1292: "refused", 1366: "refused", 1406: "refused",
    1411: "refused", 1441: "refused", 1644: "refused", 1690: "refused", 1906: "refused",
    3105: "refused", 3140: "refused", 4161: "refused",
    1054: "stale", 1146: "stale", 1072: "stale", 1412: "circle",
    1205: "passing", 1213: "circle", 1020: "circle",
    1021: "passing", 1037: "passing", 1040: "passing", 1041: "passing", 1114: "passing",
    1203: "passing", 1226: "passing", 1290: "passing", 1317: "passing", 1792: "passing",
    1836: "passing", 1969: "passing", 3024: "passing",
    1053: "lost", 1079: "lost", 1152: "lost", 1158: "lost", 1159: "lost", 1160: "lost",
    1161: "lost", 1180: "lost", 1927: "lost", 4031: "lost",
    2002: "lost", 2003: "lost", 2006: "lost", 2013: "lost", 2014: "lost", 2055: "lost",
}  # fmt: skip

_INDEX = re.compile(r"for key '(?:.*\.)?([^']*)'$")
_COLUMN = re.compile(r"(?:[Cc]olumn|[Ff]ield) [`']?(?:.*\.)?`?(.*?)[`'](?: |$)")
_CONSTRAINT = re.compile(r"CONSTRAINT `(?:[^`]*\.)?([^`]*)`|[Cc]heck constraint '([^']*)'")
_FOREIGN = re.compile(r"FOREIGN KEY \(`(.*?)`\)")
_VALUE = re.compile(r": '.*' for column|value '.*' for")


def fault(error: BaseException) -> Fault:
    """Return what an error of SQLAlchemy or of the driver means."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    code, message = _code_of(cause), _message_of(cause)
    kind = _KINDS.get(code or 0)
    if kind is None:
        return _unknown(cause, code, message)
    constraint: str | None = None
    columns: tuple[str, ...] = ()
    if kind == "unique":
        index = _INDEX.search(message)
        return Fault(kind, "another row has this value", index[1] if index else None)
    if found := _CONSTRAINT.search(message):
        constraint = found[1] or found[2]
    if kind == "reference":
        named = _FOREIGN.search(message) if code == 1452 else None
        columns = tuple(named[1].split("`, `")) if named else ()
    elif kind in {"refused", "null"} and (found := _COLUMN.search(message)):
        columns = (found[1],)
    return Fault(kind, _VALUE.sub(" for", message), constraint, columns)


def _code_of(cause: Any) -> int | None:
    arguments = getattr(cause, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _message_of(cause: Any) -> str:
    arguments: tuple[Any, ...] = getattr(cause, "args", ())
    return str(arguments[1]) if len(arguments) > 1 else str(cause)


def _unknown(cause: BaseException, code: int | None, message: str) -> Fault:
    if isinstance(cause, TimeoutError):
        return Fault("lost", "the database did not answer in time")
    if isinstance(cause, OSError) or code is None:
        return Fault("lost", message or type(cause).__name__)
    return Fault("other", message)
