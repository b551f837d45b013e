"""The servers that are measured, each a process of its own on a free port."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAPPINGS = ROOT / "mappings"
SCIMMY = ROOT / "bench" / "peers" / "scimmy"
SCIMWEAVE = [sys.executable, "-m", "scimweave_server"]


class Unavailable(Exception):
    """A server that cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Server:
    """A server that answers at ``url``."""

    url: str
    token: str
    pid: int


@contextmanager
def scimweave(folder: Path, integration: str = "preciate") -> Iterator[Server]:
    """Serve a shipped mapping from empty files, durable writes as always."""
    variable = f"{integration.upper()}_DATABASE_URL"
    environment = {**os.environ, variable: f"sqlite:///{folder / 'target.db'}"}
    mapping = str(MAPPINGS / f"{integration}.yaml")
    store = ["--store", f"sqlite:///{folder / 'store.db'}"]

    def run(*words: str) -> str:
        return subprocess.run(
            [*SCIMWEAVE, *words], env=environment, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    run("init-target", mapping)
    token = run("key", "generate", integration, "--quiet", "--mappings", mapping, *store)
    command = [*SCIMWEAVE, "serve", mapping, "--port", "0", *store]
    with _started(command, r"Tenant URL\s+(\S+)", folder, environment) as (url, pid):
        yield Server(url, token.strip(), pid)


@contextmanager
def scim2_server(folder: Path) -> Iterator[Server]:
    """Serve scim2-server's ASGI application from memory, by uvicorn on uvloop and httptools."""
    if missing := [name for name in ("scim2_server", "uvicorn", "httptools") if not _has(name)]:
        raise Unavailable(f"{', '.join(missing)} not installed: pip install 'scimweave[bench]'")
    command = [sys.executable, str(ROOT / "examples" / "scim-relay" / "service.py")]
    with _started(command, r"ready (\d+)", folder) as (port, pid):
        yield Server(f"http://127.0.0.1:{port}/v2", "none", pid)


@contextmanager
def scimmy(folder: Path) -> Iterator[Server]:
    """Serve SCIMMY from plain maps by its own routers, in Express, with a bearer token."""
    with _node("express.mjs", folder) as (port, pid):
        yield Server(f"http://127.0.0.1:{port}/scim", "none", pid)


@contextmanager
def bare_scimmy(folder: Path) -> Iterator[Server]:
    """Serve SCIMMY's User from plain maps by node's bare HTTP server."""
    with _node("bare.mjs", folder) as (port, pid):
        yield Server(f"http://127.0.0.1:{port}", "none", pid)


@contextmanager
def _node(script: str, folder: Path) -> Iterator[tuple[str, int]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unavailable("node and npm are not installed")
    if not (SCIMMY / "node_modules" / "scimmy-routers").exists():
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(install, cwd=SCIMMY, check=False).returncode:
            raise Unavailable(f"npm cannot install {SCIMMY / 'package.json'}")
    environment = {**os.environ, "NODE_ENV": "production"}
    with _started([node, str(SCIMMY / script)], r"ready (\d+)", folder, environment) as started:
        yield started


Start = Callable[[Path], AbstractContextManager[Server]]
OURS = "scimweave"
# No server that a provider could be pointed at: it shows what node and SCIMMY's core cost alone.
BARE = "scimmy bare"
SERVERS: dict[str, Start] = {
    OURS: scimweave,
    "scim2-server": scim2_server,
    "scimmy": scimmy,
    BARE: bare_scimmy,
}


@contextmanager
def _started(
    command: list[str], ready: str, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Start a server, and wait for the line on its standard output that says where it is."""
    log = folder / "log"
    with log.open("w") as errors, subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=errors
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(ready, line):
                    break
            else:
                raise Unavailable(f"{command[0]} ended: {log.read_text()[-500:]}")
            yield found[1], process.pid
        finally:
            process.terminate()


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
