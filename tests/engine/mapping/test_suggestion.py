from __future__ import annotations

import pytest

from scimweave.mapping.suggestion import is_settled, suggested_line
from scimweave.scim.schema import USER_TYPE
from small_mapping import codes, findings, mapping_text, program

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
LINES = [
    ("nickName", "nick_name: nickName"),
    ("name.honorificPrefix", "honorific_prefix: name.honorificPrefix"),
    ("emails", """emails: 'emails[type eq "work"].value'"""),
    ("addresses", """addresses: 'addresses[type eq "work"].formatted'"""),
    ("roles", "roles: 'roles[primary eq true].value'"),
    (f"{ENTERPRISE}:costCenter", "cost_center: enterprise.costCenter"),
    (f"{ENTERPRISE}:manager.value", "value: enterprise.manager.value"),
]


@pytest.mark.parametrize(("name", "line"), LINES)
def test_line_can_be_added_as_it_is(name: str, line: str) -> None:
    assert suggested_line(name, USER_TYPE) == line
    assert codes(mapping_text(line)) == []
    assert is_settled(name, program(line).users)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("foo", "ignore: [foo]"),
        ("foo bar", "ignore: ['foo bar']"),
        ("name.foo", "ignore: [name.foo]"),
        (f"{CONTOSO}:level", f"{CONTOSO}: {{ attributes: {{ level: string }} }}"),
        (CONTOSO, f"ignore: [{CONTOSO}]"),
        (f"{ENTERPRISE}:schemas", f"ignore: [{ENTERPRISE}:schemas]"),
    ],
)
def test_what_no_schema_has_is_declared_or_ignored(name: str, line: str) -> None:
    assert suggested_line(name, USER_TYPE) == line


@pytest.mark.parametrize(
    "name",
    [
        *("foo", "foo bar", "name.foo", "foo.bar", "it's", "a: b", "urn:x:1", CONTOSO),
        f"{ENTERPRISE}:schemas",
    ],
)
def test_what_is_ignored_by_a_line_is_settled(name: str) -> None:
    line = f"  {suggested_line(name, USER_TYPE)}\n"
    assert line.startswith("  ignore: ")
    assert codes(mapping_text(users=line)) == []
    assert is_settled(name, program(users=line).users)


@pytest.mark.parametrize("name", ["titel", "name.givenNam", "enterprise.departmnt", "emails["])
def test_misspelt_name_is_not_ignored(name: str) -> None:
    (finding,) = findings(mapping_text(users=f"  ignore: ['{name}']\n"))
    assert finding.severity == "error"


def test_mapped_and_ignored_attributes_are_settled() -> None:
    users = program("title: title", users="  ignore: [nickName, foo]\n").users
    settled = ["title", "NickName", "foo", "foo.bar", "userName"]
    assert [is_settled(name, users) for name in settled] == [True] * 5
    assert not is_settled("food", users)
    assert not is_settled("emails", users)
