"""The small SaaS of examples/rest-api, in this process and on a real port."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

FILE = Path(__file__).parents[2] / "examples" / "rest-api" / "saas.py"


def _loaded() -> Any:
    name = "example_saas"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FILE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look their module up.
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@dataclass(frozen=True)
class RunningSaas:
    """The service; ``service`` is its ``Saas``, ``url`` the address of its API."""

    service: Any
    url: str

    def options(self, **more: Any) -> dict[str, Any]:
        """Return what a mapping file says of it."""
        settings = self.service.settings
        return {
            "url": self.url,
            "auth": {
                "oauth2": {
                    "token_url": f"{self.url.removesuffix('/v1')}/oauth/token",
                    "client_id": settings.client_id,
                    "client_secret": settings.client_secret,
                }
            },
            "idempotency_header": "Idempotency-Key",
            "answers": {"item": "item", "items": "items"},
            "paging": {
                "style": "cursor",
                "parameter": "cursor",
                "next": "next_cursor",
                "size_parameter": "limit",
            },
            "groups": {
                "members": {"path": "/teams/{key}/members", "key": "employee_id"},
                "add_members": {
                    "path": "/teams/{key}/members",
                    "method": "POST",
                    "body": "{employee_ids: members}",
                },
                "remove_members": {
                    "path": "/teams/{key}/members/remove",
                    "method": "POST",
                    "body": "{employee_ids: members}",
                },
            },
            "users": {"calls": {"sign_out": {"path": "/employees/{key}/sign-out"}}},
            **more,
        }


@asynccontextmanager
async def running_saas(**settings: Any) -> AsyncIterator[RunningSaas]:
    """Serve until the end of the block; ``settings`` are those of the service."""
    module = _loaded()
    # The contract asks faster than people are hired.
    service = module.Saas(module.Settings(**{"rate": 100_000, **settings}))
    server = TestServer(service.app())
    await server.start_server()
    try:
        yield RunningSaas(service, str(server.make_url("/v1")))
    finally:
        await server.close()
