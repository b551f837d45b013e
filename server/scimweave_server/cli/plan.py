"""scimweave plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    StoreUrl,
    expected_errors,
    open_existing_store,
    print_json,
    run_loop,
)
from scimweave_server.cli.programs import file_of, live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave.provisioning.planning.plan import Plan

CHANGES = 2


def plan(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="A mapping that is not live yet; without it, the live."
        ),
    ] = None,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    count: Annotated[int, typer.Option("-n", min=0, help="Show the first N differences.")] = 10,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 2 where something would change.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a mapping would do to everybody who is stored; nothing is changed.

    It compares with what was delivered last, beside a running server; the target is not asked.
    """
    with expected_errors():
        live = live_program(integration, mappings)
        program = live if file is None else file_of(integration, file)
        made = run_loop(make_plan(store, program, live, count))
    if as_json:
        from scimweave_server.cli.planned import plan_to_dict

        print_json(plan_to_dict(made, count))
    else:
        from scimweave_server.cli.planned import print_plan

        print_plan(made, count)
    if exit_code and made.changed:
        raise typer.Exit(CHANGES)


async def make_plan(store: str, program: Program, live: Program, count: int) -> Plan:
    """Read everybody who is stored and compare."""
    from scimweave.provisioning.planning.plan import plan

    async with open_existing_store(store) as opened:
        return await plan(opened, program, live, keep=count)
