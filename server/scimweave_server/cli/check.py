"""scimweave lint."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.options import (
    FINDINGS,
    Paths,
    expected_errors,
    print_findings,
    print_json,
    run_loop,
)

if TYPE_CHECKING:
    from scimweave.mapping import Diagnostic, Program


class Provider(StrEnum):
    """Whose default attributes are looked for."""

    ENTRA = "entra"
    OKTA = "okta"


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def lint(
    paths: Paths,
    connect: Annotated[
        bool, typer.Option("--connect", help="Compare with the live target too.")
    ] = False,
    provider: Annotated[
        Provider | None,
        typer.Option(
            "--provider",
            metavar="PROVIDER",
            help="entra or okta: warn of what it sends by default and nothing maps or ignores.",
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How findings are printed.")
    ] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
) -> None:
    """Check mapping files; every finding with its position. Warnings do not fail."""
    with expected_errors():
        from scimweave.mapping import lint as check
        from scimweave.mapping import load_all

        findings = check(paths)
        if provider is not None and not _errors(findings):
            findings += _unmapped(load_all(paths), provider)
        if connect and not _errors(findings):
            findings += run_loop(_at_targets(load_all(paths)))
    _print_findings(findings, Format.JSON if as_json else form)
    if _errors(findings):
        raise typer.Exit(FINDINGS)


def _print_findings(findings: list[Diagnostic], form: Format) -> None:
    from scimweave_server.cli.finding_formats import github, sarif

    match form:
        case Format.JSON:
            print_json([finding.to_dict() for finding in findings])
        case Format.GITHUB:
            sys.stdout.write(github(findings))
        case Format.SARIF:
            print_json(sarif(findings))
        case Format.TEXT:
            print_findings(findings)
            _print_summary(findings)


def _unmapped(programs: tuple[Program, ...], provider: Provider) -> list[Diagnostic]:
    from scimweave.mapping.checks.provider import check_provider

    return [finding for program in programs for finding in check_provider(program, provider.value)]


async def _at_targets(programs: tuple[Program, ...]) -> list[Diagnostic]:
    from scimweave.provisioning.target import diagnose_target

    return [finding for program in programs for finding in await diagnose_target(program)]


def _errors(findings: list[Diagnostic]) -> list[Diagnostic]:
    return [finding for finding in findings if finding.severity == "error"]


def _print_summary(findings: list[Diagnostic]) -> None:
    errors = len(_errors(findings))
    warnings = len(findings) - errors
    if not findings:
        print("no findings")
        return
    parts = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    print(", ".join(parts), file=sys.stderr)
