"""scimweave key generate, list, revoke."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Json,
    PublicUrl,
    StoreUrl,
    duration,
    expected_errors,
    fail,
    open_existing_store,
    open_store,
    open_store_of,
    print_json,
    run_loop,
)

if TYPE_CHECKING:
    from scimweave.store.base import KeyRecord

app = typer.Typer(no_args_is_help=True)

Integration = Annotated[str, typer.Argument(help="Name of the integration.")]
Mappings = Annotated[
    list[Path],
    typer.Option("--mappings", metavar="PATH", help="Where the mapping file is; may be repeated."),
]
DEFAULT_MAPPINGS = [Path("mappings")]
DEFAULT_URL = "http://127.0.0.1:8080"


@app.command()
def generate(
    integration: Integration,
    store: StoreUrl = DEFAULT_STORE,
    mappings: Mappings = DEFAULT_MAPPINGS,
    public_url: PublicUrl = None,
    grace: Annotated[
        timedelta | None,
        typer.Option(parser=duration, metavar="TIME", help="Keep the old key this long: 24h."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the token alone, for a secret store.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new key and show it once. The key before it stops working at once."""
    with expected_errors():
        path = _path(integration, mappings)
        secret = run_loop(_generate(store, integration, grace))
    url = (public_url or DEFAULT_URL).rstrip("/") + path
    if as_json:
        print_json({"integration": integration, "tenant_url": url, "secret_token": secret})
    elif quiet:
        print(secret)
    else:
        print(f"Tenant URL    {url}\nSecret Token  {secret}")
        left = f"works until {_shown_end(grace)}" if grace else "does not work any more"
        print(f"\nThe token is not shown again; an earlier one {left}.", file=sys.stderr)
        if public_url is None:
            print(
                "The URL is that of a server on this machine; for the one that the provider "
                "reaches, give --public-url.",
                file=sys.stderr,
            )


@app.command("list")
def list_keys(
    integration: Integration, store: StoreUrl = DEFAULT_STORE, as_json: Json = False
) -> None:
    """Show the keys of an integration: when each was made, used and ended; never the secret."""
    with expected_errors():
        keys = run_loop(_list(store, integration))
    rows = [_row(key) for key in keys]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print(f"{integration} has no key; run `scimweave key generate {integration}`")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "secret", "created", "last used", "ends", box=None)
    for row in rows:
        table.add_row(*(str(value if value is not None else "–") for value in row.values()))
    Console().print(table)


@app.command()
def revoke(
    integration: Integration,
    key: Annotated[int | None, typer.Option("--id", help="One key; without it, all.")] = None,
    store: StoreUrl = DEFAULT_STORE,
) -> None:
    """End keys at once; the provider is refused until a new one is generated."""
    with expected_errors():
        ended = run_loop(_revoke(store, integration, key))
    if not ended:
        fail(f"{integration} has no such key")
    print(f"{ended} key{'s' if ended > 1 else ''} of {integration} revoked")


def _shown_end(grace: timedelta) -> str:
    return f"{datetime.now(UTC) + grace:%Y-%m-%d %H:%M} UTC"


def _path(integration: str, mappings: list[Path]) -> str:
    """Find where the integration is served: a key for a misspelt name would open nothing."""
    from scimweave.mapping import endpoints

    # A file in the middle of an edit must not stand between an operator and a new key.
    found = endpoints(mappings)
    if integration not in found:
        _raise_findings(mappings)
        known = ", ".join(sorted(found)) or "none"
        fail(
            f"no integration {integration!r} in {', '.join(map(str, mappings))} (found: {known}); "
            "name the mapping file with --mappings"
        )
    return found[integration]


def _raise_findings(mappings: list[Path]) -> None:
    """Raise ``MappingError`` where the integration may be in a file that cannot be read."""
    from scimweave.mapping import MappingError, lint
    from scimweave.mapping.diagnostics import has_errors

    findings = lint(mappings)
    if has_errors(findings):
        raise MappingError(findings)


async def _generate(store: str, integration: str, grace: timedelta | None) -> str:
    from scimweave.provisioning.keys import generate_key

    async with open_store(store) as opened:
        secret, _ = await generate_key(opened, integration, grace)
        return secret


async def _list(store: str, integration: str) -> list[KeyRecord]:
    async with open_store_of(store, integration) as opened:
        return list(await opened.keys(integration))


async def _revoke(store: str, integration: str, key: int | None) -> int:
    async with open_existing_store(store) as opened:
        return await opened.revoke_keys(integration, key)


def _row(key: KeyRecord) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else None

    return {
        "id": key.id,
        "secret": key.hint,
        "created": moment(key.created),
        "last_used": moment(key.last_used),
        "ends": moment(key.expires),
    }
