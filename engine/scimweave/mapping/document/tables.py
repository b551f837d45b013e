"""``values`` by name and from CSV files: the rows are put where the table is used.

A named table then is read as if it stood in the rule, but for its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from scimweave.mapping.diagnostics import Diagnostic, MappingError, did_you_mean, finding
from scimweave.mapping.document.csv_table import CsvError, read_table
from scimweave.mapping.document.files import Files, beside
from scimweave.mapping.document.source import Document, MapNode, Node, ScalarNode, span_of

MAX_ROWS_USED = 500_000
_SECTIONS = ("users", "groups")
_KEYS = ("csv", "key", "value")
_EXAMPLE = "{ csv: countries.csv, key: code, value: name }"


def place_tables(document: Document, files: Files) -> list[Diagnostic]:
    """Put rows in the place of names and files, in place; what is at fault is marked so."""
    return _Placing(document, files).run()


class _Placing:
    def __init__(self, document: Document, files: Files) -> None:
        self.document = document
        self.files = files
        self.findings: list[Diagnostic] = []
        self.tables: dict[str, Node] = {}
        self.used: set[str] = set()
        self.rows = 0

    def run(self) -> list[Diagnostic]:
        named = self.document.root.entries.get("tables")
        names = named[1].entries if named and isinstance(named[1], MapNode) else {}
        for name, (key, node) in names.items():
            self.tables[name] = self._rows(node)
            names[name] = (key, self.tables[name])
        for rule in self._rules():
            key, node = rule.entries["values"]
            rule.entries["values"] = (key, self._used(node))
        if any(each.code == "unknown-table" for each in self.findings):
            # One of those that nothing uses is meant.
            return self.findings
        for name, (key, _) in names.items():
            # What a file extends may offer more than it uses.
            if name not in self.used and key.source is self.document.source:
                message = f'no rule uses the table "{name}"'
                self.findings.append(finding("unused-table", message, span_of(key)))
        return self.findings

    def _rules(self) -> Iterator[MapNode]:
        for section in _SECTIONS:
            attributes = self.document.exactly((section, "attributes"))
            for _, rule in attributes.entries.values() if isinstance(attributes, MapNode) else ():
                if isinstance(rule, MapNode) and "values" in rule.entries:
                    yield rule

    def _used(self, node: Node) -> Node:
        """Return the table that ``values`` means."""
        table = self._rows(node)
        if isinstance(node, ScalarNode) and isinstance(node.data, str) and not node.is_faulty:
            table = self._named(node, node.data)
        if isinstance(table, MapNode) and table.reference is not None:
            self.rows += len(table.entries)
            if self.rows > MAX_ROWS_USED:
                message = f"the rules use more than {MAX_ROWS_USED} rows of tables in all"
                self.findings.append(finding("too-large", message, span_of(node)))
                return _faulty(node)
        return table

    def _named(self, node: ScalarNode, name: str) -> Node:
        table = self.tables.get(name)
        if table is None:
            message = f'there is no table "{name}"'
            label = did_you_mean(name, self.tables)
            hint = "" if label else "tables: names tables for several rules"
            if name.lower().endswith(".csv"):
                hint = f"for a file write {_EXAMPLE}"
            span = span_of(node)
            self.findings.append(finding("unknown-table", message, span, label, help=hint))
            return _faulty(node)
        self.used.add(name)
        if not isinstance(table, MapNode):
            # What is wrong with it is said where it stands.
            return _faulty(node)
        return MapNode(table.source, table.start, table.end, table.entries, node)

    def _rows(self, node: Node) -> Node:
        """Return the rows of a CSV file; a table that is written out as it is."""
        if not isinstance(node, MapNode) or node.reference is not None or not is_file(node):
            return node
        before = len(self.findings)
        file, key, value = (self._text(node, name) for name in _KEYS)
        for name, (written, _) in node.entries.items():
            if name not in _KEYS:
                message = f'unknown key "{name}"'
                label = did_you_mean(name, _KEYS)
                self.findings.append(finding("unknown-key", message, span_of(written), label))
        if len(self.findings) > before or file is None or key is None or value is None:
            return _faulty(node)
        return self._read(node, file, key, value)

    def _read(self, node: MapNode, file: ScalarNode, key: ScalarNode, value: ScalarNode) -> Node:
        path = beside(file.source.name, str(file.data))
        try:
            text = self.files.text(path, span_of(file))
            table, findings = read_table(text, str(path), key, value)
        except MappingError as error:
            self.findings += error.diagnostics
            return _faulty(node)
        except CsvError as error:
            self.findings.append(error.diagnostic)
            return _faulty(node)
        self.findings += findings
        if not table.entries:
            return _faulty(node)
        table.reference = node
        return table

    def _text(self, node: MapNode, name: str) -> ScalarNode | None:
        _, value = node.entries.get(name, (None, None))
        if value is None:
            message = f'a table from a file has no "{name}"'
            hint = f"for example {_EXAMPLE}"
            self.findings.append(finding("missing-key", message, span_of(node), help=hint))
        elif not isinstance(value, ScalarNode) or not isinstance(value.data, str):
            self.findings.append(finding("wrong-type", f'"{name}" is text', span_of(value)))
        elif not value.is_faulty:
            return value
        return None


def is_file(node: MapNode) -> bool:
    """Whether a mapping names a file, and is not a table with a row for the text "csv"."""
    _, file = node.entries.get("csv", (None, None))
    if file is None:
        return False
    is_named = isinstance(file, ScalarNode) and str(file.data).lower().endswith(".csv")
    return is_named or bool({"key", "value"} & node.entries.keys())


def _faulty(node: Node) -> MapNode:
    """Return what is put in the place of a table that was reported: anything may come of it."""
    key = ScalarNode(node.source, node.start, node.end, "*", None, None, "*")
    value = ScalarNode(node.source, node.start, node.end, "", None, None, None, is_faulty=True)
    return MapNode(node.source, node.start, node.end, {"*": (key, value)}, node)
