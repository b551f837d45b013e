"""YAML events to nodes, with limits: nothing in a file makes this use much memory or stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from scimweave.mapping.diagnostics import Diagnostic, Related, finding
from scimweave.mapping.document.scalars import resolve
from scimweave.mapping.document.source import ListNode, MapNode, Mark, Node, ScalarNode, Source

MAX_DEPTH = 50
MAX_NODES = 200_000
# The parser in C where PyYAML has it; both give the same positions.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq"))
_MERGE = "<<"


class TooLarge(Exception):
    """The file goes beyond a limit."""

    def __init__(self, message: str, source: Source, mark: Mark) -> None:
        super().__init__(message)
        self.diagnostic = finding("too-large", message, source.point(mark))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been met; ``key`` waits for its value."""

    node: ListNode | MapNode
    anchor: str | None
    nodes_before: int
    height: int = 1
    key: ScalarNode | None = None
    merges: list[Node] = field(default_factory=list)


def compose(text: str, source: Source) -> tuple[Node | None, list[Diagnostic]]:
    """Build the tree of the one document in ``text``; None where there is none.

    Raises ``TooLarge`` and ``yaml.MarkedYAMLError``.
    """
    composer = _Composer(source)
    for event in yaml.parse(text, Loader=_LOADER):
        composer.take(event)
    return composer.root, composer.findings


class _Composer:
    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self.findings: list[Diagnostic] = []
        self._source = source
        self._open: list[_Open] = []
        # Anchors, each with the number and the levels of nodes that an alias to it stands for.
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._nodes = 0

    def take(self, event: Any) -> None:
        start = Mark(event.start_mark.line, event.start_mark.column)
        end = Mark(event.end_mark.line, event.end_mark.column)
        match event:
            case yaml.ScalarEvent():
                self._count(1, start)
                self._finish(self._scalar(event, start, end), event.anchor, 1, 0)
            case yaml.AliasEvent():
                self._alias(event, start)
            case yaml.SequenceStartEvent():
                self._begin(ListNode(self._source, start, end, []), event)
            case yaml.MappingStartEvent():
                self._begin(MapNode(self._source, start, end, {}), event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close(end)
            case yaml.DocumentStartEvent() if self.root is not None:
                _fault("a mapping file holds one document", event.start_mark)

    def _scalar(self, event: Any, start: Mark, end: Mark) -> ScalarNode:
        plain = event.implicit[0] and event.style in {None, ""}
        style = None if plain else event.style
        node = ScalarNode(self._source, start, end, event.value, style, event.tag)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            _fault(f"the tag {event.tag} has no meaning here", event.start_mark)
        node.data = resolve(event.value) if plain and event.tag is None else event.value
        return node

    def _begin(self, node: ListNode | MapNode, event: Any) -> None:
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            _fault(f"the tag {event.tag} has no meaning here", event.start_mark)
        self._limit_depth(1, node.start)
        if self._open and isinstance(self._open[-1].node, MapNode) and self._open[-1].key is None:
            _fault("a key is plain text, not a list or a mapping", event.start_mark)
        self._open.append(_Open(node, event.anchor, self._nodes))
        self._count(1, node.start)

    def _close(self, end: Mark) -> None:
        closed = self._open.pop()
        closed.node.end = end
        if isinstance(closed.node, MapNode):
            self._merge(closed.node, closed.merges)
        size = self._nodes - closed.nodes_before
        self._finish(closed.node, closed.anchor, size, closed.height)

    def _alias(self, event: Any, start: Mark) -> None:
        if event.anchor not in self._anchors:
            _fault(f"no anchor &{event.anchor} stands before this", event.start_mark)
        node, size, height = self._anchors[event.anchor]
        self._count(size, start)
        self._limit_depth(height, start)
        self._finish(node, None, size, height)

    def _finish(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        """Put a node where it belongs; ``height`` counts its levels, 0 for a scalar."""
        if anchor is not None:
            self._anchors[anchor] = (node, size, height)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.height = max(parent.height, height + 1)
        if isinstance(parent.node, ListNode):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node)
        else:
            self._entry(parent, parent.key, node)
            parent.key = None

    def _key(self, node: Node) -> ScalarNode:
        if not isinstance(node, ScalarNode):
            message = "a key is plain text, not a list or a mapping"
            _fault(message, node.start)
        return node

    def _entry(self, parent: _Open, key: ScalarNode, value: Node) -> None:
        assert isinstance(parent.node, MapNode)  # noqa: S101 - only mappings have a key waiting
        name = key.written
        if name == _MERGE and key.style is None:
            parent.merges.append(value)
            return
        if name in parent.node.entries:
            self.findings.append(self._duplicate(name, parent.node.entries[name][0], key))
            return
        parent.node.entries[name] = (key, value)

    def _merge(self, node: MapNode, merges: list[Node]) -> None:
        """Add the entries of ``<<`` that the mapping does not have itself."""
        for merge in merges:
            for each in merge.items if isinstance(merge, ListNode) else [merge]:
                if not isinstance(each, MapNode):
                    message = "<< takes a mapping, or a list of them"
                    span = self._source.span(each.start, each.end)
                    self.findings.append(finding("syntax", message, span))
                    continue
                for name, entry in each.entries.items():
                    node.entries.setdefault(name, entry)

    def _count(self, nodes: int, mark: Mark) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values, with what aliases stand for"
            raise TooLarge(message, self._source, mark)

    def _limit_depth(self, height: int, mark: Mark) -> None:
        if len(self._open) + height > MAX_DEPTH:
            raise TooLarge(f"nested deeper than {MAX_DEPTH} levels", self._source, mark)

    def _duplicate(self, name: str, first: ScalarNode, again: ScalarNode) -> Diagnostic:
        where = self._source.span(first.start, first.end)
        return finding(
            "duplicate-key",
            f'the key "{name}" is given twice',
            self._source.span(again.start, again.end),
            "here again",
            related=(Related(where, "first here"),),
        )


def _fault(message: str, mark: Any) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=message, problem_mark=mark)
