from __future__ import annotations

import pytest
from aiohttp.test_utils import RawTestServer

from provider import Client, Provider, Serve
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave_server.http.handler import create_handler


@pytest.fixture
async def client(engine: Engine, aiohttp_client: Serve) -> Client:
    return await aiohttp_client(RawTestServer(create_handler(engine)))


@pytest.fixture
async def token(engine: Engine) -> str:
    secret, _ = await generate_key(engine.store, "preciate")
    return secret


@pytest.fixture
def call(client: Client, token: str) -> Provider:
    return Provider(client, "/api/v1/scim", token)
