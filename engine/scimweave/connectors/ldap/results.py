"""The results with which a directory answers (RFC 4511 §4.1.9)."""

from __future__ import annotations

SUCCESS = 0
TIME_LIMIT, SIZE_LIMIT, AUTH_METHOD, STRONGER_AUTH = 3, 4, 7, 8
REFERRAL, ADMIN_LIMIT, CONFIDENTIALITY = 10, 11, 13
NO_SUCH_ATTRIBUTE, UNDEFINED_TYPE, INAPPROPRIATE_MATCHING = 16, 17, 18
CONSTRAINT, VALUE_EXISTS, BAD_SYNTAX = 19, 20, 21
NO_SUCH_OBJECT, BAD_DN = 32, 34
INAPPROPRIATE_AUTH, CREDENTIALS, ACCESS, BUSY, UNAVAILABLE, UNWILLING = 48, 49, 50, 51, 52, 53
NAMING, OBJECT_CLASS, NOT_ON_NON_LEAF, NOT_ON_RDN, ENTRY_EXISTS, OTHER = 64, 65, 66, 67, 68, 80

# Faults of the moment: nothing was done, and later it may work.
PASSING = frozenset({TIME_LIMIT, ADMIN_LIMIT, BUSY, UNAVAILABLE, OTHER})
# The bind will not work before somebody changes the mapping, or the directory.
BIND_REFUSED = frozenset(
    {
        AUTH_METHOD, STRONGER_AUTH, CONFIDENTIALITY, INAPPROPRIATE_AUTH, CREDENTIALS, ACCESS,
        UNWILLING, NO_SUCH_OBJECT, BAD_DN,
    }
)  # fmt: skip


class Refused(Exception):
    """The directory answers with another result than success."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"{message} ({name})" if message else name)
        self.code = code
        self.message = message
