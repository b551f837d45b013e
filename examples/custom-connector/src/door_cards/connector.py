"""Cards of a door controller as the accounts of people."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from door_cards.folder import Card, CardFolder
from scimweave.connectors.base import (
    Account,
    AccountShape,
    Conflict,
    FieldDescription,
    FieldShape,
    Gone,
    Key,
    NoSuchObject,
    Rejected,
    ScanPage,
    TargetError,
    Unreachable,
    Value,
)

T = TypeVar("T")

PAGE = 100
MAX_FOUND = 10
_JSON = (str, bool, int, float, list, dict, type(None))
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "json": _JSON,
}


class DoorCards:
    """Implements ``scimweave.connectors.base.Connector``.

    A field of ``match`` is unique among cards, in letters of any case. A card is found by looking
    at all of them, which does for the some thousand people of a building.
    """

    def __init__(self, folder: CardFolder, shape: AccountShape) -> None:
        self._folder = folder
        self._shape = shape
        self._fields = {field.name: field for field in shape.fields}
        # One thread of this process at a time; the folder's own lock is for other processes.
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, folder: str | Path, shape: AccountShape) -> DoorCards:
        """Use an existing folder. Raises ``NoSuchObject``."""
        path = Path(folder)
        if not await asyncio.to_thread(path.is_dir):
            raise NoSuchObject(f"there is no folder {path}")
        return cls(CardFolder(path), shape)

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Write a card under a new id."""
        return await self._locked(lambda: self._create(fields))

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set fields of a card and leave the others."""
        await self._locked(lambda: self._update(str(key), fields))

    async def delete(self, key: Key) -> None:
        """Remove a card."""
        await self._locked(lambda: self._delete(str(key)))

    async def read(self, key: Key) -> Account | None:
        """Return a card as it is now."""
        return await self._guarded(lambda: self._account(str(key), self._folder.read(str(key))))

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the cards with a value."""
        if value is None:
            return []
        return await self._guarded(lambda: self._find(field, value))

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield all cards by their ids."""
        ids = await self._guarded(self._folder.ids)
        ids = [each for each in ids if after is None or each > after]
        for start in range(0, max(len(ids), 1), PAGE):
            page = ids[start : start + PAGE]
            accounts = await self._guarded(partial(self._read_all, page))
            yield ScanPage(accounts, page[-1] if start + PAGE < len(ids) else None)

    async def health(self) -> None:
        """Look whether the folder can be written to."""
        if not await asyncio.to_thread(os.access, self._folder.path, os.R_OK | os.W_OK | os.X_OK):
            raise Unreachable(f"{self._folder.path} is not there, or may not be written to")

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: a folder has nothing to call."""
        raise TargetError(f'a folder of cards has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Return the fields of the mapping: a card takes any."""
        await self.health()
        key = FieldDescription(self._shape.key, "string", has_default=True, unique=True)
        fields = [
            FieldDescription(
                field.name,
                field.type or "json",
                nullable=not field.required,
                max_length=field.max_length,
                unique=field.name in self._shape.match,
            )
            for field in self._shape.fields
        ]
        return {each.name: each for each in (key, *fields)}

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Refuse: cards are of people."""
        raise TargetError("a folder of cards holds no groups")

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Refuse: cards are of people."""
        raise TargetError("a folder of cards holds no groups")

    async def members(self, group: Key) -> Sequence[Key]:
        """Refuse: cards are of people."""
        raise TargetError("a folder of cards holds no groups")

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Refuse: cards are of people."""
        raise TargetError("a folder of cards holds no groups")

    async def close(self) -> None:
        """Let what is in flight finish."""
        async with self._turn:
            return

    async def _guarded(self, work: Callable[[], T], applied: bool | None = False) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise Unreachable(str(error), applied=applied) from error

    async def _locked(self, work: Callable[[], T]) -> T:
        def alone() -> T:
            with self._folder.locked():
                return work()

        async with self._turn:
            # After a failed write nobody knows what a restart will find on the disk.
            return await self._guarded(alone, applied=None)

    def _create(self, fields: Mapping[str, Value]) -> str:
        self._check(fields)
        for field in self._shape.fields:
            if field.required and fields.get(field.name) is None:
                raise Rejected("a card must have it", field.name)
        self._refuse_duplicates(None, fields)
        card_id = uuid.uuid4().hex
        self._folder.write(card_id, {**dict.fromkeys(self._fields), **fields})
        return card_id

    def _update(self, card_id: str, fields: Mapping[str, Value]) -> None:
        card = self._folder.read(card_id)
        if card is None:
            raise self._gone(card_id)
        self._check(fields)
        self._refuse_duplicates(card_id, fields)
        if any(card.get(name) != value for name, value in fields.items()):
            self._folder.write(card_id, {**card, **fields})

    def _delete(self, card_id: str) -> None:
        try:
            self._folder.remove(card_id)
        except FileNotFoundError as error:
            raise self._gone(card_id) from error

    def _find(self, field: str, value: Value) -> list[Account]:
        wanted = self._compared(field, value)
        found = [
            account
            for card_id, card in self._folder.all()
            if self._compared(field, card.get(field)) == wanted
            and (account := self._account(card_id, card)) is not None
        ]
        return found[:MAX_FOUND]

    def _read_all(self, ids: Sequence[str]) -> list[Account]:
        accounts = (self._account(card_id, self._folder.read(card_id)) for card_id in ids)
        return [account for account in accounts if account is not None]

    def _account(self, card_id: str, card: Card | None) -> Account | None:
        if card is None:
            return None
        return Account(card_id, {name: card.get(name) for name in self._fields})

    def _check(self, fields: Mapping[str, Value]) -> None:
        for name, value in fields.items():
            if reason := _misfit(self._fields.get(name), value):
                raise Rejected(reason, name)

    def _refuse_duplicates(self, card_id: str | None, fields: Mapping[str, Value]) -> None:
        unique = [name for name in self._shape.match if fields.get(name) is not None]
        for other, card in self._folder.all() if unique else ():
            for name in unique:
                taken = self._compared(name, card.get(name)) == self._compared(name, fields[name])
                if other != card_id and taken:
                    raise Conflict(f"another card has this {name}", name)

    def _compared(self, field: str, value: Any) -> Any:
        return value.casefold() if field in self._shape.match and isinstance(value, str) else value

    def _gone(self, card_id: str) -> Gone:
        return Gone(f"there is no card {card_id}")


def _misfit(field: FieldShape | None, value: Value) -> str | None:
    if field is None:
        return "a card has no such field"
    if value is None:
        return "a card must have it" if field.required else None
    expected = _TYPES.get(field.type or "json", ())
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        return f"takes {field.type}, got {type(value).__name__}"
    if field.max_length is not None and isinstance(value, str) and len(value) > field.max_length:
        return f"has {len(value)} characters, takes {field.max_length}"
    return None
