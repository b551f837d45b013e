"""All functions that an expression may call."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType

from scimweave.mapping.functions.builtins import BUILTINS
from scimweave.mapping.functions.entra import ENTRA
from scimweave.mapping.functions.spec import Function

REGISTRY: Mapping[str, Function] = MappingProxyType({**BUILTINS, **ENTRA})

# What Entra calls by another name; the others differ only in their case.
_ENTRA_NAMES = {"tolower": "lower", "toupper": "upper", "count": "length", "cstr": "to_string"}


def nearest(name: str) -> str | None:
    """The function that was probably meant; Entra's spelling is understood."""
    plain = _plain(name)
    if plain in _ENTRA_NAMES:
        return _ENTRA_NAMES[plain]
    by_plain = {_plain(known): known for known in REGISTRY}
    close = difflib.get_close_matches(plain, by_plain, n=1)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
