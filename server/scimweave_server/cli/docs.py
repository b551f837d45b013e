"""scimweave docs."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import expected_errors
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program

_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


class Form(StrEnum):
    """How the page is written."""

    MARKDOWN = "markdown"
    HTML = "html"


def docs(
    integration: Annotated[
        str,
        typer.Argument(metavar="INTEGRATION|FILE", help="Name of an integration, or its file."),
    ],
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.MARKDOWN,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there, not to the screen."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            "--public-url",
            metavar="URL",
            envvar="SCIMWEAVE_PUBLIC_URL",
            help="How the provider reaches the server, for example https://scim.example.com.",
        ),
    ] = None,
    mappings: Mappings = DEFAULT_MAPPINGS,
) -> None:
    """Write the page for the admin of the identity provider: steps, attributes, what happens."""
    if base_url is not None and not _URL.fullmatch(base_url):
        raise typer.BadParameter(
            "write for example https://scim.example.com", param_hint="--base-url"
        )
    with expected_errors():
        from scimweave.mapping.handout.markup import to_html
        from scimweave.mapping.handout.page import markdown, title_of

        program = _program(integration, mappings)
        page = markdown(program, base_url)
        if form is Form.HTML:
            page = to_html(title_of(program), page)
        if output is not None:
            output.write_text(page, encoding="utf-8")
            return
    typer.echo(page, nl=False)


def _program(name: str, mappings: list[Path]) -> Program:
    """Return the program of a file, or of an integration in ``mappings``."""
    file = Path(name)
    if file.suffix in {".yaml", ".yml"} or file.is_file():
        from scimweave.mapping import load

        return load(file)
    return live_program(name, mappings)
