"""What a connector must do with the members of groups, as tests: see ``contract``."""
# ruff: noqa: S101 - these are tests.

from __future__ import annotations

import asyncio
from typing import ClassVar

from scimweave.connectors.base import AccountShape, Connector, FieldShape, Key, MembersShape

GROUP_SHAPE = AccountShape(
    object="teams",
    key="id",
    match=("name",),
    fields=(FieldShape("name", "string", 255, required=True),),
    members=MembersShape("team_members", FieldShape("team_id"), FieldShape("employee_id")),
)


class MembersContract:
    """The tests of members; the fixture ``connector`` is an empty target of ``GROUP_SHAPE``."""

    keys: ClassVar[tuple[Key, ...]] = (3, 5, 8, 13)

    async def test_members_are_who_was_added(self, connector: Connector) -> None:
        """A group has its members, and nobody else's."""
        crew, other = [await connector.create({"name": name}) for name in ("crew", "other")]
        await connector.add_members(crew, self.keys[:2])
        await connector.add_members(other, self.keys[1:])
        assert set(await connector.members(crew)) == set(self.keys[:2])
        assert set(await connector.members(other)) == set(self.keys[1:])

    async def test_a_member_added_again_is_one(self, connector: Connector) -> None:
        """Also where it comes twice at once."""
        crew = await connector.create({"name": "crew"})
        one, two, *_ = self.keys
        await connector.add_members(crew, [one])
        await connector.add_members(crew, [one, two, two])
        assert sorted(await connector.members(crew), key=str) == [one, two]

    async def test_only_those_named_are_removed(self, connector: Connector) -> None:
        """Who is not in the group does no harm; other groups keep theirs."""
        crew, other = [await connector.create({"name": name}) for name in ("crew", "other")]
        one, two, three, stranger = self.keys
        for group in (crew, other):
            await connector.add_members(group, [one, two, three])
        await connector.remove_members(crew, [one, three, stranger])
        await connector.remove_members(crew, [one])
        assert list(await connector.members(crew)) == [two]
        assert len(await connector.members(other)) == 3

    async def test_nobody_is_in_a_group_without_members(self, connector: Connector) -> None:
        """Adding and removing nobody changes nothing."""
        crew = await connector.create({"name": "crew"})
        await connector.add_members(crew, [])
        await connector.remove_members(crew, [])
        assert list(await connector.members(crew)) == []

    async def test_many_members_at_once(self, connector: Connector) -> None:
        """A full push of a large group is one call."""
        crew = await connector.create({"name": "crew"})
        many = range(1, 2001)
        await connector.add_members(crew, many)
        assert set(await connector.members(crew)) == set(many)

    async def test_side_by_side_additions_all_arrive(self, connector: Connector) -> None:
        """Nobody overwrites what another has written."""
        crew = await connector.create({"name": "crew"})
        await asyncio.gather(*(connector.add_members(crew, [key, 99]) for key in self.keys))
        assert set(await connector.members(crew)) == {*self.keys, 99}

    async def test_the_two_keys_are_described(self, connector: Connector) -> None:
        """``describe_members`` knows the columns of the shape."""
        table = GROUP_SHAPE.members
        assert isinstance(table, MembersShape)
        columns = {table.group.name, table.member.name}
        assert columns <= set(await connector.describe_members())
