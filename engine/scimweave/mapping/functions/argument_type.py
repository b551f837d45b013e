"""The types of arguments, written as JMESPath writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import NoneType
from typing import Any, Self

# Matched by exact class: a Python bool is an int, a JSON boolean is no number.
_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (NoneType,),
}
_NAMES = {each: name for name, classes in _CLASSES.items() for each in classes}
_PART = re.compile(r"array\[(?P<elements>[^]]+)\]|(?P<plain>[a-z]+)")


def type_name(value: object) -> str:
    """The JMESPath name of a value's type."""
    return _NAMES.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True)
class ArgumentType:
    """``string|null``, ``array[number]|array[string]``, ``any`` or ``expression``.

    ``classes`` are accepted whatever is in them; of an array that is not among them, all elements
    must be of one of the ``elements``.
    """

    text: str
    classes: frozenset[type]
    elements: tuple[frozenset[type], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the notation; an unknown name is a ``KeyError``."""
        if text in ("any", "expression"):
            return cls(text, frozenset(), ())
        parts = list(_PART.finditer(text))
        plain = "|".join(part["plain"] for part in parts if part["plain"])
        elements = (_classes(part["elements"]) for part in parts if part["elements"])
        return cls(text, _classes(plain), tuple(elements))

    def accepts(self, value: Any) -> bool:
        """Whether a value is of this type; not for ``expression``."""
        if self.text == "any" or type(value) in self.classes:
            return True
        return type(value) is list and any(
            element.issuperset(map(type, value)) for element in self.elements
        )


def _classes(text: str) -> frozenset[type]:
    return frozenset(each for name in text.split("|") if name for each in _CLASSES[name])
