"""Texts that are compared with a file, which UPDATE_GOLDEN=1 writes anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def matches_golden(name: str, shown: str, folder: Path) -> None:
    """Compare what a command printed with tests/golden/NAME.

    ``folder`` is that of the test: its name, and the ids of resources, are not the same twice.
    """
    shown = shown.replace(str(folder), "…")
    shown = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID", shown)
    shown = re.sub(r"(?<=[( \"])[0-9a-f]{12}(?=[)\"])", "REVISION", shown)
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
