"""The values by which a resource is found without reading the others."""

from __future__ import annotations

import json
from typing import Any

from scimweave.store.base import Key, Lookup

USER_NAME = "userName"
EXTERNAL_ID = "externalId"
ACCOUNT = "$account"


def folded(value: str) -> str:
    """Return the form in which a value that is not case-exact is compared (RFC 7643 §2.1)."""
    return value.casefold()


def account_value(key: Key) -> str:
    """Return the lookup value of an account key; 7 and "7" are different keys."""
    return json.dumps(key)


def lookups_of(resource: dict[str, Any], key: Key | None) -> tuple[Lookup, ...]:
    """Return the lookups of a User. Its userName and its account are its own."""
    found = [Lookup(USER_NAME, folded(resource[USER_NAME]), unique=True)]
    if (external := resource.get(EXTERNAL_ID)) is not None:
        found.append(Lookup(EXTERNAL_ID, external))
    if key is not None:
        found.append(Lookup(ACCOUNT, account_value(key), unique=True))
    return tuple(found)
