"""Scalars of several lines: blocks, and long text that the author has broken."""

from __future__ import annotations

import re

from scimweave.mapping.layout.quoting import quoted
from scimweave.mapping.layout.tree import Group, Leaf

# In a block these would break a line, or cannot be seen.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_HEADER = re.compile(r"[|>][-+0-9]*")


def block_lines(leaf: Leaf | Group | None) -> list[str] | None:
    """Return a block scalar: its sign, and its lines without indentation.

    None for other values, and where it holds what a block cannot: it is quoted then.
    """
    if not isinstance(leaf, Leaf) or leaf.style not in ("|", ">"):
        return None
    text = leaf.text
    if not text.strip(" \n") or _UNFIT.search(text):
        return None
    anchor = f"&{leaf.anchor} " if leaf.anchor else ""
    ending = "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"
    header, *written = leaf.written.split("\n")
    sign = _HEADER.match(header)
    if leaf.style == ">" and sign and not re.search("[0-9]", sign.group()):
        lines = _dedented(written)
        more = len(text) - len(text.rstrip("\n")) - 1
        return [f"{anchor}>{ending}", *lines, *[""] * max(more, 0)]
    # Where the first line is indented itself, the sign says by how much the block is.
    depth = "2" if text.lstrip("\n").startswith(" ") else ""
    lines = text.removesuffix("\n").split("\n")
    return [f"{anchor}|{depth}{ending}", *lines]


def folded_lines(value: Leaf | Group | None, room: int) -> list[str] | None:
    """Return the lines of a text that the author has broken; None where it fits on one."""
    if not isinstance(value, Leaf) or "\n" not in value.written or value.style in ("|", ">", "*"):
        return None
    if len(quoted(value.text, False)) <= room or not value.is_text or _UNFIT.search(value.written):
        return None
    first, *others = [line.strip(" \t") for line in value.written.split("\n")]
    return [f"&{value.anchor} {first}" if value.anchor else first, *others]


def _dedented(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip(" "):
        lines = lines[:-1]
    first = next(line for line in lines if line.strip(" "))
    depth = len(first) - len(first.lstrip(" "))
    return [line[depth:] for line in lines]
