"""Distinguished names, read and written (RFC 4514)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A name in pieces of which none means anything within another; fields of templates in braces.
TOKEN = re.compile(r"\\[0-9A-Fa-f]{2}|\\.|\{[^{}\\]*\}|.", re.DOTALL)
_TYPE = re.compile(r"\A\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*\Z")
_SPECIAL = frozenset('"+,;<>\\=')
_SPACES = re.compile(r"\s+")


class BadDn(ValueError):
    """A text is no distinguished name; the message says why."""


@dataclass(frozen=True, slots=True)
class Rdn:
    """One step of a name: its text, and the attribute types with their values."""

    text: str
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, *pairs: tuple[str, str]) -> Rdn:
        """Write a step; the values are escaped."""
        return cls("+".join(f"{name}={escaped(value)}" for name, value in pairs), pairs)

    @property
    def normal(self) -> frozenset[tuple[str, str]]:
        """What two writings of one step have in common."""
        return frozenset(
            (name.lower(), _SPACES.sub(" ", value.strip()).casefold()) for name, value in self.pairs
        )


@dataclass(frozen=True, slots=True)
class Dn:
    """A name, from the entry itself up to the root."""

    rdns: tuple[Rdn, ...]

    @classmethod
    def parse(cls, text: str) -> Dn:
        """Read a name. Raises ``BadDn``."""
        if not text.strip():
            return cls(())
        return cls(tuple(_rdn(step) for step in split_name(text, ",")))

    def __str__(self) -> str:
        return ",".join(rdn.text for rdn in self.rdns)

    @property
    def leaf(self) -> Rdn:
        """The step that tells the entry from its siblings."""
        return self.rdns[0]

    @property
    def parent(self) -> Dn:
        """The name of the entry above."""
        return Dn(self.rdns[1:])

    @property
    def normal(self) -> tuple[frozenset[tuple[str, str]], ...]:
        """What two writings of one name have in common; letters of any case are the same."""
        return tuple(rdn.normal for rdn in self.rdns)


def escaped(value: str) -> str:
    """Write a value so that nothing of it is taken for a part of the name (RFC 4514 §2.4)."""
    last = len(value) - 1
    written = []
    for index, char in enumerate(value):
        if char < " " or char == "\x7f":
            written.append(f"\\{ord(char):02X}")
        elif (
            char in _SPECIAL or (char == " " and index in (0, last)) or (char == "#" and index == 0)
        ):
            written.append(f"\\{char}")
        else:
            written.append(char)
    return "".join(written)


def _rdn(text: str) -> Rdn:
    pairs = []
    for part in split_name(text, "+"):
        name, value = read_pair(part)
        pairs.append((name, unescaped(value)))
    return Rdn(text.strip(), tuple(pairs))


def read_pair(text: str) -> tuple[str, str]:
    """Read ``attribute=value``; the value stays escaped. Raises ``BadDn``."""
    name, equals, value = text.partition("=")
    found = _TYPE.match(name)
    if not equals or found is None:
        raise BadDn(f"{text.strip()!r} is not attribute=value")
    return found[1], _trimmed(value)


def _trimmed(value: str) -> str:
    """Leave out spaces around a value, but for one that is escaped."""
    value = value.lstrip(" ")
    shorter = value.rstrip(" ")
    escape = len(shorter) - len(shorter.rstrip("\\"))
    return f"{shorter} " if escape % 2 and shorter != value else shorter


def split_name(text: str, separator: str) -> Iterator[str]:
    """Yield what stands between separators that are not escaped."""
    piece = ""
    for token in TOKEN.findall(text):
        if token == separator:
            yield piece
            piece = ""
        else:
            piece += token
    yield piece


def unescaped(text: str) -> str:
    """Return what an escaped value stands for; bytes that are no UTF-8 stay apart from text."""
    found = bytearray()
    for token in TOKEN.findall(text):
        if not token.startswith("\\"):
            found += token.encode(errors="surrogatepass")
        elif len(token) == 3:
            found.append(int(token[1:], 16))
        else:
            found += token[1:].encode(errors="surrogatepass")
    return found.decode(errors="surrogateescape")
