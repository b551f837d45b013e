"""A mapping that is in use: its program with the checker and the connector made for it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Literal

from scimweave.connectors.base import (
    AccountShape,
    Connector,
    FieldShape,
    MembersField,
    MembersShape,
    TargetError,
)
from scimweave.connectors.registry import open_connector
from scimweave.mapping import GroupProgram, MemberField, ObjectProgram, Program, UserProgram
from scimweave.scim.error import not_found
from scimweave.scim.resource import Checker


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that one version of a mapping file needs at run time for one type of resource.

    What is needed for groups stands beside what is needed for users. ``objects`` is the part of the
    program that is about the type, ``kind`` the type's name.
    """

    program: Program
    checker: Checker
    connector: Connector
    section: Literal["users", "groups"] = "users"
    groups: Running | None = None
    objects: ObjectProgram = field(init=False)
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        objects = self.program.users if self.section == "users" else self.program.groups
        assert objects is not None
        object.__setattr__(self, "objects", objects)
        object.__setattr__(self, "kind", objects.resource_type.name)

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """Return all that is to be closed."""
        return (self.connector, self.groups.connector) if self.groups else (self.connector,)

    def of(self, resource_type: str) -> Running | None:
        """Return what a type of resource needs; None where the mapping does not have it."""
        if resource_type == self.kind:
            return self
        return self.groups.of(resource_type) if self.groups else None


class InUse:
    """The mapping in use, which may be replaced while operations still work with the one before."""

    def __init__(self, running: Running) -> None:
        self._version = _Version(running)

    @property
    def running(self) -> Running:
        """What new operations use."""
        return self._version.running

    def hold(self, resource_type: str) -> AbstractContextManager[Running]:
        """Use the mapping for one operation on a type, whatever replaces it meanwhile.

        Raises ``ScimError`` (404) where it provisions no such resources.
        """
        use = self._version.uses.get(resource_type)
        if use is None:
            name = self.running.program.integration
            raise not_found(f"{name} provisions no {resource_type}")
        return use

    def of(self, resource_type: str) -> Running | None:
        """Return what new operations on a type use; None where the mapping does not have it."""
        use = self._version.uses.get(resource_type)
        return None if use is None else use.running

    async def replace(self, running: Running) -> None:
        """Use another version; the target of the one before is let go of when nobody needs it."""
        version, self._version = self._version, _Version(running)
        await version.close(running.connectors)

    async def close(self) -> None:
        """Wait for the operations under way, and let go of the target."""
        await self._version.close()


class _Version:
    """One version of the mapping, and how many operations use it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.uses = {running.kind: _Use(self, running)}
        if running.groups is not None:
            self.uses[running.groups.kind] = _Use(self, running.groups)
        self.under_way = 0
        self._idle: asyncio.Event | None = None

    def leave(self) -> None:
        """Note that an operation is over."""
        self.under_way -= 1
        if self._idle is not None and not self.under_way:
            self._idle.set()

    async def close(self, keep: tuple[Connector, ...] = ()) -> None:
        """Close all connectors but those that go on being used."""
        kept = {id(each) for each in keep}
        unused = [each for each in self.running.connectors if id(each) not in kept]
        if unused and self.under_way:
            self._idle = asyncio.Event()
            await self._idle.wait()
        for each in unused:
            await each.close()


class _Use(AbstractContextManager[Running]):
    """What operations on one type of resource take from a version, each as long as it lasts."""

    def __init__(self, version: _Version, running: Running) -> None:
        self.running = running
        self._version = version

    def __enter__(self) -> Running:
        self._version.under_way += 1
        return self.running

    def __exit__(self, *_: object) -> None:
        self._version.leave()


def shapes_of(program: Program) -> list[AccountShape]:
    """Return what connectors have to know of the mapping: of its users, and of its groups."""
    if program.groups is None:
        return [shape_of(program)]
    return [shape_of(program), _groups_shape(program.groups, program.users)]


def shape_of(program: Program) -> AccountShape:
    """Return what the connector of the users has to know of the mapping."""
    return _shape(program.users)


def _groups_shape(groups: GroupProgram, users: UserProgram) -> AccountShape:
    match groups.members:
        case None:
            return _shape(groups)
        case MemberField(name):
            return replace(_shape(groups), members=MembersField(name))
        case table:
            members = MembersShape(
                table.object, _key_shape(table.group, groups), _key_shape(table.member, users)
            )
            return replace(_shape(groups), members=members)


def _key_shape(name: str, objects: ObjectProgram) -> FieldShape:
    """Return a column that holds keys of accounts; without a type these are numbers."""
    field = objects.field(objects.key)
    if field is None:
        return FieldShape(name)
    return FieldShape(name, field.type or "string", field.max_length)


def _shape(objects: ObjectProgram) -> AccountShape:
    fields = [
        FieldShape(
            field.name,
            field.type,
            field.max_length,
            field.required,
            sensitive=field.sensitive or bool(field.secrets),
        )
        for field in objects.fields
    ]
    # ``operations`` may set fields that no attribute fills.
    mapped = {field.name for field in fields}
    fields += [FieldShape(name) for name in sorted(objects.known_fields - mapped)]
    return AccountShape(
        objects.object, objects.key, objects.match, tuple(fields), section=objects.section
    )


async def start(program: Program, before: Running | None = None) -> Running:
    """Make a program ready for use, with the connectors of the version before that still fit.

    Raises ``TargetError`` where the target cannot be opened.
    """
    shapes = shapes_of(program)
    checkers = [
        Checker(each.resource_type, each.acceptance, each.unmapped) for each in program.objects
    ]
    users = await _connector(program, shapes, 0, before)
    if program.groups is None:
        return Running(program, checkers[0], users)
    try:
        connector = await _connector(program, shapes, 1, before)
    except TargetError:
        if before is None or users not in before.connectors:
            await users.close()
        raise
    groups = Running(program, checkers[1], connector, "groups")
    return Running(program, checkers[0], users, groups=groups)


async def _connector(
    program: Program, shapes: list[AccountShape], index: int, before: Running | None
) -> Connector:
    if before is not None and before.program.target == program.target:
        earlier = dict(zip(shapes_of(before.program), before.connectors, strict=True))
        if shapes[index] in earlier:
            return earlier[shapes[index]]
    return await open_connector(program.target, shapes[index])
