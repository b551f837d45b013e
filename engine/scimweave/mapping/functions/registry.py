"""All functions that an expression may call."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from scimweave.mapping.functions.builtins import BUILTINS
from scimweave.mapping.functions.conditions import CONDITIONS
from scimweave.mapping.functions.dates import DATES
from scimweave.mapping.functions.diacritics import DIACRITICS
from scimweave.mapping.functions.encoding import ENCODING
from scimweave.mapping.functions.entra_names import plain, translated
from scimweave.mapping.functions.lists import LISTS
from scimweave.mapping.functions.once import ONCE
from scimweave.mapping.functions.packages import GROUP, Brought, bring
from scimweave.mapping.functions.replacing import REPLACING
from scimweave.mapping.functions.spec import Function, Library
from scimweave.mapping.functions.text import TEXT

# By subject, as the documentation has them.
SUBJECTS: Mapping[str, Library] = MappingProxyType(
    {
        "Text": TEXT,
        "Replacing": REPLACING,
        "Diacritics": DIACRITICS,
        "Conditions": CONDITIONS,
        "Lists": LISTS,
        "Dates": DATES,
        "Encoding": ENCODING,
        "Once": ONCE,
        "JMESPath": BUILTINS,
    }
)

# scimweave's own functions.
REGISTRY: Mapping[str, Function] = MappingProxyType(
    {name: each for library in SUBJECTS.values() for name, each in library.items()}
)


@cache
def installed() -> Brought:
    """What installed packages bring; it is looked for once."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - only who compiles pays for it

    return bring(entry_points(group=GROUP), REGISTRY)


@cache
def functions() -> Mapping[str, Function]:
    """All functions, with those of installed packages."""
    return MappingProxyType({**REGISTRY, **installed().functions})


def nearest(name: str) -> str | None:
    """The function that was probably meant; Entra's spelling is understood."""
    wanted = plain(name)
    known = translated(wanted)
    if known is not None:
        return known
    by_plain = {plain(each): each for each in functions()}
    close = difflib.get_close_matches(wanted, by_plain, n=1)
    return by_plain[close[0]] if close else None
