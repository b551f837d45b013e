"""Paths and queries with places in braces: ``/{object}/{key}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from scimweave.connectors.base import Value

_PLACE = re.compile(r"\{([^{}]*)\}|[{}]")
_LITERAL = "/-._~!$&'()*+,;=:@%"
FIELDS = "fields."


class TemplateError(ValueError):
    """A template that does not parse; ``position`` counts characters from 0."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position


class NoPlace(ValueError):
    """A value that cannot stand where the template has it; ``name`` is the place's."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{{{name}}} {reason}")
        self.name = name


class Template:
    """A parsed template; ``names`` are its places."""

    __slots__ = ("_parts", "names", "text")

    def __init__(self, text: str) -> None:
        """Parse; raises ``TemplateError``."""
        self.text = text
        # Literals at even indexes, names at odd ones.
        self._parts: list[str] = []
        end = 0
        for found in _PLACE.finditer(text):
            if not found[1]:
                raise TemplateError(found.start(), "a place is {name}")
            self._parts += [text[end : found.start()], found[1]]
            end = found.end()
        self._parts.append(text[end:])
        self.names = tuple(self._parts[1::2])

    def plain(self, values: Mapping[str, Value]) -> str:
        """Fill in values as they are. Raises ``NoPlace`` for one that is null."""
        return "".join(
            _text(part, values.get(part)) if index % 2 else part
            for index, part in enumerate(self._parts)
        )

    def path(self, values: Mapping[str, Value]) -> str:
        """Fill in values percent-encoded.

        Raises ``NoPlace`` for a value that makes another path of it: nothing, ``.`` or ``..``.
        """
        made = []
        for index, part in enumerate(self._parts):
            if not index % 2:
                made.append(quote(part, safe=_LITERAL))
                continue
            text = _text(part, values.get(part))
            try:
                made.append(quote(text, safe=""))
            except UnicodeEncodeError:
                raise NoPlace(part, "holds half a character") from None
            if text in {"", ".", ".."}:
                raise NoPlace(part, "is nothing that a path can hold")
        return "".join(made)


def parse_path(text: str) -> Template:
    """Parse the template of a path. Raises ``TemplateError``."""
    template = Template(text)
    if not text.startswith("/"):
        raise TemplateError(0, "a path begins with /")
    for character in "?#":
        if character in text:
            raise TemplateError(
                text.index(character), "a query stands under query, not in the path"
            )
    if {".", ".."} & set(text.split("/")):
        raise TemplateError(text.index("/."), "a path is written without . and ..")
    return template


def _text(name: str, value: Any) -> str:
    match value:
        case None:
            raise NoPlace(name, "has no value")
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
