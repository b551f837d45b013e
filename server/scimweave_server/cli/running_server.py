"""A server that runs on this machine, asked over the socket beside its store."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from scimweave_server.http.operators import socket_address, socket_of

MAX_LINE = 16 * 1024 * 1024


class NoServer(Exception):
    """No server runs on that store."""


class Refused(Exception):
    """The server does not do what was asked; the message says why."""


async def ask(store: Path, what: str, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Ask a server for something and return the lines of its answer, the last with ``end``.

    Raises ``NoServer``, ``Refused``, and ``OSError`` where the socket may not be used.
    """
    path = socket_of(store)
    with socket_address(path) as address:
        connector = aiohttp.UnixConnector(address)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, read_bufsize=MAX_LINE
        ) as session:
            try:
                async with session.post(f"http://server/{what}", json=body) as answer:
                    if answer.status != 200:
                        raise Refused((await answer.json())["error"])
                    async for line in answer.content:
                        yield orjson.loads(line)
            except aiohttp.ClientConnectorError as error:
                if isinstance(error.os_error, FileNotFoundError | ConnectionRefusedError):
                    raise NoServer from None
                raise OSError(f"the server cannot be asked: {error.os_error.strerror}") from None
            except aiohttp.ClientError:
                # The server went away: there is no last line.
                return
