from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from provider import Client, Provider
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.keys import generate_key
from scimweave_server.http.app import create_app


@pytest.fixture
async def client(
    engine: Engine, aiohttp_client: Callable[[web.Application], Awaitable[Client]]
) -> Client:
    return await aiohttp_client(create_app(engine))


@pytest.fixture
async def token(engine: Engine) -> str:
    secret, _ = await generate_key(engine.store, "preciate")
    return secret


@pytest.fixture
def call(client: Client, token: str) -> Provider:
    return Provider(client, "/api/v1/scim", token)
