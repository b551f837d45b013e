"""Keys in docs/targets are made from the models of the options; ``make golden`` rewrites them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from scimweave.mapping.target_kinds import kind, options_at

DOCS = Path(__file__).parents[3] / "docs" / "targets"
MARK = "<!-- keys -->\n"


@pytest.mark.parametrize("name", ["rest", "scim"])
def test_every_key_of_a_target_is_documented(name: str) -> None:
    document = DOCS / f"{name}.md"
    head, mark, _ = document.read_text(encoding="utf-8").partition(MARK)
    found = kind(name)
    assert found is not None
    made = head + mark + "".join(_sections(name, found.options))
    if os.environ.get("UPDATE_GOLDEN"):
        document.write_text(made, encoding="utf-8")
    assert document.read_text(encoding="utf-8") == made


def _sections(name: str, options: type[BaseModel]) -> Iterator[str]:
    """Return a table for each model; one that stands at several keys is shown once."""
    found = kind(name)
    assert found is not None
    places: dict[type[BaseModel], list[tuple[str, ...]]] = {options: [()]}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        path = waiting.pop(0)
        model = options_at(found, path) if path else options
        assert model is not None
        for key in model.model_fields:
            for below in ((*path, key), (*path, key, "NAME")):
                inner = options_at(found, below)
                if inner is None:
                    continue
                if inner not in places:
                    waiting.append(below)
                places.setdefault(inner, []).append(below)
    for model, paths in places.items():
        keys = ", ".join(f"`{'.'.join(('target', *path))}`" for path in paths)
        yield f"\n### {keys}\n\n| key | meaning | default |\n|---|---|---|\n"
        for key, field in model.model_fields.items():
            text = field.description or "The kind of the target."
            yield f"| `{key}` | {text.replace('|', chr(92) + '|')} | {_default(field)} |\n"


def _default(field: object) -> str:
    if field.is_required():  # type: ignore[attr-defined]
        return "needed"
    # The keys below it have a table of their own.
    if field.default_factory is not None:  # type: ignore[attr-defined]
        return ""
    default = field.get_default(call_default_factory=False)  # type: ignore[attr-defined]
    return "" if default is None or default == {} else f"`{str(default).replace('True', 'true')}`"
