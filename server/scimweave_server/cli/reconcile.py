"""scimweave reconcile."""

from __future__ import annotations

import sys
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
    from scimweave.provisioning.progress import Progress
    from scimweave_server.cli.server_work import Report


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

    Accounts that belong to nobody here are listed and never touched. A running server repairs
    itself; without one this process does. Ends with 1 where an account
    is left that is not right.
    """
    if every is not None and every < timedelta(seconds=1):
        raise typer.BadParameter("at least a second", param_hint="--every")
    most = max_repairs if repair else None
    while True:
        left = _round(integration, mappings, store, most, count, as_json, again=every is not None)
        if every is None:
            break
        try:
            time.sleep(every.total_seconds())
        except KeyboardInterrupt:
            break
    if left:
        raise typer.Exit(FINDINGS)


def _round(
    integration: str,
    mappings: list[Path],
    store: str,
    most: int | None,
    count: int,
    as_json: bool,
    *,
    again: bool,
) -> bool:
    """Look once, and print; returns whether an account is left that is not right."""
    if again:
        # Of a failure too, somebody wants to know when it was.
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", file=sys.stderr if as_json else None)
        sys.stdout.flush()
    try:
        with expected_errors():
            reports = _once(integration, mappings, store, most)
    except typer.Exit:
        if not again:
            raise
        # The target may be back by the next time.
        return True
    if as_json:
        print_json(reports)
    else:
        from scimweave_server.cli.reconciled import print_reconciled

        print_reconciled(integration, reports, count, repair=most is not None)
    return any(len(each["drifted"]) > each["repaired"] for each in reports)


def _once(integration: str, mappings: list[Path], store: str, most: int | None) -> list[Report]:
    from scimweave_server.cli.import_progress import progress_bars

    # Read anew each time: a mapping may have been edited since.
    program = live_program(integration, mappings)
    with progress_bars() as progress:
        return run_loop(_reconcile(program, store, most, progress))


async def _reconcile(
    program: Program, store: str, most: int | None, progress: Progress
) -> list[Report]:
    from scimweave.provisioning.integration import Integration
    from scimweave_server.cli.options import open_existing_store
    from scimweave_server.cli.server_work import done_by_server_or_here

    if most is None:
        async with (
            open_existing_store(store) as opened,
            Integration.looking(program, opened) as looking,
        ):
            return [each.to_dict() for each in await looking.reconcile(progress=progress)]

    async def here(integration: Integration) -> list[Report]:
        found = await integration.reconcile(most=most, progress=progress)
        return [each.to_dict() for each in found]

    options = {"most": most}
    return await done_by_server_or_here("reconcile", program, store, options, progress, here)
