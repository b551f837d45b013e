"""Secrets that stand in a mapping file in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scimweave.mapping.document.source import ListNode, MapNode, Node, ScalarNode, YamlPath
from scimweave.mapping.project import ObjectProgram
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import ObjectsModel

_TARGET: YamlPath = ("target",)
_IN_ADDRESSES = (
    re.compile(r"://[^/?#@\s]*?:(?P<secret>[^/?#@\s]+)@"),
    re.compile(r"[?&](password|passwd|pwd|secret|token)=(?P<secret>[^&\s]+)", re.IGNORECASE),
)
_SECRET_KEY = re.compile(
    r".*(password|passwd|pwd|passphrase|secret|token|bearer|api[-_ ]?key|authorization|"
    r"private[-_ ]?key)",
    re.IGNORECASE,
)
# A scheme stands before the secret, and is none itself.
_SCHEME = re.compile(r"(?:(?:Bearer|Basic|Token|SSWS|ApiKey)\s+)?", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{\w+(?P<default>:-[^}]*)?\}")
_HINT = "put it in an environment variable: ${NAME}"


def check_target_secrets(report: Report) -> None:
    """Report passwords and tokens below ``target``, wherever a connector takes them."""
    node = report.document.exactly(_TARGET)
    for path, scalar in _scalars(_TARGET, node) if node is not None else ():
        if not isinstance(scalar.data, str):
            continue
        if _SECRET_KEY.fullmatch(_key(path)):
            start = _scheme(scalar.written)
            _report(report, path, start, scalar.written[start:], f'"{_key(path)}" stands in clear')
            continue
        for pattern in _IN_ADDRESSES:
            for match in pattern.finditer(scalar.written):
                message = "the address holds a password in clear"
                _report(report, path, match.start("secret"), match["secret"], message)


def check_sensitive_literals(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Report texts that sensitive fields are filled with."""
    for name, rule in model.attributes.items():
        field = objects.field(name)
        if field is None or not field.sensitive:
            continue
        for key in ("const", "default"):
            value = getattr(rule, key)
            if isinstance(value, str) and value:
                path = (objects.section, "attributes", name, key)
                node = report.document.exactly(path)
                written = node.written if isinstance(node, ScalarNode) else ""
                _report(report, path, 0, written, f'"{name}" is sensitive, and stands in clear')


def _report(report: Report, path: YamlPath, start: int, secret: str, message: str) -> None:
    """Report a piece of a scalar, unless only the environment knows it."""
    found = _PLACEHOLDER.search(secret)
    if not secret or (found and found["default"] in {None, ":-"}):
        return
    span = report.document.inside(path, start, len(secret))
    # What is printed may end in the log of a build.
    hidden = replace(span, text=span.text.replace(secret, "*" * len(secret)))
    report.add("literal-secret", message, hidden, help=_HINT)


def _key(path: YamlPath) -> str:
    return next(str(step) for step in reversed(path) if isinstance(step, str))


def _scheme(written: str) -> int:
    found = _SCHEME.match(written)
    return found.end() if found else 0


def _scalars(path: YamlPath, node: Node) -> Iterator[tuple[YamlPath, ScalarNode]]:
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, ListNode):
        for at, item in enumerate(node.items):
            yield from _scalars((*path, at), item)
    elif isinstance(node, MapNode):
        for name, (_, value) in node.entries.items():
            yield from _scalars((*path, name), value)
