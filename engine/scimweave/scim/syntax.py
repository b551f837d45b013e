"""The syntax trees of paths and filters, and how they print (RFC 7644 §3.4.2.2 and §3.5.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

Literal = str | int | float | bool | None
_EXTENSION = re.compile(r"urn:.+:\d+\.\d+:\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttributePath:
    """An attribute as a path names it; ``filter`` stands in brackets behind the attribute."""

    uri: str | None
    attribute: str
    sub_attribute: str | None = None
    filter: Filter | None = None

    def __str__(self) -> str:
        text = f"{self.uri}:{self.attribute}" if self.uri else self.attribute
        if self.filter is not None:
            text += f"[{self.filter}]"
        return f"{text}.{self.sub_attribute}" if self.sub_attribute else text


@dataclass(frozen=True, slots=True)
class Compare:
    """``path op value``; ``op`` is lower case."""

    path: AttributePath
    op: str
    value: Literal

    def __str__(self) -> str:
        return f"{self.path} {self.op} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Present:
    """``path pr``."""

    path: AttributePath

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True, slots=True)
class And:
    """Both sides; binds tighter than ``or``."""

    left: Filter
    right: Filter

    def __str__(self) -> str:
        left = f"({self.left})" if isinstance(self.left, Or) else str(self.left)
        right = f"({self.right})" if isinstance(self.right, Or | And) else str(self.right)
        return f"{left} and {right}"


@dataclass(frozen=True, slots=True)
class Or:
    """Either side."""

    left: Filter
    right: Filter

    def __str__(self) -> str:
        right = f"({self.right})" if isinstance(self.right, Or) else str(self.right)
        return f"{self.left} or {right}"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of the operand."""

    operand: Filter

    def __str__(self) -> str:
        return f"not ({self.operand})"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """``path[filter]``: one element of a multi-valued attribute satisfies the whole filter."""

    path: AttributePath
    filter: Filter

    def __str__(self) -> str:
        return f"{self.path}[{self.filter}]"


Filter = Compare | Present | And | Or | Not | ValuePath


def is_extension(name: str) -> bool:
    """Whether a name is the URN of a schema, and not that of one of its attributes."""
    return _EXTENSION.fullmatch(name) is not None


def operands(found: And | Or) -> list[Filter]:
    """Return what a chain of one operator joins, however long, from left to right."""
    kind = type(found)
    behind: list[Filter] = []
    rest: Filter = found
    while isinstance(rest, kind):
        behind.append(rest.right)
        rest = rest.left
    return [rest, *reversed(behind)]


def attribute_names(found: Filter, known: Collection[int] = ()) -> set[str]:
    """Return the attributes that a filter reads, in lower case and without sub-attributes.

    Parts whose ``id()`` is in ``known`` read nothing.
    """
    names: set[str] = set()
    rest = [found]
    while rest:
        part = rest.pop()
        if id(part) in known:
            continue
        match part:
            case And(left, right) | Or(left, right):
                rest += (left, right)
            case Not(operand):
                rest.append(operand)
            case Compare(path) | Present(path) | ValuePath(path):
                names.add(path.attribute.lower())
    return names
