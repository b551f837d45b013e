"""scimweave itself as a SCIM service, with mappings/directory.yaml."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import RawTestServer

from directory import DIRECTORY
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave_server.http.handler import create_handler


@dataclass(frozen=True)
class OwnService:
    """A running service: its base, and a key that opens it."""

    url: str
    token: str


@asynccontextmanager
async def running_own(store_url: str, mapping: Path = DIRECTORY) -> AsyncIterator[OwnService]:
    """Serve the directory; its tables have to be there."""
    async with Engine.open(mapping, store=store_url) as engine:
        secret, _ = await generate_key(engine.store, "directory")
        server = RawTestServer(create_handler(engine))
        await server.start_server()
        try:
            yield OwnService(str(server.make_url("/scim/directory/v2")), secret)
        finally:
            await server.close()
