"""Drafts of mapping files from OpenAPI documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from golden_file import matches_golden
from scimweave.mapping import lint
from scimweave.mapping.starting.openapi import ApiField, OpenApiError, read_openapi
from scimweave_server.cli import app

API = (Path(__file__).parent / "member_api.yaml").read_text()


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, ["init", *map(str, words)])


def members() -> Any:
    """Return the document as data that a test may change."""
    return yaml.safe_load(API)


@pytest.mark.parametrize("name", ["Member", "member", "/v2/members"])
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_draft_of_an_api(tmp_path: Path, name: str, form: str) -> None:
    file = tmp_path / f"api.{form}"
    file.write_text(API if form == "yaml" else json.dumps(members()))
    result = run("--openapi", file, "--object", name, "--integration", "chat")
    assert result.exit_code == 0, result.output
    matches_golden("init/member.yaml", result.stdout, tmp_path)
    made = tmp_path / "chat.yaml"
    made.write_text(result.stdout)
    assert lint([made]) == []


def field(schema: Any, *, required: bool = False) -> ApiField:
    document = members()
    needed = ["x"] if required else []
    document["components"]["schemas"]["X"] = {"required": needed, "properties": {"x": schema}}
    (found,) = read_openapi(json.dumps(document).encode(), "X").fields
    return found


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, ApiField("x", "string")),
        ({"type": "string", "maxLength": 9}, ApiField("x", "string", max_length=9)),
        ({"type": "string", "format": "date"}, ApiField("x", "date")),
        ({"type": "string", "format": "date-time"}, ApiField("x", "datetime")),
        ({"type": "string", "format": "email"}, ApiField("x", "string")),
        ({"type": "integer"}, ApiField("x", "integer")),
        ({"type": "number", "default": 1}, ApiField("x", "decimal", has_default=True)),
        ({"type": ["null", "boolean"]}, ApiField("x", "boolean")),
        ({"type": "array"}, ApiField("x", "json")),
        ({"type": "string", "enum": ["a", "b"]}, ApiField("x", "string", values=("a", "b"))),
        ({}, ApiField("x", "any")),
        ({"type": "object", "properties": {"y": {}}}, ApiField("x.y", "any")),
        ({"$ref": "#/components/schemas/Base/properties/id"}, None),
    ],
)
def test_property_becomes_a_field(schema: Any, expected: ApiField | None) -> None:
    if expected is None:
        with pytest.raises(OpenApiError, match="no properties"):
            field(schema)
    else:
        assert field(schema) == expected


@pytest.mark.parametrize(
    ("schema", "nullable"),
    [
        ({"type": "string"}, False),
        ({"type": "string", "nullable": True}, True),
        ({"type": ["string", "null"]}, True),
    ],
)
def test_required_property_takes_no_null(schema: Any, nullable: bool) -> None:
    assert field(schema, required=True).nullable is nullable


@pytest.mark.parametrize(
    ("servers", "url"),
    [
        ([{"url": "https://a.example/x/"}], "https://a.example/x/v2"),
        ([{"url": "/x"}], "https://api.example.com/x/v2"),
        ([], "https://api.example.com/v2"),
        (
            [{"url": "https://{host}/", "variables": {"host": {"default": "b.example"}}}],
            "https://b.example/v2",
        ),
    ],
)
def test_address(servers: Any, url: str) -> None:
    document = {**members(), "servers": servers}
    found = read_openapi(json.dumps(document).encode(), "Member")
    assert (found.url, found.collection) == (url, "members")


def _circle() -> bytes:
    document = members()
    schemas = document["components"]["schemas"]
    schemas["Member"] = {"$ref": "#/components/schemas/Other"}
    schemas["Other"] = {"$ref": "#/components/schemas/Member"}
    return json.dumps(document).encode()


def _self_made() -> bytes:
    document = members()
    document["components"]["schemas"]["Member"] = {
        "allOf": [{"$ref": "#/components/schemas/Member"}]
    }
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no OpenAPI 3"),
        (b"[]", "no OpenAPI 3"),
        (b"swagger: '2.0'", "no OpenAPI 3"),
        (b"openapi: [", "line 2"),
        (b"openapi: 3.0.0", 'no schema "Member"'),
        (b"openapi: 3.0.0\ncomponents: { schemas: [] }", 'no schema "Member"'),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a: \x00", "neither"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, ""),
        (b"a: &a [*a]\nopenapi: 3.0.0", ""),
        (b"#" * (10 * 1024 * 1024 + 1), "larger than 10 MiB"),
        (b"openapi: 3.0.0\nx: 2020-99-99", "neither"),
        (_circle(), "circles"),
        (_self_made(), "no properties"),
        (API.replace("Base'", "Bass'").encode(), "leads nowhere"),
        (API.replace("'#/components/schemas/Base'", "'x.yaml#/Base'").encode(), "outside"),
    ],
)
def test_document_that_is_none_is_a_message(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "api.yaml"
    file.write_bytes(content)
    result = run("--openapi", file, "--object", "Member")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith(f"error: {file}: ")
    assert word in result.stderr


@pytest.mark.parametrize("words", [[], ["--openapi", "x", "--target", "y"]])
def test_one_target_is_given(words: list[str]) -> None:
    assert run("--object", "x", *words).exit_code == 2


def test_api_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    result = run("--openapi", tmp_path / "none.json", "--object", "x")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
