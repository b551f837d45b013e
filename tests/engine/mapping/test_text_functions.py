"""Text and conditions at their edges; Unicode's own tables as an oracle of diacritics."""

from __future__ import annotations

import string
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping.expression.compiled import EvaluationError, compile_expression
from scimweave.mapping.functions.diacritics import normalize_diacritics
from scimweave.mapping.functions.once import random_string
from scimweave.mapping.functions.text import left, mid, p_case, word

# Entra's table (entra-facts 4.3).
TABLE = {
    "a": "ä à â ã å á ą ă ā",
    "ae": "æ ǣ",
    "c": "ç č ć",
    "d": "ď ḏ",
    "e": "ë è é ê ę ě ė ē",
    "g": "ğ ḡ",
    "i": "ï î ì í ı ī",
    "l": "ľ ł ḹ ḻ",
    "n": "ñ ń ň ṉ",
    "o": "ö ò ő õ ô ó ō ȫ ȭ ȱ ǭ",
    "oe": "ø ø̄ œ̄",
    "r": "ř ṟ ṝ",
    "s": "š ś ș ş s̄ s̱",
    "ss": "ß",
    "t": "ť ț ṯ",
    "u": "ü ù û ú ů ű ū ǖ ṻ",
    "y": "ÿ ý ȳ",
    "z": "ź ž ż ẕ",
}


@pytest.mark.parametrize("base", TABLE)
def test_diacritics_follow_the_table(base: str) -> None:
    for letter in TABLE[base].split():
        for form in ("NFC", "NFD"):
            assert normalize_diacritics(unicodedata.normalize(form, letter)) == base
        if letter not in "ßı":
            capital = normalize_diacritics(letter.upper())
            assert capital == base.upper()


def test_letters_that_unicode_takes_apart_lose_their_marks() -> None:
    for code in range(0x80, 0x2000):
        letter = chr(code)
        parts = unicodedata.normalize("NFD", letter)
        if parts[0] in string.ascii_letters and len(parts) > 1:
            assert normalize_diacritics(letter) == parts[0]


@pytest.mark.parametrize("text", ["đðþœ", "ΆέЙё", "が日本", "한글", "→", "", "e"])
def test_other_letters_stay(text: str) -> None:
    assert normalize_diacritics(text) == unicodedata.normalize("NFC", text)


@given(st.text())
def test_marks_are_gone_after_once(text: str) -> None:
    once = normalize_diacritics(text)
    assert normalize_diacritics(once) == once


@given(st.text(), st.integers(0, 20), st.integers(1, 20))
def test_left_is_the_middle_from_the_first(text: str, count: int, start: int) -> None:
    assert left(text, count) == mid(text, 1, count)
    assert mid(text, start, count) == text[start - 1 :][:count]


@given(st.lists(st.text("abc", min_size=1), min_size=1), st.integers(1, 9))
def test_word_is_a_piece_between_delimiters(words: list[str], number: int) -> None:
    expected = words[number - 1] if number <= len(words) else ""
    assert word(" ,".join(words), number, ", ") == expected


@given(st.text())
def test_words_with_a_capital_stay(text: str) -> None:
    once = p_case(text)
    assert p_case(once) == once or not text.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ADA-LOVELACE", "Ada-Lovelace"),
        ("o'neil", "O'neil"),
        ("3rd floor", "3Rd Floor"),
        ("a1b", "A1b"),
        ("x_y", "X_Y"),
        ("straße", "Straße"),
        ("ßa", "ßa"),
        ("éLAN vital", "Élan Vital"),
        ("", ""),
    ],
)
def test_words_get_a_capital_as_in_net(text: str, expected: str) -> None:
    assert p_case(text) == expected


@pytest.mark.parametrize(
    ("text", "document", "expected"),
    [
        pytest.param("not(a)", {"a": "true"}, True, id="not-lower-case"),
        pytest.param("not(a)", {"a": False}, True, id="not-false"),
        pytest.param("c_bool(a)", {"a": "-1"}, True, id="bool-of-digits"),
        pytest.param("c_bool(a)", {"a": " FALSE "}, False, id="bool-of-a-word"),
        pytest.param("c_bool(a)", {"a": ""}, False, id="bool-of-nothing"),
        pytest.param("bit_and('-1', '&hff')", {}, 255, id="bits-of-a-negative"),
        pytest.param("c_str(a)", {"a": 1.5}, "1.5", id="text-of-a-number"),
        pytest.param("c_str(a)", {}, None, id="text-of-null"),
        pytest.param("append(a, b)", {"a": "x"}, "x", id="append-null"),
        pytest.param("in_str(a, '')", {"a": "x"}, 1, id="empty-part"),
        pytest.param("in_str(a, 'x', `9`)", {"a": "x"}, 0, id="start-behind-the-end"),
        pytest.param("in_str('İx', 'X', `1`, 'vbTextCompare')", {}, 2, id="place-after-long-lower"),
        pytest.param("split('a,,b', ',')", {}, ["a", "", "b"], id="split-keeps-empty-pieces"),
        pytest.param(
            "join_present('-', a)", {"a": [None, "", "x", True, 2]}, "x-True-2", id="join"
        ),
        pytest.param("item(a, `2`)", {"a": [1, None]}, None, id="item-null"),
        pytest.param("remove_duplicates(a)", {"a": [{"x": 1}, {"x": 1}]}, [{"x": 1}], id="objects"),
        pytest.param("word(a, `0`, ' ')", {"a": "x"}, "", id="word-0"),
        pytest.param("word(a, `1`, '')", {"a": "x y"}, "x y", id="word-without-delimiters"),
        pytest.param("convert_to_base64('😀')", {}, "PdgA3g==", id="base64-of-a-pair"),
        pytest.param("first_present(a, b)", {"a": "", "b": False}, False, id="false-is-present"),
        pytest.param("is_present(a)", {"a": []}, True, id="empty-list-is-present"),
    ],
)
def test_function_at_an_edge(text: str, document: Any, expected: Any) -> None:
    assert compile_expression(text)(document) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("item(a, `0`)", "counts places from 1"),
        ("mid('x', `0`, `1`)", "counts positions from 1"),
        ("mid('x', `1`, `-1`)", "counts positions from 1"),
        ("in_str('x', 'x', `0`)", "counts positions from 1"),
        ("in_str('x', 'x', `1`, c)", "a comparison is"),
        ("split('x', '')", "needs a delimiter"),
        ("replace('x', c, '')", "nothing to look for"),
        ("c_bool('perhaps')", "takes a number, true or false"),
        ("bit_and('x', `1`)", "takes whole numbers"),
        ("bit_and(`1.5`, `1`)", "takes whole numbers"),
        ("random_string(`257`, `1`, `1`, `1`, `1`)", "at most 256"),
        ("random_string(`3`, `1`, `1`, `1`, `1`)", "at least all the minimums"),
        ("random_string(`3`, `1`, `0`, `0`, `0`, '0123456789')", "are to be avoided"),
    ],
)
def test_fault_has_its_reason(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        compile_expression(text)({"c": ""})


@given(*[st.integers(0, 8)] * 4, st.integers(0, 9), st.text("?,aA1", max_size=4))
def test_random_text_has_what_is_asked_for(
    digits: int, special: int, capitals: int, lower: int, more: int, avoid: str
) -> None:
    length = digits + special + capitals + lower + more
    made = random_string(length, digits, special, capitals, lower, avoid)
    assert len(made) == length
    assert sum(each.isdigit() for each in made) >= digits
    assert sum(each.isupper() for each in made) >= capitals
    assert sum(each.islower() for each in made) >= lower
    assert sum(not each.isalnum() for each in made) >= special
    assert not set(made) & set(avoid)
