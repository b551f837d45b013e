"""What a connector must do with the members of groups, as tests: see ``contract``."""
# ruff: noqa: S101 - these are tests.

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from scimweave.connectors.base import (
    AccountShape,
    Connector,
    FieldShape,
    Key,
    MembersField,
    MembersShape,
)

GROUP_SHAPE = AccountShape(
    object="teams",
    key="id",
    match=("name",),
    fields=(FieldShape("name", "string", 255, required=True),),
    members=MembersShape("team_members", FieldShape("team_id"), FieldShape("employee_id")),
)


class MembersContract:
    """The tests of members; the fixture ``connector`` is an empty target of ``shape``.

    ``name`` is what the target calls the field of its name.
    """

    shape: ClassVar[AccountShape] = GROUP_SHAPE
    name: ClassVar[str] = "name"

    async def people(self, connector: Connector, count: int) -> Sequence[Key]:
        """Return so many keys of accounts that may be members; the same for each call."""
        return range(1, count + 1)

    async def crew(self, connector: Connector, name: str = "crew") -> Key:
        """Make a group."""
        return await connector.create({self.name: name})

    async def test_members_are_who_was_added(self, connector: Connector) -> None:
        """A group has its members, and nobody else's."""
        crew, other = [await self.crew(connector, name) for name in ("crew", "other")]
        keys = await self.people(connector, 4)
        await connector.add_members(crew, keys[:2])
        await connector.add_members(other, keys[1:])
        assert set(await connector.members(crew)) == set(keys[:2])
        assert set(await connector.members(other)) == set(keys[1:])

    async def test_a_member_added_again_is_one(self, connector: Connector) -> None:
        """Also where it comes twice at once."""
        crew = await self.crew(connector)
        one, two = await self.people(connector, 2)
        await connector.add_members(crew, [one])
        await connector.add_members(crew, [one, two, two])
        assert sorted(await connector.members(crew), key=str) == sorted([one, two], key=str)

    async def test_only_those_named_are_removed(self, connector: Connector) -> None:
        """Who is not in the group does no harm; other groups keep theirs."""
        crew, other = [await self.crew(connector, name) for name in ("crew", "other")]
        one, two, three, stranger = await self.people(connector, 4)
        for group in (crew, other):
            await connector.add_members(group, [one, two, three])
        await connector.remove_members(crew, [one, three, stranger])
        await connector.remove_members(crew, [one])
        assert list(await connector.members(crew)) == [two]
        assert len(await connector.members(other)) == 3

    async def test_nobody_is_in_a_group_without_members(self, connector: Connector) -> None:
        """Adding and removing nobody changes nothing."""
        crew = await self.crew(connector)
        await connector.add_members(crew, [])
        await connector.remove_members(crew, [])
        assert list(await connector.members(crew)) == []

    async def test_many_members_at_once(self, connector: Connector) -> None:
        """A full push of a large group is one call."""
        crew = await self.crew(connector)
        many = await self.people(connector, 2000)
        await connector.add_members(crew, many)
        assert set(await connector.members(crew)) == set(many)
        await connector.remove_members(crew, many[1:])
        assert list(await connector.members(crew)) == [many[0]]

    async def test_side_by_side_additions_all_arrive(self, connector: Connector) -> None:
        """Nobody overwrites what another has written."""
        crew = await self.crew(connector)
        everybody, *others = await self.people(connector, 5)
        await asyncio.gather(*(connector.add_members(crew, [key, everybody]) for key in others))
        assert set(await connector.members(crew)) == {everybody, *others}

    async def test_a_group_that_lost_its_members_is_there(self, connector: Connector) -> None:
        """It takes others, and goes away as a whole."""
        crew = await self.crew(connector)
        one, two = await self.people(connector, 2)
        await connector.add_members(crew, [one])
        await connector.remove_members(crew, [one])
        account = await connector.read(crew)
        assert account is not None
        assert account.fields[self.name] == "crew"
        await connector.add_members(crew, [two])
        assert list(await connector.members(crew)) == [two]
        await connector.delete(crew)
        assert await connector.read(crew) is None

    async def test_where_members_are_kept_is_described(self, connector: Connector) -> None:
        """``describe_members`` knows the columns, or the field, of the shape."""
        match self.shape.members:
            case MembersShape(_, group, member):
                expected = {group.name, member.name}
            case MembersField(name):
                expected = {name}
            case None:
                raise AssertionError("the shape has to say where members are kept")
        assert expected <= set(await connector.describe_members())
