"""Functions that choose a value or answer a question."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.spec import Example, Library, Parameter

CONDITIONS = Library()

_ANY = Parameter("value", "any")
_WHOLE = Parameter("value", "number|string")
_INTEGER = re.compile(r"(?:&[Hh](?P<hex>[0-9A-Fa-f]{1,16})|(?P<decimal>[+-]?[0-9]{1,20}))")


@CONDITIONS.define(
    _WHOLE,
    Parameter("mask", "number|string"),
    returns="number",
    examples=(
        Example("bit_and('&HF', '&HF7')", {}, 7),
        Example("bit_and(flags, `2`)", {"flags": 514}, 2),
        Example("c_bool(bit_and(flags, `2`))", {"flags": "512"}, False),
    ),
)
def bit_and(value: float | str, mask: float | str) -> int:
    """The bits that both whole numbers have; text may spell one, hexadecimal as in '&HF7'."""
    return _integer(value) & _integer(mask)


@CONDITIONS.define(
    Parameter("value", "string|number|boolean|null"),
    returns="boolean",
    nulls="Null is false.",
    examples=(
        Example("c_bool(a == b)", {"a": "x", "b": "x"}, True),
        Example("c_bool(`2`)", {}, True),
        Example("c_bool('0')", {}, False),
        Example("c_bool(active)", {"active": "True"}, True),
        Example("c_bool(active)", {}, False),
    ),
)
def c_bool(value: str | float | bool | None) -> bool:
    """Whether the value is true, or a number that is not zero; text may spell either."""
    if not isinstance(value, str):
        return bool(value)
    plain = value.strip().lower()
    if plain in ("true", "false", ""):
        return plain == "true"
    try:
        return float(plain) != 0
    except ValueError:
        raise EvaluationError("c_bool() takes a number, true or false") from None


@CONDITIONS.define(
    repeated=(_ANY,),
    returns="any",
    nulls="Nulls are passed over; all null gives null.",
    examples=(
        Example("coalesce(mail, userName)", {"userName": "ada@contoso.com"}, "ada@contoso.com"),
        Example("coalesce(title, 'none')", {"title": ""}, ""),
        Example("coalesce(title, nickName)", {}, None),
    ),
)
def coalesce(*values: Any) -> Any:
    """The first value that is not null; an empty string is a value."""
    for value in values:
        if value is not None:
            return value
    return None


@CONDITIONS.define(
    repeated=(_ANY,),
    returns="any",
    nulls="Nulls are passed over; nothing present gives null.",
    examples=(
        Example("first_present(title, 'none')", {"title": ""}, "none"),
        Example(
            r"first_present(phone, extract(mobile, '\+(?<isdCode>\d* )(?<phoneNumber>\d{10})',"
            " 'phoneNumber'))",
            {"phone": "", "mobile": "+91 8887779999"},
            "8887779999",
        ),
    ),
)
def first_present(*values: Any) -> Any:
    """The first value that is neither null nor an empty string."""
    for value in values:
        if value is not None and value != "":
            return value
    return None


@CONDITIONS.define(
    Parameter("condition", "boolean|null"),
    Parameter("value_if_true", "any"),
    Parameter("value_if_false", "any"),
    returns="any",
    nulls="A null condition is false, such as an order with something absent.",
    examples=(
        Example("iif(country == 'USA', country, dept)", {"country": "USA", "dept": "x"}, "USA"),
        Example("iif(country == 'USA', country, dept)", {"dept": "x"}, "x"),
        Example("iif(n > `5`, 'False', 'True')", {"n": 10}, "False"),
        Example("iif(n > `5`, 'False', 'True')", {}, "True"),
    ),
)
def iif(condition: bool | None, value_if_true: Any, value_if_false: Any) -> Any:
    """One value where the condition holds, the other where it does not."""
    return value_if_true if condition else value_if_false


@CONDITIONS.define(
    _ANY,
    returns="boolean",
    nulls="Null is null.",
    examples=(
        Example("is_null(displayName)", {}, True),
        Example("is_null(displayName)", {"displayName": ""}, False),
    ),
)
def is_null(value: Any) -> bool:
    """Whether the attribute is absent."""
    return value is None


@CONDITIONS.define(
    _ANY,
    returns="boolean",
    nulls="Null counts as empty.",
    examples=(
        Example("is_null_or_empty(title)", {"title": ""}, True),
        Example("is_null_or_empty(title)", {}, True),
        Example("is_null_or_empty(title)", {"title": "Dr."}, False),
    ),
)
def is_null_or_empty(value: Any) -> bool:
    """Whether the attribute is absent or an empty string."""
    return value is None or value == ""


@CONDITIONS.define(
    _ANY,
    returns="boolean",
    nulls="Null is not present.",
    examples=(
        Example("is_present(title)", {"title": "Dr."}, True),
        Example("is_present(title)", {"title": ""}, False),
        Example("is_present(title)", {}, False),
    ),
)
def is_present(value: Any) -> bool:
    """The opposite of is_null_or_empty."""
    return value is not None and value != ""


@CONDITIONS.define(
    _ANY,
    returns="boolean",
    nulls="Null is no string.",
    examples=(
        Example("is_string(title)", {"title": "Dr."}, True),
        Example("is_string(active)", {"active": True}, False),
        Example("is_string(title)", {}, False),
    ),
)
def is_string(value: Any) -> bool:
    """Whether the value is text."""
    return isinstance(value, str)


@CONDITIONS.define(
    Parameter("source", "string|number|boolean|null"),
    returns="boolean",
    nulls="Null gives true.",
    examples=(
        Example("not(active)", {"active": True}, False),
        Example("not('True')", {}, False),
        Example("not('False')", {}, True),
        Example("not(active)", {}, True),
    ),
)
def not_(source: Any) -> bool:
    """False of true and of the text 'True'; true of all else."""
    return source is not True and source != "True"


def _table(default: Any, *pairs: Any) -> Callable[[Any], Any] | None:
    """Return ``switch`` with a look-up for its pairs, where all keys are text."""
    keys, values = pairs[::2], pairs[1::2]
    if not all(isinstance(key, str) for key in keys):
        # In Python true is 1, and a look-up would take one for the other.
        return None
    # The first of two keys that are the same is taken.
    table = dict(reversed(list(zip(keys, values, strict=True))))
    return lambda source: table.get("" if source is None else source, default)


@CONDITIONS.define(
    Parameter("source", "string|number|boolean|null"),
    Parameter("default", "any"),
    repeated=(Parameter("key", "string|number|boolean"), Parameter("value", "any")),
    returns="any",
    nulls="A null source is found behind the key ''; default and values may be null.",
    examples=(
        Example(
            "switch(state, 'Australia/Sydney', 'NSW', 'Australia/Sydney', 'QLD',"
            " 'Australia/Brisbane', 'SA', 'Australia/Adelaide')",
            {"state": "QLD"},
            "Australia/Brisbane",
        ),
        Example("switch(state, 'elsewhere', 'QLD', 'Brisbane')", {"state": "qld"}, "elsewhere"),
        Example(
            "switch(gone, `null`, 'False', 'True', 'True', 'False')", {"gone": "False"}, "True"
        ),
        Example("switch(flag, 'Default Value', 'true', '1', '', '0')", {"flag": ""}, "0"),
        Example("switch(lower(flag), '0', 'true', '1', 'false', '0')", {"flag": "TRUE"}, "1"),
        Example("switch(country, country, '', 'Other')", {"country": None}, "Other"),
        Example("switch(active, 'no', `true`, 'yes')", {"active": True}, "yes"),
    ),
    fixed=_table,
)
def switch(source: Any, default: Any, *pairs: Any) -> Any:
    """The value behind the first key that is the source, else default; case and type count.

    true is neither 'true' nor 1.
    """
    wanted = "" if source is None else source
    rest = iter(pairs)
    for key in rest:
        value = next(rest)
        # In Python true is 1.
        if key == wanted and isinstance(key, bool) is isinstance(wanted, bool):
            return value
    return default


def _integer(value: float | str) -> int:
    if not isinstance(value, str):
        if value != int(value):
            raise EvaluationError("bit_and() takes whole numbers")
        return int(value)
    found = _INTEGER.fullmatch(value.strip())
    if found is None:
        raise EvaluationError("bit_and() takes whole numbers, or text such as '&HF7'")
    return int(found["hex"], 16) if found["hex"] else int(found["decimal"])
