"""What it is to add to a list and to take from it: when two elements are the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from scimweave.scim.edit import merged


def appended(old: list[Any], new: list[Any]) -> list[Any]:
    """Return ``old`` with the elements of ``new``; what is there already is not doubled (Q23).

    Elements are the same where ``value`` and ``type`` are, as far as both give a type; without
    ``value``, where they are equal.
    """
    result = list(old)
    places: defaultdict[Any, dict[Any, int]] = defaultdict(dict)
    for at, element in enumerate(result):
        places[_key(element)].setdefault(_type(element), at)
    primary: set[int] = set()
    for element in new:
        same, kind = places[_key(element)], _type(element)
        known = _place(same, kind)
        at = len(result) if known is None else known
        if known is None:
            result.append(element)
        elif isinstance(element, dict):
            result[at] = merged(result[at], element)
            if kind is not None and same.get(None) == at:
                del same[None]
        same.setdefault(kind, at)
        if isinstance(element, dict) and element.get("primary") is True:
            primary.add(at)
    if primary:
        clear_primary(result, primary)
    return result


def _place(same: dict[Any, int], kind: Any) -> int | None:
    """Return where among elements of one value, by their type, the one of a type is."""
    if kind is None:
        return next(iter(same.values()), None)
    return same.get(kind, same.get(None))


def clear_primary(elements: list[Any], keep: set[int]) -> None:
    """Only one element is the primary one (RFC 7644 §3.5.2)."""
    for at, element in enumerate(elements):
        if at not in keep and isinstance(element, dict) and element.get("primary") is True:
            elements[at] = {**element, "primary": False}


def without(elements: list[Any], unwanted: list[Any]) -> list[Any]:
    """Return the elements but for those that are meant; what is the same is as in ``appended``."""
    kinds: defaultdict[Any, set[Any]] = defaultdict(set)
    for each in unwanted:
        kinds[value_of(each)].add(_type(each))
    others = [each for each in unwanted if value_of(each) is None]
    return [
        each
        for each in elements
        if not _is_named(each, kinds) and not any(_includes(each, other) for other in others)
    ]


def _is_named(element: Any, kinds: dict[Any, set[Any]]) -> bool:
    value, kind = value_of(element), _type(element)
    named = kinds.get(value, ()) if value is not None else ()
    return bool(named) and (kind is None or None in named or kind in named)


def _includes(element: Any, part: dict[str, Any]) -> bool:
    return isinstance(element, dict) and part.items() <= element.items()


def value_of(element: Any) -> Any:
    """Return what an element is told by, as far as it can be compared."""
    value = element.get("value") if isinstance(element, dict) else element
    return value if isinstance(value, str | int | float) else None


def _key(element: Any) -> Any:
    value = value_of(element)
    if value is None and isinstance(element, dict):
        return (repr(sorted(element.items(), key=lambda member: member[0])),)
    return value


def _type(element: Any) -> Any:
    kind = element.get("type") if isinstance(element, dict) else None
    return kind if isinstance(kind, str) else None


def as_list(value: Any) -> list[Any]:
    """Return a stored list; [] where there is none."""
    return value if isinstance(value, list) else []
