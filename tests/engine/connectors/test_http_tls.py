from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scimweave.connectors.base import Connector, TargetError, Unreachable
from scimweave.connectors.contract import SHAPE, refused
from scimweave.connectors.rest.connector import RestConnector

pytestmark = pytest.mark.usefixtures("openssl")


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """Make a certificate that is its own authority; returns the files of it and of its key."""
    file, key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *words, *names, "-out", file, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return file, key


@asynccontextmanager
async def target(
    folder: Path, tls: dict[str, Any], client_ca: str | None = None
) -> AsyncIterator[Connector]:
    """Serve nobody over TLS; with ``client_ca``, only to those with a certificate."""

    async def nobody(request: web.Request) -> web.Response:
        return web.json_response([])

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(folder, "server"))
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    app = web.Application()
    app.router.add_get("/employees", nobody)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    options = {"url": str(server.make_url("/")), "tls": tls, "retry": {"attempts": 1}}
    connector = RestConnector.open(options, SHAPE)
    try:
        yield connector
    finally:
        await connector.close()
        await server.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with target(tmp_path, {}) as connector:
        error = await refused(TargetError, connector.health())
    assert "a certificate that is not trusted; see tls.ca" in str(error)


async def test_the_declared_authority_is_trusted(tmp_path: Path) -> None:
    async with target(tmp_path, {"ca": str(tmp_path / "server.pem")}) as connector:
        await connector.health()


async def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "client")
    trusted = {"ca": str(tmp_path / "server.pem")}
    async with target(tmp_path, trusted, client_ca=file) as connector:
        await refused(Unreachable, connector.health())
    own = {**trusted, "certificate": file, "key": key}
    async with target(tmp_path, own, client_ca=file) as connector:
        await connector.health()


async def test_files_that_are_no_certificates_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for tls in ({"ca": str(tmp_path / "none.pem")}, {"certificate": str(tmp_path / "empty.pem")}):
        options = {"url": "https://api.example.com", "tls": tls}
        with pytest.raises(TargetError, match="the certificates under tls cannot be used"):
            RestConnector.open(options, SHAPE)
