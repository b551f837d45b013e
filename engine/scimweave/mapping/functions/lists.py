"""Functions of multi-valued attributes."""

from __future__ import annotations

import json
from typing import Any

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.limits import reserve
from scimweave.mapping.functions.spec import Example, Library, Parameter

LISTS = Library()

Array = list[Any]
_ARRAY = Parameter("array", "array|null")
_PIECES = "string|number|boolean|null"


@LISTS.define(
    Parameter("values", "any"),
    returns="number",
    nulls="Null counts 0.",
    examples=(
        Example("count(addresses)", {"addresses": ["a", "b"]}, 2),
        Example("count(addresses)", {}, 0),
        Example("count(title)", {"title": "Dr."}, 1),
    ),
)
def count(values: Any) -> int:
    """How many values there are; one that is no array is one."""
    if values is None:
        return 0
    return len(values) if isinstance(values, list) else 1


@LISTS.define(
    _ARRAY,
    Parameter("index", "number"),
    returns="any",
    nulls="Null gives null.",
    examples=(
        Example("item(addresses, `1`)", {"addresses": ["a", "b"]}, "a"),
        Example("item(addresses, `3`)", {"addresses": ["a", "b"]}, None),
        Example("item(addresses, `1`)", {}, None),
    ),
)
def item(array: Array | None, index: float) -> Any:
    """The element at this place, counted from 1; null where there are fewer."""
    if index < 1 or index != int(index):
        raise EvaluationError("item() counts places from 1")
    return array[int(index) - 1] if array is not None and index <= len(array) else None


@LISTS.define(
    Parameter("separator", "string"),
    repeated=(Parameter("source", f"{_PIECES}|array[{_PIECES}]"),),
    returns="string",
    nulls="Nulls and empty strings are passed over; nothing present gives ''.",
    examples=(
        Example(
            "join_present(', ', '', surname, givenName)",
            {"givenName": "John", "surname": "Doe"},
            "Doe, John",
        ),
        Example("join_present(' ', givenName, surname)", {"givenName": "Ada"}, "Ada"),
        Example("join_present('', `1000`, id)", {"id": 7}, "10007"),
        Example("join_present(';', tags, 'c')", {"tags": ["a", "b"]}, "a;b;c"),
        Example("join_present(' ', title)", {}, ""),
    ),
)
def join_present(separator: str, *sources: Any) -> str:
    """The sources that are not empty, with the separator between; arrays give all their values."""
    pieces: list[str] = []
    for source in sources:
        for each in source if isinstance(source, list) else (source,):
            if each is not None and each != "":
                pieces.append(each if isinstance(each, str) else _written(each))
    reserve(sum(map(len, pieces)) + len(separator) * len(pieces))
    return separator.join(pieces)


@LISTS.define(
    _ARRAY,
    returns="array|null",
    nulls="Null gives null.",
    examples=(
        Example("remove_duplicates(@)", ["b", "a", "b"], ["b", "a"]),
        Example("remove_duplicates(@)", ["a", "A", 1, True], ["a", "A", 1, True]),
        Example("remove_duplicates(addresses)", {}, None),
    ),
)
def remove_duplicates(array: Array | None) -> Array | None:
    """The different values, in the order in which they come first."""
    if array is None:
        return None
    # As JSON, objects compare quickly, and true is not 1.
    first: dict[str, Any] = {}
    for each in array:
        first.setdefault(json.dumps(each, sort_keys=True), each)
    return list(first.values())


@LISTS.define(
    Parameter("text", "string|null"),
    Parameter("delimiter", "string"),
    returns="array|null",
    nulls="Null gives null.",
    examples=(
        Example(
            "split(roles, ',')",
            {"roles": "PermissionSetOne, PermissionSetTwo"},
            ["PermissionSetOne", "PermissionSetTwo"],
        ),
        Example("split(roles, ',')", {"roles": "a"}, ["a"]),
        Example("split(roles, ',')", {}, None),
    ),
)
def split(text: str | None, delimiter: str) -> list[str] | None:
    """The pieces of the text between delimiters, without white space around them."""
    if not delimiter:
        raise EvaluationError("split() needs a delimiter")
    return None if text is None else [piece.strip() for piece in text.split(delimiter)]


def _written(value: float | bool) -> str:
    return str(value) if isinstance(value, bool) else json.dumps(value)
