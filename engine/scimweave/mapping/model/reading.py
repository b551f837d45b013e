"""Reads what a mapping file says into the model, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from scimweave.mapping.model.file import Loc, MappingModel

# Text that no file can hold, for what is not known.
UNKNOWN = "\0"
_STAND_INS: Mapping[Loc, Any] = {
    ("integration",): "unknown",
    ("target",): {"connector": "memory"},
    ("target", "connector"): "memory",
    **{
        (section, key): stand_in
        for section in ("users", "groups")
        for key, stand_in in (("object", UNKNOWN), ("key", UNKNOWN), ("match", [UNKNOWN]))
    },
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What pydantic found: its ``type`` of error, the path, what stood there, particulars."""

    type: str
    loc: Loc
    input: Any
    context: Mapping[str, Any]


def read_model(data: Any) -> tuple[MappingModel | None, list[Fault]]:
    """Check ``data`` and return the model with what is wrong with it.

    What is at fault is left out of the model, or replaced where it is needed, so that the rest
    can be looked at too; None where that leaves nothing. ``data`` is not modified.
    """
    data = _long_forms(deepcopy(data))
    faults: list[Fault] | None = None
    seen: set[frozenset[tuple[str, Loc]]] = set()
    while True:
        try:
            return MappingModel.model_validate(data), faults or []
        except ValidationError as error:
            found = [
                Fault(each["type"], each["loc"], each["input"], each.get("ctx", {}))
                for each in error.errors()
            ]
        state = frozenset((fault.type, fault.loc) for fault in found)
        if state in seen:
            # What was put in for it is at fault too.
            return None, faults or found
        seen.add(state)
        # What a second look finds is missing only because it was left out.
        faults = found if faults is None else faults
        found = [fault for fault in found if not _replaced(data, fault)]
        paths = {_at_fault(data, fault) for fault in found}
        if () in paths:
            return None, faults
        # From the back, so that list indexes stay true.
        for path in sorted(paths, reverse=True):
            _leave_out(data, path)


def _replaced(data: Any, fault: Fault) -> bool:
    """Put something in for a key that is missing, where there is something for it."""
    if fault.type != "missing" or fault.loc not in _STAND_INS:
        return False
    for step in fault.loc[:-1]:
        data = data[step]
    data[fault.loc[-1]] = _STAND_INS[fault.loc]
    return True


def _at_fault(data: Any, fault: Fault) -> Loc:
    """Return the path of the piece of ``data`` that has the fault."""
    if fault.type == "missing":
        return fault.loc[:-1]
    for depth, step in enumerate(fault.loc):
        if not isinstance(data, dict | list) or (isinstance(data, dict) and step not in data):
            return fault.loc[:depth]
        data = data[step]  # type: ignore[index]  # a list is stepped into by its index
    return fault.loc


def _leave_out(data: Any, path: Loc) -> None:
    for step in path[:-1]:
        data = data[step]
    del data[path[-1]]


def _long_forms(data: Any) -> Any:
    """Write out short forms: of a rule, which is a SCIM path, and of a schema's attribute."""
    for section in ("users", "groups"):
        _write_out(data.get(section), "from")
    _write_out_deletion(data.get("users"))
    extensions = data.get("schema")
    for extension in extensions.values() if isinstance(extensions, dict) else ():
        _write_out(extension, "type")
    return data


def _write_out_deletion(users: Any) -> None:
    """Make ``{delete: true}`` of ``deactivate: delete``."""
    operations = users.get("operations") if isinstance(users, dict) else None
    if isinstance(operations, dict) and operations.get("deactivate") == "delete":
        operations["deactivate"] = {"delete": True}


def _write_out(owner: Any, key: str) -> None:
    """Make ``{key: x}`` of each attribute of ``owner`` that is a text, and of those inside."""
    attributes = owner.get("attributes") if isinstance(owner, dict) else None
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        if isinstance(value, str):
            attributes[name] = {key: value}
        else:
            _write_out(value, key)
