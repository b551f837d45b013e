"""The canonical form of a mapping file, and the proof that it says the same."""

from __future__ import annotations

import json

from scimweave.mapping.diagnostics import MappingError, finding
from scimweave.mapping.document.loader import parse
from scimweave.mapping.layout.order import sort
from scimweave.mapping.layout.reader import read
from scimweave.mapping.layout.writer import write

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def canonical(text: str, name: str) -> str:
    """Return the text of a mapping file in canonical form; ``name`` is that of the file.

    Keys stand in the order of the mapping language, unless an alias would come before its anchor:
    then they keep that of the file. Raises ``MappingError`` where the text does not parse.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    said = _said(text, name)
    for is_sorted in (True, False):
        result = _laid_out(text, is_sorted=is_sorted)
        try:
            if _said(result, name) == said:
                return result
        except MappingError:
            continue
    message = f"{name} cannot be laid out anew without changing what it says"
    raise MappingError([finding("syntax", message, help="nothing was written; please report it")])


def _laid_out(text: str, *, is_sorted: bool) -> str:
    tree = read(text.lstrip("\n"))
    if is_sorted:
        sort(tree.root)
    return write(tree)


def _said(text: str, name: str) -> tuple[str, list[str]]:
    """Return the data of a file and its comments, to compare."""
    document, _ = parse(text, name)
    # 1, 1.0 and true are not the same here.
    return json.dumps(document.data(), sort_keys=True), read(text.lstrip("\n")).comments()
