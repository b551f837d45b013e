"""The people of the demo, from both files through both dialects to the expected employees."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from scim_directory import ScimDirectory
from scimweave_server.simulate.dialect import Dialect
from scimweave_server.simulate.entra import EntraProvisioning
from scimweave_server.simulate.people import read_people

PEOPLE = Path(__file__).parents[3] / "examples" / "people"
FILES = [PEOPLE / "cycle-1.csv", PEOPLE / "cycle-2.csv"]


@pytest.mark.parametrize("dialect", Dialect)
async def test_two_cycles_lead_to_the_expected_employees(
    directory: ScimDirectory, entra: EntraProvisioning, dialect: Dialect
) -> None:
    entra.dialect = dialect
    reports = [await entra.run(cycle) for cycle in read_people(FILES)]
    counts = [{o.value: n for o, n in report.counts.items() if n} for report in reports]
    assert counts == [
        {"created": 25},
        {"created": 2, "updated": 6, "disabled": 3, "deleted": 1, "unchanged": 15},
    ]
    for user in directory.deleted:
        # mappings/preciate.yaml deactivates whom the provider deletes.
        user.active = False
    found = [employee(user) for user in [*directory.users.values(), *directory.deleted]]
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert sorted(found, key=lambda row: row["email"]) == expected


def employee(user: Any) -> dict[str, str]:
    enterprise = user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    row = {
        "email": user.user_name,
        "is_active": str(user.active).lower(),
        "display_name": user.display_name,
        "job_title": user.title,
        "first_name": user.name.given_name,
        "last_name": user.name.family_name,
        "full_name": user.name.formatted,
        "external_id": user.external_id,
        "department": enterprise and enterprise.department,
    }
    return {name: value or "" for name, value in row.items()}
