"""What goes wrong at a database server, in the words of this connector."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from scimweave.connectors.base import (
    Conflict,
    NoSuchObject,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.sql.reflection import Reflection

Kind = Literal[
    "unique", "null", "check", "reference", "refused", "stale", "no-table",
    "circle", "passing", "lost", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of a driver, understood; ``message`` repeats no value.

    ``circle`` is a deadlock or the like: the same again may succeed at once. ``lost`` is a
    connection that is no more.
    """

    kind: Kind
    message: str
    constraint: str | None = None
    columns: tuple[str, ...] = ()


def translate(
    fault: Fault,
    reflection: Reflection | None,
    written: Collection[str] = (),
    *,
    committing: bool = False,
) -> TargetError:
    """Return the error of the protocol; ``written`` are the fields of the operation."""
    match fault.kind:
        case "passing" | "lost" | "circle":
            unknown = committing and fault.kind == "lost"
            return Unreachable(fault.message, applied=None if unknown else False)
        case "no-table":
            return NoSuchObject(fault.message)
        case "stale" | "other":
            return TargetError(fault.message)
    if reflection is None:
        return Rejected(fault.message)
    return _refused(fault, reflection, written)


def _refused(fault: Fault, reflection: Reflection, written: Collection[str]) -> TargetError:
    table = reflection.table.name
    columns = fault.columns or reflection.constraints.get(fault.constraint or "", ())
    field = columns[0] if columns else None
    match fault.kind:
        case "unique":
            what = " and ".join(columns) or f"value of {fault.constraint}"
            return Conflict(f"another row in {table} has this {what}", field)
        case "null":
            return Rejected("the column must have a value", field)
        case "check":
            return _check(fault, reflection, written)
        case "reference":
            return _reference(fault, reflection, written)
    only = next(iter(written)) if len(written) == 1 else None
    return Rejected(fault.message, field or only)


def _check(fault: Fault, reflection: Reflection, written: Collection[str]) -> Rejected:
    name = fault.constraint or ""
    condition = reflection.checks.get(name, name)
    words = r"(?<!\w){}(?!\w)"
    about = [each for each in written if re.search(words.format(re.escape(each)), condition)]
    return Rejected(f"the table's check refuses it: {condition}", about[0] if about else None)


def _reference(fault: Fault, reflection: Reflection, written: Collection[str]) -> Rejected:
    columns = fault.columns or reflection.foreign_keys.get(fault.constraint or "", ())
    referring = [each for each in columns if each in written]
    if referring:
        return Rejected("the row that the value refers to does not exist", referring[0])
    return Rejected(f"other tables refer to this row in {reflection.table.name}")
