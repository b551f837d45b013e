"""A real target behind a line that breaks, and before a server that dies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from forwarding import ForwardingConnector
from scimweave.connectors.base import Account, Connector, Key, Unreachable, Value


class Line(ForwardingConnector):
    """A target behind a line; ``calls`` are the actions that were called.

    ``breaks`` is ``before`` or ``after`` a change, or ``silent`` for everything; ``refuses`` is
    what a call is refused with. After ``left`` changes the server dies; with ``only_creates``
    updates wait.
    """

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector)
        self.breaks: str | None = None
        self.refuses: Exception | None = None
        self.left: int | None = None
        self.only_creates = False
        self.calls: list[tuple[str, Key]] = []

    async def create(self, fields: Mapping[str, Value]) -> Key:
        key: Key = await self._through(lambda: self._connector.create(fields))
        return key

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        if self.only_creates:
            raise Unreachable("no updates now")
        await self._through(lambda: self._connector.update(key, fields))

    async def delete(self, key: Key) -> None:
        await self._through(lambda: self._connector.delete(key))

    async def read(self, key: Key) -> Account | None:
        self._look()
        return await self._connector.read(key)

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        self._look()
        return await self._connector.find(field, value)

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._through(lambda: self._connector.add_members(group, members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._through(lambda: self._connector.remove_members(group, members))

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        async def called() -> None:
            self.calls.append((name, key))

        if self.refuses is not None:
            raise self.refuses
        await self._through(called)

    async def _through(self, change: Callable[[], Awaitable[Any]]) -> Any:
        self._look()
        if self.breaks == "before":
            raise Unreachable("the line broke", applied=None)
        if self.left is not None:
            if self.left == 0:
                raise Killed
            self.left -= 1
        result = await change()
        if self.breaks == "after":
            raise Unreachable("the line broke", applied=None)
        if self.left == 0:
            raise Killed
        return result

    def _look(self) -> None:
        if self.breaks == "silent":
            raise Unreachable("nobody answers")


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""
