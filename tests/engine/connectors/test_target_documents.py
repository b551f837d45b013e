"""Every key that a mapping file may give a target stands in its document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scimweave.mapping import load
from scimweave.mapping.editor.schema import editor_schema
from scimweave.mapping.target_kinds import kind, own_kinds

ROOT = Path(__file__).parents[3]
DOCUMENTED = ("ldap", "sql")


def keys_of(name: str) -> Iterator[str]:
    """Yield the keys at any depth below ``target``."""
    found = kind(name)
    assert found is not None
    definitions = editor_schema(kinds=[found])["$defs"]
    waiting, seen = [found.options.__name__], set()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for key, each in definitions[model].get("properties", {}).items():
            yield key
            waiting += [name for name in definitions if f"'#/$defs/{name}'" in str(each)]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_key_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "targets" / f"{name}.md").read_text()
    missing = {key for key in keys_of(name) if f"`{key}`" not in text and f"{key}:" not in text}
    assert missing == set()
    assert len(set(keys_of(name))) > 20


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_whole_file_in_it_is_in_order(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LDAP_PASSWORD", "geheim")
    text = (ROOT / "docs" / "targets" / f"{name}.md").read_text()
    blocks = re.findall(r"```yaml\n(integration:.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        file = tmp_path / "mapping.yaml"
        file.write_text(block)
        assert load(file).warnings == ()


def test_every_connector_is_listed() -> None:
    text = (ROOT / "docs" / "connectors.md").read_text()
    assert [each.name for each in own_kinds() if f"| `{each.name}` |" not in text] == []
