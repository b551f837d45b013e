"""PATCH bodies in the two dialects of Entra (entra-facts 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from scimweave.scim.schema import PATCH_OP
from scimweave_server.simulate.attributes import Change


class Dialect(StrEnum):
    """How a PATCH is written: dialect A, or B (Tenant URL flag ``aadOptscim062020``)."""

    VERBOSE = "verbose"
    COMPACT = "compact"


def patch_body(changes: Sequence[Change], dialect: Dialect) -> dict[str, Any]:
    """Return the PatchOp message that makes ``changes``."""
    write = _verbose if dialect is Dialect.VERBOSE else _compact
    return {"schemas": [PATCH_OP], "Operations": write(changes)}


def _verbose(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """One operation an attribute, capitalised, booleans as strings."""
    return [
        {
            "op": "Replace" if change.known else "Add",
            "path": change.path,
            "value": str(change.value),
        }
        for change in changes
    ]


def _compact(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Value paths first and apart, then everything else without a path, by its target's name."""
    if [change.path for change in changes] == ["active"]:
        # Disabling and restoring keep the path (entra-facts 1.5, shape 3).
        return [_by_path(changes[0])]
    operations = [_by_path(change) for change in changes if "[" in change.path]
    scalars = [change for change in changes if "[" not in change.path]
    for op in ("add", "replace"):
        value = {change.path: change.value for change in scalars if _op(change) == op}
        if value:
            operations.append({"op": op, "value": value})
    return operations


def _by_path(change: Change) -> dict[str, Any]:
    return {"op": _op(change), "path": change.path, "value": change.value}


def _op(change: Change) -> str:
    return "replace" if change.known else "add"
