from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar
from uuid import UUID

import pytest

from scimweave.connectors.base import AccountShape, Connector, FieldShape, Key, MembersField
from scimweave.connectors.contract import ConnectorContract
from scimweave.connectors.ldap.connector import LdapConnector
from scimweave.connectors.members_contract import MembersContract
from servers.slapd import Directory

NOBODY_HAS_IT = "9f3b8f1e-0000-4000-8000-000000000000"


class LdapContract(ConnectorContract):
    shape = AccountShape(
        object="testPerson",
        key="entryUUID",
        match=("uid",),
        fields=(
            FieldShape("uid", "string", required=True),
            FieldShape("displayName", "string"),
            FieldShape("title", "string"),
            FieldShape("accountEnabled", "boolean"),
            FieldShape("telephoneNumber", "string"),
            FieldShape("mail", "string"),
        ),
    )
    email = "uid"
    display_name = "displayName"
    job_title = "title"
    is_active = "accountEnabled"
    rejected = ("mail", "zoë@example.com")
    unknown_key = NOBODY_HAS_IT
    empty_is_null = True


def people(directory: Directory, **more: object) -> dict[str, object]:
    return {"dn": f"uid={{uid}},ou=people,{directory.base}", **more}


class TestAttributes(LdapContract):
    @pytest.fixture
    async def connector(self, ldap_directory: Directory) -> AsyncIterator[Connector]:
        options = ldap_directory.options(users=people(ldap_directory), page_size=2)
        connector = LdapConnector.open(options, self.shape)
        yield connector
        await connector.close()


class TestFlags(LdapContract):
    """The same with a bit of a number as the boolean field."""

    shape = AccountShape(
        LdapContract.shape.object,
        LdapContract.shape.key,
        ("uid",),
        tuple(
            FieldShape("enabled", "boolean") if field.name == "accountEnabled" else field
            for field in LdapContract.shape.fields
        ),
    )
    is_active = "enabled"

    @pytest.fixture
    async def connector(self, ldap_directory: Directory) -> AsyncIterator[Connector]:
        flag = {"attribute": "userAccountControl", "bit": 2, "inverted": True, "initial": 512}
        options = ldap_directory.options(users=people(ldap_directory, flags={"enabled": flag}))
        connector = LdapConnector.open(options, self.shape)
        yield connector
        await connector.close()


class LdapMembersContract(MembersContract):
    name = "cn"
    section: ClassVar[dict[str, object]] = {}

    @pytest.fixture
    async def connector(self, ldap_directory: Directory) -> AsyncIterator[Connector]:
        self.directory = ldap_directory
        options = ldap_directory.options(
            users=people(ldap_directory),
            groups={"dn": f"cn={{cn}},ou=groups,{ldap_directory.base}", **self.section},
        )
        connector = LdapConnector.open(options, self.shape)
        yield connector
        await connector.close()

    async def people(self, connector: Connector, count: int) -> Sequence[Key]:
        return await asyncio.to_thread(self._people, count)

    def _people(self, count: int) -> list[Key]:
        for number in range(count):
            uid = f"user{number}"
            self.directory.add(f"uid={uid},ou=people", {"objectClass": "testPerson", "uid": uid})
        found = self.directory.entries("(objectClass=testPerson)")
        return [self._key(attributes) for attributes in found.values()]

    def _key(self, attributes: dict[str, list[bytes]]) -> Key:
        return str(UUID(attributes["entryUUID"][0].decode()))


def group_shape(name: str, member: str) -> AccountShape:
    return AccountShape(
        name, "entryUUID", ("cn",), (FieldShape("cn", "string"),), MembersField(member), "groups"
    )


class TestGroupOfNames(LdapMembersContract):
    """The class wants at least one member."""

    shape = group_shape("groupOfNames", "member")


class TestGroupOfUniqueNames(LdapMembersContract):
    shape = group_shape("groupOfUniqueNames", "uniqueMember")


class TestPosixGroup(LdapMembersContract):
    shape = AccountShape(
        "posixGroup",
        "entryUUID",
        ("cn",),
        (FieldShape("cn", "string"), FieldShape("gidNumber", "integer")),
        MembersField("memberUid"),
        "groups",
    )
    section: ClassVar[dict[str, object]] = {"member_value": "uid"}

    async def crew(self, connector: Connector, name: str = "crew") -> Key:
        return await connector.create({"cn": name, "gidNumber": 1000})
