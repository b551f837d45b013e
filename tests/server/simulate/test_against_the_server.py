"""The Entra-shaped client against the real endpoint, store and target, in both dialects."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from aiohttp.test_utils import RawTestServer

from employees import Employees
from provider import Serve
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave_server.http.handler import create_handler
from scimweave_server.simulate.dialect import Dialect
from scimweave_server.simulate.entra import EntraProvisioning
from scimweave_server.simulate.outcome import Outcome
from scimweave_server.simulate.people import read_people

PEOPLE = Path(__file__).parents[3] / "examples" / "people"


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_people_arrive_as_expected(
    engine: Engine,
    target: Employees,
    aiohttp_client: Serve,
    dialect: Dialect,
) -> None:
    client = await aiohttp_client(RawTestServer(create_handler(engine)))
    token, _ = await generate_key(engine.store, "preciate")
    cycles = read_people([PEOPLE / "cycle-1.csv", PEOPLE / "cycle-2.csv"])
    url = str(client.make_url("/api/v1/scim"))
    async with EntraProvisioning(url, token, dialect=dialect) as entra:
        reports = [await entra.run(cycle) for cycle in cycles]
        again = await entra.run(cycles[1])
    assert [report.failed for report in reports] == [(), ()]
    assert {each.outcome for each in again.results} <= {Outcome.UNCHANGED, Outcome.SKIPPED}
    assert rows(target) == expected()


def rows(target: Employees) -> dict[str, dict[str, str | None]]:
    found = {}
    for row in target.rows():
        del row["id"]
        found[row["email"]] = {**row, "is_active": "true" if row["is_active"] else "false"}
    return found


def expected() -> dict[str, dict[str, str | None]]:
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["email"]: {name: value or None for name, value in row.items()}
            for row in csv.DictReader(lines)
        }
