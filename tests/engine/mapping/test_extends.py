"""Mapping files that build on others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scimweave.mapping import (
    Diagnostic,
    MappingError,
    endpoints,
    lint,
    load,
    load_all,
    mapping_files,
)
from scimweave.mapping.document.extends import MAX_LEVELS, read_document
from scimweave.mapping.document.files import Files
from scimweave.mapping.explain import explain
from small_mapping import mapping_text, resource

BASE = """target: { connector: memory }
users:
  object: people
  key: id
  match: [email]
  attributes:
    email: userName
    is_active: active
    title: { from: title, max_length: 5 }
    site: { from: locale, values: { b: Berlin, o: Oslo } }
  operations:
    deactivate: { set: { is_active: false, left: true } }
tests:
  - { name: of the base, user: { userName: a }, operation: create }
"""


def write(folder: Path, **files: str) -> Path:
    """Write files by name without ending; returns ``main``."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / "main.yaml"


def merged(base: str, own: str, folder: Path) -> Any:
    """Return the data of a file that extends another."""
    write(folder, _base=base)
    text = f"extends: _base.yaml\n{own}"
    data = read_document(text, str(folder / "main.yaml"), Files()).document.data()
    del data["extends"]
    return data


def refused(file: Path) -> list[Diagnostic]:
    with pytest.raises(MappingError) as error:
        load(file, {})
    return list(error.value.diagnostics)


def rules(text: str) -> str:
    return f"users: {{ attributes: {{ {text} }} }}\n"


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        pytest.param("a: 1\nb: 2", "b: 3\nc: 4", {"a": 1, "b": 3, "c": 4}, id="own-wins"),
        pytest.param(
            "users: { a: { b: 1, c: 2 } }",
            "users: { a: { c: 3 } }",
            {"users": {"a": {"b": 1, "c": 3}}},
            id="deep",
        ),
        pytest.param("a: [1, 2]", "a: [3]", {"a": [3]}, id="lists-replace"),
        pytest.param("tests: [1]", "tests: [2]", {"tests": [1, 2]}, id="tests-add"),
        pytest.param("a: 1\nb: 2", "a: null", {"b": 2}, id="null-removes"),
        pytest.param("a: { b: 1 }", "a: text", {"a": "text"}, id="another-kind-replaces"),
        pytest.param("a: 1", "b: ~", {"a": 1, "b": None}, id="null-of-nothing-stays"),
    ],
)
def test_merge(base: str, own: str, expected: Any, tmp_path: Path) -> None:
    assert merged(base, own, tmp_path) == expected


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        pytest.param(
            "x: { from: title, max_length: 5 }",
            "x: { max_length: 9 }",
            {"from": "title", "max_length": 9},
            id="a-key-of-a-rule",
        ),
        pytest.param(
            "x: title",
            "x: { required: true }",
            {"from": "title", "required": True},
            id="short-form",
        ),
        pytest.param(
            "x: { from: title, max_length: 5 }", "x: locale", "locale", id="to-short-form"
        ),
        pytest.param(
            "x: { from: title, required: true }",
            "x: { expr: lower(title) }",
            {"required": True, "expr": "lower(title)"},
            id="another-origin",
        ),
        pytest.param(
            "x: { from: a, values: { b: 1, c: 2 } }",
            "x: { values: { c: null, d: 3 } }",
            {"from": "a", "values": {"b": 1, "c": None, "d": 3}},
            id="rows-and-null-as-a-value",
        ),
        pytest.param(
            "x: { from: a, values: { csv: a.csv, key: k, value: v } }",
            "x: { values: { b: 1 } }",
            {"from": "a", "values": {"b": 1}},
            id="rows-for-a-file",
        ),
        pytest.param(
            "x: { from: a, values: sites }",
            "x: { values: null }",
            {"from": "a"},
            id="no-table",
        ),
        pytest.param("x: { const: 7 }", "x: { const: null }", {"const": None}, id="null-constant"),
    ],
)
def test_merge_of_a_rule(base: str, own: str, expected: Any, tmp_path: Path) -> None:
    data = merged(rules(base), rules(own), tmp_path)
    assert data["users"]["attributes"]["x"] == expected


def test_null_under_set_is_a_value(tmp_path: Path) -> None:
    base = "users: { operations: { deactivate: { set: { left: true, site: x } } } }"
    own = "users: { operations: { deactivate: { set: { site: null } } } }"
    sets = merged(base, own, tmp_path)["users"]["operations"]["deactivate"]["set"]
    assert sets == {"left": True, "site": None}


def test_mapping_of_several_files(tmp_path: Path) -> None:
    own = "extends: _middle.yaml\nintegration: small\n" + rules("title: { max_length: 9 }")
    middle = "extends: _base.yaml\n" + rules("site: null, nick: nickName")
    mapping = load(write(tmp_path, main=own, _middle=middle, _base=BASE), {})
    assert [each.name for each in mapping.users.fields] == ["email", "is_active", "title", "nick"]
    title = mapping.users.field("title")
    assert title is not None
    assert title.max_length == 9
    assert [test.name for test in mapping.tests] == ["of the base"]
    assert {file.name for file in mapping.files} == {"main.yaml", "_middle.yaml", "_base.yaml"}


def test_each_thing_is_shown_where_it_stands(tmp_path: Path) -> None:
    own = "extends: _base.yaml\nintegration: small\n" + rules("nick: nickName")
    mapping = load(write(tmp_path, main=own, _base=BASE), {})
    places = {
        each.field: (Path(each.span.file).name, each.span.line)
        for each in explain(mapping, resource(mapping))
    }
    assert places["title"] == ("_base.yaml", 9)
    assert places["nick"] == ("main.yaml", 3)
    assert Path(mapping.tests[0].span.file).name == "_base.yaml"


def test_findings_of_all_files_are_told_in_one_run(tmp_path: Path) -> None:
    base = BASE.replace("locale", "locle")
    own = "extends: _base.yaml\nintegration: small\n" + rules("nick: nikName")
    write(tmp_path, main=own, other=own.replace("small", "other"), _base=base)
    found = lint([tmp_path], {})
    places = [each.span and Path(each.span.file).name for each in found]
    assert [each.code for each in found] == ["unknown-attribute"] * 3
    assert sorted(map(str, places)) == ["_base.yaml", "main.yaml", "other.yaml"]


def test_placeholder_that_is_replaced_needs_no_variable(tmp_path: Path) -> None:
    base = BASE.replace("memory }", "sql, url: '${NOWHERE}' }")
    own = "extends: _base.yaml\nintegration: small\ntarget: { url: 'sqlite:///x.db' }\n"
    assert load(write(tmp_path, main=own, _base=base), {}).target.options["url"] == "sqlite:///x.db"


def test_table_of_a_base_lies_beside_the_base(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "sites.csv").write_text("code,name\nb,Bonn\n")
    base = BASE.replace("{ b: Berlin, o: Oslo }", "{ csv: sites.csv, key: code, value: name }")
    (tmp_path / "shared" / "_base.yaml").write_text(base)
    file = write(tmp_path, main="extends: shared/_base.yaml\nintegration: small\n")
    mapping = load(file, {})
    assert mapping.users.project(resource(mapping, locale="b")).values["site"] == "Bonn"


def test_edit_of_a_base_is_another_program(tmp_path: Path) -> None:
    file = write(tmp_path, main="extends: _base.yaml\nintegration: small\n", _base=BASE)
    before = load(file, {})
    write(tmp_path, _base=BASE.replace("Oslo", "Bergen"))
    assert load(file, {}).revision != before.revision
    write(tmp_path, _base=BASE + "# nothing\n")
    after = load(file, {})
    assert (after.revision, after == before) == (before.revision, False)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        pytest.param({"main": "extends: main.yaml\n"}, "circular-extends", id="itself"),
        pytest.param(
            {"main": "extends: _a.yaml\n", "_a": "extends: ./main.yaml\n"},
            "circular-extends",
            id="circle",
        ),
        pytest.param({"main": "extends: _nowhere.yaml\n"}, "unreadable-file", id="missing"),
        pytest.param({"main": "extends: .\n"}, "unreadable-file", id="folder"),
        pytest.param({"main": 'extends: "a\\0b"\n'}, "unreadable-file", id="null-character"),
        pytest.param({"main": f"extends: {'a' * 5000}\n"}, "unreadable-file", id="long-name"),
        pytest.param({"main": "extends: _a.yaml\n", "_a": "a: b: c\n"}, "syntax", id="syntax"),
        pytest.param({"main": "extends: _a.yaml\n", "_a": ""}, "syntax", id="empty"),
        pytest.param({"main": "extends: [a]\n" + mapping_text()}, "wrong-type", id="list"),
    ],
)
def test_base_that_cannot_be_read_is_the_only_finding(
    files: dict[str, str], code: str, tmp_path: Path
) -> None:
    assert [each.code for each in refused(write(tmp_path, **files))] == [code]


def test_place_in_another_folder_is_shown_in_short(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    write(tmp_path, _base=rules("nick: nikName"))
    file = tmp_path / "own" / "small.yaml"
    file.write_text("extends: ../_base.yaml\n" + mapping_text())
    (found,) = refused(file)
    assert found.span is not None
    assert found.span.file == str(tmp_path / "_base.yaml")


def test_levels_are_bounded(tmp_path: Path) -> None:
    chain = {f"_a{n}": f"extends: _a{n + 1}.yaml\n" for n in range(MAX_LEVELS + 1)}
    file = write(tmp_path, main="extends: _a0.yaml\n", **chain)
    assert [each.code for each in refused(file)] == ["circular-extends"]


def test_base_in_a_folder_is_no_integration(tmp_path: Path) -> None:
    main = write(tmp_path, main="extends: _base.yaml\nintegration: small\n", _base=BASE)
    assert mapping_files([tmp_path]) == [main]
    assert [each.integration for each in load_all([tmp_path], {})] == ["small"]
    assert endpoints([tmp_path], {}) == {"small": "/scim/small/v2"}


def test_base_that_is_named_is_linted_as_a_part(tmp_path: Path) -> None:
    write(tmp_path, _base=BASE, _bad=rules("a: titel, b: { from: title, values: sites }"))
    assert lint([tmp_path / "_base.yaml"], {}) == []
    assert [each.code for each in lint([tmp_path / "_bad.yaml"], {})] == ["unknown-attribute"]
    with pytest.raises(MappingError, match="no integration"):
        load_all([tmp_path / "_base.yaml"], {})


def test_finding_in_a_base_tells_which_file_met_it(tmp_path: Path) -> None:
    case = "{ name: t, user: { userName: a }, operation: create, target: { site: b } }"
    base = f"{BASE.partition('tests:')[0]}tests:\n  - {case}\n"
    own = "extends: _base.yaml\nintegration: {}\n"
    write(tmp_path, _base=base, fine=own.format("fine"))
    write(tmp_path, main=own.format("main") + "users: { attributes: { site: null } }\n")
    (found,) = (each for each in lint([tmp_path], {}) if each.code == "unknown-field")
    assert found.span is not None
    assert Path(found.span.file).name == "_base.yaml"
    (met,) = found.related
    assert (Path(met.span.file).name, met.span.line) == ("main.yaml", 1)
    assert met.label == "extended here"


def test_mistake_of_a_base_is_told_once_however_many_extend_it(tmp_path: Path) -> None:
    own = "extends: _base.yaml\nintegration: {}\n"
    files = {name: own.format(name) for name in ("one", "two", "three")}
    write(tmp_path, _base=BASE.replace("userName\n", "usrName\n"), **files)
    (found,) = lint([tmp_path], {})
    assert [Path(each.span.file).name for each in found.related] == ["one.yaml"]
