"""A provider of the directory mapping: every attribute, and groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import RawTestServer

from directory import Directory
from provider import Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave.provisioning.lifecycle.journal import Event
from scimweave_server.http.handler import create_handler


@pytest.fixture
async def engine(
    directory: Directory, directory_file: Path, store_url: str, events: list[Event]
) -> AsyncIterator[Engine]:
    async with Engine.open(directory_file, store=store_url, listener=events.append) as opened:
        yield opened


@pytest.fixture
async def call(engine: Engine, aiohttp_client: Serve) -> Provider:
    secret, _ = await generate_key(engine.store, "directory")
    return Provider(
        await aiohttp_client(RawTestServer(create_handler(engine))), "/scim/directory/v2", secret
    )
