"""scimweave explain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    StoreUrl,
    expected_errors,
    fail,
    open_existing_store,
    print_json,
    run_loop,
)
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave_server.cli.explained import Explained


def explain(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    user: Annotated[
        str | None,
        typer.Argument(help="A userName or displayName, or a resource id; not with --file."),
    ] = None,
    field: Annotated[str | None, typer.Argument(help="One target field; without it, all.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A SCIM user as JSON instead.")
    ] = None,
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Show where each target field of a user or group comes from, and what is at the target now."""
    if file is not None and field is None:
        user, field = None, user
    if (file is None) is (user is None):
        raise typer.BadParameter("give a user of the store, or a JSON file with --file")
    with expected_errors():
        from scimweave_server.cli import explained

        program = live_program(integration, mappings)
        if file is not None:
            found = explained.of_file(program, file)
        else:
            found = run_loop(_stored(store, program, user or ""))
    if field is not None:
        found = _only(found, field)
    if as_json:
        print_json(found.to_dict())
    else:
        from scimweave_server.cli.explained_tree import print_tree

        print_tree(found)


async def _stored(store: str, program: Program, user: str) -> Explained:
    from scimweave.provisioning.held import chosen
    from scimweave_server.cli.explained import of_record, record_of

    async with open_existing_store(store) as opened:
        record = await record_of(opened, program, user)
        held, _ = await chosen(opened, program.integration, [user])
    if record is None and held:
        fail(f"{user!r} is deleted, and held: account {held[0].key} stays ({held[0].reason})")
    if record is None:
        fail(f"{program.integration} has no user or group with the name or id {user!r}")
    return await of_record(program, record)


def _only(found: Explained, field: str) -> Explained:
    names = [each.explanation.field for each in found.fields]
    if field not in names:
        fail(f"the mapping fills no field {field!r} (it fills {', '.join(names)})")
    chosen = tuple(each for each in found.fields if each.explanation.field == field)
    return replace(found, fields=chosen)
