"""YAML text to a document that knows where each key and value was written."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from scimweave.mapping.diagnostics import Diagnostic, MappingError, finding
from scimweave.mapping.document.composer import TooLarge, compose
from scimweave.mapping.document.files import Files
from scimweave.mapping.document.scalars import UNPRINTABLE
from scimweave.mapping.document.source import Document, MapNode, Mark, ScalarNode, Source

# ${NAME} behind an opening bracket, where YAML takes its braces for a mapping.
_UNQUOTED = re.compile(r"[{\[][^\"']*[\s:,\[]\$\{")


def read_text(file: Path) -> str:
    """Read a mapping file. Raises ``MappingError``."""
    return Files().text(file)


def parse(text: str, name: str) -> tuple[Document, list[Diagnostic]]:
    """Parse YAML; the findings are of faults that leave a document to look further into.

    Raises ``MappingError`` where there is nothing to go on with.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    source = Source(name, text)
    bad = UNPRINTABLE.search(text)
    if bad:
        message = f"the character U+{ord(bad.group()):04X} cannot stand in a YAML file"
        raise MappingError([finding("syntax", message, source.at(text, bad.start()))])
    try:
        root, findings = compose(text, source)
    except TooLarge as error:
        raise MappingError([error.diagnostic]) from None
    except yaml.MarkedYAMLError as error:
        raise MappingError([_syntax_error(error, source)]) from None
    if isinstance(root, MapNode):
        return Document(source, root), findings
    if root is None or (isinstance(root, ScalarNode) and root.data is None):
        message = "the file is empty"
        span = source.point(Mark(0, 0))
    else:
        message = "a mapping file is a mapping of keys to values"
        span = source.span(root.start, root.end)
    fault = finding("syntax", message, span, help='it starts with "integration: <name>"')
    raise MappingError([*findings, fault])


def _syntax_error(error: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "this is not YAML"
    if mark is None:
        return finding("syntax", problem)
    if "nesting depth" in problem:
        # The scanner looks ahead, and has a limit of its own.
        return finding("too-large", "nested too deeply", source.point(Mark(mark.line, mark.column)))
    line = source.lines[min(mark.line, len(source.lines) - 1)]
    before = line[: mark.column + 1]
    hint = ""
    if before.endswith("\t") or before.lstrip(" ").startswith("\t"):
        problem, hint = "a tab cannot stand here", "indent with spaces"
    elif _UNQUOTED.search(line[max(0, mark.column - 200) : mark.column + 200]):
        problem = "a placeholder cannot stand here without quotes"
        hint = 'inside { } and [ ] write "${NAME}"'
    elif problem.startswith("mapping values are not allowed"):
        problem = "mapping values are not allowed here"
        hint = "a value that holds a colon and a space stands in quotes"
    return finding("syntax", problem, source.point(Mark(mark.line, mark.column)), help=hint)
