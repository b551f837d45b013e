"""The values by which a resource is found without reading the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scimweave.store.base import REFERS, Key, Lookup, Record

if TYPE_CHECKING:
    from scimweave.provisioning.search.indexes import Indexes

USER_NAME = "userName"
DISPLAY_NAME = "displayName"
EXTERNAL_ID = "externalId"
ACCOUNT = "$account"


def folded(value: str) -> str:
    """Return the form in which a value that is not case-exact is compared (RFC 7643 §2.1)."""
    return value.casefold()


def account_value(key: Key) -> str:
    """Return the lookup value of an account key; 7 and "7" are different keys."""
    return str(key) if isinstance(key, int) else json.dumps(key)


def label_of(resource_type: str) -> str:
    """Return the attribute by which people know a resource: no two have the same.

    Entra requires that of the displayName of a Group too (entra-facts 1.1).
    """
    return DISPLAY_NAME if resource_type == "Group" else USER_NAME


def lookups_of(record: Record, key: Key | None, indexes: Indexes) -> tuple[Lookup, ...]:
    """Return the lookups of a resource. Its label and its account are its own."""
    label = label_of(record.resource_type)
    found = []
    for index in indexes:
        for value in index.of(record.resource):
            found.append(Lookup(index.name, value, index.name == label))
    for each in indexes.referred(record.resource):
        found.append(Lookup(REFERS, each))
    if key is not None:
        found.append(Lookup(ACCOUNT, account_value(key), True))
    return tuple(found)
