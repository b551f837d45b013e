from typing import Any

import pytest

from scimweave.scim.path import ALIASES, PathError, compile_path, parse_path
from scimweave.scim.schema import ENTERPRISE_USER, USER, USER_TYPE

ADA = {
    "userName": "ada",
    "name": {"givenName": "Ada"},
    "emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x"}],
    ENTERPRISE_USER: {"department": "Engines"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("UserName", "ada", id="Q21-any-case"),
        pytest.param("name.givenName", "Ada", id="dotted"),
        pytest.param('emails[type eq "home"].Value', "b@x", id="Q21-sub-attribute"),
        pytest.param('emails[type eq "other"].value', None, id="no-such-element"),
        pytest.param("emails.value", ["a@x", "b@x"], id="all-values"),
        pytest.param(f"{ENTERPRISE_USER}:department", "Engines", id="extension"),
        pytest.param(f"{ENTERPRISE_USER}.department", "Engines", id="Q20-legacy-dot"),
        pytest.param(f"{USER}:name.givenName", "Ada", id="Q29-core-urn"),
        pytest.param(f"{ENTERPRISE_USER.upper()}:DEPARTMENT", "Engines", id="urn-any-case"),
        pytest.param("enterprise.department", "Engines", id="alias"),
        pytest.param("title", None, id="absent"),
    ],
)
def test_path_reads(text: str, expected: Any) -> None:
    assert compile_path(parse_path(text, aliases=ALIASES), USER_TYPE)(ADA) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a..b", 0),
        ("emails[", 7),
        ("emails[type eq].value", 14),
        ("emails]", 6),
        ("a b", 2),
        ('emails.value[type eq "work"]', 12),
    ],
)
def test_bad_path_says_where(text: str, position: int) -> None:
    with pytest.raises(PathError) as caught:
        parse_path(text)
    assert caught.value.position == position
    assert caught.value.scim_type == "invalidPath"


@pytest.mark.parametrize(
    "text",
    ["title", "name.givenName", 'emails[type eq "work"].value', f"{ENTERPRISE_USER}:manager.value"],
)
def test_printed_path_parses_to_itself(text: str) -> None:
    assert str(parse_path(text)) == text
