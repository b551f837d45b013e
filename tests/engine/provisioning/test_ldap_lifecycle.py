"""The life cycle on a real directory: what the provider says, and what entries become."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scimweave.mapping import MappingError
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.groups import Groups
from scimweave.provisioning.users import Users
from scimweave.scim.error import ScimError
from servers.slapd import ADMIN, PASSWORD, Directory, Slapd

MAPPING = """
integration: people
target:
  connector: ldap
  url: ${TEST_LDAP_URL}
  bind: { dn: "%(admin)s", password: "${TEST_LDAP_PASSWORD}" }
  base: ${TEST_LDAP_BASE}
  users:
    dn: "uid={uid},ou={unit},%(base)s"
    dn_fields: [unit]
    flags:
      enabled: { attribute: userAccountControl, bit: 2, inverted: true, initial: 512 }
  groups:
    dn: "cn={cn},ou=groups,%(base)s"
users:
  object: testPerson
  key: entryUUID
  match: [uid]
  attributes:
    uid: userName
    cn: displayName
    title: title
    mail: { expr: "emails[*].value", type: json }
    enabled: active
    unit: { const: people }
  operations:
    deactivate: { set: { enabled: false, unit: leavers } }
    delete: delete
groups:
  object: groupOfNames
  key: entryUUID
  match: [cn]
  attributes:
    cn: displayName
  members: { field: member }
"""

ADA: dict[str, Any] = {
    "userName": "ada@contoso.com",
    "active": True,
    "displayName": "Ada Lovelace",
    "title": "Analyst",
    "emails": [{"type": "work", "value": "ada@contoso.com"}, {"type": "home", "value": "a@home"}],
}
LEAVE = [{"op": "Replace", "path": "active", "value": "False"}]
RETURN = [{"op": "Replace", "path": "active", "value": "True"}]


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ldap_directory: Directory) -> Path:
    monkeypatch.setenv("TEST_LDAP_URL", ldap_directory.url)
    monkeypatch.setenv("TEST_LDAP_PASSWORD", PASSWORD)
    monkeypatch.setenv("TEST_LDAP_BASE", ldap_directory.base)
    file = tmp_path / "people.yaml"
    file.write_text(MAPPING % {"admin": ADMIN, "base": ldap_directory.base})
    return file


@pytest.fixture
async def engine(mapping: Path, store_url: str) -> AsyncIterator[Engine]:
    async with Engine.open(mapping, store=store_url) as opened:
        yield opened


@pytest.fixture
def users(engine: Engine) -> Users:
    return engine["people"].users


@pytest.fixture
def groups(engine: Engine) -> Groups:
    return engine["people"].groups


def entry(directory: Directory, uid: str) -> tuple[str, dict[str, list[str]]]:
    """Return the name and the values of the one entry of a uid."""
    ((dn, attributes),) = directory.entries(f"(uid={uid})").items()
    return dn, {name: [each.decode() for each in values] for name, values in attributes.items()}


async def test_a_person_joins_leaves_returns_is_renamed_and_goes(
    users: Users, ldap_directory: Directory
) -> None:
    ada = await users.create(ADA)
    dn, values = entry(ldap_directory, "ada@contoso.com")
    assert dn == "uid=ada@contoso.com,ou=people"
    assert values["cn"] == ["Ada Lovelace"]
    assert sorted(values["mail"]) == ["a@home", "ada@contoso.com"]
    assert values["userAccountControl"] == ["512"]
    for _ in range(2):
        await users.patch(ada.id, LEAVE)
        dn, values = entry(ldap_directory, "ada@contoso.com")
        assert (dn, values["userAccountControl"]) == ("uid=ada@contoso.com,ou=leavers", ["514"])
    for _ in range(2):
        await users.patch(ada.id, RETURN)
        dn, values = entry(ldap_directory, "ada@contoso.com")
        assert (dn, values["userAccountControl"]) == ("uid=ada@contoso.com,ou=people", ["512"])
    renamed = [{"op": "Replace", "path": "userName", "value": "countess+1@contoso.com"}]
    await users.patch(ada.id, renamed)
    (dn, after) = entry(ldap_directory, "countess\\2b1@contoso.com")
    assert after["entryUUID"] == values["entryUUID"]
    await users.delete(ada.id)
    assert ldap_directory.entries("(uid=*)") == {}
    with pytest.raises(ScimError) as caught:
        await users.delete(ada.id)
    assert caught.value.status == 404


async def test_a_directory_that_stops_costs_nothing_but_time(
    users: Users, ldap_directory: Directory, slapd: Slapd
) -> None:
    ada = await users.create(ADA)
    slapd.stop()
    for attempt in (users.patch(ada.id, LEAVE), users.create({**ADA, "userName": "bob"})):
        with pytest.raises(ScimError) as caught:
            await attempt
        assert caught.value.status == 503
        assert caught.value.retry_after
    slapd.start()
    await users.patch(ada.id, LEAVE)
    assert entry(ldap_directory, "ada@contoso.com")[0] == "uid=ada@contoso.com,ou=leavers"
    await users.create({**ADA, "userName": "bob", "emails": []})
    assert entry(ldap_directory, "bob")[0] == "uid=bob,ou=people"


async def test_who_was_in_the_directory_before_is_taken_over(
    users: Users, ldap_directory: Directory
) -> None:
    before = {
        "objectClass": "testPerson", "uid": "ADA@contoso.com", "sn": "kept",
        "userAccountControl": "66050", "mail": "old@contoso.com",
    }  # fmt: skip
    ldap_directory.add("uid=ADA@contoso.com,ou=leavers", before)
    uuid = entry(ldap_directory, "ada@contoso.com")[1]["entryUUID"]
    await users.create(ADA)
    dn, values = entry(ldap_directory, "ada@contoso.com")
    assert dn == "uid=ada@contoso.com,ou=people"
    assert values["entryUUID"] == uuid
    assert values["userAccountControl"] == ["66048"]
    assert values["sn"] == ["kept"]
    assert sorted(values["mail"]) == ["a@home", "ada@contoso.com"]


async def test_a_refused_value_is_a_400_that_names_both_sides(users: Users) -> None:
    with pytest.raises(ScimError) as caught:
        await users.create({**ADA, "emails": [{"type": "work", "value": "zoë@contoso.com"}]})
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")
    assert "mail" in caught.value.detail


async def test_groups_follow_their_members(
    users: Users, groups: Groups, ldap_directory: Directory
) -> None:
    ada = await users.create(ADA)
    bob = await users.create({"userName": "bob", "active": True})
    crew = await groups.create(
        {"displayName": "C# guild, east", "members": [{"value": ada.id}, {"value": bob.id}]}
    )

    def members() -> set[str]:
        ((_, attributes),) = ldap_directory.entries("(objectClass=groupOfNames)").items()
        base = f",{ldap_directory.base}"
        return {each.decode().removesuffix(base) for each in attributes["member"]}

    assert members() == {"uid=ada@contoso.com,ou=people", "uid=bob,ou=people"}
    await users.patch(ada.id, LEAVE)
    assert members() == {"uid=ada@contoso.com,ou=leavers", "uid=bob,ou=people"}
    await groups.patch(crew.id, [{"op": "Replace", "path": "displayName", "value": "Guild"}])
    assert "cn=Guild,ou=groups" in ldap_directory.entries()
    await groups.patch(crew.id, [{"op": "Remove", "path": f'members[value eq "{ada.id}"]'}])
    assert members() == {"uid=bob,ou=people"}
    await users.delete(bob.id)
    assert members() == {"cn=nobody"}
    await groups.delete(crew.id)
    assert ldap_directory.entries("(objectClass=groupOfNames)") == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: title", "tilte: title", 'testPerson has no field "tilte"'),
        ("object: testPerson", "object: testPersn", 'no object class "testPersn"'),
        ('dn: "uid={uid},ou={unit}', 'dn: "uid={user},ou={unit}', 'made of "user"'),
    ],
)
async def test_a_mapping_that_does_not_fit_the_directory_is_told(
    mapping: Path, store_url: str, old: str, new: str, message: str
) -> None:
    mapping.write_text(mapping.read_text().replace(old, new))
    with pytest.raises(MappingError) as caught:
        async with Engine.open(mapping, store=store_url):
            pass
    assert message in str(caught.value)
