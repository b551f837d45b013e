"""How values are compared: by the type of their attribute and ``caseExact`` (RFC 7643 §2.3)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scimweave.scim.error import invalid_filter
from scimweave.scim.schema import Attribute
from scimweave.scim.syntax import Compare

# Gives the form that is compared, or None where a value has none.
Normal = Callable[[Any], Any]

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
TEXT: dict[str, Callable[[str, str], bool]] = {
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
}
_BOOLEANS = {"true": True, "false": False}


def comparison(leaf: Attribute, found: Compare) -> tuple[Normal, Any]:
    """Return how values of ``leaf`` are compared by ``found``, and its literal in that form.

    Raises ``ScimError`` (invalidFilter) where the two cannot be compared.
    """
    value = found.value
    if leaf.type == "complex":
        raise invalid_filter(f"{found.path}: a complex attribute is compared by a sub-attribute")
    if leaf.type == "boolean":
        if found.op not in {"eq", "ne"}:
            raise invalid_filter(f"{found.path}: a boolean is compared by eq or ne only")
        return _boolean, _BOOLEANS.get(str(value).lower())  # Q3
    if leaf.type in {"integer", "decimal"} and found.op not in TEXT:
        try:
            # A whole number is not rounded.
            wanted = value if isinstance(value, int) else float("" if value is None else value)
        except ValueError:
            raise invalid_filter(f"{found.path} is a number, {value!r} is not") from None
        return _number, wanted
    if leaf.type == "dateTime" and found.op not in TEXT:
        moment = instant(value)
        if moment is None:
            raise invalid_filter(f"{found.path} is a date-time, {value!r} is not")
        return instant, moment
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    return (_text, text) if leaf.case_exact else (_folded, text.casefold())


def sortable(leaf: Attribute) -> Normal:
    """Return how values of ``leaf`` are put in order: a boolean, a number, or text.

    A date-time becomes the microseconds since 1970.
    """
    if leaf.type == "boolean":
        return _boolean
    if leaf.type in {"integer", "decimal"}:
        return _number
    if leaf.type == "dateTime":
        return _microseconds
    return _text if leaf.case_exact else _folded


def is_text(leaf: Attribute) -> bool:
    """Whether values of ``leaf`` are compared as text by every operator."""
    return leaf.type in {"string", "reference", "binary"}


def is_present(value: Any) -> bool:
    """Whether a value counts as one for ``pr``."""
    return value is not None and value not in ("", [], {})


def instant(value: Any) -> datetime | None:
    """Read an ISO 8601 date-time, which is UTC where it names no offset."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _microseconds(value: Any) -> int | None:
    moment = instant(value)
    return None if moment is None else microseconds(moment)


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _folded(value: Any) -> str | None:
    return value.casefold() if isinstance(value, str) else None
