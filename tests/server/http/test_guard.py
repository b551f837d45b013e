"""What a provider and a scrape see of leavers that are held."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import RawTestServer
from prometheus_client.parser import text_string_to_metric_families

from employees import Employees
from provider import Client, Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave_server.http.handler import create_handler
from scimweave_server.http.metrics import Metrics


@pytest.fixture
def mapping(mapping: Path) -> Path:
    mapping.write_text(mapping.read_text() + "\nguard: { leavers: 2 }\n")
    return mapping


@pytest.fixture
async def client(engine: Engine, aiohttp_client: Serve) -> Client:
    metrics = Metrics()
    engine["preciate"]._journal.listener = metrics.operation
    return await aiohttp_client(RawTestServer(create_handler(engine, metrics=metrics)))


async def value(client: Client, name: str, **labels: str) -> float:
    async with client.get("/metrics") as answer:
        text = await answer.text()
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def test_leavers_of_one_bulk_request_are_held_and_the_provider_reads_that_they_left(
    call: Provider, target: Employees
) -> None:
    ids = [(await call("POST", "/Users", {"userName": f"u{each}"})).body["id"] for each in range(5)]
    leave = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    operations = [
        *({"method": "PATCH", "path": f"/Users/{each}", "data": leave} for each in ids[:4]),
        {"method": "DELETE", "path": f"/Users/{ids[4]}"},
    ]
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = await call("POST", "/Bulk", {"schemas": [schema], "Operations": operations})
    assert [each["status"] for each in answer.body["Operations"]] == ["200"] * 4 + ["204"]
    assert (await call("GET", f"/Users/{ids[3]}")).body["active"] is False
    assert (await call("GET", f"/Users/{ids[4]}")).status == 404
    assert [bool(row["is_active"]) for row in target.rows()] == [False, False, True, True, True]
    assert await value(call.client, "scim_held", integration="preciate") == 3
    held = {"operation": "deactivate", "outcome": "held"}
    assert await value(call.client, "scim_operations_total", **held) == 2
