"""scimweave try."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.options import FINDINGS, Json, expected_errors, print_json

if TYPE_CHECKING:
    from scimweave.mapping import Program, Projection

_SAMPLE = b"""{
  "userName": "ada@contoso.com",
  "active": true,
  "displayName": "Ada Lovelace",
  "title": "Analyst",
  "name": {"givenName": "Ada", "familyName": "Lovelace"},
  "emails": [{"type": "work", "value": "ada@contoso.com", "primary": true}],
  "externalId": "ada",
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines"}
}
"""


def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A mapping file.")],
    user: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A SCIM user as JSON, - for standard input."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print once and end, for scripts.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a mapping makes of a SCIM user, again on each save of either file.

    Without --user it is an example user.
    """
    fixed = sys.stdin.buffer.read() if user == "-" else _SAMPLE
    source = None if user is None or user == "-" else Path(user)

    def run() -> bool:
        return _run(file, source, fixed, as_json)

    if not once:
        from scimweave_server.cli.saves import on_each_save

        on_each_save([file] if source is None else [file, source], run)
    elif not run():
        raise typer.Exit(FINDINGS)


def _run(file: Path, source: Path | None, fixed: bytes, as_json: bool) -> bool:
    """Print the projection; returns whether every field could be computed."""
    with expected_errors():
        from scimweave.mapping import load
        from scimweave_server.cli.explained import out_of_scope, read_user

        program = load(file)
        content = fixed if source is None else source.read_bytes()
        resource = read_user(program, content, "the user" if source is None else str(source))
        projection = program.users.project(resource)
        note = out_of_scope(program.users, resource)
    if as_json:
        print_json(_to_dict(program, projection, note))
    else:
        if note:
            print(note)
        _print(program, projection)
    return not projection.faults


def _to_dict(program: Program, projection: Projection, note: str) -> dict[str, Any]:
    faults = {fault.field: fault.reason for fault in projection.faults}
    found: dict[str, Any] = {"fields": _values(program, projection), "errors": faults}
    return {**found, "note": note} if note else found


def _values(program: Program, projection: Projection) -> dict[str, Any]:
    from scimweave.mapping import to_json
    from scimweave.provisioning.lifecycle.difference import MASK

    sensitive = {field.name for field in program.users.fields if field.sensitive}
    return {
        name: MASK if name in sensitive and value is not None else to_json(value)
        for name, value in projection.values.items()
    }


def _print(program: Program, projection: Projection) -> None:
    import json

    from scimweave.mapping.document.snippet import harmless

    values = _values(program, projection)
    faults = {fault.field: fault for fault in projection.faults}
    names = list(dict.fromkeys([*(field.name for field in program.users.fields), *values]))
    width = max(map(len, names))
    for name in names:
        if (fault := faults.get(name)) is not None:
            shown = f"error: {fault.source_text}: {fault.reason}"
        elif name in values:
            shown = json.dumps(values[name], ensure_ascii=False)
        else:
            shown = "(left as it is)"
        print(f"{name:<{width}}  {harmless(shown)}")
