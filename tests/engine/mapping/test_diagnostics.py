"""What each finding looks like: golden files, written anew with UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from diagnostic_cases import CASES
from scimweave.mapping.checks.target import check_target
from scimweave.mapping.compiler import compile_text
from scimweave.mapping.diagnostics import CATALOGUE, Diagnostic, Related, Span, finding
from scimweave.mapping.project import Program
from small_mapping import mapping_text, program
from target_fields import TargetField

GOLDEN = Path(__file__).parents[2] / "golden" / "diagnostics"


def check(name: str, found: list[Diagnostic]) -> None:
    """Compare with the golden file."""
    shown = "\n\n".join(each.render() for each in found) + "\n"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_finding_is_shown_with_its_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = CASES[name].wrong_findings()
    assert found
    check(name, found)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.right])
def test_right_example_is_clean(name: str) -> None:
    assert [each.render() for each in CASES[name].right_findings()] == []


def _employees() -> Program:
    return program(
        "title: { from: title, max_length: 50 }",
        "badge: externalId",
        users="  operations: { deactivate: { set: { is_active: false, left: true } } }\n",
    )


def test_target_that_is_not_as_the_mapping_says() -> None:
    fields = [
        TargetField("ID"),
        TargetField("email"),
        TargetField("is_active", type="boolean"),
        TargetField("title", max_length=20, nullable=False),
        TargetField("bagde"),
        TargetField("site", nullable=False),
    ]
    check("target", check_target(_employees(), {each.name: each for each in fields}))


def test_every_code_of_the_catalogue_has_a_golden_file() -> None:
    texts = [file.read_text(encoding="utf-8") for file in GOLDEN.glob("*.txt")]
    shown = {code for text in texts for code in re.findall(r"^\w+\[(.*?)\]:", text, re.MULTILINE)}
    assert shown == set(CATALOGUE)


def _carets(text: str, column: int, end_column: int) -> tuple[str, str]:
    """Return the line and the carets of a rendered finding, without the gutter."""
    span = Span("m.yaml", 7, column, end_column, text)
    lines = finding("bad-path", "x", span).render().splitlines()
    return lines[3].removeprefix("7 | "), lines[4].removeprefix("  | ")


@pytest.mark.parametrize(
    ("text", "column", "end_column", "shown", "carets"),
    [
        pytest.param("a: bc", 4, 6, "a: bc", "   ^^", id="plain"),
        pytest.param("中文: bc", 5, 7, "中文: bc", "      ^^", id="wide-characters-before"),
        pytest.param("a: 中文", 4, 6, "a: 中文", "   ^^^^", id="wide-characters-marked"),
        pytest.param("e\u0301: bc", 5, 7, "e\u0301: bc", "   ^^", id="combining-character"),
        pytest.param("\ta: bc", 5, 7, "    a: bc", "       ^^", id="tab"),
        pytest.param("a: \x1b[31m", 4, 5, "a: \ufffd[31m", "   ^", id="no-escape-sequences"),
        pytest.param("a:", 3, 4, "a:", "  ^", id="behind-the-end"),
    ],
)
def test_carets_stand_under_what_they_mean(
    text: str, column: int, end_column: int, shown: str, carets: str
) -> None:
    assert _carets(text, column, end_column) == (shown, carets)


@pytest.mark.parametrize("column", [1, 60, 119, 121, 300, 995])
def test_long_line_is_cut_around_the_carets(column: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(1000))
    shown, carets = _carets(text, column, column + 3)
    start = carets.index("^")
    assert len(shown) <= 122
    assert shown[start : start + 3] == text[column - 1 : column + 2]
    assert carets.strip() == "^^^"


def test_carets_of_a_long_piece_end_with_the_line_shown() -> None:
    shown, carets = _carets("x" * 1000, 11, 900)
    assert len(carets) <= len(shown)


def test_colors_change_nothing_but_colors() -> None:
    _, found = compile_text(CASES["duplicate-field"].wrong[0], "small.yaml", {})
    for each in found:
        colored = each.render(color=True)
        assert "\x1b[1;31m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == each.render()


def test_finding_writes_no_escape_sequences() -> None:
    _, found = compile_text(mapping_text(more='"\\e[2J": 1\n'), "small.yaml", {})
    assert [each.code for each in found] == ["unknown-key"]
    assert "\x1b" not in found[0].render()


def test_finding_for_programs_has_positions() -> None:
    span = Span("m.yaml", 3, 5, 9, "    email: x")
    found = finding("duplicate-key", "twice", span, "again", related=(Related(span, "first"),))
    place = {"file": "m.yaml", "line": 3, "column": 5, "end_column": 9}
    assert found.to_dict() == {
        "code": "duplicate-key",
        "severity": "error",
        "message": "twice",
        **place,
        "label": "again",
        "related": [{**place, "label": "first"}],
    }
