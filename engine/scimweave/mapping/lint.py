"""Mapping files on disk: found, checked one by one, and against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from scimweave.mapping.compiler import compile_text
from scimweave.mapping.diagnostics import (
    Diagnostic,
    MappingError,
    Related,
    Span,
    finding,
    has_errors,
)
from scimweave.mapping.document.extends import told_once
from scimweave.mapping.document.files import Files
from scimweave.mapping.project import Program

_SUFFIXES = frozenset({".yaml", ".yml"})


def lint(paths: Iterable[Path], env: Mapping[str, str] = os.environ) -> list[Diagnostic]:
    """Check mapping files, or folders of them; errors and warnings."""
    return _check(paths, env)[1]


def load_all(paths: Iterable[Path], env: Mapping[str, str] = os.environ) -> tuple[Program, ...]:
    """Compile mapping files, or folders of them.

    Raises ``MappingError`` with the findings of all where one has an error.
    """
    programs, findings = _check(paths, env)
    if has_errors(findings):
        raise MappingError(findings)
    if not programs:
        message = "no integration: files whose name begins with _ are there to be extended"
        raise MappingError([finding("missing-key", message)])
    return tuple(programs)


def mapping_files(paths: Iterable[Path], *, with_bases: bool = False) -> list[Path]:
    """Return the files that ``paths`` name: of a folder those that end in .yaml or .yml.

    A file is returned once. What cannot be read is returned too. In a folder, a name that begins
    with ``_`` is of a base, which others extend, and left out unless asked for.
    """
    found: dict[str, Path] = {}
    for path in paths:
        for file in _in_folder(path, with_bases) if os.path.isdir(path) else [path]:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def duplicates(programs: Iterable[Program]) -> list[Diagnostic]:
    """Return where two integrations have one name, or answer at one path."""
    everyone = list(programs)
    return [
        *_same(everyone, "duplicate-integration", "integration", lambda each: each.integration),
        *_same(everyone, "duplicate-path", "path", lambda each: each.path),
    ]


def _check(paths: Iterable[Path], env: Mapping[str, str]) -> tuple[list[Program], list[Diagnostic]]:
    programs: list[Program] = []
    findings: list[Diagnostic] = []
    asked = list(paths)
    files = mapping_files(asked)
    if not files:
        names = ", ".join(map(str, asked))
        findings.append(finding("unreadable-file", f"no mapping file (*.yaml) in {names}"))
    for file in files:
        files_of_it = Files()
        try:
            text = files_of_it.text(file)
        except MappingError as error:
            findings += error.diagnostics
            continue
        program, found = compile_text(text, file, env, files_of_it, is_base=_is_base(file))
        findings += found
        if program is not None:
            programs.append(program)
    # Files may share what is at fault.
    return programs, told_once(findings) + duplicates(programs)


def _in_folder(folder: Path, with_bases: bool) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        # Reading it as a file reports why.
        return [folder]
    return [
        each
        for each in entries
        if each.suffix in _SUFFIXES
        and not each.name.startswith(".")
        and (with_bases or not _is_base(each))
    ]


def _is_base(file: Path) -> bool:
    return file.name.startswith("_")


def _same(
    programs: list[Program], code: str, key: str, value: Callable[[Program], str]
) -> list[Diagnostic]:
    first: dict[str, Program] = {}
    found = []
    for program in programs:
        earlier = first.setdefault(value(program), program)
        if earlier is not program:
            message = f'"{value(program)}" is the {key} of {earlier.file} too'
            related = (Related(_where(earlier, key), "also here"),)
            found.append(finding(code, message, _where(program, key), related=related))
    return found


def _where(program: Program, key: str) -> Span:
    # A path that is not given follows from the name.
    return program.span_of(key if program.has(key) else "integration")
