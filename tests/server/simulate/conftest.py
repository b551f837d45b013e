from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from scim_directory import ScimDirectory
from scimweave_server.simulate.entra import EntraProvisioning
from scimweave_server.simulate.people import Cycle, read_people

HEADER = "objectId,userPrincipalName,displayName,jobTitle,givenName,surname,department"


@pytest.fixture
def directory() -> ScimDirectory:
    return ScimDirectory()


@pytest.fixture
async def url(directory: ScimDirectory) -> AsyncIterator[str]:
    async with TestServer(directory.app) as server:
        yield str(server.make_url("/scim"))


@pytest.fixture
def waits() -> list[float]:
    """Seconds that were waited for the endpoint, had time been real."""
    return []


@pytest.fixture
async def entra(url: str, waits: list[float]) -> AsyncIterator[EntraProvisioning]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with EntraProvisioning(url, "s3cr3t-t0ken", sleep=sleep) as provisioning:
        yield provisioning


@pytest.fixture
def cycle(tmp_path: Path) -> Callable[..., Cycle]:
    """Make a cycle of CSV rows."""

    def make(*rows: str, header: str = HEADER) -> Cycle:
        file = tmp_path / "people.csv"
        file.write_text("\n".join([header, *rows]), encoding="utf-8")
        return read_people([file])[0]

    return make
