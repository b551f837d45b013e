"""scimweave log."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave.mapping.document.snippet import harmless
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
    from rich.table import Table
    from rich.text import Text

    from scimweave.store.base import Change, Entry

# Columns; in fewer, each entry is a paragraph.
_TABLE_FITS = 110


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
    async with open_store_of(store, integration) as opened:
        return list(await opened.journal(integration, user=user, limit=limit))


def _print(entries: list[Entry]) -> None:
    from rich.console import Console

    console = Console()
    if console.width >= _TABLE_FITS:
        console.print(_table(entries))
        return
    for entry in entries:
        # A terminal wraps what is long; rich would cut it.
        console.print(_paragraph(entry), soft_wrap=True)


def _table(entries: list[Entry]) -> Table:
    from rich.table import Column, Table
    from rich.text import Text

    user, what = (Column(name, overflow="fold") for name in ("user", "what"))
    table = Table("time (UTC)", "operation", user, "account", "outcome", what, box=None)
    for entry in entries:
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.operation,
            Text(harmless(entry.label)),
            "–" if entry.key is None else str(entry.key),
            _outcome(entry),
            Text("\n".join(_what(entry))),
        )
    return table


def _paragraph(entry: Entry) -> Text:
    from rich.text import Text

    account = "" if entry.key is None else f"  account {entry.key}"
    head = (
        f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.operation}  {harmless(entry.label)}{account}  "
    )
    return Text(head).append(_outcome(entry)).append("".join(f"\n    {x}" for x in _what(entry)))


def _outcome(entry: Entry) -> Text:
    from rich.text import Text

    return Text(entry.outcome or "open", style="" if entry.outcome == "done" else "bold red")


def _what(entry: Entry) -> list[str]:
    what = [*map(_change, entry.changes), *([entry.detail] if entry.detail else [])]
    return [harmless(each) for each in what]


def _change(change: Change) -> str:
    if change.old is None:
        return f"{change.field}: {_value(change.new)}"
    return f"{change.field}: {_value(change.old)} → {_value(change.new)}"


def _value(value: Any) -> str:
    """Return a target value as JSON writes it, but texts without quotes."""
    if isinstance(value, str):
        return value
    return "∅" if value is None else json.dumps(value, ensure_ascii=False)
