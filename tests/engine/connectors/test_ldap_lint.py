from __future__ import annotations

import re
from pathlib import Path

import pytest

from scimweave.mapping import lint

DOCUMENT = Path(__file__).parents[3] / "docs" / "targets" / "ldap.md"


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the first file of the documentation."""
    monkeypatch.setenv("LDAP_PASSWORD", "geheim")
    found = re.search(r"```yaml\n(integration:.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    file = tmp_path / "people.yaml"
    file.write_text(found[1])
    return file


USERS = '    dn: "uid={uid},ou=people,dc=example,dc=com"\n'


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("{uid}", "{user}", "unknown-field", '"dn" is made of "user", and no attribute fills it'),
        ("uid={uid}", "uid=ada", "bad-value", "the first step has no field in braces"),
        ("uid={uid},ou", "uid={uid},people,ou", "bad-value", "'people' is not attribute=value"),
        (USERS, f"{USERS}    dn_fields: [unit]\n", "unknown-field", 'names "unit", which is not'),
        (USERS, f"{USERS}    base: people\n", "bad-value", '"base" is no name of an entry'),
        (
            USERS,
            f"{USERS}    flags: {{ uid: {{ attribute: x, bit: 2 }} }}\n",
            "bad-value",
            'is made of "uid", which is a flag',
        ),
        (
            USERS,
            f"{USERS}    flags: {{ enabled: {{ attribute: x, bit: 3 }} }}\n",
            "bad-value",
            '"bit" is the value of one bit, and 3 is several',
        ),
        (
            USERS,
            f"{USERS}    flags: {{ enabled: {{ attribute: x, bit: 2 }} }}\n",
            "unknown-field",
            'no attribute fills "enabled"',
        ),
        (
            '  groups:\n    dn: "cn={cn},ou=groups,dc=example,dc=com"\n',
            "",
            "missing-key",
            '"target" has no "groups"',
        ),
        ("  base: dc=example", "  base: example", "bad-value", '"base" is no name of an entry'),
        ("ldaps://", "ldap://", "clear-text", "ldap.example.com is reached without TLS"),
        (
            "url: ldaps://ldap.example.com",
            "url: ldap://127.0.0.1\n  tls: { ca: /etc/ca.pem }",
            "conflicting-keys",
            "nothing is encrypted",
        ),
        ("url: ldaps://", "url: https://", "bad-value", '"url" is'),
        (
            "members: { field: member }",
            "members: { object: a, group: b, member: c }",
            "not-offered",
            "ldap",
        ),
        ("${LDAP_PASSWORD}", "geheim", "literal-secret", "password"),
        ("classes:", "clases:", "unknown-key", 'unknown key "clases"'),
    ],
)
def test_what_does_not_fit_is_found_before_anything_runs(
    mapping: Path, old: str, new: str, code: str, message: str
) -> None:
    assert lint([mapping]) == []
    text = mapping.read_text()
    assert old in text
    mapping.write_text(text.replace(old, new, 1))
    findings = lint([mapping])
    assert code in {each.code for each in findings}
    assert message in "\n".join(map(str, findings))


@pytest.mark.parametrize(
    "target",
    [
        "url: ldap://localhost",
        "url: ldap://ldap.example.com\n  tls: { start: true }",
        "url: ldapi:///run/ldapi",
    ],
)
def test_what_is_safe_is_not_warned_of(mapping: Path, target: str) -> None:
    mapping.write_text(mapping.read_text().replace("url: ldaps://ldap.example.com", target))
    assert lint([mapping]) == []
