from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scimweave.mapping.diagnostics import Diagnostic, MappingError
from scimweave.mapping.document.files import MAX_BYTES
from scimweave.mapping.document.interpolation import interpolate
from scimweave.mapping.document.loader import parse, read_text
from scimweave.mapping.document.source import Document, YamlPath


def document(text: str) -> Document:
    parsed, findings = parse(text, "m.yaml")
    assert findings == []
    return parsed


def refused(text: str) -> Diagnostic:
    with pytest.raises(MappingError) as caught:
        parse(text, "m.yaml")
    return caught.value.diagnostics[-1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("no", "no", id="yaml-1.1-boolean-no"),
        pytest.param("On", "On", id="yaml-1.1-boolean-on"),
        pytest.param("y", "y", id="yaml-1.1-boolean-y"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="any-case"),
        pytest.param("~", None, id="null"),
        pytest.param("", None, id="nothing"),
        pytest.param("12", 12, id="integer"),
        pytest.param("-0.5", -0.5, id="float"),
        pytest.param("1e999", "1e999", id="no-infinity"),
        pytest.param("010", "010", id="leading-zero"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("12:30", "12:30", id="sexagesimal"),
        pytest.param("2024-02-29", "2024-02-29", id="date"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("'12'", "12", id="quoted"),
        pytest.param('"true"', "true", id="double-quoted"),
        pytest.param("!!str 12", "12", id="tagged-text"),
        pytest.param("9" * 5000, "9" * 5000, id="more-digits-than-python-converts"),
    ],
)
def test_scalar_stands_for(written: str, expected: Any) -> None:
    value = document(f"key: {written}\n").data()["key"]
    assert (value, type(value)) == (expected, type(expected))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert document("no: 1\ntrue: 2\n7: 3\n").data() == {"no": 1, "true": 2, "7": 3}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param("a: 1\nb: { c: deep }", ("b", "c"), (2, 9, 13), id="flow"),
        pytest.param("a:\n  - x\n  - yy\n", ("a", 1), (3, 5, 7), id="list"),
        pytest.param("\ufeffa: x\r\nb: yy\r\n", ("b",), (2, 4, 6), id="bom-and-crlf"),
        pytest.param("é中: ü中x\n", ("é中",), (1, 5, 8), id="wide-characters-count-once"),
        pytest.param("a: x\u2028b: y", ("b",), (2, 4, 5), id="unicode-line-separator"),
        pytest.param("a: x\n", ("a", "b", 3), (1, 4, 5), id="nearest-around"),
        pytest.param("a: 'it''s'\n", ("a",), (1, 4, 11), id="quotes-included"),
        pytest.param("a: one\n  two\n", ("a",), (1, 4, 7), id="first-line-of-several"),
        pytest.param("a:\n  b:\n    c: 1\n", ("a", "b"), (2, 3, 4), id="block-shown-by-its-key"),
    ],
)
def test_value_knows_its_place(text: str, path: YamlPath, expected: tuple[int, int, int]) -> None:
    span = document(text).value(path)
    assert (span.line, span.column, span.end_column) == expected


@pytest.mark.parametrize(
    ("written", "position", "column"),
    [
        pytest.param("title", 2, 6, id="plain"),
        pytest.param("'a''b!'", 3, 9, id="single-quotes"),
        pytest.param(r'"a\"\u0041!"', 3, 14, id="double-quotes"),
        pytest.param('"one"', 0, 5, id="behind-the-first-quote"),
        pytest.param("|\n  ab", 1, 4, id="block-as-a-whole"),
    ],
)
def test_place_inside_a_scalar(written: str, position: int, column: int) -> None:
    assert document(f"a: {written}\n").inside(("a",), position).column == column


def test_duplicate_key_shows_both_places() -> None:
    _, (finding,) = parse("a: 1\nb: 2\na: 3\n", "m.yaml")
    assert finding.code == "duplicate-key"
    assert finding.span is not None
    assert (finding.span.line, finding.related[0].span.line) == (3, 1)


def test_merge_keys_add_what_is_not_there() -> None:
    text = "base: &base { a: 1, b: 2 }\nmore:\n  <<: *base\n  b: 3\nlist: { <<: [*base], c: 4 }\n"
    data = document(text).data()
    assert (data["more"], data["list"]) == ({"b": 3, "a": 1}, {"c": 4, "a": 1, "b": 2})


def _bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def _deep_aliases() -> str:
    inner = "a0: &a0 " + "[" * 40 + "]" * 40
    return inner + "\na1: " + "[" * 20 + "*a0" + "]" * 20


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        pytest.param("a: [", "syntax", 1, id="not-closed"),
        pytest.param("a: b: c", "syntax", 1, id="colon-in-a-value"),
        pytest.param("a:\n\tb: 1", "syntax", 2, id="tab"),
        pytest.param("a: 1\n---\nb: 2", "syntax", 2, id="two-documents"),
        pytest.param("- a\n- b", "syntax", 1, id="list-at-the-top"),
        pytest.param("just text", "syntax", 1, id="text-at-the-top"),
        pytest.param("a: *nowhere", "syntax", 1, id="unknown-alias"),
        pytest.param("a: &a [*a]", "syntax", 1, id="alias-to-itself"),
        pytest.param("a: !!python/object:os.system x", "syntax", 1, id="python-tag"),
        pytest.param("a: !!timestamp 2024-01-01", "syntax", 1, id="tag"),
        pytest.param("? [a]\n: 1", "syntax", 1, id="list-as-key"),
        pytest.param("a: 1\nb: \x07", "syntax", 2, id="control-character"),
        pytest.param("a: " + "[" * 60 + "]" * 60, "too-large", 1, id="deep"),
        pytest.param("a: " + "[" * 100_000, "too-large", 1, id="very-deep"),
        pytest.param(_bomb(9), "too-large", 6, id="alias-bomb"),
        pytest.param(_deep_aliases(), "too-large", 2, id="deep-through-aliases"),
    ],
)
def test_bad_yaml_is_a_finding_with_its_place(text: str, code: str, line: int) -> None:
    found = refused(text)
    assert found.span is not None
    assert (found.code, found.span.line) == (code, line)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~"])
def test_empty_file_is_a_finding(text: str) -> None:
    assert "empty" in refused(text).message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"title: caf\xe9", "unreadable-file", id="latin-1"),
        pytest.param("title: x".encode("utf-16"), "unreadable-file", id="utf-16"),
        pytest.param(b"#" * (MAX_BYTES + 1), "too-large", id="large"),
        pytest.param(None, "unreadable-file", id="missing"),
    ],
)
def test_unreadable_file_is_a_finding(tmp_path: Path, content: bytes | None, code: str) -> None:
    file = tmp_path / "m.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MappingError) as caught:
        read_text(file)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert str(file) in found.render()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("${NAME}", "ada", id="variable"),
        pytest.param("x-${NAME}-${NAME}", "x-ada-ada", id="inside-text"),
        pytest.param("${NOT_SET:-sqlite:///a.db}", "sqlite:///a.db", id="default"),
        pytest.param("${EMPTY:-default}", "default", id="default-for-empty"),
        pytest.param("${EMPTY}", "", id="empty"),
        pytest.param("${NOT_SET:-}", "", id="empty-default"),
        pytest.param("$${NAME}", "${NAME}", id="escaped"),
        pytest.param("$NAME {NAME}", "$NAME {NAME}", id="no-placeholder"),
        pytest.param("'${NAME}'", "ada", id="quoted"),
        pytest.param("${NUMBER}", "42", id="text-where-nothing-else-is-expected"),
    ],
)
def test_placeholder_is_replaced(written: str, expected: str) -> None:
    parsed = document(f"key: {written}\n")
    assert interpolate(parsed, {"NAME": "ada", "EMPTY": "", "NUMBER": "42"}) == []
    assert parsed.data() == {"key": expected}


@pytest.mark.parametrize(
    ("written", "code", "columns"),
    [
        pytest.param("x${NOT_SET}", "missing-env", (7, 17), id="not-set"),
        pytest.param("'${NAM}'", "missing-env", (7, 13), id="near"),
        pytest.param("${}", "bad-placeholder", (6, 8), id="no-name"),
        pytest.param("${NAME", "bad-placeholder", (6, 8), id="not-closed"),
        pytest.param("${1X}", "bad-placeholder", (6, 8), id="bad-name"),
    ],
)
def test_bad_placeholder_is_a_finding(written: str, code: str, columns: tuple[int, int]) -> None:
    (found,) = interpolate(document(f"key: {written}\n"), {"NAME": "ada"})
    assert found.span is not None
    assert (found.code, (found.span.column, found.span.end_column)) == (code, columns)


def test_each_placeholder_of_an_alias_is_reported_once() -> None:
    parsed = document("a: &a ${NOT_SET}\nb: *a\nc: *a\n")
    assert [found.code for found in interpolate(parsed, {})] == ["missing-env"]
