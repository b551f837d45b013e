from typing import Any

import pytest

from scimweave.mapping.expression.compiled import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)
from scimweave.mapping.functions.registry import REGISTRY, nearest
from scimweave.mapping.functions.spec import Example

JMESPATH = (
    "abs avg ceil contains ends_with floor join keys length map max max_by merge min min_by "
    "not_null reverse sort sort_by starts_with sum to_array to_number to_string type values"
)

ENTRA = (
    "append bit_and c_bool c_date c_str coalesce convert_to_base64 convert_to_utf8_hex count "
    "date_add date_diff date_from_num fill_template format_date_time guid iif in_str is_null "
    "is_null_or_empty is_present is_string item join_present left len lower mid "
    "normalize_diacritics not now num_from_date p_case random_string remove_duplicates replace "
    "replace_group replace_regex split strip_spaces switch upper word"
)
OWN = "extract first_present iso_date"

EXAMPLES = [
    pytest.param(example, id=f"{name}-{number}")
    for name, function in REGISTRY.items()
    for number, example in enumerate(function.examples)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_holds(example: Example) -> None:
    assert compile_expression(example.expression)(example.document) == example.result


@pytest.mark.parametrize("name", REGISTRY)
def test_function_is_documented(name: str) -> None:
    function = REGISTRY[name]
    assert function.doc.endswith(".")
    assert any(f"{name}(" in example.expression for example in function.examples)


@pytest.mark.parametrize("name", REGISTRY)
def test_what_null_does_is_said_where_it_is_taken(name: str) -> None:
    function = REGISTRY[name]
    taking = [each for each in function.parameters + function.repeated if each.type != "expression"]
    if any(each.accepted.accepts(None) for each in taking):
        assert function.nulls != "Null is refused."
        assert function.nulls.endswith(".")


def test_all_functions_are_there() -> None:
    assert set(REGISTRY) == {*JMESPATH.split(), *ENTRA.split(), *OWN.split()}


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("join", "join(glue: string, values: array[string|null]) -> string"),
        ("lower", "lower(text: string|null, culture?: string|null) -> string|null"),
        ("not_null", "not_null(value: any, …) -> any"),
    ],
)
def test_signature_is_readable(name: str, signature: str) -> None:
    assert REGISTRY[name].signature == signature


@pytest.mark.parametrize(
    ("call", "takes"),
    [
        ("lower()", False),
        ("lower(a)", True),
        ("lower(a, 'tr')", True),
        ("lower(a, 'tr', b)", False),
        ("join(' ')", False),
        ("join(' ', a, b)", False),
        ("not_null()", False),
        ("not_null(a, b, c)", True),
        ("switch(a, b)", False),
        ("switch(a, b, c)", False),
        ("switch(a, b, c, d)", True),
        ("switch(a, b, c, d, e)", False),
        ("switch(a, b, c, d, e, f)", True),
    ],
)
def test_number_of_arguments_is_checked_when_compiled(call: str, takes: bool) -> None:
    if takes:
        compile_expression(f"x || {call}")
        return
    with pytest.raises(ExpressionError, match="does not take") as caught:
        compile_expression(f"x || {call}")
    assert caught.value.position == 5


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("lower(`1`)", 6),
        ("x || join(`1`, a)", 10),
        ("join(' ', 'a')", 10),
        ("join(' ', `[1]`)", 10),
        ("sum(`[1, true]`)", 4),
        ('max(`[1, "a"]`)', 4),
        ("starts_with(f(a, [b, c]), `1`)".replace("f(", "not_null("), 33),
        ("merge(a, b, `[]`)", 12),
        ("switch(a, 'x', `null`, 'y')", 15),
        ("switch(a, 'x', 'k', 'v', `{}`, 'y')", 25),
    ],
)
def test_literal_of_a_wrong_type_is_found_when_compiled(text: str, position: int) -> None:
    with pytest.raises(ExpressionError, match=r"takes .*, got ") as caught:
        compile_expression(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lowr", "lower"),
        ("LOWER", "lower"),
        ("ToLower", "lower"),
        ("toUpper", "upper"),
        ("sortBy", "sort_by"),
        ("StartsWith", "starts_with"),
        ("Count", "count"),
        ("Join", "join_present"),
        ("ConvertToUTF8Hex", "convert_to_utf8_hex"),
        ("Replace", "replace"),
        ("PCase", "p_case"),
        ("qqqqqq", None),
    ],
)
def test_nearest_function_is_proposed(written: str, meant: str | None) -> None:
    assert nearest(written) == meant


@pytest.mark.parametrize(
    ("text", "document", "expected"),
    [
        pytest.param("join(' ', [a, b])", {"a": "Ada", "b": None}, "Ada", id="nulls-are-left-out"),
        pytest.param("join(' ', [a, b])", {}, "", id="all-null"),
        pytest.param("join(', ', ['', 'Doe'])", {}, ", Doe", id="empty-strings-stay"),
        pytest.param("join('-', a)", {"a": []}, "", id="empty-array"),
        pytest.param("coalesce(a, b, 'x')", {"b": "B"}, "B", id="coalesce-first"),
        pytest.param("coalesce(a, b)", {"a": "", "b": "B"}, "", id="coalesce-empty-wins"),
        pytest.param("coalesce(a, b)", {"a": False, "b": True}, False, id="coalesce-false-wins"),
        pytest.param("upper(lower(a))", {"a": "Zoë"}, "ZOË", id="letters-with-marks"),
        pytest.param("lower(a, 'tr-TR')", {"a": "İI"}, "iı", id="turkish"),
        pytest.param("lower(a, 'en-US')", {"a": "I"}, "i", id="english"),
        pytest.param("lower(a, culture)", {"a": "I"}, "i", id="no-culture"),
        pytest.param("switch(a, 'd', 'k', 'v')", {"a": "K"}, "d", id="switch-case-sensitive"),
        pytest.param("switch(a, 'd', 'k', 'v')", {}, "d", id="switch-null-is-default"),
        pytest.param("switch(a, b, 'k', 'v')", {"a": "x"}, None, id="switch-no-default"),
        pytest.param("switch(a, '', 'k', b)", {"a": "k", "b": 1}, 1, id="switch-value-is-read"),
        pytest.param("switch(a, 'd', '', 'e')", {"a": ""}, "e", id="switch-empty"),
        pytest.param("switch(a, 'd', '', 'e')", {"a": None}, "e", id="switch-null-is-empty"),
        pytest.param("switch(a, 'd', 'k', '1', 'k', '2')", {"a": "k"}, "1", id="switch-first"),
        pytest.param("switch(a, 'd', `1`, 'one')", {"a": True}, "d", id="switch-true-is-not-1"),
        pytest.param("switch(a, 'd', `false`, 'no')", {"a": 0}, "d", id="switch-0-is-not-false"),
        pytest.param("switch(a, 'd', `1`, 'one')", {"a": 1.0}, "one", id="switch-number"),
        pytest.param("switch(a, 'd', 'true', 'y')", {"a": True}, "d", id="switch-exact-type"),
    ],
)
def test_function_result(text: str, document: Any, expected: Any) -> None:
    assert compile_expression(text)(document) == expected


@pytest.mark.parametrize(
    "text",
    ["join(' ', [a, n])", "lower(n)", "upper(flag)", "switch(list, 'd', 'k', 'v')", "lower(a, n)"],
)
def test_argument_of_a_wrong_type_is_a_fault(text: str) -> None:
    with pytest.raises(EvaluationError, match=r"takes .*, got "):
        compile_expression(text)({"a": "x", "n": 1, "flag": True, "list": []})
