"""The mapping of one integration, found among the files that a command is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scimweave_server.cli.options import fail

if TYPE_CHECKING:
    from scimweave.mapping import Diagnostic, Program


def live_program(integration: str, mappings: list[Path]) -> Program:
    """Compile the file of an integration; mistakes in files of others do not matter.

    Raises ``MappingError`` where no file without errors is the one; ends where all are others.
    """
    from scimweave.mapping import MappingError, load, mapping_files

    findings: list[Diagnostic] = []
    others: list[str] = []
    for file in mapping_files(mappings):
        try:
            program = load(file)
        except MappingError as error:
            findings += error.diagnostics
            continue
        if program.integration == integration:
            return program
        others.append(program.integration)
    if findings:
        raise MappingError(tuple(findings))
    where = ", ".join(map(str, mappings))
    fail(
        f"no integration {integration!r} in {where} (found: {', '.join(others) or 'none'}); "
        "name the mapping file with --mappings"
    )


def file_of(integration: str, file: Path) -> Program:
    """Compile a file that is to become the mapping of an integration. Raises ``MappingError``."""
    from scimweave.mapping import load

    program = load(file)
    if program.integration != integration:
        fail(f"{file} is a mapping of {program.integration}, not of {integration}")
    return program
