"""User-written patterns: .NET's notation, linear time, bounded results."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping.expression.compiled import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)


def call(expression: str, /, **document: Any) -> Any:
    return compile_expression(expression)(document)


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "expected"),
    [
        pytest.param(r"[()\s-]+", "", "+1 (999) 888-7777", "+19998887777", id="class"),
        pytest.param(r"(?'a'x)(?<b>y)", "${b}${a}", "xy", "yx", id="quoted-group"),
        pytest.param(r"(x)(y)", "$2$1$0", "xy", "yxxy", id="numbered-groups"),
        pytest.param(r"x", "<$&>$$", "xax", "<x>$a<x>$", id="whole-and-dollar"),
        pytest.param(r"(a)|(b)", "[$1]", "ab", "[a][]", id="group-without-a-match"),
        pytest.param(r"\w+", "w", "Zoë Müller_1", "w w", id="letters-of-all-scripts"),
        pytest.param(r"[\w.]+", "w", "zoë.müller!", "w!", id="letters-in-a-class"),
        pytest.param(r"\W+", "-", "Zoë, Ada", "Zoë-Ada", id="no-letters"),
        pytest.param(r"\d", "n", "1٣", "nn", id="digits-of-all-scripts"),
        pytest.param(r"\s", "_", "a\u00a0b\u2003c", "a_b_c", id="spaces-of-all-kinds"),
        pytest.param(r"\S+", "x", "a\u00a0b", "x\u00a0x", id="no-spaces"),
        pytest.param(r"[][]", "", "a[b]", "ab", id="bracket-first"),
        pytest.param(r"[^]]", "", "a[b]", "]", id="bracket-first-but-not"),
        pytest.param(r"[a[]b]", "", "ab]xb]", "xb]", id="bracket-in-a-class"),
        pytest.param(r"[[:digit:]]", "", "1d]", "1", id="no-posix-class"),
        pytest.param(r"[(?=\]]", "", "a(?=]", "a", id="no-look-around-in-a-class"),
        pytest.param(r"\u00e9[\u00eb]", "", "éëx", "x", id="character-by-its-code"),
        pytest.param(r"\(\?<x", "y", "(?<x", "y", id="escaped-parenthesis"),
        pytest.param(r"\\1", "y", r"\1", "y", id="escaped-backslash"),
        pytest.param(r"(?i)dr", "x", "DR", "x", id="case"),
        pytest.param(r"o\Z", "x", "oo", "ox", id="end"),
        pytest.param(r"e?", "-", "é", "-é-", id="empty-matches"),
        pytest.param(r"$", "-", "a", "a-", id="empty-match-at-the-end"),
        pytest.param(r"^|b", "-", "bb", "-b-", id="empty-match-first"),
    ],
)
def test_pattern_means_what_it_means_in_net(
    pattern: str, replacement: str, text: str, expected: str
) -> None:
    quoted = pattern.replace("'", "\\'")
    found = call(f"replace_regex(text, '{quoted}', r)", text=text, r=replacement)
    assert found == expected


@pytest.mark.parametrize(
    ("pattern", "offset", "reason"),
    [
        ("a(?=b)", 1, "look-around"),
        ("(?<!a)b", 0, "look-around"),
        (r"(a)\1", 3, "reference back"),
        (r"(?<n>a)\k<n>", 7, "reference back"),
        ("ab[", 2, "missing ]"),
        ("ab)", 0, r"unexpected \)"),
        ("x**", 1, "bad repetition"),
        ("a{1001}", 1, "invalid repetition size"),
        (r"(?:a\\\1)", 6, "reference back"),
        (r"[a-z-[aeiou]]", 4, "taken from another"),
        (r"(?>a)", 0, "invalid perl operator"),
        (r"[\W]", 1, "cannot stand between brackets"),
        ("((a{100}){100}){100}", 3, "invalid repetition size"),
        (r"\w{100}", 0, "written out"),
        (r"\p{Nonsense}", 0, "invalid character class"),
    ],
)
def test_bad_pattern_is_found_when_compiled(pattern: str, offset: int, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as caught:
        compile_expression(f"x || extract(text, '{pattern}')")
    assert caught.value.position == 20 + offset


def test_pattern_is_written_out() -> None:
    with pytest.raises(ExpressionError, match="is written out") as caught:
        compile_expression("extract(text, pattern)")
    assert caught.value.position == 14


def test_steps_count_for_all_texts_together() -> None:
    expression = compile_expression("map(&extract(@, '[ab]*c'), a)")
    assert expression({"a": ["ab" * 100] * 100}) == [None] * 100
    with pytest.raises(EvaluationError, match="too many steps"):
        expression({"a": ["ab" * 5000] * 6000})


@pytest.mark.parametrize(
    "text",
    [
        "replace_group(a, '(?<x>.)', 'y', '')",
        "replace_regex(a, '(?<x>.)', '${y}')",
        "replace_regex(a, '.', '$1')",
        "extract(a, '.', '1')",
    ],
)
def test_group_that_a_pattern_does_not_have_is_found_when_compiled(text: str) -> None:
    with pytest.raises(ExpressionError, match="no such group") as caught:
        compile_expression(f"b || {text}")
    assert caught.value.position == 5


def test_group_that_is_computed_is_found_when_run() -> None:
    with pytest.raises(EvaluationError, match="no such group"):
        call("extract(a, '.', b)", a="a", b="x")


def test_position_in_a_pattern_counts_what_is_written() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(r"extract(a, '\'\'a(?=b)')")
    assert caught.value.position == 17


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("(a+)+$", "a" * 100_000 + "b", id="nested-repetition"),
        pytest.param("(a|aa)+$", "a" * 100_000 + "b", id="overlapping-alternatives"),
        pytest.param("(a.*b)?", "a" * 500_000, id="quadratic-empty-matches"),
        pytest.param(r"(\w{1,60})x", "a" * 500_000, id="large-program"),
        pytest.param("(.*)(.*)(.*)(.*)x", "a" * 500_000, id="many-stars"),
    ],
)
def test_no_pattern_takes_long(pattern: str, text: str) -> None:
    expression = compile_expression(f"replace_regex(text, '{pattern}', 'x')")
    started = time.process_time()
    with suppress(EvaluationError):
        expression({"text": text})
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "replace(a, 'x', a)",
        "fill_template(a, 'x', a)",
        "replace_regex(a, 'x', b)",
        "replace_group(a, '(x)', '1', b)",
        "join(a, b)".replace("b", "split(a, 'x')"),
        "join_present(a, many)",
        "append(a, append(a, append(a, a)))",
        "convert_to_utf8_hex(convert_to_utf8_hex(convert_to_utf8_hex(a)))",
    ],
)
def test_no_function_makes_a_huge_text(text: str) -> None:
    long = "x" * 300_000
    with pytest.raises(EvaluationError, match=r"longer than|too many steps"):
        call(text, a=long, b=long[:5000], many=["b"] * 9)


def test_many_long_texts_are_too_many() -> None:
    many = compile_expression("map(&append(@, @), a)")
    with pytest.raises(EvaluationError, match="of text would be made"):
        many({"a": ["x" * 100_000] * 100})
    for _ in range(20):
        many({"a": ["x" * 100_000] * 10})


simple = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\s", "^", "$"]),
    lambda inner: st.tuples(inner, inner).flatmap(
        lambda pair: st.sampled_from(
            [
                pair[0] + pair[1],
                f"(?:{pair[0]}|{pair[1]})",
                f"({pair[0]})?",
                f"(?:{pair[0]}){{0,2}}",
            ]
        )
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(simple, st.text("ab é", max_size=8))
def test_pattern_finds_what_python_finds(pattern: str, text: str) -> None:
    expected = list(re.finditer(pattern, text))
    first = expected[0].group() if expected else None
    assert call(f"extract(text, '{pattern}')", text=text) == first
    # Behind an empty match Python and .NET go on in different ways.
    if all(each.group() for each in expected):
        marked = call(f"replace_regex(text, '{pattern}', '<$0>')", text=text)
        assert marked == re.sub(pattern, r"<\g<0>>", text)
