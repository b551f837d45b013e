"""Functions that write text in another encoding."""

from __future__ import annotations

import base64

from scimweave.mapping.functions.limits import limited
from scimweave.mapping.functions.spec import Example, Library, Parameter

ENCODING = Library()

_TEXT = Parameter("text", "string|null")
_NULL = "Null gives null."


@ENCODING.define(
    _TEXT,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("convert_to_base64('Hello world!')", {}, "SABlAGwAbABvACAAdwBvAHIAbABkACEA"),
        Example("convert_to_base64(title)", {}, None),
    ),
)
def convert_to_base64(text: str | None) -> str | None:
    """Base64 of the text in UTF-16, little-endian, as Entra has it."""
    return None if text is None else limited(base64.b64encode(text.encode("utf-16-le")).decode())


@ENCODING.define(
    _TEXT,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("convert_to_utf8_hex('Hello world!')", {}, "48656C6C6F20776F726C6421"),
        Example("convert_to_utf8_hex(title)", {}, None),
    ),
)
def convert_to_utf8_hex(text: str | None) -> str | None:
    """The bytes of the text in UTF-8, as hexadecimal digits in upper case."""
    return None if text is None else limited(text.encode().hex().upper())
