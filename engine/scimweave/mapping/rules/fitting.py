"""From a source's value to one that the field takes, with a reason that a person understands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from scimweave.mapping.project import FieldError
from scimweave.mapping.rules.convert import CONVERTERS, Unfit, Value, to_string

Fit = Callable[[Any], Value]
REST = "*"
_SHOWN = 60
_KEYS_SHOWN = 10


def fitting(type_name: str | None, max_length: int | None) -> Fit:
    """Return the conversion to a type; it raises ``Unfit`` and cuts nothing."""
    convert = CONVERTERS[type_name or "json"]
    if max_length is None:
        return convert

    def fit(value: Any) -> Value:
        converted = convert(value)
        if isinstance(converted, str) and len(converted) > max_length:
            raise Unfit(f"is {len(converted)} characters long, at most {max_length} are taken")
        return converted

    return fit


def looked_up(table: Mapping[str, Value], *, required: bool) -> Fit:
    """Return the look-up in a ``values`` table; it raises ``Unfit``."""
    rest = table.get(REST)
    has_rest = REST in table
    known = [json.dumps(key, ensure_ascii=False) for key in table if key != REST]
    listed = ", ".join(known[:_KEYS_SHOWN]) + (", …" if len(known) > _KEYS_SHOWN else "")

    def look_up(value: Any) -> Value:
        key = value if isinstance(value, str) else to_string(value)
        if key in table and key != REST:
            found = table[key]
        elif has_rest:
            found = rest
        else:
            raise Unfit(f"is not in the table; known are {listed}")
        if found is None and required:
            raise Unfit("stands for nothing, and the field is required")
        return found

    return look_up


def explained(fit: Fit, *, sensitive: bool) -> Fit:
    """Return ``fit`` with ``FieldError`` raised, which shows the value where it may be seen."""

    def explain(value: Any) -> Value:
        try:
            return fit(value)
        except Unfit as unfit:
            subject = "the value" if sensitive else shown(value)
            raise FieldError(f"{subject} {unfit.reason}") from None

    return explain


def shown(value: Any) -> str:
    """Return a value for a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
