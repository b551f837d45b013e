"""What of an exchange a mapping calls sensitive, replaced by something that can be replayed.

The same text becomes the same word within one recording, so that what was equal stays equal; from
the word nobody gets back to the text.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from typing import Any

from scimweave.mapping import Program
from scimweave.scim.schema import USER_TYPE

# Filters and rules choose elements by these: `emails[type eq "work"]`.
_KEPT = frozenset({"type", "primary", "$ref"})
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_SHORTEST = 3


def sensitive_names(program: Program) -> frozenset[str]:
    """Return the attributes that sensitive fields are made of, in lower case."""
    return frozenset(
        source.attribute.lower()
        for objects in program.objects
        for field in objects.fields
        if field.sensitive
        for source in field.sources
    )


def secret_names() -> frozenset[str]:
    """Return the attributes that nobody may ever read, in lower case."""
    return frozenset(each.attribute.lower() for each in USER_TYPE.never_returned)


class Masks:
    """Masks the attributes ``names``, wherever they stand in a request or an answer."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: frozenset[str] = frozenset()
        self._key = secrets.token_bytes(32)
        self._seen: dict[str, str] = {}
        self.hide(names)

    def hide(self, names: Iterable[str]) -> None:
        """Mask more attributes from now on."""
        self._names |= frozenset(names)
        words = "|".join(map(re.escape, sorted(self._names)))
        self._mentions = re.compile(rf"\b({words})\b", re.IGNORECASE)

    def exchange(self, *values: Any) -> list[Any]:
        """Mask what belongs together: what is masked in one is not told by the detail of another.

        None of ``values`` is modified.
        """
        self._seen = {}
        return [self._walk(value) for value in values]

    def text(self, text: str) -> str:
        """Mask the literals of a filter or a path that mentions a masked attribute."""
        if not self._mentions.search(text):
            return text
        return _LITERAL.sub(self._literal, text)

    def _literal(self, found: re.Match[str]) -> str:
        try:
            return json.dumps(self._masked(json.loads(found[0])))
        except json.JSONDecodeError:
            return '""'

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._walk(each) for each in value]
        if not isinstance(value, dict):
            return value
        path = next((value[key] for key in value if key.lower() == "path"), None)
        is_meant = isinstance(path, str) and self._is_meant(path)
        return {key: self._member(key, value[key], is_meant) for key in value}

    def _member(self, key: str, value: Any, is_meant: bool) -> Any:
        name = key.lower()
        if self._is_meant(key) or (is_meant and name == "value"):
            return self._masked(value)
        if isinstance(value, str):
            if name in {"filter", "path"}:
                return self.text(value)
            return self._without_seen(value) if name == "detail" else value
        return self._walk(value)

    def _is_meant(self, path: str) -> bool:
        """Whether a key or a path begins with a masked attribute, behind its schema."""
        if path.lower().startswith("urn:"):
            head, bracket, rest = path.partition("[")
            path = head.rpartition(":")[2] + bracket + rest
        return re.split(r"[.\[]", path, maxsplit=1)[0].lower() in self._names

    def _masked(self, value: Any) -> Any:
        match value:
            case dict():
                return {
                    key: each if key.lower() in _KEPT else self._masked(each)
                    for key, each in value.items()
                }
            case list():
                return [self._masked(each) for each in value]
            case None | "":
                return value
            case bool():
                return True
            case int() | float():
                return int(self._digest(str(value))[:7], 16)
            case _:
                # Compared in any case of letters, as most attributes are.
                word = f"masked-{self._digest(str(value).casefold())[:16]}"
                self._seen[str(value)] = word
                return word

    def _digest(self, text: str) -> str:
        raw = text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, raw, "sha256").hexdigest()

    def _without_seen(self, text: str) -> str:
        for known, word in self._seen.items():
            if len(known) >= _SHORTEST:
                text = text.replace(known, word)
        return text
