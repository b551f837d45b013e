"""scimweave fmt."""

from __future__ import annotations

import difflib
import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.options import (
    FINDINGS,
    Json,
    Paths,
    expected_errors,
    fail,
    print_findings,
    print_json,
)

if TYPE_CHECKING:
    from scimweave.mapping import Diagnostic

_NO_END = "\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class _Formatted:
    """A file as it is, and in canonical form; ``new`` differs where it is ``changed``."""

    file: Path
    old: str
    new: str
    changed: bool

    def diff(self) -> str:
        old, new = (list(io.StringIO(text, newline="\n")) for text in (self.old, self.new))
        lines = difflib.unified_diff(old, new, str(self.file), str(self.file))
        return "".join(line if line.endswith("\n") else line + _NO_END for line in lines)


def fmt(
    paths: Paths,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail where a file would change.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Change nothing; print what would change.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring mapping files to their canonical form: order of keys, quotes, spaces.

    Comments stay with what they are about. Where one of the files does not parse, none is written.
    """
    with expected_errors():
        formatted = _formatted(paths)
        changed = [each for each in formatted if each.changed]
        if not check and not diff:
            for each in changed:
                _write(each)
    if as_json:
        print_json([_row(each, diff) for each in formatted])
    elif diff:
        sys.stdout.write("".join(each.diff() for each in changed))
    else:
        _print_summary(changed, len(formatted), "would change" if check else "formatted")
    if check and changed:
        raise typer.Exit(FINDINGS)


def _formatted(paths: list[Path]) -> list[_Formatted]:
    """Format in memory; ends with what is wrong where a file does not parse."""
    from scimweave.mapping import MappingError, mapping_files

    formatted: list[_Formatted] = []
    findings: list[Diagnostic] = []
    for file in mapping_files(paths, with_bases=True):
        try:
            formatted.append(_format(file))
        except MappingError as error:
            findings += error.diagnostics
    if findings:
        print_findings(findings)
        raise typer.Exit(FINDINGS)
    if not formatted:
        fail(f"no mapping file (*.yaml) in {', '.join(map(str, paths))}")
    return formatted


def _format(file: Path) -> _Formatted:
    from scimweave.mapping.document.files import Files
    from scimweave.mapping.layout.canonical import BYTE_ORDER_MARK, canonical

    files = Files()
    old = files.text(file)
    if _digest(old) != files.digests[file]:
        # It is left out when a file is read.
        old = BYTE_ORDER_MARK + old
    new = canonical(old, str(file))
    return _Formatted(file, old, new, old != new)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _write(formatted: _Formatted) -> None:
    from scimweave_server.cli.replaced import replace_file

    replace_file(formatted.file, formatted.new)


def _row(formatted: _Formatted, with_diff: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"file": str(formatted.file), "changed": formatted.changed}
    return row | ({"diff": formatted.diff()} if with_diff else {})


def _print_summary(changed: list[_Formatted], total: int, word: str) -> None:
    for each in changed:
        print(f"{word}: {each.file}")
    print(f"{len(changed)} {word}, {total - len(changed)} in canonical form already")
