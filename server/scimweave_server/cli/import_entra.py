"""scimweave import-entra."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from scimweave_server.cli.options import fail, write_new

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


def import_entra(
    schema: Annotated[
        Path,
        typer.Argument(metavar="SCHEMA", help="The synchronization schema, as JSON."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="Write a new file, instead of standard output."
        ),
    ] = None,
    integration: Annotated[
        str | None,
        typer.Option("--integration", metavar="NAME", help="Name of the integration."),
    ] = None,
) -> None:
    """Write a draft of a mapping file from a synchronization schema that Entra exported."""
    from scimweave.mapping.entra.draft import draft
    from scimweave.mapping.entra.schema import MAX_BYTES, EntraSchemaError, read_entra_schema

    if integration is not None and not _NAME.fullmatch(integration):
        raise typer.BadParameter(
            "lower-case letters, digits and hyphens, a letter first", param_hint="--integration"
        )
    try:
        with schema.open("rb") as stream:
            found = read_entra_schema(stream.read(MAX_BYTES + 1))
        text = draft(found, integration or _named(found.name))
    except EntraSchemaError as error:
        fail(f"{schema}: {error}")
    except OSError as error:
        fail(f"{schema}: {(error.strerror or str(error)).lower()}")
    write_new(text, output)


def _named(name: str) -> str:
    """The directory's name, as an integration is named."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:60]
    return plain if _NAME.fullmatch(plain) else "entra-import"
