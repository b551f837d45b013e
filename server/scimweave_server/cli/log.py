"""scimweave log."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    StoreUrl,
    expected_errors,
    open_store,
    print_json,
    run_loop,
)

if TYPE_CHECKING:
    from scimweave.store.base import Change, Entry


def log(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    user: Annotated[
        str | None, typer.Option("--user", help="One person: a userName or a resource id.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many entries.")] = 50,
    store: StoreUrl = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Show the provisioning log, newest last: what was done to whom, and what became of it."""
    with expected_errors():
        entries = run_loop(_entries(store, integration, user, limit))
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    if not entries:
        print(f"nothing in the log of {integration}{f' for {user}' if user else ''}")
        return
    _print(entries)


async def _entries(store: str, integration: str, user: str | None, limit: int) -> list[Entry]:
    async with open_store(store) as opened:
        return list(await opened.journal(integration, user=user, limit=limit))


def _print(entries: list[Entry]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("time (UTC)", "operation", "user", "account", "outcome", "what", box=None)
    for entry in entries:
        what = entry.detail or ""
        changes = "\n".join(_change(change) for change in entry.changes)
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.operation,
            Text(entry.label),
            "–" if entry.key is None else str(entry.key),
            Text(entry.outcome or "open", style="" if entry.outcome == "done" else "bold red"),
            Text("\n".join(filter(None, [changes, what]))),
        )
    Console().print(table)


def _change(change: Change) -> str:
    if change.old is None:
        return f"{change.field}: {_value(change.new)}"
    return f"{change.field}: {_value(change.old)} → {_value(change.new)}"


def _value(value: Any) -> str:
    """Return a target value as JSON writes it, but texts without quotes."""
    if isinstance(value, str):
        return value
    return "∅" if value is None else json.dumps(value, ensure_ascii=False)
