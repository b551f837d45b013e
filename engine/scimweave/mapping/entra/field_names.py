"""Names for target fields, made of SCIM paths."""

from __future__ import annotations

import re
from collections.abc import Collection

from scimweave.mapping.document.scalars import resolve

_FILTERED = re.compile(
    r"(?P<attribute>\w+)\[\s*type\s+eq\s+\"(?P<type>[^\"]*)\"\s*\](?:\.(?P<sub>\w+))?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ONE = {"emails": "email", "phoneNumbers": "phone", "addresses": "address", "roles": "role"}
_NAMES = {"active": "is_active", "name.formatted": "full_name"}


def field_name(path: str, taken: Collection[str]) -> str:
    """A name in snake_case that is not taken: ``emails[type eq "work"].value`` is work_email."""
    filtered = _FILTERED.fullmatch(path)
    short = _NAMES.get(path)
    if short is None and filtered:
        sub = filtered["sub"] or "value"
        short = "_".join(
            [filtered["type"], _ONE.get(filtered["attribute"], filtered["attribute"])]
            + ([] if sub.lower() == "value" else [sub])
        )
    if short is None:
        plain = path.removesuffix(".value")
        short = re.split(r"[.:]", re.sub(r"\[.*\]", "", plain))[-1]
    for candidate in (_snake(short), _snake(path)):
        if candidate and candidate not in taken:
            return candidate
    return next(
        name
        for number in range(2, len(taken) + 3)
        if (name := f"{_snake(short) or 'field'}_{number}") not in taken
    )


def _snake(text: str) -> str:
    name = "_".join(word.lower() for word in _WORD.findall(text))[:60].strip("_")
    # A name that YAML would take for something else, such as null, would need quotes everywhere.
    is_text = not name or isinstance(resolve(name), str)
    return f"field_{name}" if name[:1].isdigit() or not is_text else name
