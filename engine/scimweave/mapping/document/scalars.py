"""What a plain scalar stands for: YAML 1.2, of which only the forms that nobody means as text."""

from __future__ import annotations

import math
import re

# In YAML 1.1 `no` is false, `010` is eight and `12:30` is 750; here they are text.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,300})")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
# Characters that cannot stand in a YAML file (YAML 1.2.2 §5.1).
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Scalar = str | int | float | bool | None


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar; dates, octal numbers and the like stay text."""
    if text in _NULL:
        return None
    lower = text.lower()
    if lower in _BOOLEANS:
        return _BOOLEANS[lower]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
