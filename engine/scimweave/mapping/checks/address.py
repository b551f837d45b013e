"""What is wrong with ``target``: secrets in clear, and what its kind cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scimweave.mapping import target_kinds
from scimweave.mapping.checks.secrets import is_in_clear, scheme_length
from scimweave.mapping.document.source import ListNode, MapNode, Node, ScalarNode, YamlPath
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import MappingModel

_TARGET: YamlPath = ("target",)
_IN_ADDRESS = (
    re.compile(r"://[^/?#@\s]*?:(?P<secret>[^/?#@\s]+)@"),
    re.compile(r"[?&](password|passwd|pwd|secret|token)=(?P<secret>[^&\s]+)", re.IGNORECASE),
)
# Of headers and the like, whose names the connector does not know.
_SECRET_KEY = re.compile(
    r".*(password|passwd|pwd|passphrase|secret|token|api[-_ ]?key|authorization)", re.IGNORECASE
)


def check_address(model: MappingModel, report: Report) -> None:
    """Look at the target, and at what the file asks of it."""
    # A connector that does not exist is read as another, to look further into the file.
    given = report.document.exactly((*_TARGET, "connector"))
    is_told = isinstance(given, ScalarNode) and given.data == model.target.connector
    kind = target_kinds.kind(model.target.connector) if is_told else None
    for path, node in _scalars(report.document.exactly(_TARGET), _TARGET):
        _check_address(path, node, report)
        is_named = _SECRET_KEY.fullmatch(str(path[-1])) is not None
        if kind is not None and (is_named or _is_secret(kind, path[1:])):
            start = scheme_length(node.written)
            if is_in_clear(node.written[start:]):
                place = (start, len(node.written) - start)
                _report("is a secret in clear", path, place, report)
    if kind is not None:
        _check_features(model, kind, report)
        for found in kind.check(model):
            report.at_key(found.code, found.message, found.path, help=found.help)


def _check_features(model: MappingModel, kind: target_kinds.TargetKind, report: Report) -> None:
    for feature, path in _asked(model):
        if feature not in kind.features:
            words = target_kinds.FEATURES[feature]
            message = f'the connector "{kind.name}" {words}'
            report.at_key("not-offered", message, path)


def _asked(model: MappingModel) -> Iterator[tuple[str, YamlPath]]:
    """Yield what the file asks of the target, and where."""
    operations = model.users.operations
    if operations.delete == "delete":
        yield "delete", ("users", "operations", "delete")
    elif operations.delete is None and operations.deactivate is None:
        yield "delete", ("users",)
    if operations.deactivate is not None and operations.deactivate.delete:
        yield "delete", ("users", "operations", "deactivate")
    for key in ("deactivate", "reactivate"):
        given = getattr(operations, key)
        if given is not None and given.call is not None:
            yield "call", ("users", "operations", key, "call")
    if model.groups is None:
        return
    yield "groups", ("groups",)
    if model.groups.operations.delete == "delete":
        yield "delete", ("groups",)
    if model.groups.members is not None:
        is_field = hasattr(model.groups.members, "field")
        yield "member-field" if is_field else "member-table", ("groups", "members")


def _check_address(path: YamlPath, node: ScalarNode, report: Report) -> None:
    for pattern in _IN_ADDRESS:
        for match in pattern.finditer(node.written):
            if is_in_clear(match["secret"]):
                place = (match.start("secret"), len(match["secret"]))
                _report("holds a password in clear", path, place, report)


def _report(words: str, path: YamlPath, place: tuple[int, int], report: Report) -> None:
    span = report.document.inside(path, *place)
    secret = span.text[span.column - 1 : span.end_column - 1]
    # What is printed may end in the log of a build.
    hidden = replace(span, text=span.text.replace(secret, "*" * len(secret)))
    hint = "put it in an environment variable: ${NAME}"
    subject = "the address" if path[-1] == "url" else f'"{path[-1]}"'
    report.add("literal-secret", f"{subject} {words}", hidden, help=hint)


def _is_secret(kind: target_kinds.TargetKind, path: YamlPath) -> bool:
    owner = target_kinds.options_at(kind, path[:-1])
    for name, field in owner.model_fields.items() if owner else ():
        if (field.alias or name) == path[-1]:
            return target_kinds.is_secret(field)
    return False


def _scalars(node: Node | None, path: YamlPath) -> Iterator[tuple[YamlPath, ScalarNode]]:
    match node:
        case ScalarNode():
            yield path, node
        case ListNode():
            for index, item in enumerate(node.items):
                yield from _scalars(item, (*path, index))
        case MapNode():
            for name, (_, value) in node.entries.items():
                yield from _scalars(value, (*path, name))
