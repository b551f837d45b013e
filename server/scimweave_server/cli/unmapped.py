"""scimweave unmapped."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    StoreUrl,
    expected_errors,
    open_store_of,
    print_json,
    run_loop,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scimweave.mapping import Program
    from scimweave.store.base import Unmapped


def unmapped(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    store: StoreUrl = DEFAULT_STORE,
    mappings: Annotated[
        list[Path],
        typer.Option("--mappings", metavar="PATH", help="Where the mapping file is; repeatable."),
    ] = [Path("mappings")],  # noqa: B006 - typer copies it
    as_json: Json = False,
) -> None:
    """List attributes that the provider sends and nothing maps, with a line to map each.

    What the mapping maps by now, or names under ``ignore:``, is left out.
    """
    with expected_errors():
        from scimweave.mapping.suggestion import is_settled

        program = _program(integration, mappings)
        found = [
            each
            for each in run_loop(_unmapped(store, integration))
            if program is None or not is_settled(each.attribute, program.users)
        ]
    rows = [_row(each, program) for each in found]
    if as_json:
        print_json(rows)
    elif rows:
        _print(rows)
    else:
        print(f"nothing that is sent to {integration} is left unmapped")


def _program(integration: str, mappings: list[Path]) -> Program | None:
    """Return the mapping, where it is in a state that says something."""
    from scimweave.mapping import MappingError, load, mapping_files

    for file in mapping_files(mappings):
        try:
            program = load(file)
        except MappingError:
            continue
        if program.integration == integration:
            return program
    print(
        f"no mapping of {integration} without errors in {', '.join(map(str, mappings))}: "
        "what it maps or ignores is listed too; name the file with --mappings",
        file=sys.stderr,
    )
    return None


async def _unmapped(store: str, integration: str) -> Sequence[Unmapped]:
    async with open_store_of(store, integration) as opened:
        return await opened.unmapped(integration)


def _row(found: Unmapped, program: Program | None) -> dict[str, Any]:
    from scimweave.mapping.suggestion import suggested_line
    from scimweave.scim.schema import USER_TYPE

    resource_type = program.users.resource_type if program else USER_TYPE
    return {
        "attribute": found.attribute,
        "count": found.count,
        "first_seen": _moment(found.first_seen),
        "last_seen": _moment(found.last_seen),
        "line": suggested_line(found.attribute, resource_type),
    }


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from scimweave.mapping.document.snippet import harmless

    table = Table(box=None)
    for title in ("times", "first (UTC)", "last (UTC)"):
        table.add_column(title, no_wrap=True)
    table.add_column("attribute", overflow="fold")
    table.add_column("line to add", overflow="fold")
    for row in rows:
        # To the minute: what counts here is the line that can be copied.
        cells = (row["count"], row["first_seen"][:16], row["last_seen"][:16])
        table.add_row(
            *map(str, cells), *(Text(harmless(row[each])) for each in ("attribute", "line"))
        )
    Console().print(table)
