"""Accounts behind an API that speaks JSON over HTTP, as a mapping file declares it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from scimweave.connectors.base import (
    Account,
    AccountShape,
    FieldDescription,
    Gone,
    Key,
    ScanPage,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.http.answer import Answer
from scimweave.connectors.http.client import SharedClient
from scimweave.connectors.http.json_values import merged
from scimweave.connectors.http.options import HTTP_KEYS
from scimweave.connectors.rest.operation import Operation, operations_of
from scimweave.connectors.rest.options import RestOptions
from scimweave.connectors.rest.requests import Requests
from scimweave.connectors.rest.template import NoPlace
from scimweave.connectors.rest.values import Wire, key_of

MAX_FOUND = 10


class RestConnector:
    """Implements ``Connector`` with the requests that the options declare."""

    def __init__(self, options: RestOptions, shape: AccountShape) -> None:
        self._options = options
        self._shape = shape
        self._operations = operations_of(options, shape)
        self._lease = SharedClient(options, HTTP_KEYS)
        self._client = self._lease.client
        self._requests = Requests(options, shape, self._client)
        self._wire = Wire(shape, is_nested=options.nested_fields)

    @classmethod
    def open(cls, options: Mapping[str, Any], shape: AccountShape) -> RestConnector:
        """Read the options as a mapping file gives them; nothing is sent.

        Raises ``TargetError``.
        """
        try:
            read = RestOptions.model_validate({"connector": "rest", **options})
        except ValueError as error:
            # What was given may be a secret; lint shows it at its place.
            raise TargetError(f"the target is not declared as it has to be: {error}") from None
        return cls(read, shape)

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Send an account; returns the key that the answer holds."""
        operation = self._operation("create")
        answer = await self._requests.send(
            operation, self._wire.values(fields), self._wire.document(fields)
        )
        key = key_of(operation.key(operation.item(self._requests.json(operation, answer))))
        if key is None:
            key = key_of(fields.get(self._shape.key))
        if key is None:
            key = await self._located(answer)
        if key is None:
            raise Unreachable(
                "the answer to create holds no key, in its body or as Location; see answers.item "
                "and answers.key",
                applied=None,
            )
        return key

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Send what changes. Raises ``Gone``."""
        operation = self._operation("update")
        if not fields:
            if await self.read(key) is None:
                raise self._requests.gone(key)
            return
        if operation.whole:
            await self._replace(operation, key, fields)
            return
        await self._requests.send(
            operation, self._wire.values(fields, key=key), self._wire.document(fields, key=key)
        )

    async def delete(self, key: Key) -> None:
        """Remove the account. Raises ``Gone``."""
        operation = self._operation("delete")
        await self._requests.send(
            operation, self._wire.values({}, key=key), self._wire.document({}, key=key)
        )

    async def read(self, key: Key) -> Account | None:
        """Return the account as it is now."""
        operation = self._operation("read")
        found = await self._read(operation, key)
        return None if found is None else self._wire.account(operation, found[0], key)

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the accounts with a value; what the target's search finds besides is left out."""
        if value is None:
            return []
        operation = self._operation("find")
        values = {**self._wire.values({}), "field": field, "value": value}
        wanted = self._wire.compared(field, value)
        found: list[Account] = []
        try:
            async for items, _ in self._requests.pages(operation, values):
                for item in items:
                    account = self._wire.account(operation, item)
                    if self._wire.compared(field, account.fields.get(field)) == wanted:
                        found.append(account)
                    if len(found) == MAX_FOUND:
                        return found
        except (Gone, NoPlace):
            return found
        return found

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield all accounts in the order of the target's pages."""
        operation = self._operation("scan")
        async for items, following in self._requests.pages(operation, self._wire.values({}), after):
            yield ScanPage([self._wire.account(operation, item) for item in items], following)

    async def health(self) -> None:
        """Send the declared request, or ask for the first page of all accounts."""
        values = self._wire.values({})
        if (declared := self._operations.get("health")) is not None:
            await self._requests.send(declared, values, {})
            return
        async for _ in self._requests.pages(self._operation("scan"), values):
            return

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Send the request that is declared under ``calls``. Raises ``Gone``."""
        operation = self._operation(f"call:{name}")
        await self._requests.send(
            operation, self._wire.values(fields, key=key), self._wire.document(fields, key=key)
        )

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Return the fields of the shape: an API does not say what it has."""
        key = FieldDescription(self._shape.key, "any", has_default=True, unique=True)
        described = {
            field.name: FieldDescription(
                field.name,
                field.type or "any",
                nullable=not field.required,
                max_length=field.max_length,
                unique=field.name in self._shape.match,
            )
            for field in self._shape.fields
        }
        return {key.name: key, **described}

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Put accounts into a group, as many with a request as is declared."""
        await self._change_members(self._operation("add_members"), group, members)

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Take accounts out of a group, as many with a request as is declared."""
        await self._change_members(self._operation("remove_members"), group, members)

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members: of their own request, or the group's field."""
        operation = self._operations.get("members")
        if operation is None:
            return await self._members_in_group(group)
        found: list[Key] = []
        try:
            async for items, _ in self._requests.pages(operation, self._wire.values({}, key=group)):
                found += [self._wire.member(operation, item) for item in items]
        except NoPlace:
            raise self._requests.gone(group) from None
        return found

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the field that lists the members of a group."""
        name = self._wire.members_field()
        return {name: FieldDescription(name, "json")}

    async def close(self) -> None:
        """Let go of connections. A second call does nothing."""
        await self._lease.release()

    async def _members_in_group(self, group: Key) -> Sequence[Key]:
        operation = self._operation("read")
        found = await self._read(operation, group)
        if found is None:
            raise self._requests.gone(group)
        return self._wire.listed(operation, found[0])

    async def _change_members(
        self, operation: Operation, group: Key, members: Sequence[Key]
    ) -> None:
        once = list(dict.fromkeys(members))
        size = 1 if operation.each_member else operation.batch
        for start in range(0, len(once), size):
            try:
                await self._change_some(operation, group, once[start : start + size])
            except TargetError as error:
                if not start:
                    raise
                # Some of them are in, or out, already.
                raise Unreachable(str(error), applied=None) from error

    async def _change_some(self, operation: Operation, group: Key, members: Sequence[Key]) -> None:
        values = self._wire.values({}, key=group)
        document = self._wire.document({}, key=group)
        document["members"] = list(members)
        if operation.each_member:
            values["member"] = document["member"] = members[0]
        answer = await self._requests.exchange(operation, values, document)
        done = operation.succeeded(answer.status)
        # Who is in the group already, or is not, is where he should be.
        removes = operation.name == "remove_members"
        there = answer.status in (operation.gone if removes else operation.conflict)
        if not done and not (operation.each_member and there):
            self._requests.check(operation, answer, values)

    async def _located(self, answer: Answer) -> Key | None:
        """Return the key of the account that ``Location`` names, as the account itself tells it."""
        path = urlsplit(answer.headers.get("Location", "")).path
        last = unquote(path.rstrip("/").rpartition("/")[2])
        reading = self._operations.get("read")
        if not last or reading is None:
            return last or None
        try:
            found = await self._read(reading, last)
            told = key_of(reading.key(found[0])) if found else None
        except TargetError as error:
            # The account is there, and nobody knows it yet.
            raise Unreachable(f"what create has made: {error}", applied=None) from error
        return last if told is None else told

    async def _replace(self, operation: Operation, key: Key, fields: Mapping[str, Value]) -> None:
        """Send the whole account with the changes in it; nobody else's change is overwritten."""
        reading = self._operation("read")
        found = await self._read(reading, key)
        if found is None:
            raise self._requests.gone(key)
        item, answer = found
        before = reading.fields(item)
        document = self._wire.document(fields, key=key)
        document["fields"] = merged(before if isinstance(before, dict) else {}, document["fields"])
        etag = answer.headers.get("ETag")
        headers = {"If-Match": etag} if etag else {}
        values = self._wire.values(fields, key=key)
        sent = await self._requests.exchange(operation, values, document, headers=headers)
        if sent.status == 412:
            raise Unreachable("the account was changed at the same time", retry_after=1)
        self._requests.check(operation, sent, values)

    async def _read(self, operation: Operation, key: Key) -> tuple[Any, Answer] | None:
        values = self._wire.values({}, key=key)
        try:
            answer = await self._requests.exchange(operation, values, {})
        except Gone:
            return None
        if answer.status in operation.gone:
            return None
        self._requests.check(operation, answer, values)
        item = operation.item(self._requests.json(operation, answer))
        return None if item is None else (item, answer)

    def _operation(self, name: str) -> Operation:
        found = self._operations.get(name)
        if found is None:
            what = name.replace("call:", "calls.")
            raise TargetError(f"the target declares no {what} under {self._shape.section}")
        return found
