"""Values as providers send them, made into what the schema says (design, section 5)."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable
from typing import Any

from scimweave.scim.error import ScimError, invalid_value
from scimweave.scim.schema import Attribute

MAX_KEPT_DEPTH = 32
# About half a second of one core.
MAX_LOOKED_AT = 1_000_000
_INT64 = range(-(2**63), 2**63)
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_TAKES = {
    "boolean": "true or false",
    "integer": "a whole number of at most 64 bits",
    "decimal": "a number",
    "complex": "an object",
}


class Findings:
    """What reading one request comes upon besides the values themselves."""

    __slots__ = ("_looked_at", "dropped", "flattened", "quirks")

    def __init__(self) -> None:
        self.dropped: list[str] = []
        # Keys that are paths ("name.givenName"), with their values and the quirk that each is;
        # applied after the rest.
        self.flattened: list[tuple[str, Any, str]] = []
        # Numbers of ``scim.quirks``.
        self.quirks: set[str] = set()
        self._looked_at = 0

    def look_at(self, elements: int) -> None:
        """Count elements of lists that changes look at, each as often as it is compared.

        Raises ``ScimError`` (413) for more than one request may ask for.
        """
        self._looked_at += elements
        if self._looked_at > MAX_LOOKED_AT:
            raise ScimError(
                413, "so many operations on lists as long as these are too much: send fewer at once"
            )


# Reads a value; None is absent. Raises ``ScimError`` (invalidValue).
Take = Callable[[Any, Findings], Any]


def is_empty(value: Any) -> bool:
    """Whether ``value`` says that there is none (RFC 7643 §2.5; Entra also sends "")."""
    return value is None or value in ("", [])


def wrong_type(path: str, attribute: Attribute | None, value: Any) -> ScimError:
    """Say what ``path`` takes and what came instead."""
    takes = _TAKES.get(attribute.type, "a string") if attribute else "an object"
    found = _kind(value)
    if attribute is None or attribute.returned != "never":
        found += f" {_shown(value)}"
    return invalid_value(f"{path} takes {takes}, not {found}")


def compile_scalar(attribute: Attribute, path: str) -> Take:
    """Compile the reader of one simple value."""
    convert = _CONVERTERS.get(attribute.type)
    if convert is None:
        return _text_reader(attribute, path)

    kinds, quirk = _usual(attribute)

    def take(value: Any, findings: Findings) -> Any:
        if value is None or value == "":
            return None
        taken = convert(value)
        if taken is None:
            raise wrong_type(path, attribute, value)
        if not isinstance(value, kinds):
            findings.quirks.add(quirk)
        return taken

    return take


def _usual(attribute: Attribute) -> tuple[tuple[type, ...], str]:
    """Return the types of JSON that an attribute has, and the quirk that another one is."""
    if attribute.type == "boolean":
        return (bool,), "Q3" if attribute.name == "primary" else "Q2"
    return (int, float), "N5"


def unwrapping(take: Take, attribute: Attribute, path: str) -> Take:
    """Let ``take`` also read ``[x]`` and ``[{"value": x}]`` (entra-facts 1.11, 5)."""

    def take_one(value: Any, findings: Findings) -> Any:
        if isinstance(value, list):
            if not value:
                return None
            if len(value) > 1:
                raise wrong_type(path, attribute, value)
            value = value_of(value[0])
            findings.quirks.add("N5")
        return take(value, findings)

    return take_one


def value_of(element: Any) -> Any:
    """Return ``x`` of ``{"value": x}``; anything else as it is."""
    if isinstance(element, dict):
        for key in element:
            if key == "value" or (isinstance(key, str) and key.lower() == "value"):
                return element[key]
    return element


def plain(value: Any, path: str, depth: int = MAX_KEPT_DEPTH) -> Any:
    """Check a value of which no schema knows the type: it has to be JSON that can be stored."""
    if depth == 0:
        raise invalid_value(f"{path} is nested more than {MAX_KEPT_DEPTH} levels deep")
    match value:
        case None | bool():
            return value
        case str():
            return checked_text(value, path)
        case int() | float() if _decimal(value) is not None:
            return value
        case list():
            return [plain(each, path, depth - 1) for each in value]
        case dict():
            return {
                checked_text(str(key), path): plain(each, path, depth - 1)
                for key, each in value.items()
            }
    raise invalid_value(f"{path} takes JSON with numbers of at most 64 bits, not {_shown(value)}")


def checked_text(text: str, path: str) -> str:
    """Return ``text``, or refuse what no database and no JSON takes."""
    if "\0" in text or not (text.isascii() or _encodable(text)):
        raise invalid_value(
            f"{path} has a character that cannot be stored: NUL or half of a surrogate pair"
        )
    return text


def shown_name(name: str) -> str:
    """Return a name that came from outside in a form that fits a log."""
    return name[:200].encode("utf-8", "backslashreplace").decode()


def _text_reader(attribute: Attribute, path: str) -> Take:
    # Dates, references and binaries too: their format is not ours to judge (Q32).
    def take(value: Any, findings: Findings) -> Any:
        if isinstance(value, str):
            return checked_text(value, path) if value else None
        if value is None:
            return None
        raise wrong_type(path, attribute, value)

    return take


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _BOOLEANS.get(value.lower())  # Entra sends "True" (Q2).
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if _WHOLE.match(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and value in _INT64 else None


def _decimal(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _NUMBER.match(value):
            return None
        value = int(value) if _WHOLE.match(value) else float(value)
    if isinstance(value, int):
        return value if value in _INT64 else None
    return value if isinstance(value, float) and math.isfinite(value) else None


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
}
_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "the boolean",
    int: "the number",
    float: "the number",
    str: "the string",
    list: "the array",
    dict: "the object",
}
_REPR = reprlib.Repr()
_REPR.maxlevel = 2
_REPR.maxdict = _REPR.maxlist = 3
_REPR.maxstring = _REPR.maxother = 60


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT64:
        return "of more than 64 bits"
    text = _REPR.repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), f"the {type(value).__name__}")
