"""Tables by name and from CSV files."""

from __future__ import annotations

import csv as csv_module
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping import Diagnostic, MappingError, Program, lint, load
from scimweave.mapping.coverage import run_with_coverage
from scimweave.mapping.document.csv_table import MAX_ROWS, CsvError, read_table
from scimweave.mapping.document.source import Mark, ScalarNode, Source, to_data
from small_mapping import findings, mapping_text, program, resource

NAMED = "tables:\n  sites: { b: Berlin, o: Oslo, '*': Home }\n"


def in_folder(folder: Path, csv: str | bytes, rule: str = "") -> Path:
    """Write a mapping with a table beside it; returns the mapping."""
    (folder / "data").mkdir(exist_ok=True)
    content = csv if isinstance(csv, bytes) else csv.encode()
    (folder / "data" / "sites.csv").write_bytes(content)
    file = folder / "small.yaml"
    line = "site: { from: locale, values: { csv: data/sites.csv, key: code, value: name } }"
    file.write_text(mapping_text(rule or line))
    return file


def refused(file: Path) -> list[Diagnostic]:
    with pytest.raises(MappingError) as error:
        load(file, {})
    return list(error.value.diagnostics)


def site(mapping: Program, locale: str) -> Any:
    return mapping.users.project(resource(mapping, locale=locale)).values["site"]


def test_named_table_is_as_one_written_out() -> None:
    mapping = program(
        "site: { from: locale, values: sites }",
        "home: { from: title, values: sites }",
        more=NAMED,
    )
    assert [site(mapping, locale) for locale in ("b", "o", "x")] == ["Berlin", "Oslo", "Home"]
    written = program("site: { from: locale, values: { b: Berlin, o: Oslo, '*': Home } }")
    assert [each.name for each in mapping.users.fields][-2:] == ["site", "home"]
    assert site(written, "b") == site(mapping, "b")


def test_change_of_a_named_table_is_another_revision() -> None:
    rule = "site: { from: locale, values: sites }"
    before = program(rule, more=NAMED)
    after = program(rule, more=NAMED.replace("Oslo", "Bergen"))
    assert before.revision != after.revision


@pytest.mark.parametrize(
    "csv",
    [
        pytest.param("code,name\nb,Berlin\n*,Home\n", id="commas"),
        pytest.param("name,code\nBerlin,b\nHome,*\n", id="other-order"),
        pytest.param("code;name\r\nb;Berlin\r\n*;Home\r\n", id="semicolons-and-crlf"),
        pytest.param("code\tname\nb\tBerlin\n*\tHome", id="tabs-and-no-end"),
        pytest.param("\ufeffcode,name\nb,Berlin\n*,Home\n", id="byte-order-mark"),
        pytest.param('"code","name"\n"b","Berlin"\n"*","Home"\n', id="quoted"),
        pytest.param("code,name,more\n\nb,Berlin,1\n,,\n*,Home,\n", id="empty-rows"),
    ],
)
def test_table_of_two_columns(csv: str, tmp_path: Path) -> None:
    mapping = load(in_folder(tmp_path, csv), {})
    assert (site(mapping, "b"), site(mapping, "x")) == ("Berlin", "Home")


def test_cells_are_text_as_it_stands(tmp_path: Path) -> None:
    csv = 'code,name\na,"x, ""y"" \nz"\nb, c \nc,\nd,007\n'
    mapping = load(in_folder(tmp_path, csv), {})
    assert [site(mapping, each) for each in "abcd"] == ['x, "y" \nz', " c ", None, "007"]


def test_type_of_the_field_holds_for_cells(tmp_path: Path) -> None:
    rule = (
        "site: { from: locale, type: integer,"
        " values: { csv: data/sites.csv, key: code, value: name } }"
    )
    assert site(load(in_folder(tmp_path, "code,name\nb,7\n", rule), {}), "b") == 7
    found, *others = refused(in_folder(tmp_path, "code,name\nb,7\no,seven\n", rule))
    assert others == []
    assert found.code == "type-mismatch"
    assert found.span is not None
    place = (found.span.file, found.span.line, found.span.column)
    assert place == (str(tmp_path / "data" / "sites.csv"), 3, 3)
    assert [each.span.file for each in found.related] == [str(tmp_path / "small.yaml")]


def test_long_table_at_fault_is_not_told_row_by_row(tmp_path: Path) -> None:
    rule = (
        "site: { from: locale, type: integer,"
        " values: { csv: data/sites.csv, key: code, value: name } }"
    )
    rows = "".join(f"{n},x\n" for n in range(10_000))
    assert 0 < len(refused(in_folder(tmp_path, f"code,name\n{rows}", rule))) <= 20


@pytest.mark.parametrize(
    ("csv", "code", "line", "column"),
    [
        pytest.param("code,name\nb,Berlin\nb,Bonn\n", "duplicate-key", 3, 1, id="twice"),
        pytest.param("code,name\nb,Berlin\no,Oslo,x\n", "bad-table", 3, 1, id="too-many-cells"),
        pytest.param("code,name\nb,Berlin\no\n", "bad-table", 3, 1, id="too-few-cells"),
        pytest.param('code,name\nb,"Berlin\n', "bad-table", 2, 3, id="quote-not-closed"),
        pytest.param('code,name\nb,"Ber"lin\n', "bad-table", 2, 8, id="text-behind-a-quote"),
        pytest.param("code,name\nb,Ber\0lin\n", "bad-table", 2, 6, id="control-character"),
        pytest.param("code,name\n", "bad-table", 1, 1, id="no-rows"),
        pytest.param('code,name\n"b\n",x\nb,Berlin\nb,Bonn\n', "duplicate-key", 5, 1, id="lines"),
    ],
)
def test_fault_is_shown_in_the_table(
    csv: str, code: str, line: int, column: int, tmp_path: Path
) -> None:
    found, *others = refused(in_folder(tmp_path, csv))
    assert others == []
    assert found.code == code
    assert found.span is not None
    assert found.span.file.endswith("sites.csv")
    assert (found.span.line, found.span.column) == (line, column)


@pytest.mark.parametrize(
    ("csv", "advice"),
    [
        pytest.param(b"sep=;\ncode;name\nb;Berlin\n", "first row is for Excel", id="sep"),
        pytest.param("code;name\nb;K\xf6ln\n".encode("cp1252"), '"CSV UTF-8"', id="ansi"),
        pytest.param("code\tname\nb\tBerlin\n".encode("utf-16"), '"CSV UTF-8"', id="unicode-text"),
    ],
)
def test_what_excel_writes_otherwise_is_told_with_what_to_do(
    csv: bytes, advice: str, tmp_path: Path
) -> None:
    (found,) = refused(in_folder(tmp_path, csv))
    assert advice in found.help


@pytest.mark.parametrize(
    ("csv", "code"),
    [
        pytest.param(b"", "bad-table", id="empty"),
        pytest.param(b"cod,name\nb,Berlin\n", "bad-table", id="no-such-column"),
        pytest.param(b"code,name\nb,M\xfcnchen\n", "unreadable-file", id="not-utf-8"),
        pytest.param(
            b"code,name\n" + b"".join(b"%d,x\n" % n for n in range(MAX_ROWS + 1)),
            "too-large",
            id="rows",
        ),
        pytest.param(b"code,name\n" + b"x" * 10 * 1024 * 1024, "too-large", id="bytes"),
    ],
)
def test_table_that_cannot_be_used_is_the_only_finding(
    csv: bytes, code: str, tmp_path: Path
) -> None:
    assert [each.code for each in refused(in_folder(tmp_path, csv))] == [code]


@pytest.mark.parametrize("name", ["nowhere.csv", ".", "/dev/zero", "a\\0b.csv"])
def test_file_that_is_none_is_shown_where_it_is_named(name: str, tmp_path: Path) -> None:
    rule = f'site: {{ from: locale, values: {{ csv: "{name}", key: code, value: name }} }}'
    found, *others = refused(in_folder(tmp_path, "", rule))
    assert others == []
    assert found.code == "unreadable-file"
    assert found.span is not None
    assert found.span.line == 10


def test_row_for_the_text_csv_is_no_file() -> None:
    mapping = program("site: { from: locale, values: { csv: Commas, tsv: Tabs } }")
    assert site(mapping, "csv") == "Commas"


def test_table_at_fault_hides_no_other_finding(tmp_path: Path) -> None:
    found = findings(
        "tables: { good: { a: 1 } }\n"
        + mapping_text(
            "a: { from: locale, values: goood, required: true, type: integer }",
            "b: { from: active, values: bad, type: integer }",
            "c: { from: titel }",
        )
    )
    assert sorted(each.code for each in found) == [
        "unknown-attribute",
        "unknown-table",
        "unknown-table",
    ]


def test_files_of_a_mapping_are_known(tmp_path: Path) -> None:
    file = in_folder(tmp_path, "code,name\nb,Berlin\n")
    before = load(file, {})
    assert set(before.files) == {file, tmp_path / "data" / "sites.csv"}
    in_folder(tmp_path, "code,name\nb,Bonn\n")
    after = load(file, {})
    assert before != after
    assert before.revision != after.revision


def test_long_table_is_covered_by_one_of_its_rows(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(1000))
    file = in_folder(tmp_path, f"code,name\n{rows}*,x\n")
    test = "tests: [{ name: x, user: { userName: a, locale: '7' }, target: { site: '7' } }]\n"
    file.write_text(file.read_text() + test)
    _, coverage = run_with_coverage(load(file, {}))
    covered = next(each for each in coverage.fields if each.field == "site")
    assert (covered.taken, covered.missed) == (("a row of the table",), ('row "*"',))


def test_tables_of_many_rules_are_bounded(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(90_000))
    rules = "\n    ".join(f"f{n}: {{ from: locale, values: sites }}" for n in range(6))
    file = in_folder(tmp_path, f"code,name\n{rows}", rules)
    table = "tables: { sites: { csv: data/sites.csv, key: code, value: name } }\n"
    file.write_text(table + file.read_text())
    assert [each.code for each in lint([file], {})] == ["too-large"]


def column(name: str) -> ScalarNode:
    return ScalarNode(
        Source("m.yaml", name), Mark(0, 0), Mark(0, len(name)), name, None, None, name
    )


cells = st.text(st.sampled_from("ab ,;\t\"'\n\u2028é中"), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(cells.filter(bool), cells, min_size=1),
    st.sampled_from(",;\t"),
    st.sampled_from([csv_module.QUOTE_MINIMAL, csv_module.QUOTE_ALL]),
)
def test_what_a_csv_writer_writes_is_read(
    rows: dict[str, str], separator: str, quoting: Any
) -> None:
    stream = io.StringIO()
    writer = csv_module.writer(stream, delimiter=separator, quoting=quoting)
    writer.writerows([("code", "name"), *rows.items()])
    table, found = read_table(stream.getvalue(), "t.csv", column("code"), column("name"))
    assert found == []
    assert to_data(table) == {key: value or None for key, value in rows.items()}


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('code,name"\n\r;\t x'), max_size=40))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        table, found = read_table(f"code,name\n{text}", "t.csv", column("code"), column("name"))
    except CsvError as error:
        places = [error.diagnostic.span]
    else:
        places = [each.span for each in found]
        assert table.entries or found
    assert all(places)
