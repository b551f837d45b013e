"""scimweave init-target."""

from __future__ import annotations

from typing import Annotated

import typer

from scimweave_server.cli.options import Paths, expected_errors


def init_target(
    paths: Paths,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the DDL and change nothing.")
    ] = False,
) -> None:
    """Create the missing tables of sql targets, from the types in the mapping."""
    with expected_errors():
        from scimweave.connectors.sql.ddl import (
            create_statements,
            init_target,
        )
        from scimweave.mapping import load_all
        from scimweave.provisioning.running import shapes_of

        for program in load_all(paths):
            if program.target.connector != "sql":
                continue
            work = create_statements if dry_run else init_target
            statements = work(program.target, shapes_of(program))
            for statement in statements:
                print(f"{statement.strip()};")
            if not statements:
                print(f"-- {program.integration}: nothing is missing")
