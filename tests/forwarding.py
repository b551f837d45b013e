"""A connector that passes everything on to a real one; tests override what is to go wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from scimweave.connectors.base import Account, Connector, FieldDescription, Key, ScanPage, Value


class ForwardingConnector:
    """Implements ``Connector``."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, fields: Mapping[str, Value]) -> Key:
        return await self._connector.create(fields)

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        await self._connector.update(key, fields)

    async def delete(self, key: Key) -> None:
        await self._connector.delete(key)

    async def read(self, key: Key) -> Account | None:
        return await self._connector.read(key)

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        return await self._connector.find(field, value)

    def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        return self._connector.scan(after)

    async def health(self) -> None:
        await self._connector.health()

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        await self._connector.call(name, key, fields)

    async def describe(self) -> Mapping[str, FieldDescription]:
        return await self._connector.describe()

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._connector.add_members(group, members)

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        await self._connector.remove_members(group, members)

    async def members(self, group: Key) -> Sequence[Key]:
        return await self._connector.members(group)

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        return await self._connector.describe_members()

    async def close(self) -> None:
        await self._connector.close()
