"""scimweave simulate …"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from scimweave_server.cli.options import FINDINGS, Json, fail, print_json, run_loop
from scimweave_server.simulate.dialect import Dialect

if TYPE_CHECKING:
    from rich.console import Console

    from scimweave_server.simulate.entra import EntraProvisioning
    from scimweave_server.simulate.outcome import CycleReport
    from scimweave_server.simulate.people import Cycle

USAGE = 2

app = typer.Typer(no_args_is_help=True)


@app.callback()
def simulate() -> None:
    """Behave like an identity provider."""


@app.command()
def entra(
    url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Tenant URL; with ?aadOptscim062020 it selects the compact dialect, as in Entra.",
        ),
    ],
    token: Annotated[
        str, typer.Option(metavar="TOKEN", envvar="SCIMWEAVE_TOKEN", help="Secret Token.")
    ],
    people: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="CSV of people: one file a cycle, or one file with a column `cycle`. Repeatable.",
        ),
    ],
    dialect: Annotated[
        Dialect | None, typer.Option(help="How a PATCH is written; as the URL says unless given.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Remembers between runs who was provisioned."),
    ] = None,
    cycle: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Run this cycle only.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="How many people at the same time.")
    ] = 4,
    as_json: Json = False,
) -> None:
    """Provision people as Microsoft Entra ID does: probe, match, create, update, disable, delete.

    The columns are userPrincipalName, displayName, jobTitle, givenName, surname, mailNickname,
    department, accountEnabled, and if need be objectId (who somebody is when the
    userPrincipalName changes), cycle, and action (delete). Whoever is missing from a later cycle
    is no longer assigned. Ends with 1 when anything failed.
    """
    from rich.console import Console

    from scimweave_server.simulate.entra import EntraProvisioning
    from scimweave_server.simulate.links import Links, StateError
    from scimweave_server.simulate.people import PeopleError, read_people
    from scimweave_server.simulate.tenant import TenantError

    try:
        cycles = _chosen(read_people(people), cycle)
        provisioning = EntraProvisioning(url, token, dialect=dialect, concurrency=concurrency)
        if state is not None:
            provisioning.links = Links.load(state, provisioning.tenant.url)
    except (PeopleError, TenantError, StateError) as error:
        _usage(str(error))
    reports: list[CycleReport] = []
    stopped = run_loop(_run(provisioning, cycles, state, reports, Console(stderr=True)))
    _print(provisioning, reports, stopped, as_json=as_json)
    if stopped is not None or any(report.failed for report in reports):
        raise typer.Exit(FINDINGS)


def _chosen(cycles: list[Cycle], number: int | None) -> list[Cycle]:
    if number is None:
        return cycles
    chosen = [cycle for cycle in cycles if cycle.number == number]
    if not chosen:
        known = ", ".join(str(cycle.number) for cycle in cycles)
        _usage(f"there is no cycle {number}; there are {known}")
    return chosen


async def _run(
    provisioning: EntraProvisioning,
    cycles: list[Cycle],
    state: Path | None,
    reports: list[CycleReport],
    console: Console,
) -> str | None:
    """Run the cycles into ``reports``; return why no further one was possible, or None."""
    from scimweave_server.simulate.endpoint import ConnectionTestFailed
    from scimweave_server.simulate.links import StateError
    from scimweave_server.simulate.report import ProgressBar

    try:
        async with provisioning:
            with ProgressBar(console) as progress:
                for cycle in cycles:
                    try:
                        reports.append(await provisioning.run(cycle, progress))
                    finally:
                        if state is not None:
                            provisioning.links.save(state, provisioning.tenant.url)
    except ConnectionTestFailed as error:
        return f"test connection: {error}"
    except StateError as error:
        return str(error)
    return None


def _print(
    provisioning: EntraProvisioning,
    reports: list[CycleReport],
    stopped: str | None,
    *,
    as_json: bool,
) -> None:
    from rich.console import Console

    from scimweave_server.simulate.report import print_summary

    if as_json:
        summary: dict[str, Any] = {
            "url": provisioning.tenant.url,
            "dialect": provisioning.dialect.value,
            "ok": stopped is None and not any(report.failed for report in reports),
            "error": stopped,
            "cycles": [report.to_dict() for report in reports],
        }
        print_json(summary)
    elif reports:
        print_summary(reports, Console())
    if stopped is not None:
        fail(stopped)


def _usage(message: str) -> NoReturn:
    for line in message.splitlines():
        typer.echo(f"error: {line}", err=True)
    raise typer.Exit(USAGE)
