"""Boolean fields that are one bit of a number, such as Active Directory's disable bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimweave.connectors.base import Value

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapFlag

# MS-ADTS 3.1.1.3.4.4.1, and OpenLDAP too: all bits of the number are set.
_BITS_ARE_SET = "1.2.840.113556.1.4.803"


def flag_of(flag: LdapFlag, number: int | None) -> bool | None:
    """Return the field that a number stands for; None where there is no number."""
    return None if number is None else bool(number & flag.bit) is not flag.inverted


def with_flag(flag: LdapFlag, number: int | None, value: Value) -> int | None:
    """Return the number with the one bit as the field wants it; null leaves it as it is."""
    if value is None:
        return number
    number = (flag.initial or 0) if number is None else number
    is_set = bool(value) is not flag.inverted
    return number | flag.bit if is_set else number & ~flag.bit


def filter_of(flag: LdapFlag, value: Value) -> str | None:
    """Return the filter of the entries whose field has a value; None where none can have it."""
    if value is None:
        return None
    is_set = f"({flag.attribute}:{_BITS_ARE_SET}:={flag.bit})"
    if bool(value) is not flag.inverted:
        return is_set
    return f"({flag.attribute}=*)(!{is_set})"
