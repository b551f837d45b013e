"""Mapping files reload on change; a file that does not lint is reported, the old one stays."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
from watchfiles import awatch

from scimweave.mapping import Diagnostic
from scimweave.provisioning.engine import Engine

log = structlog.get_logger("scimweave.mapping")


async def watch(engine: Engine, stop: asyncio.Event) -> None:
    """Reload ``engine`` with each change of a mapping file, until ``stop``."""
    # Folders are watched: most editors replace a file, and the old one would be watched in vain.
    folders = {path if path.is_dir() else path.parent for path in map(Path, engine.paths)}
    async for _ in awatch(*folders, stop_event=stop, recursive=False, step=50):
        reloaded = await engine.reload()
        for name in reloaded.integrations:
            log.info("mapping reloaded", integration=name, revision=engine[name].program.revision)
        report(reloaded.findings)


def report(findings: tuple[Diagnostic, ...]) -> None:
    """Show the linter's message to the operator, and log where and what."""
    for finding in findings:
        log.error("mapping refused, the running one stays", **finding.to_dict())
        print(finding.render(color=sys.stderr.isatty()), file=sys.stderr, flush=True)
