"""scimweave guard: leavers that are held, and what becomes of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    FINDINGS,
    Json,
    StoreUrl,
    expected_errors,
    fail,
    open_store_of,
    print_json,
    run_loop,
)
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program

# What became of an account, so that nobody takes a dropped deletion for one that was done.
_BECAME = {
    "release": "account {account}: {was}",
    "drop": "account {account} stays as it is: no {was}",
}

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the integration.")]
People = Annotated[
    list[str] | None, typer.Argument(metavar="USER...", help="userNames, or resource ids.")
]
All = Annotated[bool, typer.Option("--all", help="Everybody who is held.")]


@app.command("list")
def list_(integration: Name, store: StoreUrl = DEFAULT_STORE, as_json: Json = False) -> None:
    """List the leavers that are held, those who left first in front."""
    with expected_errors():
        found = run_loop(_held(store, integration))
    if as_json:
        print_json(found)
        return
    from scimweave.mapping.document.snippet import harmless

    if not found:
        print(f"{integration}: nobody is held")
        return
    print(f"{integration}: {len(found)} held")
    for each in found:
        print(
            harmless(
                f"  {each['since'][:19].replace('T', ' ')} UTC  {each['operation']}  "
                f"{each['label']}, account {each['account']}: {each['reason']}"
            )
        )
    print(
        f"they leave after all:  scimweave guard release {integration} --all\n"
        f"they stay:             scimweave guard drop {integration} --all\n"
        "(or some of them by userName, in place of --all)"
    )


@app.command()
def release(
    integration: Name,
    users: People = None,
    everybody: All = False,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Deliver what was held: the accounts are deactivated or deleted, as the mapping says.

    A running server does it itself; without one this process does. Ends with 1 where it could not
    be done for somebody.
    """
    _decide("release", integration, users, everybody, mappings, store, as_json)


@app.command()
def drop(
    integration: Name,
    users: People = None,
    everybody: All = False,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Give leavers back who were held: their accounts stay as they are.

    Whoever was deactivated is active again here, until the provider says otherwise; the account of
    whoever was deleted belongs to nobody here. Ends with 1 where it could not be done for somebody.
    """
    _decide("drop", integration, users, everybody, mappings, store, as_json)


def _decide(
    decision: Literal["release", "drop"],
    integration: str,
    users: list[str] | None,
    everybody: bool,
    mappings: Any,
    store: str,
    as_json: bool,
) -> None:
    if bool(users) == everybody:
        raise typer.BadParameter("name users, or give --all", param_hint="USER")
    with expected_errors():
        program = live_program(integration, mappings)
        people = None if everybody else users
        done, ended = run_loop(_collect(_lines(decision, program, store, people)))
    failed = [each for each in done if each["reason"] is not None]
    if as_json:
        print_json({"decided": done, "stopped": ended})
    else:
        _print(integration, decision, done, failed)
        if ended is not None:
            print(f"stopped: {ended}")
    if failed or ended is not None:
        raise typer.Exit(FINDINGS)


def _print(
    integration: str, decision: str, done: list[dict[str, Any]], failed: list[dict[str, Any]]
) -> None:
    from scimweave.mapping.document.snippet import harmless

    word = {"release": "released", "drop": "dropped"}[decision]
    became = _BECAME[decision]
    print(f"{integration}: {len(done) - len(failed)} {word}, {len(failed)} failed")
    for each in done:
        if each["reason"] is not None:
            print(harmless(f"  {each['label']}: {each['reason']}"))
        else:
            account, operation = each["account"], each["operation"]
            print(harmless(f"  {each['label']}, {became.format(account=account, was=operation)}"))


async def _held(store: str, integration: str) -> list[dict[str, Any]]:
    from scimweave.provisioning.held import hold_to_dict

    async with open_store_of(store, integration) as opened:
        return [hold_to_dict(each) for each in await opened.held(integration)]


async def _collect(
    lines: AsyncGenerator[dict[str, Any], None],
) -> tuple[list[dict[str, Any]], str | None]:
    done: list[dict[str, Any]] = []
    async with aclosing(lines):
        async for line in lines:
            if "end" in line:
                return done, line["end"]
            done.append(line)
    return done, "the server ended; run again for the rest"


async def _lines(
    decision: Literal["release", "drop"], program: Program, store: str, people: list[str] | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Let the server do it that runs on the store, or do it here."""
    from scimweave.provisioning.engine import Engine
    from scimweave.provisioning.held import decide
    from scimweave.store.sqlite_file import path_of
    from scimweave_server.cli.running_server import NoServer, Refused, ask

    body = {
        "integration": program.integration,
        "revision": program.revision,
        "decision": decision,
        "people": people,
    }
    try:
        async with aclosing(ask(path_of(store), "guard", body)) as lines:
            async for line in lines:
                yield line
        return
    except Refused as refused:
        fail(str(refused))
    except NoServer:
        pass
    async with Engine.open(program.file, store=store) as engine:
        steps = decide(engine[program.integration], decision, people)
        async with aclosing(steps):
            async for each in steps:
                yield asdict(each)
        yield {"end": None}
