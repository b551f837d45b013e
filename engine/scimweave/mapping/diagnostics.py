"""Findings of the linter: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from scimweave.mapping.document.snippet import Painter, harmless, snippet

Severity = Literal["error", "warning"]

# Every code that a finding can have: how bad it is, and what it says in general.
CATALOGUE: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        "active-unmapped": ("error", "Nothing at the target would tell a leaver from a joiner."),
        "bad-expression": ("error", "The JMESPath expression does not parse."),
        "bad-filter": ("error", "The filter of a SCIM path does not parse or fits no attribute."),
        "bad-package": ("error", "An installed package of functions or connectors cannot be used."),
        "bad-path": ("error", "The SCIM path does not parse."),
        "bad-placeholder": ("error", "A ${…} is not closed or holds no variable name."),
        "bad-schema": ("error", "An extension is declared in a way that SCIM does not have."),
        "bad-table": ("error", "A table cannot be read from its CSV file."),
        "bad-urn": ("error", "This is not the URN of an extension of your own."),
        "bad-value": ("error", "The value is of the right type, but not one that is taken."),
        "circular-extends": ("error", "Mapping files extend each other, and none can begin."),
        "circular-let": ("error", "Named expressions are made of each other, and none can begin."),
        "clear-text": ("warning", "The target is reached over a network without TLS."),
        "conflicting-keys": ("error", "Of these keys only one can be given."),
        "duplicate-attribute": ("error", "Two names in a schema differ in case only."),
        "duplicate-field": ("error", "Two attributes write the same target field."),
        "duplicate-integration": ("error", "Two mapping files have the same integration name."),
        "duplicate-key": ("error", "A YAML key is given twice."),
        "duplicate-path": ("error", "Two integrations answer at the same path."),
        "impure-function": (
            "error",
            "The function's result differs each time; only a field written once can take it.",
        ),
        "key-mapped": ("error", "A constant would be written into the account's key."),
        "length-unchecked": ("warning", "The target takes fewer characters than may come."),
        "literal-secret": ("warning", "A secret stands in the file in clear."),
        "match-empty": ("warning", "All match fields may be empty, and then find nobody."),
        "match-not-unique": ("error", "Many people share the value by which accounts are found."),
        "match-unmapped": ("error", "A match field is not filled by any attribute."),
        "missing-env": ("error", "An environment variable is not set and has no default."),
        "missing-field": ("error", "The target has no such field."),
        "missing-key": ("error", "A key that is needed is not given."),
        "never-matches": ("warning", "An index of what nothing maps finds nobody."),
        "no-unique-match": ("warning", "The target lets two accounts have the same match value."),
        "not-a-reference": ("error", "The value can never be the id of a user."),
        "not-indexable": ("error", "Filters cannot find this attribute by an index."),
        "not-null-without-value": ("error", "The target wants a value that nothing fills."),
        "not-offered": ("error", "The mapping asks for what this kind of target cannot do."),
        "not-set-back": ("warning", "A field set for leavers is never set back for returners."),
        "null-ignored": ("warning", "An expression does not reckon with an absent attribute."),
        "null-possible": ("error", "The target takes no null, and the source may be absent."),
        "refused-function": ("error", "Entra has the function, a SCIM target has no use for it."),
        "required-empty": ("warning", "A rule leaves a required field empty: users are refused."),
        "reverse-differs": ("error", "What reverse gives back makes another value of the field."),
        "reverse-lossy": ("warning", "What reverse gives back is not what the field was made of."),
        "scope-everybody": ("warning", "A scope leaves nobody out."),
        "scope-nobody": ("error", "The conditions of a scope exclude each other."),
        "syntax": ("error", "The file is not YAML of the form that a mapping has."),
        "too-large": ("error", "The file is larger or nested deeper than a mapping may be."),
        "too-short": ("error", "The target takes fewer characters than max_length allows."),
        "type-mismatch": ("error", "The value can never have the type of the field."),
        "unfit-type": ("error", "The target's field takes values of another type."),
        "unknown-attribute": ("error", "SCIM has no such attribute."),
        "unknown-field": ("error", "The mapping has no such target field."),
        "unknown-function": ("error", "There is no such function."),
        "unknown-key": ("error", "The mapping language has no such key."),
        "unknown-let": ("error", "There is no expression of this name."),
        "unknown-table": ("error", "There is no table of this name."),
        "unmapped-attribute": ("warning", "The provider sends an attribute that nothing maps."),
        "unreachable-arm": ("error", "A piece of an expression is never reached."),
        "unreachable-default": ("warning", "The source is never absent."),
        "unreachable-source": ("error", "An entry of a list of sources is never read."),
        "unreachable-value": ("error", "A row of a table stands for a value that never comes."),
        "unreadable-attribute": (
            "error",
            "The attribute is the service's own, not the provider's.",
        ),
        "unreadable-file": ("error", "The file cannot be read."),
        "unused-key": ("warning", "The target has no use for a key."),
        "unused-let": ("warning", "No rule uses a named expression."),
        "unused-table": ("warning", "No rule uses a named table."),
        "unusual-urn": ("warning", "Some providers do not export such an extension as a whole."),
        "unusable-target": ("error", "The target cannot be opened, or lacks the object."),
        "unusual-value": ("warning", "A table names a value that SCIM does not suggest."),
        "wrong-type": ("error", "The value is of the wrong type."),
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line of a file; ``line``, ``column`` count from 1, ``end_column`` is behind.

    ``text`` is the whole line.
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding is about."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding; ``code`` is one of the catalogue. ``str()`` is the form without colours."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    label: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()

    def render(self, color: bool = False) -> str:
        """Return the message with the line that it is about, several lines in all."""
        paint = Painter(color)
        title = paint.severity(f"{self.severity}[{self.code}]", self.severity)
        lines = [title + paint.strong(f": {harmless(self.message)}")]
        places = [(r.span, r.label, False) for r in self.related]
        if self.span is not None:
            places.insert(0, (self.span, self.label, True))
        width = max((len(str(span.line)) for span, _, _ in places), default=1)
        for span, label, primary in places:
            lines += snippet(span, label, width, paint, self.severity if primary else None)
        if self.help:
            word = paint.strong("help")
            lines.append(f"{' ' * width} {paint.gutter('=')} {word}: {harmless(self.help)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs; positions count from 1."""
        found: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
        }
        if self.span is not None:
            found |= _place(self.span)
        for name in ("label", "help"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.related:
            found["related"] = [{**_place(r.span), "label": r.label} for r in self.related]
        return found


class MappingError(Exception):
    """Mapping files that cannot be used; ``diagnostics`` holds all findings, warnings too.

    ``files`` are those of one mapping that were looked at, as in ``Program.files``.
    """

    def __init__(
        self, diagnostics: Iterable[Diagnostic], files: Mapping[Path, bytes] | None = None
    ) -> None:
        self.diagnostics = tuple(diagnostics)
        self.files = files or {}
        super().__init__("\n\n".join(each.render() for each in self.diagnostics))


def finding(
    code: str,
    message: str,
    span: Span | None = None,
    label: str = "",
    *,
    help: str = "",
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """Make a diagnostic with the severity that the catalogue gives to ``code``."""
    return Diagnostic(code, CATALOGUE[code][0], message, span, label, help, related)


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant; case does not count."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a label that names the closest known name; empty where none is close."""
    close = closest(name, known)
    return f'did you mean "{close}"?' if close else ""


def has_errors(findings: Iterable[Diagnostic]) -> bool:
    """Whether one of the findings keeps the file from being used."""
    return any(each.severity == "error" for each in findings)


def position(found: Diagnostic) -> tuple[str, int, int]:
    """Return file, line and column, to sort findings by."""
    span = found.span
    return (span.file, span.line, span.column) if span else ("", 0, 0)


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_column": span.end_column,
    }
