"""scimweave replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import Json, expected_errors, fail, print_json, run_loop
from scimweave_server.cli.plan import CHANGES
from scimweave_server.cli.programs import file_of, live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave_server.replay.run import Comparison


def replay(
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `scimweave record` wrote.")
    ],
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="The changed mapping.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The mapping to compare with; without it, the live one."),
    ] = None,
    mappings: Mappings = DEFAULT_MAPPINGS,
    count: Annotated[int, typer.Option("-n", min=0, help="Show the first N differences.")] = 10,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 2 where something would differ.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send recorded traffic to two versions of a mapping, and show what would have been different.

    All in memory: accounts there, a store that is thrown away; no target is touched.
    """
    from scimweave_server.replay.recording import RecordingError, read_head

    with expected_errors():
        try:
            head = read_head(recording)
            if against is None:
                before = live_program(head.integration, mappings)
            else:
                before = file_of(head.integration, against)
            after = file_of(head.integration, file)
            found = run_loop(_replay(recording, before, after, count))
        except RecordingError as error:
            fail(str(error))
    from scimweave_server.cli import replayed

    if as_json:
        print_json(replayed.to_dict(head, before, after, found))
    else:
        replayed.print_comparison(head, before, after, found)
    if exit_code and found.differs:
        raise typer.Exit(CHANGES)


async def _replay(recording: Path, before: Program, after: Program, count: int) -> Comparison:
    from scimweave_server.http.logs import without_logs
    from scimweave_server.replay.recording import read_requests
    from scimweave_server.replay.run import replay

    with without_logs():
        return await replay(read_requests(recording), before, after, keep=count)
