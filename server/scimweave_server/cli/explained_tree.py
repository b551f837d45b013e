"""An explained resource as a tree for people."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from scimweave.mapping.document.snippet import harmless
from scimweave.mapping.expression.explained import Piece
from scimweave_server.cli.explained import Explained, ExplainedField, Value

_MAX_SHOWN = 120
_MAX_PIECES = 5
_WIDE = 1000
_WORDS = {
    "cleared": "absent, and no default: null clears the field",
    "kept": "absent: the field is left as it is",
    "required": "absent, and required",
    "const": "the same for all",
    "deactivated": "set because the user is not active",
}


def print_tree(found: Explained) -> None:
    """Print a resource with the way of each field."""
    console = Console(highlight=False)
    if not console.is_terminal:
        # Into a file or a pipe, one line stays one line.
        console = Console(highlight=False, width=_WIDE)
    tree = Tree(_head(found))
    for each in found.fields:
        _add(tree, each)
    console.print(tree)
    if found.note:
        console.print(Text(f"note: {harmless(found.note)}", style="yellow"), soft_wrap=True)


def _head(found: Explained) -> Text:
    head = Text(harmless(found.label), style="bold")
    if found.resource_id is not None:
        head.append(f"  id {found.resource_id}", style="dim")
    if found.link is not None:
        head.append(f"  account {found.link.key}", style="dim")
        if found.link.revision != found.program.revision:
            head.append("  delivered by an earlier version of the mapping", style="yellow")
    return head


def _add(tree: Tree, field: ExplainedField) -> None:
    found, trace = field.explanation, field.explanation.trace
    branch = tree.add(_result(field))
    branch.add(
        Text(f"{harmless(found.span.file)}:{found.span.line}  {harmless(found.rule)}", "dim")
    )
    for source in trace.sources:
        mark = "  ← taken" if source.taken else ""
        branch.add(Text(f"{harmless(source.path)} = {_shown(field.masked(source.value))}{mark}"))
    if field.expression is not None:
        _pieces(branch, field.expression)
    if trace.row is not None:
        branch.add(Text(f"row {_shown(field.masked(trace.row))} of the table"))
    if field.default is not None:
        _pieces(branch.add(Text("absent: default")), field.default)
    elif trace.taken == "default":
        branch.add(Text("absent: default"))
    if trace.taken in _WORDS:
        branch.add(Text(_WORDS[trace.taken]))
    for name, other in (("delivered", field.delivered), ("at the target", field.target)):
        if other is not None:
            branch.add(_other(name, other))


def _result(field: ExplainedField) -> Text:
    found = field.explanation
    text = Text(harmless(found.field), style="bold cyan")
    if found.error is not None:
        return text.append(f": {harmless(found.error)}", style="bold red")
    if found.is_kept:
        return text.append(" is left as it is", style="not bold default")
    return text.append(f" = {_shown(field.masked(found.value))}", style="not bold default")


def _pieces(tree: Tree, piece: Piece) -> None:
    text = Text(harmless(piece.text))
    if piece.error is not None:
        text.append(f": {harmless(piece.error)}", style="red")
    else:
        text.append(f" = {_shown(piece.value)}")
    if piece.arm is not None:
        text.append(f"  ← {harmless(piece.arm)}")
    branch = tree.add(text)
    for each in piece.children[:_MAX_PIECES]:
        _pieces(branch, each)
    if len(piece.children) > _MAX_PIECES:
        branch.add(Text(f"… {len(piece.children) - _MAX_PIECES} more"))


def _other(name: str, other: Value) -> Text:
    if other.is_free:
        return Text(f"{name}: {_shown(other.value)}")
    if not other.differs:
        return Text(f"{name}: the same", style="green")
    return Text(f"{name}: {_shown(other.value)}  ≠", style="bold yellow")


def _shown(value: Any) -> str:
    text = harmless(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
