"""A mapping that is in use: its program with the checker and the connector made for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scimweave.connectors.base import AccountShape, Connector, FieldShape
from scimweave.connectors.registry import open_connector
from scimweave.mapping import Program
from scimweave.scim.resource import Checker


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that one version of a mapping file needs at run time."""

    program: Program
    checker: Checker
    connector: Connector


class InUse:
    """The mapping in use, which may be replaced while operations still work with the one before."""

    def __init__(self, running: Running) -> None:
        self._version = _Version(running)

    @property
    def running(self) -> Running:
        """What new operations use."""
        return self._version.running

    @contextmanager
    def hold(self) -> Iterator[Running]:
        """Use the mapping for one operation, whatever replaces it meanwhile."""
        version = self._version
        version.enter()
        try:
            yield version.running
        finally:
            version.leave()

    async def replace(self, running: Running) -> None:
        """Use another version; the target of the one before is let go of when nobody needs it."""
        version, self._version = self._version, _Version(running)
        if version.running.connector is not running.connector:
            await version.close()

    async def close(self) -> None:
        """Wait for the operations under way, and let go of the target."""
        await self._version.close()


class _Version:
    """One version of the mapping, and how many operations use it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self) -> None:
        self._users += 1
        self._idle.clear()

    def leave(self) -> None:
        self._users -= 1
        if not self._users:
            self._idle.set()

    async def close(self) -> None:
        await self._idle.wait()
        await self.running.connector.close()


def shape_of(program: Program) -> AccountShape:
    """Return what a connector has to know of the mapping."""
    users = program.users
    fields = [
        FieldShape(field.name, field.type, field.max_length, field.required)
        for field in users.fields
    ]
    # ``operations`` may set fields that no attribute fills.
    mapped = {field.name for field in fields}
    fields += [FieldShape(name) for name in sorted(users.known_fields - mapped)]
    return AccountShape(users.object, users.key, users.match, tuple(fields))


async def start(program: Program, connector: Connector | None = None) -> Running:
    """Make a program ready for use; ``connector`` is one that is open already.

    Raises ``TargetError`` where the target cannot be opened.
    """
    users = program.users
    checker = Checker(users.resource_type, users.acceptance, users.unmapped)
    if connector is None:
        connector = await open_connector(program.target, shape_of(program))
    return Running(program, checker, connector)
