"""What an expression reads of its document, and which fields it names at the root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scimweave.mapping.expression.parser import Node

Path = tuple[str, ...]


@dataclass(slots=True)
class Dependencies:
    """Collects while walking a syntax tree.

    The walk keeps, for each node, the document's path that its value comes from, or None where
    what the value is made of counts as read already. A path counts as read, with everything below,
    as soon as anything but the choice of a field is done with its value.
    """

    roots: Mapping[str, str]
    read: set[Path] = field(default_factory=set)
    renamed: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Node, roots: Mapping[str, str]) -> Dependencies:
        """Walk a whole expression."""
        found = cls(roots)
        found._use(found._visit(tree, ()))
        return found

    def fields(self) -> frozenset[Path] | None:
        """The shortest paths that cover all that is read; None where that is the document."""
        if () in self.read:
            return None
        return frozenset(
            path
            for path in self.read
            if not any(path[:length] in self.read for length in range(1, len(path)))
        )

    def _use(self, source: Path | None) -> None:
        if source is not None:
            self.read.add(source)

    def _visit(self, node: Node, current: Path | None) -> Path | None:
        kind = node["type"]
        children = node["children"]
        if kind == "field":
            return self._field(node, current)
        if kind in ("current", "identity"):
            return current
        if kind in ("subexpression", "index_expression", "pipe"):
            for child in children:
                current = self._visit(child, current)
            return current
        if kind in ("index", "slice"):
            self._use(current)
        elif kind in ("projection", "value_projection", "filter_projection"):
            base, *per_element = children
            self._use(self._visit(base, current))
            for child in per_element:
                self._visit(child, None)
        elif kind == "expref":
            # It is called with elements of arrays that the function gets, which count as read.
            self._visit(children[0], None)
        else:
            if kind.startswith("multi_select") and current:
                # Null when its node is null; the root is a document.
                self._use(current)
            for child in children:
                self._use(self._visit(child, current))
        return None

    def _field(self, node: Node, current: Path | None) -> Path | None:
        if current is None:
            return None
        name = node["value"]
        if current == () and name in self.roots:
            name = self.renamed[id(node)] = self.roots[name]
        return (*current, name)
