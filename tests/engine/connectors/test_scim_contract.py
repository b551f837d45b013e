from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from directory import Directory
from scimweave.connectors.base import AccountShape, Connector, FieldShape, Key, MembersField
from scimweave.connectors.contract import ConnectorContract
from scimweave.connectors.members_contract import MembersContract
from scimweave.connectors.scim.connector import ScimConnector
from servers.own import OwnService, running_own
from servers.scim2 import Scim2

WORK = 'emails[type eq "work"].value'
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
USERS = AccountShape(
    object="User",
    key="id",
    match=("userName",),
    fields=(
        FieldShape("userName", "string", required=True),
        FieldShape("displayName", "string"),
        FieldShape("title", "string"),
        FieldShape("active", "boolean"),
        FieldShape("name.givenName", "string"),
        FieldShape(DEPARTMENT, "string"),
        FieldShape("work_phone", "string"),
    ),
)
FIELDS = {"work_phone": 'phoneNumbers[type eq "work"].value'}
GROUPS = AccountShape(
    "Groups",
    "id",
    ("displayName",),
    (FieldShape("displayName", "string", required=True),),
    MembersField("members"),
    "groups",
)


@pytest.fixture
async def own(directory: Directory, store_url: str) -> AsyncIterator[OwnService]:
    async with running_own(store_url) as service:
        yield service


class UsersContract(ConnectorContract):
    shape = USERS
    email = "userName"
    display_name = "displayName"
    job_title = "title"
    is_active = "active"
    unknown_key = "no-such-id"
    rejected = ("active", "perhaps")
    options: ClassVar[dict[str, Any]] = {"users": {"fields": FIELDS}, "page_size": 7}


class GroupsContract(MembersContract):
    shape = GROUPS
    name = "displayName"
    options: ClassVar[dict[str, Any]] = {}

    async def people(self, connector: Connector, count: int) -> Sequence[Key]:
        return [f"member-{number}" for number in range(count)]


class OnScim2:
    options: ClassVar[dict[str, Any]]
    shape: ClassVar[AccountShape]

    @pytest.fixture
    async def connector(self, scim2: Scim2) -> AsyncIterator[Connector]:
        connector = ScimConnector.open({"url": scim2.url, **self.options}, self.shape)
        yield connector
        await connector.close()


class TestUsersByPatch(OnScim2, UsersContract):
    pass


class TestUsersByPut(OnScim2, UsersContract):
    options: ClassVar[dict[str, Any]] = {**UsersContract.options, "update": "put"}


class TestGroupsByPatch(OnScim2, GroupsContract):
    @pytest.mark.slow
    async def test_many_members_at_once(self, connector: Connector) -> None:
        # It looks through all members for each that leaves.
        await super().test_many_members_at_once(connector)


class TestGroupsByPut(OnScim2, GroupsContract):
    options: ClassVar[dict[str, Any]] = {"update": "put"}


class TestUsersOnScimweave(UsersContract):
    empty_is_null = True

    @pytest.fixture
    async def connector(self, own: OwnService) -> AsyncIterator[Connector]:
        options = {"url": own.url, "auth": {"bearer": own.token}, **self.options}
        connector = ScimConnector.open(options, self.shape)
        yield connector
        await connector.close()


class TestGroupsOnScimweave(GroupsContract):
    @pytest.fixture
    async def connector(self, own: OwnService) -> AsyncIterator[Connector]:
        options = {"url": own.url, "auth": {"bearer": own.token}}
        people = ScimConnector.open(options, replace(USERS, fields=USERS.fields[:1]))
        self.keys: list[Key] = []
        self.source = people
        connector = ScimConnector.open(options, self.shape)
        yield connector
        await connector.close()
        await people.close()

    async def people(self, connector: Connector, count: int) -> Sequence[Key]:
        while len(self.keys) < count:
            name = f"member-{len(self.keys)}"
            self.keys.append(await self.source.create({"userName": name}))
        return self.keys[:count]
