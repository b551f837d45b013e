"""What nothing maps is dropped, kept or refused, as the mapping says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provider import Provider
from scimweave.provisioning.engine import Engine
from scimweave.scim.schema import ENTERPRISE_USER

CUSTOM = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"
BODY: dict[str, Any] = {
    "userName": "ada",
    "title": "Analyst",
    "nickName": "Babs",
    "emails": [{"value": "a@b", "type": "work"}],
    "favouriteColour": "red",
    CUSTOM: {"seat": 7},
}


@pytest.fixture
def mapping(mapping: Path, edit: Callable[[str, str], None], policy: str) -> Path:
    edit("  operations:", f"  unmapped: {policy}\n  operations:")
    return mapping


@pytest.mark.parametrize("policy", ["keep"])
async def test_kept_is_returned_filtered_and_changed(call: Provider) -> None:
    call.knows_all = False
    created = await call("POST", "/Users", BODY)
    one = f"/Users/{created.body['id']}"
    for answer in (created, await call("GET", one), await call("PUT", one, BODY)):
        assert {name: answer.body[name] for name in BODY} == BODY
    found = await call("GET", "/Users", params={"filter": 'nickName eq "babs"'})
    assert found.body["totalResults"] == 1
    operations = [
        {"op": "replace", "path": "favouriteColour", "value": "blue"},
        {"op": "remove", "path": "nickName"},
        {"op": "add", "path": 'emails[type eq "home"].value', "value": "c@d"},
    ]
    changed = await call("PATCH", one, {"Operations": operations})
    assert changed.body["favouriteColour"] == "blue"
    assert "nickName" not in changed.body
    assert [each["value"] for each in changed.body["emails"]] == ["a@b", "c@d"]


@pytest.mark.parametrize(("policy", "listed"), [("keep", True), ("drop", False), ("reject", False)])
async def test_discovery_lists_what_is_kept(call: Provider, listed: bool) -> None:
    core, *extensions = (await call("GET", "/Schemas")).body["Resources"]
    names = {each["name"]: each.get("subAttributes", ()) for each in core["attributes"]}
    assert ("nickName" in names, "emails" in names) == (listed, listed)
    assert ("middleName" in {sub["name"] for sub in names["name"]}) is listed
    assert not {"password", "groups", "id", "meta"} & names.keys()
    assert [each["id"] for each in extensions] == [ENTERPRISE_USER]
    (enterprise,) = extensions
    assert ("costCenter" in {each["name"] for each in enterprise["attributes"]}) is listed
    (user,) = (await call("GET", "/ResourceTypes")).body["Resources"]
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE_USER, "required": False}]


@pytest.mark.parametrize("policy", ["reject"])
async def test_rejected_is_named(call: Provider) -> None:
    answer = await call("POST", "/Users", BODY)
    assert (answer.status, answer.body["scimType"]) == (400, "invalidSyntax")
    for name in ("nickName", "emails", "favouriteColour", CUSTOM):
        assert name in answer.body["detail"]
    created = await call("POST", "/Users", {"userName": "ada", "title": "x", "emails": []})
    assert created.status == 201
    one = f"/Users/{created.body['id']}"
    operation = {"op": "add", "path": "nickName", "value": "Babs"}
    refused = await call("PATCH", one, {"Operations": [operation]})
    assert (refused.status, "nickName" in refused.body["detail"]) == (400, True)
    assert (await call("GET", one)).body == created.body


@pytest.mark.parametrize("policy", ["drop"])
async def test_dropped_is_counted(call: Provider, engine: Engine) -> None:
    created = await call("POST", "/Users", BODY)
    assert created.body.keys() == {"schemas", "id", "userName", "title", "active", "meta"}
    counted = dict(engine["preciate"].sight.unmapped)
    seat = f"{CUSTOM}:seat"
    assert counted == {"nickName": 1, "emails": 1, "favouriteColour": 1, seat: 1}
    one = f"/Users/{created.body['id']}"
    for change in (
        {"path": seat, "value": 8},
        {"path": CUSTOM, "value": {"seat": 8, "desk": None}},
        {"value": {CUSTOM: {"seat": 8}}},
    ):
        assert (await call("PATCH", one, {"Operations": [{"op": "add", **change}]})).status == 200
    assert dict(engine["preciate"].sight.unmapped) == {**counted, seat: 4}
    await call("PUT", one, {**BODY, CUSTOM: "no object"})
    assert dict(engine["preciate"].sight.unmapped)[CUSTOM] == 1
