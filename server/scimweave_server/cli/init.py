"""scimweave init."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.options import expected_errors, fail, run_loop, write_new

if TYPE_CHECKING:
    from scimweave.connectors.base import FieldDescription

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_PASSWORD = re.compile(
    r"(?P<before>://[^:/?#@]*:)[^/?#@]+(?=@)|(?P<name>[?&](?:password|passwd|pwd)=)[^&]+",
    re.IGNORECASE,
)


def init(
    target: Annotated[
        str,
        typer.Option(
            "--target", metavar="URL", help="The database, such as sqlite:///var/target.db."
        ),
    ],
    object_name: Annotated[
        str, typer.Option("--object", metavar="NAME", help="The table of the accounts.")
    ],
    integration: Annotated[
        str | None,
        typer.Option("--integration", metavar="NAME", help="Name of the integration."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a new file, instead of standard output."
        ),
    ] = None,
) -> None:
    """Write a draft of a mapping file for a table that is there, with guesses to review."""
    if integration is not None and not _NAME.fullmatch(integration):
        raise typer.BadParameter(
            "lower-case letters, digits and hyphens, a letter first", param_hint="--integration"
        )
    with expected_errors():
        from scimweave.mapping.starting.draft import NoDraft, draft

        fields = run_loop(_described(target, object_name))
        address = _PASSWORD.sub(_from_environment, target)
        shown = address if "${" in address else f"${{DATABASE_URL:-{address}}}"
        try:
            name = integration or _named(object_name)
            text = draft(name, ["connector: sql", f"url: {shown}"], object_name, fields)
        except NoDraft as error:
            fail(f"{object_name}: {error}")
    write_new(text, output)


async def _described(url: str, object_name: str) -> list[FieldDescription]:
    from scimweave.connectors.base import AccountShape
    from scimweave.connectors.registry import open_connector
    from scimweave.mapping import Target

    shape = AccountShape(object_name, "", (), ())
    connector = await open_connector(Target("sql", {"url": url}), shape)
    try:
        return list((await connector.describe()).values())
    finally:
        await connector.close()


def _from_environment(found: re.Match[str]) -> str:
    return f"{found['before'] or found['name']}${{DATABASE_PASSWORD:-}}"


def _named(object_name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", object_name.lower()).strip("-0123456789")[:60]
    return plain if _NAME.fullmatch(plain) else "target"
