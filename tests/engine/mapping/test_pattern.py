"""User-written patterns: .NET's notation, linear time, bounded results."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from scimweave.mapping.expression import EvaluationError, ExpressionError, compile_expression


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
        pytest.param(r"[[:digit:]]", "", "a1", "a", id="posix-class"),
        pytest.param(r"\(\?<x", "y", "(?<x", "y", id="escaped-parenthesis"),
        pytest.param(r"\\1", "y", r"\1", "y", id="escaped-backslash"),
        pytest.param(r"(?i)dr", "x", "DR", "x", id="case"),
        pytest.param(r"o\Z", "x", "oo", "ox", id="end"),
        pytest.param(r"e?", "-", "é", "-é-", id="empty-matches"),
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


@pytest.mark.parametrize("call_", ["replace_group(a, '(?<x>.)', 'y', '')", "extract(a, '.', '1')"])
def test_group_that_a_pattern_does_not_have_is_a_fault(call_: str) -> None:
    with pytest.raises(EvaluationError, match="no such group"):
        call(call_, a="a")


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
