"""docs/mapping.schema.json is made from the model of the language; ``make golden`` rewrites it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from diagnostic_cases import CASES
from scimweave.mapping.document.loader import parse
from scimweave.mapping.editor.key_docs import KEY_DOCS
from scimweave.mapping.editor.schema import editor_schema
from scimweave.mapping.functions.registry import REGISTRY
from scimweave.mapping.lint import mapping_files
from scimweave.mapping.model import PLACES
from scimweave.scim.path import ALIASES, parse_path
from small_mapping import mapping_text

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "mapping.schema.json"
SHIPPED = mapping_files([ROOT / "mappings", ROOT / "examples"])
# What is wrong with the keys and types of a file; the rest only the linter sees.
OF_THE_MODEL = ("bad-value-zero", "bad-value-type", "bad-value-name", "unknown-key", "wrong-type")
VALIDATOR = Draft202012Validator(editor_schema())


def faults(text: str) -> list[str]:
    document, _ = parse(text, "small.yaml")
    return [error.json_path for error in VALIDATOR.iter_errors(document.data())]


def test_document_is_the_schema_of_the_code() -> None:
    made = json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        DOCUMENT.write_text(made, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == made


def test_it_is_a_schema_of_the_dialect() -> None:
    Draft202012Validator.check_schema(editor_schema())


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_mapping_is_valid_and_names_the_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert faults(text) == []
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (file.parent / first.partition("=")[2]).resolve() == DOCUMENT


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.right])
def test_what_lint_takes_is_valid(name: str) -> None:
    assert faults(CASES[name].right) == []


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(OF_THE_MODEL)])
def test_what_the_model_refuses_is_not_valid(name: str) -> None:
    assert faults(CASES[name].wrong[-1]) != []


@pytest.mark.parametrize(
    "line",
    [
        "title: { from: title, required: '${FLAG:-true}' }",
        "title: { from: title, max_length: '${LENGTH}' }",
        "title: { from: [title, nickName], default: { expr: displayName } }",
        "title: { from: title, default: { any: thing } }",
        "work: 'emails[type eq \"office\"].value'",
        "x: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "title: { const: ~ }",
    ],
)
def test_what_the_reader_of_a_file_allows_is_valid(line: str) -> None:
    assert faults(mapping_text(line)) == []


def test_rule_without_or_with_two_sources_is_not_valid() -> None:
    assert faults(mapping_text("x: { type: string }")) == ["$.users.attributes.x"]
    assert faults(mapping_text("x: { from: title, const: 1 }")) == ["$.users.attributes.x"]


def test_file_that_extends_another_may_leave_out_what_that_has() -> None:
    part = "integration: b\nextends: _a.yaml\nusers: { attributes: { title: { max_length: 9 } } }\n"
    assert faults(part) == []
    found = set(faults(part.replace("extends: _a.yaml\n", "")))
    assert found == {"$", "$.users", "$.users.attributes.title"}
    assert faults(part.replace("max_length: 9", "from: title, const: 1")) != []


def test_every_key_has_a_text_to_show() -> None:
    keys = {key for _, model in PLACES for key in model.keys()}  # noqa: SIM118 - a method of the model
    assert keys - KEY_DOCS.keys() == set()
    schema = editor_schema()
    owners = {"": schema, **schema["$defs"]}
    language = {"", *(model.__name__ for _, model in PLACES)}
    for name, owner in owners.items():
        for key, each in owner.get("properties", {}).items():
            # A kind of target may say more than the language does of a key of the same name.
            assert each.get("description"), (name, key)
            assert name not in language or each["description"] == KEY_DOCS[key]


def test_paths_and_functions_are_offered() -> None:
    definitions: dict[str, Any] = editor_schema()["$defs"]
    paths = definitions["ScimPath"]["anyOf"][0]["enum"]
    assert {"userName", "enterprise.department", 'emails[type eq "work"].value'} <= set(paths)
    assert len(paths) == len(set(paths))
    for path in paths:
        parse_path(path, aliases=ALIASES)
    text = definitions["Expression"]["description"]
    assert all(function.signature in text for function in REGISTRY.values())
