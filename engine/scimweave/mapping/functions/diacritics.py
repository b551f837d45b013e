"""Letters without their marks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from scimweave.mapping.functions.limits import limited
from scimweave.mapping.functions.spec import Example, Library, Parameter

DIACRITICS = Library()

# What Unicode does not take apart. đ, ð, þ and œ stay: Entra's table does not have them.
_LETTERS = {
    "æ": "ae", "Æ": "AE", "ø": "oe", "Ø": "OE", "ł": "l", "Ł": "L", "ı": "i", "ß": "ss",
}  # fmt: skip
# Œ only goes where it has a mark, which is Entra's table to the letter.
_MARKED = {"œ": "oe", "Œ": "OE"}
_ASCII = {chr(code): chr(code) for code in range(128) if chr(code).isalpha()}
_BASES = _ASCII | _LETTERS


@DIACRITICS.define(
    Parameter("text", "string|null"),
    returns="string|null",
    nulls="Null gives null.",
    examples=(
        Example("normalize_diacritics('Zoë')", {}, "Zoe"),
        Example("normalize_diacritics('Åse Bjørn Müller')", {}, "Ase Bjoern Muller"),
        Example("normalize_diacritics('Straße, Łódź')", {}, "Strasse, Lodz"),
        Example("normalize_diacritics('Nguyễn Đức')", {}, "Nguyen Đuc"),
        Example("normalize_diacritics(title)", {}, None),
    ),
)
def normalize_diacritics(text: str | None) -> str | None:
    """Latin letters without their marks; ø gives oe, æ gives ae, å gives a, ß gives ss.

    Entra's table, and beyond it whatever Unicode takes apart into a Latin letter and marks.
    Letters of other scripts stay as they are.
    """
    if text is None or text.isascii():
        return text
    folded = "".join(_folded(unicodedata.normalize("NFD", text)))
    return limited(unicodedata.normalize("NFC", folded))


def _folded(text: str) -> Iterator[str]:
    base, marks = "", ""
    for character in text:
        if unicodedata.combining(character):
            marks += character
            continue
        yield _letter(base, marks)
        base, marks = character, ""
    yield _letter(base, marks)


def _letter(base: str, marks: str) -> str:
    if base in _BASES:
        return _BASES[base]
    if marks and base in _MARKED:
        return _MARKED[base]
    return base + marks
