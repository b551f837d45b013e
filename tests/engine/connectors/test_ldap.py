from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from engine.connectors.ldap_opening import ENABLED, open_groups, open_people
from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Gone,
    NoSuchObject,
    Rejected,
    TargetError,
)
from scimweave.connectors.contract import refused
from scimweave.connectors.ldap.connector import LdapConnector
from scimweave.connectors.ldap.session import Session
from servers.slapd import Directory

MAILS = FieldShape("mail", "json")


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Connector], Connector]]:
    """Close what a test opens."""
    connectors = []

    def keep(connector: Connector) -> Connector:
        connectors.append(connector)
        return connector

    yield keep
    for connector in connectors:
        await connector.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record the changes that entries are sent."""
    changes: list[dict[str, Any]] = []
    modify = Session.modify

    def recording(session: Session, dn: str, given: Any) -> None:
        changes.append(dict(given))
        modify(session, dn, given)

    monkeypatch.setattr(Session, "modify", recording)
    return changes


# What is written.


async def test_only_what_differs_is_sent(
    ldap_directory: Directory, opened: Callable[[Connector], Connector], sent: list[Any]
) -> None:
    people = opened(open_people(ldap_directory, "title", "displayName", MAILS))
    key = await people.create({"uid": "ada", "title": "Clerk", "mail": ["a@x", "b@x"]})
    await people.update(key, {"title": "Clerk", "uid": "ada", "mail": ["b@x", "a@x"]})
    assert sent == []
    await people.update(key, {"title": "Countess", "mail": ["b@x", "c@x"], "displayName": None})
    assert sent == [
        {
            "title": [("REPLACE", [b"Countess"])],
            "mail": [("DELETE", [b"a@x"]), ("ADD", [b"c@x"])],
        }
    ]


async def test_a_value_that_somebody_else_took_away_meanwhile_is_no_error(
    ldap_directory: Directory,
    opened: Callable[[Connector], Connector],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = opened(open_people(ldap_directory, MAILS))
    key = await people.create({"uid": "ada", "mail": ["a@x", "b@x"]})
    modify = Session.modify
    interfered: list[str] = []

    def late(session: Session, dn: str, given: Any) -> None:
        if not interfered:
            interfered.append(dn)
            ldap_directory.modify("uid=ada,ou=people", {"mail": [("MODIFY_DELETE", [b"a@x"])]})
        modify(session, dn, given)

    monkeypatch.setattr(Session, "modify", late)
    await people.update(key, {"mail": ["c@x"]})
    assert ldap_directory.values("uid=ada,ou=people", "mail") == ["c@x"]


async def test_a_list_is_read_as_a_list_and_cleared(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, MAILS))
    key = await people.create({"uid": "ada", "mail": ["a@x"]})
    account = await people.read(key)
    assert account is not None
    assert account.fields["mail"] == ["a@x"]
    await people.update(key, {"mail": []})
    account = await people.read(key)
    assert account is not None
    assert account.fields["mail"] is None


async def test_types_go_out_and_come_back(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    hired = FieldShape("hireDate", "date")
    people = opened(
        open_people(ldap_directory, "accountEnabled", hired, "userAccountControl", "employeeNumber")
    )
    given = {
        "accountEnabled": False,
        "hireDate": date(2026, 3, 1),
        "userAccountControl": 66048,
        "employeeNumber": 7,
    }
    account = await people.read(await people.create({"uid": "ada", **given}))
    assert account is not None
    assert account.fields == {"uid": "ada", **given, "employeeNumber": "7"}
    (found,) = await people.find("hireDate", datetime(2026, 3, 1, tzinfo=UTC))
    assert found.key == account.key
    assert await people.find("accountEnabled", True) == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("mail", ["a@x", "a@x"], "more than once"),
        ("jpegPhoto", "x", "binary"),
        ("displayName", ["a", "b"], "multiple values"),
        ("gidNumber", 7, "not allowed"),
        ("title", "\ud800", "Unicode"),
    ],
)
async def test_what_an_attribute_cannot_hold_is_refused_by_name(
    ldap_directory: Directory,
    opened: Callable[[Connector], Connector],
    name: str,
    value: Any,
    reason: str,
) -> None:
    people = opened(open_people(ldap_directory, MAILS, name))
    error = await refused(Rejected, people.create({"uid": "ada", name: value}))
    assert error.field == name
    assert reason in str(error)


async def test_an_attribute_that_the_class_demands_is_named(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    shape = AccountShape(
        "inetOrgPerson",
        "entryUUID",
        ("uid",),
        (FieldShape("uid"), FieldShape("sn"), FieldShape("cn")),
    )
    users = {"dn": f"uid={{uid}},ou=people,{ldap_directory.base}"}
    people = opened(LdapConnector.open(ldap_directory.options(users=users), shape))
    error = await refused(Rejected, people.create({"uid": "ada", "cn": "Ada", "sn": ""}))
    assert error.field == "sn"
    key = await people.create({"uid": "ada", "cn": "Ada", "sn": "Lovelace"})
    error = await refused(Rejected, people.update(key, {"sn": None}))
    assert error.field == "sn"


async def test_a_value_that_an_overlay_keeps_unique_is_a_conflict(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "mail", "title"))
    await people.create({"uid": "ada", "mail": "ada@x"})
    error = await refused(Conflict, people.create({"uid": "grace", "mail": "ada@x"}))
    assert error.field == "mail"
    key = await people.create({"uid": "grace", "mail": "grace@x"})
    error = await refused(Conflict, people.update(key, {"mail": "ada@x", "title": "Clerk"}))
    assert error.field == "mail"


# Names.


async def test_another_value_of_the_name_renames_the_entry(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "title"))
    key = await people.create({"uid": "ada", "title": "Clerk"})
    await people.update(key, {"uid": 'ada, "the" count#ess', "title": "Countess"})
    account = await people.read(key)
    assert account is not None
    assert account.fields == {"uid": 'ada, "the" count#ess', "title": "Countess"}
    await people.update(key, {"uid": "ADA"})
    await people.update(key, {"uid": "ada"})
    assert ldap_directory.values("uid=ada,ou=people", "uid") == ["ada"]


async def test_a_refused_change_takes_the_renaming_back(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "mail", "title"))
    key = await people.create({"uid": "ada", "title": "Clerk"})
    before = ldap_directory.entries("(uid=ada)")
    error = await refused(Rejected, people.update(key, {"uid": "lovelace", "mail": "zoë"}))
    assert error.field == "mail"
    (entry,) = ldap_directory.entries("(uid=*)").values()
    assert entry["uid"] == [b"ada"]
    assert ldap_directory.entries("(uid=ada)").keys() == before.keys()


async def test_a_renaming_taken_back_leaves_what_the_entry_had(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(
        open_people(ldap_directory, "mail", FieldShape("cn", "json"), dn="cn={uid},ou=people")
    )
    key = await people.create({"uid": "ada"})
    ldap_directory.modify("cn=ada,ou=people", {"cn": [("MODIFY_ADD", [b"lovelace"])]})
    await refused(Rejected, people.update(key, {"uid": "lovelace", "mail": "zoë"}))
    assert sorted(ldap_directory.values("cn=ada,ou=people", "cn")) == ["ada", "lovelace"]


async def test_a_field_of_the_name_moves_the_entry(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(
        open_people(ldap_directory, "unit", "title", dn="uid={uid},ou={unit}", dn_fields=["unit"])
    )
    key = await people.create({"uid": "ada", "unit": "people"})
    for _ in range(2):
        await people.update(key, {"unit": "leavers", "title": "Former clerk"})
        account = await people.read(key)
        assert account is not None
        assert account.fields == {"uid": "ada", "unit": "leavers", "title": "Former clerk"}
    assert "uid=ada,ou=leavers" in ldap_directory.entries()
    await people.update(key, {"unit": "people"})
    assert "uid=ada,ou=people" in ldap_directory.entries()
    error = await refused(Rejected, people.update(key, {"unit": "nowhere"}))
    assert error.field == "unit"
    error = await refused(Rejected, people.create({"uid": "bob", "unit": "nowhere"}))
    assert error.field == "unit"


async def test_a_place_is_a_name_of_any_depth(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    ldap_directory.add("ou=2026,ou=leavers", {"objectClass": "organizationalUnit", "ou": "2026"})
    people = opened(open_people(ldap_directory, "place", dn="uid={uid},{place}"))
    key = await people.create({"uid": "ada", "place": "ou=people"})
    await people.update(key, {"place": "ou=2026,ou=leavers"})
    assert "uid=ada,ou=2026,ou=leavers" in ldap_directory.entries()
    account = await people.read(key)
    assert account is not None
    assert account.fields["place"] == "ou=2026,ou=leavers"
    error = await refused(Rejected, people.update(key, {"place": "no name"}))
    assert error.field == "place"


async def test_who_was_elsewhere_before_stays_there_when_renamed(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    ldap_directory.add("uid=ada,ou=leavers", {"objectClass": "testPerson", "uid": "ada"})
    people = opened(open_people(ldap_directory))
    (account,) = await people.find("uid", "ada")
    await people.update(account.key, {"uid": "lovelace"})
    assert "uid=lovelace,ou=leavers" in ldap_directory.entries()


async def test_a_name_made_of_another_field_fills_its_attribute(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "displayName", dn="cn={displayName},ou=people"))
    key = await people.create({"uid": "ada", "displayName": "Ada L"})
    await people.update(key, {"displayName": "Ada King"})
    assert ldap_directory.values("cn=Ada King,ou=people", "cn") == ["Ada King"]
    error = await refused(Rejected, people.update(key, {"displayName": None}))
    assert error.field == "displayName"


async def test_with_the_name_as_key_nothing_is_renamed(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "title", key="dn"))
    key = await people.create({"uid": "ada", "title": "Clerk"})
    assert key == f"uid=ada,ou=people,{ldap_directory.base}"
    await people.update(key, {"uid": "ada", "title": "Countess"})
    error = await refused(Rejected, people.update(key, {"uid": "lovelace"}))
    assert error.field == "uid"
    assert "entryUUID" in str(error)
    assert await people.read("no name") is None
    await people.delete(key)
    await refused(Gone, people.delete(key))


# Keys.


async def test_the_guid_of_active_directory_is_a_key(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    guid = UUID("00112233-4455-6677-8899-aabbccddeeff")
    entry = {"objectClass": "testPerson", "uid": "ada", "objectGUID": guid.bytes_le}
    ldap_directory.add("uid=ada,ou=people", entry)
    people = opened(open_people(ldap_directory, "title", key="objectGUID"))
    (account,) = await people.find("uid", "ada")
    assert account.key == str(guid)
    await people.update(account.key, {"title": "Countess", "uid": "lovelace"})
    assert ldap_directory.values("uid=lovelace,ou=people", "title") == ["Countess"]
    assert await people.read("no guid") is None


async def test_an_attribute_of_the_mapping_can_be_the_key_and_stays(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "employeeNumber", "title", key="employeeNumber"))
    assert await people.create({"uid": "ada", "employeeNumber": "7"}) == "7"
    await people.update("7", {"uid": "lovelace", "employeeNumber": "7"})
    error = await refused(Rejected, people.update("7", {"employeeNumber": "8"}))
    assert error.field == "employeeNumber"
    await people.create({"uid": "grace", "employeeNumber": "7"})
    with pytest.raises(TargetError, match="several entries"):
        await people.read("7")


# Bits.


async def test_the_disable_bit_is_set_and_cleared_and_the_others_stay(
    ldap_directory: Directory, opened: Callable[[Connector], Connector], sent: list[Any]
) -> None:
    people = opened(open_people(ldap_directory, "enabled", flags={"enabled": ENABLED}))
    password_never_expires = 0x10000
    entry = {
        "objectClass": "testPerson",
        "uid": "ada",
        "userAccountControl": str(512 | password_never_expires),
    }
    ldap_directory.add("uid=ada,ou=people", entry)
    (account,) = await people.find("enabled", True)
    assert account.fields["enabled"] is True
    for _ in range(2):
        await people.update(account.key, {"enabled": False})
        assert ldap_directory.values("uid=ada,ou=people", "userAccountControl") == ["66050"]
    (account,) = await people.find("enabled", False)
    for _ in range(2):
        await people.update(account.key, {"enabled": True})
        assert ldap_directory.values("uid=ada,ou=people", "userAccountControl") == ["66048"]
    assert len(sent) == 2


async def test_a_new_account_starts_from_the_initial_number(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "enabled", flags={"enabled": ENABLED}))
    await people.create({"uid": "ada", "enabled": True})
    await people.create({"uid": "bob", "enabled": False})
    await people.create({"uid": "eve"})
    numbers = [
        ldap_directory.values(f"uid={uid},ou=people", "userAccountControl")
        for uid in ("ada", "bob", "eve")
    ]
    assert numbers == [["512"], ["514"], []]


async def test_two_flags_of_one_number_do_not_undo_each_other(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    flags = {"enabled": ENABLED, "eternal": {"attribute": "userAccountControl", "bit": 65536}}
    people = opened(open_people(ldap_directory, "enabled", "eternal", flags=flags))
    key = await people.create({"uid": "ada", "enabled": False, "eternal": True})
    assert ldap_directory.values("uid=ada,ou=people", "userAccountControl") == ["66050"]
    await asyncio.gather(
        people.update(key, {"enabled": True}), people.update(key, {"eternal": False})
    )
    assert ldap_directory.values("uid=ada,ou=people", "userAccountControl") == ["512"]


# Groups.


async def member_values(directory: Directory, group: str, attribute: str = "member") -> list[str]:
    values = directory.values(f"cn={group},ou=groups", attribute)
    return [value.removesuffix(f",{directory.base}") for value in values]


async def test_an_empty_group_holds_nobody(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people, groups = opened(open_people(ldap_directory)), opened(open_groups(ldap_directory))
    ada, crew = await people.create({"uid": "ada"}), await groups.create({"cn": "crew"})
    assert await member_values(ldap_directory, "crew") == ["cn=nobody"]
    await groups.add_members(crew, [ada])
    assert await member_values(ldap_directory, "crew") == ["uid=ada,ou=people"]
    await groups.remove_members(crew, [ada])
    assert await member_values(ldap_directory, "crew") == ["cn=nobody"]
    assert await groups.members(crew) == []


async def test_members_are_added_and_removed_by_value(
    ldap_directory: Directory, opened: Callable[[Connector], Connector], sent: list[Any]
) -> None:
    people, groups = opened(open_people(ldap_directory)), opened(open_groups(ldap_directory))
    keys = [await people.create({"uid": f"user{n}"}) for n in range(3)]
    crew = await groups.create({"cn": "crew"})
    await groups.add_members(crew, keys[:2])
    sent.clear()
    await groups.add_members(crew, keys)
    values = [f"uid=user{n},ou=people,{ldap_directory.base}".encode() for n in range(3)]
    assert [each["member"] for each in sent] == [
        [("ADD", values)],
        [("ADD", values[2:])],
        [("DELETE", [b"cn=nobody"])],
    ]


async def test_who_has_no_entry_cannot_join(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    groups = opened(open_groups(ldap_directory))
    crew = await groups.create({"cn": "crew"})
    nobody = "9f3b8f1e-0000-4000-8000-000000000000"
    error = await refused(Rejected, groups.add_members(crew, [nobody]))
    assert error.field == "member"
    await groups.remove_members(crew, [nobody])
    await refused(Gone, groups.add_members(nobody, []))
    await refused(Gone, groups.remove_members(nobody, []))


@pytest.mark.parametrize(
    ("kind", "member", "section", "value"),
    [
        ("groupOfNames", "member", {}, "uid=lovelace,ou=people"),
        ("groupOfUniqueNames", "uniqueMember", {}, "uid=lovelace,ou=people"),
        ("posixGroup", "memberUid", {"member_value": "uid"}, "lovelace"),
    ],
)
async def test_a_member_that_is_renamed_stays_in_its_groups(
    ldap_directory: Directory,
    opened: Callable[[Connector], Connector],
    kind: str,
    member: str,
    section: dict[str, Any],
    value: str,
) -> None:
    people = opened(open_people(ldap_directory, "title", groups=section))
    groups = opened(open_groups(ldap_directory, kind, member, **section))
    ada, bob = [await people.create({"uid": uid}) for uid in ("ada", "bob")]
    crew = await groups.create({"cn": "crew", "gidNumber": "7" if kind == "posixGroup" else None})
    await groups.add_members(crew, [ada, bob])
    await people.update(ada, {"uid": "lovelace", "title": "Countess"})
    assert value in await member_values(ldap_directory, "crew", member)
    assert set(await groups.members(crew)) == {ada, bob}
    await people.update(ada, {"uid": "LoveLace"})
    assert set(await groups.members(crew)) == {ada, bob}


async def test_members_of_a_large_group_are_known_by_their_keys(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people, groups = opened(open_people(ldap_directory)), opened(open_groups(ldap_directory))
    keys = await asyncio.gather(*(people.create({"uid": f"user{n}"}) for n in range(120)))
    crew = await groups.create({"cn": "crew"})
    await groups.add_members(crew, keys)
    stranger = f"cn=elsewhere,{ldap_directory.base}".encode()
    ldap_directory.modify("cn=crew,ou=groups", {"member": [("MODIFY_ADD", [stranger])]})
    assert set(await groups.members(crew)) == set(keys)


# What the mapping says.


async def test_the_schema_is_described(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(
        open_people(
            ldap_directory,
            "enabled",
            "unit",
            dn="uid={uid},ou={unit}",
            dn_fields=["unit"],
            flags={"enabled": ENABLED},
        )
    )
    described = await people.describe()
    assert not described["uid"].nullable
    types = {
        "displayName": "string", "mail": "json", "hireDate": "datetime",
        "accountEnabled": "boolean", "enabled": "boolean", "unit": "string",
        "userAccountControl": "integer", "jpegPhoto": "json",
    }  # fmt: skip
    assert {name: described[name].type for name in types} == types
    assert described["entryUUID"].unique
    assert described["entryUUID"].has_default
    assert described["objectClass"].has_default
    assert "gidNumber" not in described


async def test_the_name_of_entries_tells_what_is_unique(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    described = await opened(open_people(ldap_directory, "mail")).describe()
    assert described["uid"].unique
    assert not described["mail"].unique


async def test_further_classes_bring_their_attributes(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "host", classes=["extensibleObject"]))
    assert "host" in await people.describe()
    key = await people.create({"uid": "ada", "host": "engine"})
    assert ldap_directory.values("uid=ada,ou=people", "objectClass") == [
        "testPerson",
        "extensibleObject",
    ]
    account = await people.read(key)
    assert account is not None
    assert account.fields["host"] == "engine"


async def test_a_filter_says_who_is_an_account(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, "title", filter="(!(title=Robot))"))
    await people.create({"uid": "ada", "title": "Clerk"})
    await people.create({"uid": "robot", "title": "Robot"})
    scanned = [account.fields["uid"] async for page in people.scan() for account in page.accounts]
    assert scanned == ["ada"]
    assert await people.find("uid", "robot") == []


async def test_an_unknown_object_class_is_named(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, classes=["persn"]))
    with pytest.raises(NoSuchObject, match='no object class "persn"'):
        await people.describe()


async def test_a_base_that_is_not_there_is_named(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, base=f"ou=nowhere,{ldap_directory.base}"))
    with pytest.raises(TargetError, match='no entry "ou=nowhere'):
        await people.health()
    with pytest.raises(TargetError, match='no entry "ou=nowhere'):
        await people.describe()


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"dn": "uid={name}"}, r'users\.dn: "dn" is made of "name", and no attribute fills it'),
        ({"dn": "people"}, r"users\.dn: "),
        ({"dn_fields": ["unit"]}, 'names "unit", which is not in'),
        ({"base": "people"}, r"users\.base"),
        ({"flags": {"uid": ENABLED}}, "which is a flag"),
        ({"options": {"base": "people"}}, r"target\.base"),
        ({"options": {"tls": {"ca": "/etc/hosts"}}}, r"target\.tls"),
    ],
)
async def test_options_that_do_not_fit_are_refused_at_once(
    ldap_directory: Directory, section: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TargetError, match=reason):
        open_people(ldap_directory, **section)


async def test_groups_need_their_place(ldap_directory: Directory) -> None:
    users = {"dn": f"uid={{uid}},{ldap_directory.base}"}
    shape = AccountShape("groupOfNames", "entryUUID", ("cn",), (FieldShape("cn"),), None, "groups")
    with pytest.raises(TargetError, match='"target" has no "groups"'):
        LdapConnector.open(ldap_directory.options(users=users), shape)


async def test_an_entry_with_others_below_it_stays(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory))
    key = await people.create({"uid": "ada"})
    ldap_directory.add(
        "uid=device,uid=ada,ou=people", {"objectClass": "testPerson", "uid": "device"}
    )
    with pytest.raises(TargetError, match="others below"):
        await people.delete(key)
    assert await people.read(key) is not None


async def test_a_field_of_the_name_alone_is_no_attribute_to_find_by(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(
        open_people(ldap_directory, "unit", dn="uid={uid},ou={unit}", dn_fields=["unit"])
    )
    with pytest.raises(TargetError, match="only in the DN"):
        await people.find("unit", "people")


async def test_there_is_nothing_to_call(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    with pytest.raises(TargetError, match="suspend"):
        await opened(open_people(ldap_directory)).call("suspend", "key", {})


async def test_a_bind_that_may_not_write_says_so(
    ldap_directory: Directory, opened: Callable[[Connector], Connector]
) -> None:
    people = opened(open_people(ldap_directory, options={"bind": None}))
    with pytest.raises(TargetError) as caught:
        await people.create({"uid": "ada"})
    assert not isinstance(caught.value, Rejected)
