"""``${NAME}`` and ``${NAME:-default}`` in the scalars of a mapping file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from scimweave.mapping.diagnostics import Diagnostic, Span, did_you_mean, finding
from scimweave.mapping.document.scalars import Scalar, resolve
from scimweave.mapping.document.source import (
    Document,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    YamlPath,
)

_PLACEHOLDER = re.compile(
    r"(?P<escape>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>[^}]*))?\}|(?P<bad>\$\{)"
)


class EnvironmentText(str):
    """A scalar that is one placeholder: where no text is expected it is read as YAML."""

    __slots__ = ()

    def resolved(self) -> Scalar:
        """Return what the text stands for, as if it were written in the file."""
        return resolve(str(self))


def interpolate(document: Document, environment: Mapping[str, str]) -> list[Diagnostic]:
    """Replace the placeholders in the values of ``document``, in place; keys stay as they are."""
    findings: list[Diagnostic] = []
    for path, node in _scalars(document.root):
        text = node.data
        if not isinstance(text, str) or "${" not in text:
            continue
        before = len(findings)
        for match in _PLACEHOLDER.finditer(text):
            span = document.inside(path, match.start(), match.end() - match.start())
            findings += _faults(match, span, environment)
        node.is_faulty = len(findings) > before
        replaced = _PLACEHOLDER.sub(partial(_value, environment), text)
        whole = _PLACEHOLDER.fullmatch(text)
        node.data = EnvironmentText(replaced) if whole and whole["name"] else replaced
        node.from_environment = True
    return findings


def _value(environment: Mapping[str, str], match: re.Match[str]) -> str:
    if match["escape"]:
        return "${"
    found = environment.get(match["name"] or "", "")
    # As in a shell, a default also stands in for an empty variable.
    return found or match["default"] or ""


def _faults(
    match: re.Match[str], span: Span, environment: Mapping[str, str]
) -> Iterator[Diagnostic]:
    name = match["name"]
    if match["bad"]:
        message = "a placeholder is ${NAME} or ${NAME:-default}"
        yield finding("bad-placeholder", message, span, help="$${ stands for ${ itself")
    elif name and match["default"] is None and name not in environment:
        yield finding(
            "missing-env",
            f"the environment variable {name} is not set",
            span,
            did_you_mean(name, environment),
            help=f"set it, or give a default: ${{{name}:-…}}",
        )


def _scalars(root: Node) -> Iterator[tuple[YamlPath, ScalarNode]]:
    """Walk the tree; what several aliases share is met once, at its first place."""
    waiting: list[tuple[YamlPath, Node]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            yield path, node
        elif isinstance(node, ListNode):
            waiting += reversed([((*path, at), item) for at, item in enumerate(node.items)])
        elif isinstance(node, MapNode):
            entries = node.entries.items()
            waiting += reversed([((*path, name), value) for name, (_, value) in entries])
