"""scim2-server's ASGI application over its own storage in memory, served by uvicorn."""

from __future__ import annotations

import socket

import uvicorn
from scim2_models import ScimProvider
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)


def main() -> None:
    """Serve on a free port, and say which one."""
    application = ASGIApplication(
        AsyncInMemoryStorage(),
        ScimProvider.from_discovery(
            load_default_schemas().values(),
            load_default_resource_types().values(),
            config=load_default_service_provider_config(),
        ),
    )
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"ready {listening.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
