"""Drafts of mapping files from Entra's synchronization schema (entra-facts 3.10)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.mapping import load_text
from scimweave.mapping.entra.draft import draft
from scimweave.mapping.entra.field_names import field_name
from scimweave.mapping.entra.schema import MAX_BYTES, EntraSchemaError, read_entra_schema

GOLDEN = Path(__file__).parents[2] / "golden" / "import"
EXPORT = (GOLDEN / "entra.json").read_bytes()
USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def exported(*flows: Any, **more: Any) -> bytes:
    """An export with one mapping of users."""
    mapping = {"sourceObjectName": "User", "targetObjectName": USER, "attributeMappings": flows}
    return json.dumps({"synchronizationRules": [{"objectMappings": [mapping | more]}]}).encode()


def flow(target: Any, **more: Any) -> dict[str, Any]:
    source = {"type": "Attribute", "name": "mail", "expression": "[mail]", "parameters": []}
    return {"targetAttributeName": target, "source": source, **more}


def drafted(content: bytes) -> str:
    """The draft, which has no findings."""
    text = draft(read_entra_schema(content), "imported")
    assert load_text(text, "draft.yaml", {}).warnings == ()
    return text


def test_draft_of_a_whole_export() -> None:
    made = drafted(EXPORT)
    file = GOLDEN / "entra.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_export_in_the_encodings_of_its_tools(encoding: str) -> None:
    assert drafted(EXPORT.decode().encode(encoding)) == drafted(EXPORT)


def test_matching_attributes_are_in_their_order() -> None:
    content = exported(
        flow("externalId", matchingPriority=2), flow("userName", matchingPriority=1), flow("active")
    )
    assert load_text(drafted(content), "x", {}).users.match == ("user_name", "external_id")


def test_what_a_mapping_cannot_be_without_is_added() -> None:
    program = load_text(drafted(exported(flow("title"))), "x", {})
    assert [field.name for field in program.users.fields] == ["user_name", "is_active", "title"]
    assert program.users.match == ("user_name",)


def test_leavers_are_taken_note_of_whatever_the_export_says() -> None:
    drafted(exported(flow("userName"), flow("active", flowType="ObjectAddOnly")))


def test_required_and_written_once_are_taken_over() -> None:
    program = load_text(drafted(EXPORT), "x", {})
    user_name, external_id = program.users.field("user_name"), program.users.field("external_id")
    assert user_name is not None
    assert external_id is not None
    assert (user_name.required, external_id.apply) == (True, "on_create")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("id", '"id" is made by the service'),
        ("nonsense", 'User has no attribute "nonsense"'),
        ("urn:acme:2.0:User:badge", 'there is no schema "urn:acme:2.0:User"'),
        ("emails[type eq].value", "emails[type eq].value: "),
        ("${HOME}", "${HOME}: "),
        ("title\nactive: x", "names no target attribute"),
        ("", "names no target attribute"),
        ("'\"\\", "'\"\\: "),
    ],
)
def test_what_has_no_equivalent_is_a_comment_with_the_reason(target: str, reason: str) -> None:
    comments = [line for line in drafted(exported(flow(target))).splitlines() if line[:1] == "#"]
    assert any(reason in line for line in comments)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"flowTypes": "Add, Update"}, "Delete: switched off"),
        ({"enabled": False}, "the mapping of users is switched off"),
        ({"scope": {"groups": [{"clauses": [{"sourceOperandName": "x"}]}]}}, "scoping filters"),
    ],
)
def test_what_entra_keeps_to_itself_is_a_comment(more: dict[str, Any], reason: str) -> None:
    assert reason in drafted(exported(flow("title"), **more))


@pytest.mark.parametrize("kind", ["MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly"])
def test_flow_that_is_not_always_is_a_remark(kind: str) -> None:
    assert "Entra only adds" in drafted(exported(flow("title", flowType=kind))) or (
        "only while the attribute is empty" in drafted(exported(flow("title", flowType=kind)))
    )


BAD = {
    "empty": (b"", "the file is empty"),
    "spaces": (b" \n", "the file is empty"),
    "not-json": (b"integration: x", "not JSON; line 1, column 1"),
    "cut-off": (EXPORT[:100], "not JSON; line"),
    "binary": (b"\x00\xff\x80", "not text in UTF-8"),
    "huge": (b" " * (MAX_BYTES + 1), "larger than 10 MiB"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "long-number": (b"[" + b"9" * 5000 + b"]", "not JSON"),
    "list": (b"[]", "no JSON object"),
    "other-json": (b'{"a": 1}', 'the file has no "synchronizationRules"'),
    "null": (b'{"synchronizationRules": null}', 'has no "synchronizationRules"'),
    "no-list": (b'{"synchronizationRules": {}}', "something else than a list"),
    "no-rules": (b'{"synchronizationRules": []}', "no object mapping"),
    "rule-no-object": (
        b'{"synchronizationRules": [1]}',
        "synchronizationRules[0] is not an object",
    ),
    "no-mappings": (b'{"synchronizationRules": [{}]}', '[0] has no "objectMappings"'),
    "no-flows": (
        b'{"synchronizationRules": [{"objectMappings": [{}]}]}',
        'objectMappings[0] has no "attributeMappings"',
    ),
    "no-users": (exported(targetObjectName="Group"), "no object mapping has users"),
    "name-no-text": (exported(flow(7)), "attributeMappings[0].targetAttributeName is not text"),
    "matching-no-number": (exported(flow("title", matchingPriority="1")), "not a whole number"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_export_is_refused_with_the_reason(name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(EntraSchemaError) as caught:
        draft(read_entra_schema(content), "imported")
    assert reason in str(caught.value)


paths = st.sampled_from(
    ["userName", "active", "title", "TITLE", "emails", 'emails[type eq "a"].value', "name", "id"]
) | st.text(max_size=12)
flows = st.fixed_dictionaries(
    {"targetAttributeName": paths},
    optional={
        "matchingPriority": st.integers(-1, 3),
        "defaultValue": st.none() | st.text(max_size=8),
        "flowType": st.sampled_from(["Always", "ObjectAddOnly", "ValueAddOnly"]),
        "source": st.none() | st.fixed_dictionaries({"expression": st.text(max_size=20)}),
    },
)


@settings(max_examples=100, deadline=None)
@given(st.lists(flows, max_size=6))
def test_any_mappings_make_a_draft_that_lints(found: list[Any]) -> None:
    drafted(exported(*found))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("userName", "user_name"),
        ("name.familyName", "family_name"),
        ('phoneNumbers[type eq "mobile"].value', "mobile_phone"),
        ('addresses[type eq "work"].postalCode', "work_address_postal_code"),
        ("urn:acme:2.0:User:costCenterID", "cost_center_id"),
        ("enterprise.manager.value", "manager"),
        ("x509Certificates", "x_509_certificates"),
        ("日本", "field_2"),
        ("Null", "field_null"),
        ("urn:x:1.0:User:true", "field_true"),
        ("title", "title_2"),
    ],
)
def test_field_is_named_after_its_path(path: str, name: str) -> None:
    assert field_name(path, {"title"}) == name


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        (("externalId",), ("external_id", "user_name")),
        (("externalId", "nickName"), ("external_id", "nick_name", "user_name")),
        (("externalId", "userName"), ("external_id", "user_name")),
        pytest.param(("title",), ("user_name",), id="shared-by-many"),
        pytest.param(("Title", "nickName"), ("nick_name", "user_name"), id="one-is-shared"),
    ],
)
def test_somebody_without_the_matching_attributes_is_found_by_name(
    matching: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    found = [flow(path, matchingPriority=at) for at, path in enumerate(matching, 1)]
    assert load_text(drafted(exported(*found)), "x", {}).users.match == expected
