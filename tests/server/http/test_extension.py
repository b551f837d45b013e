"""An extension that the mapping file declares, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from employees import Employees
from provider import Provider

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
SCHEMA = f"""
schema:
  {CONTOSO}:
    alias: contoso
    attributes:
      costCode: {{ type: string, required: false, canonicalValues: [A1, B2] }}
      level: integer
"""


@pytest.fixture
def mapping(mapping: Path) -> Path:
    text = mapping.read_text().replace("enterprise.department ", "contoso.costCode ")
    mapping.write_text(text.partition("tests:")[0] + SCHEMA)
    return mapping


async def test_attributes_go_all_the_way(call: Provider, target: Employees) -> None:
    call.knows_all = False
    body = {"schemas": [CORE], "userName": "ada", CONTOSO: {"costCode": "A1", "level": "7"}}
    created = await call("POST", "/Users", body)  # Q18: schemas does not list it
    assert created.status == 201
    assert created.body[CONTOSO] == {"costCode": "A1", "level": 7}
    assert created.body["schemas"] == [CORE, CONTOSO]
    assert target.row("ada")["department"] == "A1"
    one = f"/Users/{created.body['id']}"
    change = {"op": "Replace", "path": f"{CONTOSO}:costCode", "value": "B2"}
    assert (await call("PATCH", one, {"Operations": [change]})).status == 200
    assert target.row("ada")["department"] == "B2"
    for text, total in ((f'{CONTOSO}:costCode eq "B2"', 1), (f"{CONTOSO}:level lt 7", 0)):
        found = await call("GET", "/Users", params={"filter": text})
        assert found.body["totalResults"] == total
    selected = await call("GET", f"{one}?attributes={CONTOSO}:level")
    assert selected.body[CONTOSO] == {"level": 7}


async def test_discovery_shows_it(call: Provider) -> None:
    schemas = {each["id"]: each for each in (await call("GET", "/Schemas")).body["Resources"]}
    assert list(schemas) == [CORE, CONTOSO]
    code, level = schemas[CONTOSO]["attributes"]
    assert (code["name"], code["canonicalValues"]) == ("costCode", ["A1", "B2"])
    assert (level["name"], level["type"]) == ("level", "integer")
    (user,) = (await call("GET", "/ResourceTypes")).body["Resources"]
    assert user["schemaExtensions"] == [{"schema": CONTOSO, "required": False}]
    one = await call("GET", f"/Schemas/{CONTOSO.upper()}")
    assert (one.status, one.body["id"]) == (200, CONTOSO)


async def test_values_are_checked(call: Provider) -> None:
    answer = await call("POST", "/Users", {"userName": "ada", CONTOSO: {"level": "high"}})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert f"{CONTOSO}:level takes a whole number" in answer.body["detail"]
