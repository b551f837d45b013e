"""What the results of a directory mean for an account."""

from __future__ import annotations

import re
from collections.abc import Collection

from scimweave.connectors.base import Conflict, Gone, Rejected, TargetError
from scimweave.connectors.ldap.results import (
    ACCESS,
    BAD_DN,
    BAD_SYNTAX,
    CONSTRAINT,
    ENTRY_EXISTS,
    INAPPROPRIATE_MATCHING,
    NAMING,
    NO_SUCH_OBJECT,
    NOT_ON_NON_LEAF,
    NOT_ON_RDN,
    OBJECT_CLASS,
    REFERRAL,
    UNWILLING,
    VALUE_EXISTS,
    Refused,
)

_REFUSES_VALUE = {
    UNWILLING, CONSTRAINT, VALUE_EXISTS, BAD_SYNTAX, OBJECT_CLASS, INAPPROPRIATE_MATCHING,
}  # fmt: skip
_REFUSES_NAME = {BAD_DN, NAMING, NOT_ON_RDN}
_IN_WORDS = {
    REFERRAL: "the directory refers to another one, whose url is to be given",
    ACCESS: "the bind of the mapping may not do this",
    NOT_ON_NON_LEAF: "the entry has others below it",
}
# OpenLDAP's overlay unique, 389's plugin; Active Directory's numbers for names that are taken.
_TAKEN = re.compile(
    r"not unique|non-unique|same attribute value|already exists \(attribute|"
    r"\b(?:000021C7|000021C8|00002071|00000524)\b",
    re.IGNORECASE,
)
_USER_PRINCIPAL_NAME = "000021C8"


def translate(
    refused: Refused, *, written: Collection[str] = (), named: Collection[str] = ()
) -> TargetError:
    """Return the error of the protocol.

    ``written`` are the attributes of the request, ``named`` those that its DN is made of.
    """
    code, in_name = refused.code, next(iter(named), None)
    if code in (CONSTRAINT, UNWILLING) and _TAKEN.search(refused.message):
        return _taken(refused.message, written)
    if code in _REFUSES_VALUE:
        return Rejected(str(refused), _mentioned(refused.message, written) or _only(written))
    if code in _REFUSES_NAME:
        return Rejected(str(refused), in_name)
    if code == ENTRY_EXISTS:
        return Conflict("another entry of the directory has this name", in_name)
    if code == NO_SUCH_OBJECT:
        return Gone("the directory has no such entry")
    words = _IN_WORDS.get(code)
    return TargetError(f"{words}: {refused}" if words else str(refused))


def _taken(message: str, written: Collection[str]) -> Conflict:
    """Name the attribute, and do not repeat the message, which may hold the value."""
    if _USER_PRINCIPAL_NAME in message and "userPrincipalName" in written:
        field: str | None = "userPrincipalName"
    else:
        field = _mentioned(message, written)
    what = f"this {field}" if field else "a value of this one that has to be unique"
    return Conflict(f"another entry of the directory has {what}", field)


def _mentioned(message: str, written: Collection[str]) -> str | None:
    """Return the attribute of the request that a message names first."""
    found = {
        name: match.start()
        for name in written
        if (match := re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message, re.IGNORECASE))
    }
    return min(found, key=lambda name: found[name], default=None)


def _only(written: Collection[str]) -> str | None:
    return next(iter(written)) if len(written) == 1 else None
