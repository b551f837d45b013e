from __future__ import annotations

import timeit
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer, make_mocked_request
from prometheus_client.parser import text_string_to_metric_families

from provider import Client, Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave_server.http.handler import create_handler
from scimweave_server.http.metrics import ADDRESSED, Metrics


@pytest.fixture
def metrics(engine: Engine) -> Metrics:
    return Metrics()


@pytest.fixture
async def client(
    engine: Engine,
    metrics: Metrics,
    aiohttp_client: Serve,
) -> Client:
    engine["preciate"]._journal.listener = metrics.operation
    return await aiohttp_client(RawTestServer(create_handler(engine, metrics=metrics)))


async def scraped(client: Client) -> dict[tuple[str, ...], float]:
    """Read /metrics: values by name and the values of the labels, in the order of their names."""
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_requests_operations_and_quirks_are_counted(call: Provider) -> None:
    body = {"userName": "ada", "nickName": "x", "active": "True"}
    one = f"/Users/{(await call('POST', '/Users', body)).body['id']}"
    await call("POST", "/Users", body)
    await call("PATCH", one, {"Operations": [{"op": "Replace", "path": "title", "value": "x"}]})
    await call("GET", "/Users?filter=title+eq+x")
    await call("GET", "/Schemas", headers={"Authorization": "Bearer wrong"})
    found = await scraped(call.client)
    expected: dict[tuple[str, ...], int] = {
        ("scim_requests_total", "preciate", "POST", "Users", "201"): 1,
        ("scim_requests_total", "preciate", "POST", "Users", "409"): 1,
        ("scim_requests_total", "preciate", "PATCH", "Users", "200"): 1,
        ("scim_requests_total", "preciate", "GET", "Schemas", "401"): 1,
        ("scim_request_seconds_count", "preciate", "POST"): 2,
        ("scim_operations_total", "preciate", "create", "done"): 1,
        ("scim_operations_total", "preciate", "update", "done"): 1,
        ("scim_quirk_total", "preciate", "Q1"): 1,
        ("scim_quirk_total", "preciate", "Q2"): 2,
        ("scim_quirk_total", "preciate", "Q45"): 1,
        ("scim_unmapped_total", "nickName", "preciate"): 2,
        ("scim_open_intents", "preciate"): 0,
        ("scim_held", "preciate"): 0,
    }
    assert {key: found.get(key) for key in expected} == expected


async def test_what_comes_from_outside_makes_no_labels(call: Provider) -> None:
    for method in ("PROPFIND", "LOCK", "COPY"):
        await call("GET", f"/{method}")
        await call(method, "/Users")
    async with call.client.get("/nowhere") as answer:
        assert answer.status == 404
    found = await scraped(call.client)
    assert found[("scim_requests_total", "preciate", "GET", "other", "404")] == 3
    assert found[("scim_requests_total", "preciate", "other", "Users", "405")] == 3
    assert found[("scim_requests_total", "", "GET", "other", "404")] == 1


async def test_without_metrics_there_is_no_page(engine: Engine, aiohttp_client: Serve) -> None:
    client = await aiohttp_client(RawTestServer(create_handler(engine)))
    async with client.get("/metrics") as answer:
        assert answer.status == 404


def test_counting_costs_little(metrics: Any) -> None:
    request = make_mocked_request("GET", "/")
    request[ADDRESSED] = ("preciate", "Users")
    seconds = timeit.repeat(lambda: metrics._answered(request, 200, 0.003), number=1000, repeat=9)
    assert min(seconds) / 1000 < 10e-6
