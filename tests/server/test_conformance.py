"""The conformance suite of the field, whole, against the running server and every attribute."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, Status, check_server

from serving import scimweave, serving

MAPPING = Path(__file__).parents[2] / "mappings" / "directory.yaml"

pytestmark = pytest.mark.slow


def check(url: str, token: str) -> list[CheckResult]:
    headers = {"Authorization": f"Bearer {token}"}
    with Client(base_url=url, headers=headers, timeout=30) as http:
        provider = SyncSCIMClient(http)
        provider.discover()
        return check_server(provider)


async def test_conformance_suite_passes_whole(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", f"sqlite:///{tmp_path / 'directory.db'}")
    await scimweave("init-target", str(MAPPING))
    _, token, _ = await scimweave(
        "key", "generate", "directory", "--quiet", "--store", store_url, "--mappings", str(MAPPING)
    )
    async with serving(MAPPING, store=store_url) as server:
        results = await asyncio.to_thread(check, server.url, token.strip())
    failed = [
        f"{each.title}: {each.reason}"
        for each in results
        if each.status in {Status.ERROR, Status.CRITICAL}
    ]
    assert not failed, "\n".join(failed)
    assert sum(each.status is Status.SUCCESS for each in results) > 100
