"""scimweave reconcile."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    FINDINGS,
    Json,
    StoreUrl,
    duration,
    expected_errors,
    print_json,
    run_loop,
)
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from pathlib import Path

    from scimweave.mapping import Program
    from scimweave.provisioning.importing import Progress
    from scimweave.provisioning.reconcile import Reconciled


def reconcile(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Write what differs, through the life cycle.")
    ] = False,
    max_repairs: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Repair nothing where more than N repairs would take a value or an account away.",
        ),
    ] = 100,
    every: Annotated[
        timedelta | None,
        typer.Option(parser=duration, metavar="TIME", help="Again and again: 1h, 30m."),
    ] = None,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    count: Annotated[int, typer.Option("-n", min=0, help="Show the first N of each kind.")] = 20,
    as_json: Json = False,
) -> None:
    """Compare all accounts of the target with what is stored here, and repair them if asked to.

    Accounts that belong to nobody here are listed and never touched. Ends with 1 where an account
    is left that is not right.
    """
    left = False
    while True:
        with expected_errors():
            reports = _once(integration, mappings, store, max_repairs if repair else None)
        left = any(len(each.drifted) > each.repaired for each in reports)
        if as_json:
            from scimweave_server.cli.reconciled import reconciled_to_dict

            print_json([reconciled_to_dict(each) for each in reports])
        else:
            from scimweave_server.cli.reconciled import print_reconciled

            if every is not None:
                print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
            print_reconciled(integration, reports, count, repair=repair)
        if every is None:
            break
        try:
            time.sleep(every.total_seconds())
        except KeyboardInterrupt:
            break
    if left:
        raise typer.Exit(FINDINGS)


def _once(integration: str, mappings: list[Path], store: str, most: int | None) -> list[Reconciled]:
    from scimweave_server.cli.import_progress import progress_bars

    # Read anew each time: a mapping may have been edited since.
    program = live_program(integration, mappings)
    with progress_bars() as progress:
        return run_loop(_reconcile(program, store, most, progress))


async def _reconcile(
    program: Program, store: str, most: int | None, progress: Progress
) -> list[Reconciled]:
    from scimweave.provisioning.engine import Engine
    from scimweave.provisioning.integration import Integration
    from scimweave_server.cli.options import open_existing_store

    if most is None:
        async with (
            open_existing_store(store) as opened,
            Integration.looking(program, opened) as looking,
        ):
            return await looking.reconcile(progress=progress)
    async with Engine.open(program.file, store=store) as engine:
        return await engine[program.integration].reconcile(most=most, progress=progress)
