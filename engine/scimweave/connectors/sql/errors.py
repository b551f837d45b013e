"""What SQLite's errors mean for an account."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection

from scimweave.connectors.base import (
    Conflict,
    NoSuchObject,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.sql.reflection import Reflection

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
}
# After a failed sync nobody knows what a restart will find on the disk.
_UNKNOWN = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}

_STALE = re.compile(r"no such (table|column)|has no column named|has \d+ columns but")
_NO_TABLE = re.compile(r"no such table: (.*)")
_GENERATED = re.compile(r'cannot (?:INSERT into|UPDATE) generated column "(.*)"')
_STRICT = re.compile(r"cannot store \w+ value in \w+ column .*\.(.*)")


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's extended result code; 0 where Python itself raised the error."""
    return getattr(error, "sqlite_errorcode", 0)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection held a lock."""
    return code_of(error) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_stale(error: sqlite3.Error) -> bool:
    """Whether the table is no longer as it was reflected."""
    return _STALE.search(str(error)) is not None


def passing(error: sqlite3.Error) -> Unreachable | None:
    """Return the error of a fault that has nothing to do with what was asked."""
    code = code_of(error)
    if code & 0xFF not in _PASSING:
        return None
    return Unreachable(str(error), applied=None if code in _UNKNOWN else False)


def translate(
    error: sqlite3.Error, reflection: Reflection, written: Collection[str] = ()
) -> TargetError:
    """Return the error of the protocol; ``written`` are the fields of the statement."""
    if (unreachable := passing(error)) is not None:
        return unreachable
    message = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return _constraint(code_of(error), message, reflection, written)
    if found := _NO_TABLE.match(message):
        return NoSuchObject(f'the database has no table "{found[1]}"')
    if found := _GENERATED.match(message):
        return Rejected("the database computes this column itself", found[1])
    if isinstance(error, sqlite3.DataError):
        return Rejected(message)
    return TargetError(message)


def _constraint(
    code: int, message: str, reflection: Reflection, written: Collection[str]
) -> TargetError:
    table = reflection.table.name
    named = _named_columns(message, reflection)
    field = named[0] if named else None
    match code:
        case (
            sqlite3.SQLITE_CONSTRAINT_UNIQUE
            | sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
            | sqlite3.SQLITE_CONSTRAINT_ROWID
        ):
            what = " and ".join(named) if named else message.partition(": ")[2]
            return Conflict(f"another row in {table} has this {what}", field)
        case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
            return Rejected("the column must have a value", field)
        case sqlite3.SQLITE_CONSTRAINT_CHECK:
            return _check(message, reflection, written)
        case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return _foreign_key(reflection, written)
    if found := _STRICT.match(message):
        return Rejected(message, found[1])
    return Rejected(message)


def _named_columns(message: str, reflection: Reflection) -> list[str]:
    """Return the columns of ``UNIQUE constraint failed: table.a, table.b``."""
    _, _, named = message.partition(": ")
    return [name for name in reflection.codecs if f".{name}, " in f"{named}, "]


def _check(message: str, reflection: Reflection, written: Collection[str]) -> Rejected:
    _, _, name = message.partition(": ")
    condition = reflection.checks.get(name, name)
    words = r"(?<!\w){}(?!\w)"
    about = [each for each in written if re.search(words.format(re.escape(each)), condition)]
    return Rejected(f"the table's check refuses it: {condition}", about[0] if about else None)


def _foreign_key(reflection: Reflection, written: Collection[str]) -> Rejected:
    referring = [field for field in written if field in reflection.references]
    if referring:
        return Rejected(
            "the row that the value refers to does not exist",
            referring[0] if len(referring) == 1 else None,
        )
    return Rejected(f"other tables refer to this row in {reflection.table.name}")
