"""scimweave init."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.options import expected_errors, fail, run_loop, write_new

if TYPE_CHECKING:
    from scimweave.connectors.base import FieldDescription

_VARIABLE = "DATABASE_PASSWORD"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_PASSWORD = re.compile(
    r"(?P<before>://[^:/?#@]*:)[^/?#@]+(?=@)|(?P<name>[?&](?:password|passwd|pwd)=)[^&]+",
    re.IGNORECASE,
)


def init(
    object_name: Annotated[
        str,
        typer.Option(
            "--object", metavar="NAME", help="The table; of an API the schema, or its /path."
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="URL", help="The database, such as sqlite:///var/target.db."
        ),
    ] = None,
    openapi: Annotated[
        Path | None,
        typer.Option("--openapi", metavar="FILE", help="An OpenAPI 3 document, JSON or YAML."),
    ] = None,
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
    """Write a draft of a mapping file for a target that is there, with guesses to review."""
    if integration is not None and not _NAME.fullmatch(integration):
        raise typer.BadParameter(
            "lower-case letters, digits and hyphens, a letter first", param_hint="--integration"
        )
    if (target is None) is (openapi is None):
        raise typer.BadParameter("give a database with --target, or an API with --openapi")
    name = integration or _named(object_name)
    with expected_errors():
        from scimweave.mapping.starting.draft import NoDraft

        try:
            if openapi is not None:
                text = _of_api(name, openapi, object_name)
            else:
                text = _of_table(name, target or "", object_name)
        except NoDraft as error:
            fail(f"{object_name}: {error}")
    write_new(text, output)


def _of_table(name: str, url: str, object_name: str) -> str:
    from scimweave.mapping.starting.draft import draft

    fields = run_loop(_described(url, object_name))
    address = _PASSWORD.sub(_from_environment, url)
    shown = address if "${" in address else f"${{DATABASE_URL:-{address}}}"
    remark = f" # review: set {_VARIABLE}" if _VARIABLE in address else ""
    return draft(name, ["connector: sql", f"url: {shown}{remark}"], object_name, fields)


def _of_api(name: str, file: Path, object_name: str) -> str:
    from scimweave.mapping.starting.draft import draft
    from scimweave.mapping.starting.openapi import MAX_BYTES, OpenApiError, read_openapi

    try:
        with file.open("rb") as stream:
            found = read_openapi(stream.read(MAX_BYTES + 1), object_name)
    except OpenApiError as error:
        fail(f"{file}: {error}")
    lines = ["connector: rest", f"url: ${{API_URL:-{found.url}}}"]
    if found.has_token:
        lines.append("auth: { bearer: '${API_TOKEN:-}' }")
    if found.update == "PUT":
        lines.append("users: { update: { method: PUT, whole: true } }")
    rows = {each.name: each.values for each in found.fields if each.values}
    return draft(name, lines, found.collection, found.fields, rows)


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
    return f"{found['before'] or found['name']}${{{_VARIABLE}:-}}"


def _named(object_name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", object_name.lower()).strip("-0123456789")[:60]
    return plain if _NAME.fullmatch(plain) else "target"
