from __future__ import annotations

from pathlib import Path

import pytest

from scimweave_server.simulate.links import Link, Links, StateError

URL = "https://preciate.com/scim"


def test_links_survive_a_file(tmp_path: Path) -> None:
    file = tmp_path / "state" / "links.json"
    links = Links({"k": Link("u1", {"userName": "zoë@contoso.com", "active": True})})
    links.save(file, URL)
    assert Links.load(file, URL) == links
    assert [each.name for each in file.parent.iterdir()] == ["links.json"]


def test_no_file_is_no_links(tmp_path: Path) -> None:
    assert Links.load(tmp_path / "absent.json", URL) == Links()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is no state of simulate entra"),
        ("[]", "is no state of simulate entra"),
        ('{"format": 1, "url": "https://preciate.com/scim", "links": {"k": 1}}', "is no state"),
        ('{"format": 9}', "format 9, expected 1"),
        (
            '{"format": 1, "url": "https://other/scim", "links": {}}',
            "belongs to https://other/scim",
        ),
    ],
)
def test_unusable_state_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "links.json"
    file.write_text(content)
    with pytest.raises(StateError, match=reason):
        Links.load(file, URL)
