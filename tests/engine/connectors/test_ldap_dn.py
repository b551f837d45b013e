from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.connectors.contract import NASTY_TEXTS
from scimweave.connectors.ldap.dn import BadDn, Dn, Rdn, escaped
from scimweave.connectors.ldap.dn_template import DnTemplate, NoValue

BASE = "ou=people,dc=example,dc=com"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada", "Ada"),
        ("Smith, John", r"Smith\, John"),
        ('Jack "the" <R> +1; a=b', r"Jack \"the\" \<R\> \+1\; a\=b"),
        (" both ends ", r"\ both ends\ "),
        ("#1", r"\#1"),
        ("C#", "C#"),
        ("back\\slash", r"back\\slash"),
        ("a\0b\r\n", r"a\00b\0D\0A"),
        ("Zoë 山田", "Zoë 山田"),
        (" ", r"\ "),
    ],
)
def test_a_value_is_escaped_by_rfc_4514(value: str, text: str) -> None:
    assert escaped(value) == text
    assert Dn.parse(f"cn={text},{BASE}").leaf.pairs == (("cn", value),)


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_value_comes_back_from_a_name(one: str, other: str) -> None:
    made = Dn((Rdn.of(("cn", one), ("uid", other)), *Dn.parse(BASE).rdns))
    read = Dn.parse(str(made))
    assert read.leaf.pairs == (("cn", one), ("uid", other))
    assert str(read.parent) == BASE


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_no_value_leaves_its_place_in_a_template(text: str) -> None:
    template = DnTemplate(f"uid={{uid}},{BASE}")
    if not text:
        with pytest.raises(NoValue):
            template.leaf({"uid": text})
        return
    assert template.leaf({"uid": text}).pairs == (("uid", text),)
    assert str(template.parent({})) == BASE


def test_hex_escapes_are_bytes_of_one_text() -> None:
    assert Dn.parse(r"cn=Zo\C3\AB,dc=x").leaf.pairs == (("cn", "Zoë"),)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("UID=Ada, OU=People", "uid=ada,ou=people", True),
        (r"cn=a\2Cb", r"cn=a\,b", True),
        ("cn=a  b", "cn=a b", True),
        ("cn=a+uid=b", "uid=b+cn=a", True),
        ("cn=a,ou=x", "cn=a,ou=y", False),
        ("cn=a", "cn=a,ou=x", False),
    ],
)
def test_two_writings_of_one_name_are_the_same(one: str, other: str, same: bool) -> None:
    assert (Dn.parse(one).normal == Dn.parse(other).normal) is same


@pytest.mark.parametrize("text", ["people", "=x", "a b=c", "uid=x,,dc=y", "uid=x,"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadDn):
        Dn.parse(text)


@pytest.mark.parametrize(
    ("template", "dn", "fields"),
    [
        ("uid={uid},ou={unit},dc=x", "uid=ada,ou=leavers,dc=x", {"uid": "ada", "unit": "leavers"}),
        ("uid={uid},{place},dc=x", "uid=a,ou=b,ou=c,dc=x", {"uid": "a", "place": "ou=b,ou=c"}),
        ("uid={uid},{place},dc=x", "uid=a,dc=x", {"uid": "a", "place": ""}),
        ("uid={uid},{place},dc=x", "uid=a,ou=b,dc=y", {}),
        ("uid={uid},{place},dc=x", "dc=x", {}),
        ("uid={uid},ou={unit},dc=x", "uid=ada,dc=x", {}),
        ("uid={uid},ou={unit},dc=x", "cn=ada,ou=a,dc=x", {}),
        ("uid={uid},ou={unit},dc=x", "uid=ada,ou=a,dc=y", {}),
        ("cn={first} {last}+uid={uid},dc=x", "cn=Ada L+uid=7,dc=x", {"uid": "7"}),
    ],
)
def test_a_name_is_read_by_its_template(template: str, dn: str, fields: dict[str, str]) -> None:
    assert DnTemplate(template).read(Dn.parse(dn)) == fields


def test_a_template_mixes_fields_and_text() -> None:
    template = DnTemplate(r"cn={last}\, {first}+uid={uid},ou=\7Bpeople\7D,dc=x")
    values = {"first": "Ada", "last": "Love,lace", "uid": "7"}
    assert str(template.leaf(values).text) == r"cn=Love\,lace\, Ada+uid=7"
    assert str(template.parent(values)) == "ou={people},dc=x"
    assert template.fields == {"first", "last", "uid"}


def test_a_place_is_a_name_and_cannot_leave_the_rest() -> None:
    template = DnTemplate("uid={uid},{place},dc=example,dc=com")
    assert str(template.parent({"place": "ou=a,ou=b"})) == "ou=a,ou=b,dc=example,dc=com"
    with pytest.raises(BadDn):
        template.parent({"place": "people"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ou=people,dc=x", "no field in braces"),
        ("{uid},dc=x", "names the entry"),
        ("uid={uid},{a},{b}", "only one step"),
        ("uid={},dc=x", "braces without a field"),
        ("uid={uid},people", "not attribute=value"),
    ],
)
def test_what_is_no_template_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadDn, match=reason):
        DnTemplate(text)
