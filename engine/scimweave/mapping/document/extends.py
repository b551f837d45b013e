"""``extends``: a mapping file that builds on another; values keep the place where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from scimweave.mapping.diagnostics import Diagnostic, MappingError, Related, finding
from scimweave.mapping.document.files import Files, beside, same_file
from scimweave.mapping.document.loader import parse
from scimweave.mapping.document.source import (
    Document,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    YamlPath,
    span_of,
)
from scimweave.mapping.document.tables import is_file

MAX_LEVELS = 10
_EXTENDS = "extends"
_MET = "extended here"
# Of these a rule has one: where the extending file gives one, it goes before the others.
_ORIGINS = frozenset({"from", "expr", "const"})


@dataclass(frozen=True, slots=True)
class Read:
    """A document with what it extends; ``is_whole`` is False where that could not be read."""

    document: Document
    findings: list[Diagnostic]
    is_whole: bool


def read_document(text: str, name: str, files: Files) -> Read:
    """Parse a mapping file and all that it extends. Raises ``MappingError`` as ``parse`` does.

    Mappings are merged key by key, and the extending file goes before; lists are replaced, but
    ``tests`` are added. ``null`` takes an inherited key away, unless it is itself a value: in a
    table, as ``const`` and under ``set``.
    """
    document, findings = parse(text, name)
    extending = _Extending(files, findings)
    root = extending.root(document.root, (Path(name),))
    return Read(Document(document.source, root), findings, extending.is_whole)


def told(findings: Iterable[Diagnostic], document: Document) -> list[Diagnostic]:
    """Say of what is found in a base by which file it was met: others may have no part in it."""
    _, node = document.root.entries.get(_EXTENDS, (None, None))
    own = document.source.name
    if node is None:
        return list(findings)
    met = Related(span_of(node), _MET)
    return [
        replace(each, related=(*each.related, met)) if _is_elsewhere(each, own) else each
        for each in findings
    ]


def told_once(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Leave the first of what several files found in a base that they share."""
    first: dict[Diagnostic, Diagnostic] = {}
    for each in findings:
        alone = tuple(related for related in each.related if related.label != _MET)
        first.setdefault(replace(each, related=alone), each)
    return list(first.values())


def _is_elsewhere(found: Diagnostic, own: str) -> bool:
    spans = [found.span, *(each.span for each in found.related)]
    return found.span is not None and all(span and span.file != own for span in spans)


class _Extending:
    def __init__(self, files: Files, findings: list[Diagnostic]) -> None:
        self.files = files
        self.findings = findings
        self.is_whole = True

    def root(self, own: MapNode, around: tuple[Path, ...]) -> MapNode:
        """Return a file's content over that of what it extends."""
        _, node = own.entries.get(_EXTENDS, (None, None))
        if not isinstance(node, ScalarNode) or not isinstance(node.data, str):
            # What is wrong with it, the shape of the file tells.
            return own
        base = self._base(node, node.data, around)
        if base is None:
            self.is_whole = False
            return own
        inherited = {name: entry for name, entry in base.entries.items() if name != _EXTENDS}
        return _merged(MapNode(base.source, base.start, base.end, inherited), own, ())

    def _base(self, node: ScalarNode, name: str, around: tuple[Path, ...]) -> MapNode | None:
        path = beside(around[-1], name)
        span = span_of(node)
        if any(same_file(path, each) for each in around):
            way = " → ".join(each.name for each in (*around, path))
            message = f"the file extends itself: {way}"
            self.findings.append(finding("circular-extends", message, span))
            return None
        if len(around) > MAX_LEVELS:
            message = f"more than {MAX_LEVELS} files extend each other"
            self.findings.append(finding("circular-extends", message, span))
            return None
        try:
            document, findings = parse(self.files.text(path, span), str(path))
        except MappingError as error:
            self.findings += error.diagnostics
            return None
        self.findings += findings
        return self.root(document.root, (*around, path))


def _merged(base: MapNode, own: MapNode, place: YamlPath) -> MapNode:
    entries = dict(base.entries)
    for name, (key, node) in own.entries.items():
        inherited = entries.get(name)
        here = (*place, name)
        if inherited is None:
            entries[name] = (key, node)
        elif _is_null(node) and not _is_value(here):
            del entries[name]
        else:
            entries[name] = (key, _over(inherited[1], node, here))
    if _is_rule(place) and _ORIGINS & own.entries.keys():
        for name in _ORIGINS - own.entries.keys():
            entries.pop(name, None)
    return MapNode(own.source, own.start, own.end, entries)


def _over(base: Node, own: Node, place: YamlPath) -> Node:
    """Return what the extending file makes of a value."""
    if place == ("tests",) and isinstance(base, ListNode) and isinstance(own, ListNode):
        return ListNode(own.source, own.start, own.end, [*base.items, *own.items])
    if isinstance(base, MapNode) and isinstance(own, MapNode):
        # A table is of a file or written out; the two have no rows in common.
        if _is_table(place) and is_file(base) is not is_file(own):
            return own
        return _merged(base, own, place)
    if _is_rule(place) and isinstance(base, ScalarNode) and isinstance(own, MapNode):
        return _merged(_long_form(base), own, place)
    return own


def _long_form(rule: ScalarNode) -> MapNode:
    """Return ``{from: …}`` of a rule that is just a SCIM path."""
    entries: dict[str, tuple[ScalarNode, Node]] = {"from": (rule, rule)}
    return MapNode(rule.source, rule.start, rule.end, entries)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.data is None


def _is_rule(place: YamlPath) -> bool:
    return len(place) == 3 and place[0] in ("users", "groups") and place[1] == "attributes"


def _is_table(place: YamlPath) -> bool:
    is_named = len(place) == 2 and place[0] == "tables"
    return is_named or (_is_rule(place[:3]) and place[3:] == ("values",))


def _is_value(place: YamlPath) -> bool:
    """Whether null at a place is a value like others."""
    if _is_table(place[:-1]) or (_is_rule(place[:-1]) and place[-1] == "const"):
        return True
    is_of_users = place[:2] == ("users", "operations")
    return is_of_users and len(place) == 5 and place[3] == "set"
