"""Accounts from SCIM, by a mapping file.

``Engine`` opens mapping files and a store; its integrations create, change and delete users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scimweave.mapping import Diagnostic, MappingError
    from scimweave.provisioning.engine import Engine
    from scimweave.provisioning.groups import Groups
    from scimweave.provisioning.integration import Integration
    from scimweave.provisioning.users import Users
    from scimweave.scim.error import ScimError
    from scimweave.store.base import Record, StoreError

__all__ = [
    "Diagnostic",
    "Engine",
    "Groups",
    "Integration",
    "MappingError",
    "Record",
    "ScimError",
    "StoreError",
    "Users",
]

_HOMES = {
    "Diagnostic": "scimweave.mapping",
    "Engine": "scimweave.provisioning.engine",
    "Groups": "scimweave.provisioning.groups",
    "Integration": "scimweave.provisioning.integration",
    "MappingError": "scimweave.mapping",
    "Record": "scimweave.store.base",
    "ScimError": "scimweave.scim.error",
    "StoreError": "scimweave.store.base",
    "Users": "scimweave.provisioning.users",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: a program that only wants one layer does not load the others.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
