"""Findings of the linter in the forms that programs read."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from scimweave.mapping import CATALOGUE, Diagnostic, Span

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def github(findings: Iterable[Diagnostic]) -> str:
    """Return workflow commands, which GitHub Actions shows beside the lines of a pull request."""
    return "".join(f"{_command(each)}\n" for each in findings)


def sarif(findings: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log, as code scanning takes it."""
    codes = list(CATALOGUE)
    driver = {
        "name": "scimweave",
        "version": version("scimweave"),
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(each, codes.index(each.code)) for each in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _command(found: Diagnostic) -> str:
    properties = {"title": found.code}
    if (span := found.span) is not None:
        properties = {
            "file": span.file,
            "line": str(span.line),
            "endLine": str(span.line),
            "col": str(span.column),
            # GitHub's last column belongs to the piece.
            "endColumn": str(max(span.column, span.end_column - 1)),
            **properties,
        }
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{found.severity} {given}::{_data(_sentence(found))}"


def _sentence(found: Diagnostic) -> str:
    return "; ".join(part for part in (found.message, found.label, found.help) if part)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _rule(code: str) -> dict[str, Any]:
    severity, meaning = CATALOGUE[code]
    return {
        "id": code,
        "shortDescription": {"text": meaning},
        "defaultConfiguration": {"level": severity},
    }


def _result(found: Diagnostic, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": found.severity,
        "message": {"text": _sentence(found)},
    }
    if found.span is not None:
        result["locations"] = [_location(found.span)]
    if found.related:
        result["relatedLocations"] = [
            {**_location(each.span), "message": {"text": each.label}} for each in found.related
        ]
    return result


def _location(span: Span) -> dict[str, Any]:
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.end_column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file)}, "region": region}}


def _uri(file: str) -> str:
    path = PurePath(file)
    return Path(file).as_uri() if path.is_absolute() else quote(path.as_posix())
