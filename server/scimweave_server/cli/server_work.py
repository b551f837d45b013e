"""Long work on an integration, done by the server that runs on the store, or here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from scimweave_server.cli.options import fail

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave.provisioning.integration import Integration
    from scimweave.provisioning.progress import Progress

Report = dict[str, Any]


async def done_by_server_or_here(
    what: str,
    program: Program,
    store: str,
    options: dict[str, Any],
    progress: Progress,
    here: Callable[[Integration], Awaitable[list[Report]]],
) -> list[Report]:
    """Return the reports of work on an integration, one a section.

    Whoever does it holds the store for itself, with the locks of the people in it.
    """
    from scimweave.provisioning.engine import Engine
    from scimweave.store.sqlite_file import path_of
    from scimweave_server.cli.running_server import NoServer, Refused, ask

    body = {"integration": program.integration, "revision": program.revision, **options}
    reports: list[Report] = []
    try:
        async with aclosing(ask(path_of(store), what, body)) as lines:
            async for line in lines:
                if "progress" in line:
                    progress(*line["progress"])
                elif "report" in line:
                    reports.append(line["report"])
                elif "more" in line:
                    for name, rest in line["more"].items():
                        reports[-1][name] += rest
                elif line["end"] is None:
                    return reports
                else:
                    fail(line["end"])
        fail("the server ended; run it again for the rest")
    except Refused as refused:
        fail(str(refused))
    except NoServer:
        async with Engine.open(program.file, store=store) as engine:
            return await here(engine[program.integration])
