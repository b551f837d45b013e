"""Mapping files reload on change; a file that does not lint is reported, the old one stays."""

from __future__ import annotations

import asyncio
import sys

import structlog
from watchfiles import awatch

from scimweave.mapping import Diagnostic
from scimweave.provisioning.engine import Engine

log = structlog.get_logger("scimweave.mapping")
_REFUSED = "mapping refused, the running one stays"


async def watch(engine: Engine, stop: asyncio.Event) -> None:
    """Reload ``engine`` with each change of a mapping file, until ``stop``."""
    while not stop.is_set():
        # Folders are watched: most editors replace a file, and the old one would be watched in
        # vain. An edit may name files in others.
        folders = engine.folders()
        present = [folder for folder in folders if folder.is_dir()]
        is_first = True
        async for changes in awatch(
            *present,
            stop_event=stop,
            recursive=False,
            step=50,
            rust_timeout=1000,
            yield_on_timeout=True,
        ):
            # What was saved before the watch began is met when it first has nothing to tell.
            if changes or is_first:
                await _reload(engine)
            is_first = False
            if engine.folders() != folders:
                break


async def _reload(engine: Engine) -> None:
    reloaded = await engine.reload()
    for name in reloaded.integrations:
        log.info("mapping reloaded", integration=name, revision=engine[name].program.revision)
    report(reloaded.findings)


def report(findings: tuple[Diagnostic, ...]) -> None:
    """Log where and what is wrong; on a terminal with the linter's message in place of its parts.

    Elsewhere every line of standard error is JSON, and stays so.
    """
    for finding in findings:
        if sys.stderr.isatty():
            log.error(_REFUSED)
            print(finding.render(color=True), file=sys.stderr, flush=True)
        else:
            log.error(_REFUSED, **finding.to_dict())
