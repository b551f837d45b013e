"""scimweave import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    StoreUrl,
    expected_errors,
    fail,
    print_json,
    run_loop,
)
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave.provisioning.progress import Progress
    from scimweave_server.cli.server_work import Report

_AGAIN = "broken off: what is linked stays linked; run it again to go on"


def import_accounts(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only tell, and change nothing."),
    ] = False,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Make users and groups of the accounts that are at the target, and link them.

    Nothing is written to the target. A running server does it itself; without one this process
    does. Run it again at any time: what is linked is passed over.
    Ends with 1 where accounts are left that a person has to decide about.
    """
    with expected_errors():
        from scimweave_server.cli.import_progress import progress_bars
        from scimweave_server.cli.imported import print_imported

        program = live_program(integration, mappings)
        try:
            with progress_bars() as progress:
                reports = run_loop(_import(program, store, progress, dry_run))
        except KeyboardInterrupt:
            fail(_AGAIN)
    if as_json:
        print_json([{"dry_run": dry_run, **each} for each in reports])
    else:
        print_imported(program.integration, reports, dry_run)
    if any(each["open"] or each["stopped"] for each in reports):
        raise typer.Exit(1)


async def _import(program: Program, store: str, progress: Progress, dry_run: bool) -> list[Report]:
    from scimweave.provisioning.integration import Integration
    from scimweave_server.cli.options import open_store
    from scimweave_server.cli.server_work import done_by_server_or_here

    if dry_run:
        async with open_store(store) as opened, Integration.looking(program, opened) as looking:
            return [
                each.to_dict() for each in await looking.import_accounts(progress, dry_run=True)
            ]

    async def here(integration: Integration) -> list[Report]:
        return [each.to_dict() for each in await integration.import_accounts(progress)]

    return await done_by_server_or_here("import", program, store, {}, progress, here)
