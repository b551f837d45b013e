"""The order of ``sortBy`` (RFC 7644 §3.4.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from scimweave.provisioning.search.cursor import ABSENT, SortKey
from scimweave.scim.comparison import sortable
from scimweave.scim.error import ScimError, invalid_path
from scimweave.scim.filter import UnknownAttribute, reading
from scimweave.scim.path import parse_path
from scimweave.scim.schema import ResourceType

# Text beyond this does not count, so that the keys of very many resources fit into memory.
MOST_CHARACTERS = 256
# Sort key, number of the source, position there. Flat and plain: of very many such tuples the
# garbage collector keeps no account, where it would stop everything to look at other objects.
Sorted = tuple[int, Any, int, int]


Key = Callable[[dict[str, Any]], SortKey]


@dataclass(frozen=True, slots=True)
class Order:
    """How resources are put in order. What has no value comes last, and first in ``descending``.

    Equal ones stay in the order they were made. ``name`` is the attribute's, in lower case.
    """

    keys: tuple[Key, ...]
    key_type: type
    name: str
    descending: bool

    def sort(self, found: list[Sorted]) -> list[Sorted]:
        """Sort what comes in the order of sources and positions."""
        return sorted(found, key=_KEY, reverse=True) if self.descending else sorted(found)

    def merge(self, runs: Sequence[list[Sorted]], offset: int, limit: int) -> list[Sorted]:
        """Return a part of what the sorted ``runs`` are together."""
        whole = merge(*runs, key=_KEY, reverse=True) if self.descending else merge(*runs)
        return list(islice(whole, offset, offset + limit))

    def is_behind(self, found: Sorted, key: SortKey, place: tuple[int, int]) -> bool:
        """Whether ``found`` comes after what has this key and place."""
        if found[:2] == key:
            return found[2:] > place
        return (found[:2] < key) is self.descending


_KEY = itemgetter(0, 1)


def order(sort_by: str, descending: bool, types: Sequence[ResourceType]) -> Order:
    """Return the order by an attribute; it is absent in types that do not have it.

    Raises ``ScimError`` where no type has it, or where it has no order.
    """
    path = parse_path(sort_by)
    keys: list[Key] = []
    leaf_types = set()
    reason: ScimError | None = None
    for each in types:
        try:
            read = reading(path, each)
        except UnknownAttribute as error:
            reason = error
            keys.append(lambda resource: ABSENT)
            continue
        if read.leaf.type == "complex":
            raise invalid_path(f"sortBy {path}: a complex attribute is sorted by a sub-attribute")
        leaf_types.add(str if sortable_as_text(read.leaf.type) else float)
        keys.append(_key(read.values, read.elements, read.leaf.name, sortable(read.leaf)))
    if len(leaf_types) != 1:
        detail = reason.detail if reason else "the types do not compare"
        raise invalid_path(f"sortBy {path}: {detail}")
    return Order(tuple(keys), leaf_types.pop(), path.attribute.lower(), descending)


def sortable_as_text(leaf_type: str) -> bool:
    """Whether the sort keys of a type of attribute are text, and not numbers."""
    return leaf_type not in {"boolean", "integer", "decimal", "dateTime"}


def _key(
    values: Callable[[Any], Any],
    elements: Callable[[Any], Any],
    name: str,
    normal: Callable[[Any], Any],
) -> Key:
    def key(resource: dict[str, Any]) -> SortKey:
        value = normal(_first(values, elements, name, resource))
        if value is None:
            return ABSENT
        return (0, value[:MOST_CHARACTERS] if isinstance(value, str) else value)

    return key


def _first(
    values: Callable[[Any], Any],
    elements: Callable[[Any], Any],
    name: str,
    resource: dict[str, Any],
) -> Any:
    """Return the value of the primary element, or the first one there is."""
    for element in elements(resource):
        if isinstance(element, dict) and element.get("primary") is True and name in element:
            return element[name]
    return next(iter(values(resource)), None)
