"""The command line and the server as processes of their own."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

SCIMWEAVE = [sys.executable, "-m", "scimweave_server"]
PATIENCE = 20.0


class Server:
    """A running ``scimweave serve``; ``url`` is the Tenant URL of its (last) integration."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.url = ""
        self.output: list[str] = []

    async def ready(self) -> None:
        """Wait until connections are accepted."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode()
            self.output.append(line)
            if found := re.search(r"Tenant URL\s+(\S+)", line):
                self.url = found[1]
            if line.strip() == "ready":
                return
        raise AssertionError(f"the server ended: {(await self.rest())[-2000:]}")

    async def logged(self, text: str) -> str:
        """Wait for a line of the log that holds ``text``."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            async for raw in self.process.stderr:
                if text in (line := raw.decode()):
                    return line
        raise AssertionError(f"the server ended without logging {text!r}")

    async def rest(self) -> str:
        """Return what is left of the log of a server that has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def serving(*paths: Path, store: str, options: Sequence[str] = ()) -> AsyncIterator[Server]:
    """Serve mappings on a free port; killed at the end where it still runs."""
    process = await asyncio.create_subprocess_exec(
        *SCIMWEAVE, "serve", *map(str, paths), "--store", store, "--port", "0", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    try:
        server = Server(process)
        async with asyncio.timeout(PATIENCE):
            await server.ready()
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def scimweave(*words: str) -> tuple[int, str, str]:
    """Run a command; returns exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *SCIMWEAVE, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def new_key(mapping: Path, store: str) -> str:
    """Generate a key of the reference integration; returns the secret."""
    code, output, errors = await scimweave(
        "key", "generate", "preciate", "--quiet", "--store", store, "--mappings", str(mapping)
    )
    assert code == 0, errors
    return output.strip()
