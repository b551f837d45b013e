"""JMESPath's own functions, with the results of the jmespath library."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, cast

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.argument_type import type_name
from scimweave.mapping.functions.limits import SMALL, limited, reserve
from scimweave.mapping.functions.spec import Example, Library, Parameter

BUILTINS = Library()

Array = list[Any]
Key = Callable[[Any], Any]

# So few texts make one that is at most so many times as long: it may be looked at afterwards.
_FEW = 8

_NUMBER = Parameter("value", "number")
_NUMBERS = Parameter("values", "array[number]")
_SORTABLE = Parameter("values", "array[number]|array[string]")
_ARRAY = Parameter("array", "array")
_OBJECT = Parameter("object", "object")
_ANY = Parameter("value", "any")
_KEY = Parameter("key", "expression")


@BUILTINS.define(_NUMBER, returns="number", examples=(Example("abs(n)", {"n": -5}, 5),))
def abs_(value: float) -> float:
    """The number without its sign."""
    return abs(value)


@BUILTINS.define(
    _NUMBERS,
    returns="number|null",
    examples=(Example("avg(n)", {"n": [1, 2]}, 1.5), Example("avg(n)", {"n": []}, None)),
)
def avg(values: list[float]) -> float | None:
    """The mean of the numbers; null of an empty array."""
    return sum(values) / len(values) if values else None


@BUILTINS.define(_NUMBER, returns="number", examples=(Example("ceil(n)", {"n": 1.2}, 2),))
def ceil(value: float) -> int:
    """The number rounded up."""
    return math.ceil(value)


@BUILTINS.define(
    Parameter("subject", "array|string"),
    Parameter("search", "any"),
    returns="boolean",
    nulls="A null subject is refused; null itself may be looked for.",
    examples=(
        Example("contains(userName, '@')", {"userName": "ada@contoso.com"}, True),
        Example("contains(groups, 'admin')", {"groups": ["staff"]}, False),
    ),
)
def contains(subject: Array | str, search: Any) -> bool:
    """Whether an array has the element, or a string the part."""
    if isinstance(subject, str) and not isinstance(search, str):
        raise EvaluationError(f"contains() looks for a string in a string, not {type_name(search)}")
    return search in subject


@BUILTINS.define(
    Parameter("text", "string"),
    Parameter("suffix", "string"),
    returns="boolean",
    examples=(Example("ends_with(mail, '.org')", {"mail": "ada@example.org"}, True),),
)
def ends_with(text: str, suffix: str) -> bool:
    """Whether the text ends so."""
    return text.endswith(suffix)


@BUILTINS.define(_NUMBER, returns="number", examples=(Example("floor(n)", {"n": 1.8}, 1),))
def floor(value: float) -> int:
    """The number rounded down."""
    return math.floor(value)


@BUILTINS.define(
    Parameter("glue", "string"),
    Parameter("values", "array[string|null]"),
    returns="string",
    nulls="Nulls in the array are left out; a null array is refused.",
    examples=(
        Example("join(' ', [first, last])", {"first": "Ada", "last": "Lovelace"}, "Ada Lovelace"),
        Example("join(' ', [first, last])", {"first": "Ada"}, "Ada"),
        Example("join(', ', ['', 'Doe'])", {}, ", Doe"),
    ),
)
def join(glue: str, values: list[str | None]) -> str:
    """The strings with the glue between them; nulls are left out (JMESPath refuses them)."""
    present = [value for value in values if value is not None]
    if len(present) <= _FEW:
        text = glue.join(present)
        if len(text) > SMALL:
            reserve(len(text))
        return text
    reserve(sum(map(len, present)) + len(glue) * len(present))
    return glue.join(present)


@BUILTINS.define(
    _OBJECT, returns="array[string]", examples=(Example("keys(@)", {"a": 1, "b": 2}, ["a", "b"]),)
)
def keys(value: dict[str, Any]) -> list[str]:
    """The names in the object."""
    return list(value)


@BUILTINS.define(
    Parameter("value", "string|array|object"),
    returns="number",
    examples=(Example("length(emails)", {"emails": [{}, {}]}, 2),),
)
def length(value: str | Array | dict[str, Any]) -> int:
    """How many characters, elements or names there are."""
    return len(value)


@BUILTINS.define(
    _KEY,
    _ARRAY,
    returns="array",
    examples=(Example("map(&a, @)", [{"a": 1}, {}], [1, None]),),
)
def map_(expression: Key, array: Array) -> Array:
    """The result of the expression for each element, nulls kept."""
    return [expression(element) for element in array]


@BUILTINS.define(
    _SORTABLE, returns="number|string|null", examples=(Example("max(@)", [1, 3, 2], 3),)
)
def max_(values: Array) -> Any:
    """The greatest element; null of an empty array."""
    return max(values, default=None)


@BUILTINS.define(
    _ARRAY,
    _KEY,
    returns="any",
    examples=(Example("max_by(@, &a)", [{"a": 1}, {"a": 2}], {"a": 2}),),
)
def max_by(array: Array, key: Key) -> Any:
    """The element with the greatest key; null of an empty array."""
    found = _keys("max_by", array, key)
    return array[max(range(len(array)), key=found.__getitem__)] if array else None


@BUILTINS.define(
    repeated=(_OBJECT,),
    returns="object",
    examples=(Example("merge(a, b)", {"a": {"x": 1}, "b": {"x": 2, "y": 3}}, {"x": 2, "y": 3}),),
)
def merge(*objects: dict[str, Any]) -> dict[str, Any]:
    """One object with the names of all; the last one that has a name decides."""
    merged: dict[str, Any] = {}
    for each in objects:
        merged.update(each)
    return merged


@BUILTINS.define(
    _SORTABLE, returns="number|string|null", examples=(Example("min(@)", ["b", "a"], "a"),)
)
def min_(values: Array) -> Any:
    """The smallest element; null of an empty array."""
    return min(values, default=None)


@BUILTINS.define(
    _ARRAY,
    _KEY,
    returns="any",
    examples=(Example("min_by(@, &a)", [{"a": 2}, {"a": 1}], {"a": 1}),),
)
def min_by(array: Array, key: Key) -> Any:
    """The element with the smallest key; null of an empty array."""
    found = _keys("min_by", array, key)
    return array[min(range(len(array)), key=found.__getitem__)] if array else None


@BUILTINS.define(
    repeated=(_ANY,),
    returns="any",
    nulls="Nulls are passed over; all null gives null.",
    examples=(Example("not_null(a, b)", {"b": 1}, 1), Example("not_null(a)", {}, None)),
)
def not_null(*values: Any) -> Any:
    """The first value that is not null."""
    for value in values:
        if value is not None:
            return value
    return None


@BUILTINS.define(
    Parameter("value", "array|string"),
    returns="array|string",
    examples=(Example("reverse(@)", [1, 2], [2, 1]), Example("reverse(@)", "abc", "cba")),
)
def reverse(value: Array | str) -> Array | str:
    """The elements or characters from last to first."""
    return value[::-1]


@BUILTINS.define(
    _SORTABLE,
    returns="array[number]|array[string]",
    examples=(Example("sort(@)", [2, 1], [1, 2]),),
)
def sort(values: Array) -> Array:
    """The elements in ascending order."""
    return sorted(values)


@BUILTINS.define(
    _ARRAY,
    _KEY,
    returns="array",
    examples=(Example("sort_by(@, &a)", [{"a": 2}, {"a": 1}], [{"a": 1}, {"a": 2}]),),
)
def sort_by(array: Array, key: Key) -> Array:
    """The elements in ascending order of their keys."""
    found = _keys("sort_by", array, key)
    return [array[index] for index in sorted(range(len(array)), key=found.__getitem__)]


@BUILTINS.define(
    Parameter("text", "string"),
    Parameter("prefix", "string"),
    returns="boolean",
    examples=(Example("starts_with(title, 'Dr')", {"title": "Dr. Who"}, True),),
)
def starts_with(text: str, prefix: str) -> bool:
    """Whether the text starts so."""
    return text.startswith(prefix)


@BUILTINS.define(_NUMBERS, returns="number", examples=(Example("sum(@)", [1, 2], 3),))
def sum_(values: list[float]) -> float:
    """The numbers added up."""
    return sum(values)


@BUILTINS.define(
    _ANY,
    returns="array",
    nulls="Null gives an array of one null.",
    examples=(Example("to_array(@)", 1, [1]), Example("to_array(@)", [1], [1])),
)
def to_array(value: Any) -> Array:
    """The array itself, or an array of the one value."""
    return value if isinstance(value, list) else [value]


@BUILTINS.define(
    _ANY,
    returns="string",
    nulls="Null gives 'null'; c_str() gives null.",
    examples=(
        Example("to_string(@)", "a", "a"),
        Example("to_string(@)", {"a": True}, '{"a":true}'),
    ),
)
def to_string(value: Any) -> str:
    """The string itself, or the value as JSON."""
    if isinstance(value, str):
        return value
    return limited(json.dumps(value, separators=(",", ":"), default=str))


@BUILTINS.define(
    _ANY,
    returns="number|null",
    nulls="Null gives null.",
    examples=(Example("to_number(@)", "1.5", 1.5), Example("to_number(@)", "one", None)),
)
def to_number(value: Any) -> float | None:
    """The number itself, or the number that a string spells; otherwise null."""
    if type_name(value) == "number":
        return cast(float, value)
    if not isinstance(value, str):
        return None
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return None


@BUILTINS.define(
    _ANY, returns="string", nulls="Null gives 'null'.", examples=(Example("type(@)", [], "array"),)
)
def type_(value: Any) -> str:
    """The name of the value's type: string, number, boolean, array, object or null."""
    return type_name(value)


@BUILTINS.define(_OBJECT, returns="array", examples=(Example("values(@)", {"a": 1}, [1]),))
def values(value: dict[str, Any]) -> Array:
    """The values in the object."""
    return list(value.values())


def _keys(function: str, array: Array, key: Key) -> Array:
    found = [key(element) for element in array]
    kinds = set(map(type_name, found))
    if kinds <= {"number"} or kinds <= {"string"}:
        return found
    raise EvaluationError(
        f"the keys of {function}() are all numbers or all strings, got {', '.join(sorted(kinds))}"
    )
