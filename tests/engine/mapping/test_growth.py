"""What could take long or make much is refused before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping.expression.compiled import ExpressionError, compile_expression
from scimweave.mapping.expression.growth import Bound, growth_of
from scimweave.mapping.expression.syntax import parse

PAIRS = ", ".join(f"'k{n}', 'v{n}'" for n in range(400))
HUNDRED = f"`[{','.join('1' * 100)}]`"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("|".join(["[@, @]"] * 12), id="doubling"),
        pytest.param("|".join(["[@, @][]"] * 60), id="doubling-and-flattening"),
        pytest.param("|".join(["{a: @, b: @}"] * 40), id="doubling-objects"),
        pytest.param("|".join(["to_string([@, @])"] * 30), id="doubling-text"),
        pytest.param("|".join(["map(&[@, @], @)[]"] * 40), id="doubling-elements"),
        pytest.param(f"map(&map(&map(&[@], {HUNDRED}), {HUNDRED}), {HUNDRED})", id="loops"),
        pytest.param(
            f"{HUNDRED}[*].[{HUNDRED}[*].[{HUNDRED}[*].[length(@)]]]", id="loops-of-projections"
        ),
        pytest.param(f"{HUNDRED}[?{HUNDRED}[?{HUNDRED}[?@ == `2`]]]", id="loops-of-filters"),
    ],
)
def test_expression_that_explodes_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"it could (make|take) more than"):
        compile_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"switch(a, b, {PAIRS})", id="table"),
        pytest.param(f"coalesce({', '.join(f'a{n}.b' for n in range(300))})", id="many-fields"),
        pytest.param("a[*].b[].c[?d == 'e'].{f: f, g: g[*].h} | [0].g | join(' ', @)", id="deep"),
        pytest.param("lower(" * 40 + "a" + ")" * 40, id="nested-calls"),
        pytest.param("iif(a == 'x', b, " * 30 + "c" + ")" * 30, id="nested-conditions"),
        pytest.param(f"contains({HUNDRED}, a) && emails[?contains({HUNDRED}, type)]", id="lists"),
    ],
)
def test_what_people_write_is_taken(text: str) -> None:
    compile_expression(text)


values = st.recursive(
    st.integers(0, 9) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=15,
)
expressions = st.recursive(
    st.sampled_from(["@", "a", "b", "*", "[*]", "`[1, 2]`", "[]", "a[?b]", "[1:]"]),
    lambda inner: st.tuples(inner, inner).flatmap(
        lambda pair: st.sampled_from(
            [
                f"[{pair[0]}, {pair[1]}]",
                f"{{a: {pair[0]}, b: {pair[1]}}}",
                f"({pair[0]}) | ({pair[1]})",
                f"({pair[0]})[*].[{pair[1]}]",
                f"({pair[0]})[]",
                f"({pair[0]}) || ({pair[1]})",
                f"map(&{pair[0]}, to_array({pair[1]}))",
                f"to_array({pair[0]})[?({pair[1]}) == a]",
            ]
        )
    ),
    max_leaves=6,
)


def size(value: Any) -> int:
    """How many values there are in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(size, inner))


@settings(max_examples=300, deadline=None)
@given(expressions, values)
def test_nothing_is_larger_than_foretold(text: str, document: Any) -> None:
    bound: Bound = growth_of(parse(text).tree).size
    made = compile_expression(text)(document)
    assert size(made) <= bound.times * size(document) + bound.plus + 1
