from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, assume, given, settings

from golden_file import matches_golden
from messy_yaml import comments_in, messy_files
from scimweave.mapping import MappingError
from scimweave.mapping.document.loader import parse
from scimweave.mapping.layout.canonical import canonical

ROOT = Path(__file__).parents[3]
LAYOUTS = sorted((ROOT / "tests" / "layouts").glob("*.yaml"))
SHIPPED = sorted([*ROOT.glob("mappings/*.yaml"), *ROOT.glob("examples/*/*.yaml")])


def data(text: str) -> str:
    document, _ = parse(text, "x.yaml")
    return repr(sorted_keys(document.data()))


def sorted_keys(value: object) -> object:
    if isinstance(value, dict):
        return sorted((key, sorted_keys(each)) for key, each in value.items())
    return [sorted_keys(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("file", LAYOUTS, ids=lambda file: file.stem)
def test_awkward_files_become_canonical(file: Path, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    result = canonical(text, file.name)
    matches_golden(f"fmt/{file.name}", result, tmp_path)
    assert data(result) == data(text)
    assert canonical(result, file.name) == result


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_mappings_are_canonical(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert canonical(text, file.name) == text


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(messy_files())
def test_any_file_says_the_same_keeps_its_comments_and_is_left_alone_then(text: str) -> None:
    try:
        before = data(text)
    except MappingError:
        assume(False)
    result = canonical(text, "x.yaml")
    assert data(result) == before
    assert comments_in(result) == comments_in(text)
    assert canonical(result, "x.yaml") == result
    assert not result.startswith("\ufeff")
    assert "\r" not in result
    assert result.endswith("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "target: { url: x, connector: sql, list_tables: {}, tls: {} }\n",
            "target: { connector: sql, url: x, tls: {}, list_tables: {} }\n",
            id="target-by-its-kind",
        ),
        pytest.param(
            "target: { url: x, zone: y, connector: unheard-of, a: b }\n",
            "target: { connector: unheard-of, url: x, zone: y, a: b }\n",
            id="target-of-no-known-kind",
        ),
        pytest.param(
            "users: { attributes: { b: x, a: { default: y, from: z } }, strange: 1, key: k }\n",
            "users: { key: k, attributes: { b: x, a: { from: z, default: y } }, strange: 1 }\n",
            id="fields-as-the-author-has-them",
        ),
        pytest.param(
            "users: { key: &k id }\ntarget: *k\n",
            "users: { key: &k id }\ntarget: *k\n",
            id="anchor-before-its-alias",
        ),
        pytest.param(
            "let: { a: b, <<: [], c: d }\n",
            "let: { <<: [], a: b, c: d }\n",
            id="merge-first",
        ),
        pytest.param("title: y\ntitle: x\n", "title: y\ntitle: x\n", id="given-twice"),
    ],
)
def test_keys_have_the_order_of_the_language(text: str, expected: str) -> None:
    assert canonical(text, "x.yaml") == expected


def test_values_and_comments_stay_aligned_where_they_were() -> None:
    text = dedent("""\
        let:
          a:  b           # first
          ccc:   d        # second
          ee: { f: g }
        tables:
          a: { b: c }     # third
          d: { e: f }     # fourth
    """)
    expected = dedent("""\
        tables:
          a: { b: c }     # third
          d: { e: f }     # fourth

        let:
          a:   b          # first
          ccc: d          # second
          ee:  { f: g }
    """)
    assert canonical(text, "x.yaml") == expected


def test_line_ends_and_byte_order_mark_go() -> None:
    assert canonical("\ufeff\r\ntitle: x\r\n\r\n\r\n", "x.yaml") == "title: x\n"


def test_what_fits_in_no_line_takes_several() -> None:
    names = [f"attribute{number}" for number in range(10)]
    text = f"users: {{ ignore: [{', '.join(names)}], key: id }}\n"
    items = "".join(f"    - {name}\n" for name in names)
    assert canonical(text, "x.yaml") == f"users:\n  key: id\n  ignore:\n{items}"


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "a: [\n", "a: b\n---\nc: d\n"])
def test_what_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        canonical(text, "x.yaml")


def test_what_cannot_be_written_otherwise_is_refused() -> None:
    # YAML takes no key of this length without the sign for it.
    with pytest.raises(MappingError, match="without changing what it says"):
        canonical(f"let:\n  ? {'k' * 1100}\n  : v\n", "x.yaml")
