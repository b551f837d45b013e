from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from employees import Employees
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.users import Users
from scimweave.store.base import Record

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA: dict[str, Any] = {"userName": "ada@contoso.com", ENTERPRISE: {"department": "Engines"}}


@pytest.fixture
async def ada(users: Users) -> Record:
    return await users.create(ADA)


async def test_edit_of_the_mapping_applies_at_the_next_change(
    users: Users,
    ada: Record,
    target: Employees,
    edit: Callable[[str, str], None],
    engine: Engine,
) -> None:
    edit("department:   enterprise.department", "department:   { const: Everywhere }")
    reloaded = await engine.reload()
    assert (reloaded.integrations, reloaded.findings) == (("preciate",), ())
    assert target.row("ada@contoso.com")["department"] == "Engines"
    await users.patch(ada.id, [{"op": "Replace", "path": "title", "value": "Countess"}])
    assert target.row("ada@contoso.com")["department"] == "Everywhere"


async def test_bad_edit_leaves_the_running_mapping(
    users: Users, edit: Callable[[str, str], None], engine: Engine, target: Employees
) -> None:
    edit("enterprise.department", "enterprise.departmnt")
    (finding,) = (await engine.reload()).findings
    assert finding.code == "unknown-attribute"
    await users.create(ADA)
    assert target.row("ada@contoso.com")["department"] == "Engines"


async def test_new_file_is_served_and_a_file_that_is_gone_still_is(
    mapping: Path, engine: Engine, store_url: str
) -> None:
    # The fixture opened the file, not its folder.
    folder = mapping.parent
    async with Engine.open(folder, store=f"{store_url}2") as both:
        (folder / "second.yaml").write_text(
            mapping.read_text().replace("preciate\ntitle", "second\ntitle").replace("/v1/", "/v2/")
        )
        assert (await both.reload()).integrations == ("second",)
        (folder / "second.yaml").unlink()
        assert (await both.reload()).integrations == ()
        assert sorted(both.by_path) == ["/api/v1/scim", "/api/v2/scim"]


async def test_path_of_another_file_is_refused(
    mapping: Path, store_url: str, target: Employees
) -> None:
    async with Engine.open(mapping.parent, store=store_url) as engine:
        second = mapping.read_text().replace("integration: preciate", "integration: second")
        (mapping.parent / "second.yaml").write_text(second)
        (finding,) = (await engine.reload()).findings
        assert finding.code == "duplicate-path"
        assert list(engine.integrations) == ["preciate"]


async def test_new_name_of_an_integration_replaces_the_old_one(
    engine: Engine, edit: Callable[[str, str], None]
) -> None:
    edit("integration: preciate", "integration: renamed")
    assert (await engine.reload()).integrations == ("renamed",)
    assert list(engine.integrations) == ["renamed"]
    assert engine.by_path["/api/v1/scim"] is engine["renamed"]


async def test_edit_of_the_target_moves_to_it(
    users: Users, engine: Engine, edit: Callable[[str, str], None], target: Employees
) -> None:
    (table,) = target.query("SELECT sql FROM sqlite_master WHERE name = 'employees'")
    target.query(table["sql"].replace("employees", "people"))
    edit("object: employees", "object: people")
    assert [
        each.code for each in (await engine.reload()).findings if each.severity == "error"
    ] == []
    await users.create(ADA)
    assert [row["email"] for row in target.query("SELECT email FROM people")] == ["ada@contoso.com"]
    assert target.rows() == []


async def test_edit_of_a_table_is_an_edit_of_the_mapping(
    mapping: Path, edit: Callable[[str, str], None], engine: Engine
) -> None:
    folder = mapping.parent / "tables"
    table = folder / "departments.csv"
    folder.mkdir()
    table.write_text("code,name\nE,Engines\n")
    values = "values: { csv: tables/departments.csv, key: code, value: name }"
    edit("enterprise.department", f"{{ from: enterprise.department, {values} }}")
    assert (await engine.reload()).integrations == ("preciate",)
    assert folder in engine.folders()
    before = engine["preciate"].program.revision
    assert (await engine.reload()).integrations == ()

    table.write_text("code,name\nE,Engines\nE,Engine\n")
    (finding,) = (await engine.reload()).findings
    assert finding.code == "duplicate-key"
    assert engine["preciate"].program.revision == before
    assert (await engine.reload()).findings == ()

    table.write_text("code,name\nE,Motors\n")
    assert (await engine.reload()).integrations == ("preciate",)
    assert engine["preciate"].program.revision != before


async def test_edit_of_a_base_reloads_what_extends_it(mapping: Path, engine: Engine) -> None:
    base = mapping.parent / "_base.yaml"
    base.write_text(mapping.read_text())
    mapping.write_text("extends: _base.yaml\n")
    assert (await engine.reload()).integrations == ("preciate",)
    base.write_text(base.read_text().replace("enterprise.department", "enterprise.departmnt"))
    (finding,) = (await engine.reload()).findings
    assert finding.span is not None
    assert Path(finding.span.file) == base
    base.write_text(base.read_text().replace("enterprise.departmnt", "enterprise.division"))
    assert (await engine.reload()).integrations == ("preciate",)
