from __future__ import annotations

from pathlib import Path

from scimweave.mapping import endpoints


def test_endpoint_is_found_whatever_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("integration: a\npath: ${PLACE}\nusers: {nonsense: 1}\n")
    (tmp_path / "b.yaml").write_text("integration: b\n")
    (tmp_path / "broken.yaml").write_text("integration: [")
    (tmp_path / "other.yaml").write_text("- a list\n")
    found = endpoints([tmp_path, tmp_path / "missing.yaml"], {"PLACE": "/here"})
    assert found == {"a": "/here", "b": "/scim/b/v2"}
