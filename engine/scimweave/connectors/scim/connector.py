"""Accounts that are the resources of a SCIM 2.0 service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from scimweave.connectors.base import (
    Account,
    AccountShape,
    Conflict,
    FieldDescription,
    FieldShape,
    Gone,
    Key,
    MembersField,
    ScanPage,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.http.client import SharedClient
from scimweave.connectors.http.json_values import folded, from_wire, to_wire
from scimweave.connectors.http.options import HTTP_KEYS
from scimweave.connectors.scim.members import ScimMembers
from scimweave.connectors.scim.options import ScimOptions
from scimweave.connectors.scim.path import Place, read_path
from scimweave.connectors.scim.requests import ScimRequests, account_path, version
from scimweave.connectors.scim.service import Service, extensions_in
from scimweave.mapping.faulty_text import FaultyText
from scimweave.scim.schema import PATCH_OP

MAX_FOUND = 10


class ScimConnector:
    """Implements ``Connector`` with the protocol that scimweave itself serves.

    A field is a SCIM path of the target: by its name, or by what ``fields`` of the options says.
    """

    def __init__(self, options: ScimOptions, shape: AccountShape) -> None:
        self._options = options
        self._shape = shape
        self._fields = {field.name: field for field in shape.fields}
        self._places = _places(options, shape)
        self._lease = SharedClient(options, HTTP_KEYS)
        self._requests = ScimRequests(self._lease.client, shape, self._places)
        self._discovering = asyncio.Lock()
        self._known: Service | None = None
        self._members = ScimMembers(self._requests, options.batch)

    @classmethod
    def open(cls, options: Mapping[str, Any], shape: AccountShape) -> ScimConnector:
        """Read the options as a mapping file gives them; nothing is sent.

        Raises ``TargetError``.
        """
        try:
            return cls(ScimOptions.model_validate({"connector": "scim", **options}), shape)
        except ValueError as error:
            # What was given may be a secret; lint shows it at its place.
            raise TargetError(f"the target is not declared as it has to be: {error}") from None

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Send a new resource; returns its id."""
        service = await self._service()
        resource: dict[str, Any] = {"schemas": [service.schema]}
        self._write(resource, fields)
        path = service.endpoint
        try:
            answer = await self._requests.send("POST", path, body=resource, written=fields)
        except Conflict as error:
            raise self._explained(error, service, fields) from error
        key = self._requests.json(answer, "POST", path).get("id")
        if not isinstance(key, int | str) or isinstance(key, bool) or key == "":
            raise Unreachable("the answer to a creation holds no id", applied=None)
        return key

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Set fields, with PATCH where the service has it. Raises ``Gone``."""
        service = await self._service()
        if not fields:
            if await self.read(key) is None:
                raise self._gone(key)
            return
        try:
            if self._patches(service):
                await self._patch(service, key, fields)
            else:
                await self._put(service, key, fields)
        except Conflict as error:
            raise self._explained(error, service, fields) from error

    async def delete(self, key: Key) -> None:
        """Remove the resource. Raises ``Gone``."""
        service = await self._service()
        await self._requests.send("DELETE", account_path(service.endpoint, key))

    async def read(self, key: Key) -> Account | None:
        """Return the resource as it is now."""
        service = await self._service()
        try:
            resource, _ = await self._resource(service, key)
        except Gone:
            return None
        return self._account(resource)

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the resources that a filter on the field's path finds, and that have the value."""
        if value is None:
            return []
        place = self._places.get(field)
        if place is None:
            raise TargetError(f'the mapping has no field "{field}"')
        service = await self._service()
        wire = to_wire(field, value)
        query = {"filter": place.filter(wire)}
        wanted = self._compared(field, value)
        found: list[Account] = []
        async for resources, _ in self._pages(service, query, None):
            accounts = [self._account(each) for each in resources]
            found += [
                each for each in accounts if self._compared(field, each.fields[field]) == wanted
            ]
            if len(found) >= MAX_FOUND:
                break
        return found[:MAX_FOUND]

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield all resources, in the order of the service."""
        service = await self._service()
        async for resources, following in self._pages(service, {}, after):
            yield ScanPage([self._account(each) for each in resources], following)

    async def health(self) -> None:
        """Ask for one resource: that also tells whether the credentials are good."""
        service = await self._service()
        query = {"startIndex": "1", "count": "1"}
        answer = await self._requests.send("GET", service.endpoint, query=query)
        self._requests.json(answer, "GET", service.endpoint)

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: SCIM has no actions."""
        raise TargetError(f'SCIM has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Ask the service anew for its schemas, and return what they say."""
        self._known = None
        service = await self._service()
        key = FieldDescription(self._shape.key, "string", has_default=True, unique=True)
        return {**service.describe(self._places), key.name: key}

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Put resources into a group, with PATCH where the service has it."""
        service = await self._service()
        path, place = account_path(service.endpoint, group), self._members_place()
        if self._patches(service):
            await self._members.add(path, place, members)
        else:
            await self._members.replace(path, place, members, ())

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Take resources out of a group, with PATCH where the service has it."""
        service = await self._service()
        path, place = account_path(service.endpoint, group), self._members_place()
        if self._patches(service):
            await self._members.remove(path, place, members)
        else:
            await self._members.replace(path, place, (), members)

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the ids of a group's members."""
        service = await self._service()
        return await self._members.listed(
            account_path(service.endpoint, group), self._members_place()
        )

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the field that lists the members of a group."""
        name = self._members_name()
        return {name: FieldDescription(name, "json")}

    async def close(self) -> None:
        """Let go of connections. A second call does nothing."""
        await self._lease.release()

    async def _service(self) -> Service:
        async with self._discovering:
            if self._known is None:
                said = [
                    await self._requests.offered(path)
                    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")
                ]
                self._known = Service.of(self._shape.object, *said)
            return self._known

    def _patches(self, service: Service) -> bool:
        how = self._options.update
        return service.patches if how == "auto" else how == "patch"

    async def _patch(self, service: Service, key: Key, fields: Mapping[str, Value]) -> None:
        """Send what changes; a list of which one element changes is sent whole.

        RFC 7644 §3.5.2 has no way to add an element where a filter finds none.
        """
        path = account_path(service.endpoint, key)
        simple = {n: v for n, v in fields.items() if self._places[n].path.filter is None}
        operations = [
            _set(str(self._places[name].path), to_wire(name, value))
            for name, value in simple.items()
        ]
        etag = None
        if len(simple) < len(fields):
            resource, etag = await self._resource(service, key)
            inside = {name: value for name, value in fields.items() if name not in simple}
            self._write(resource, inside)
            owners = dict.fromkeys(self._places[name].owner for name in inside)
            operations += [_set(str(each), Place(each).read(resource)) for each in owners]
        body = {"schemas": [PATCH_OP], "Operations": operations}
        await self._requests.send("PATCH", path, body=body, if_match=etag, written=fields)

    async def _put(self, service: Service, key: Key, fields: Mapping[str, Value]) -> None:
        """Send the whole resource with the changes in it; nobody else's change is overwritten."""
        resource, etag = await self._resource(service, key)
        self._write(resource, fields)
        resource.pop("meta", None)
        path = account_path(service.endpoint, key)
        await self._requests.send("PUT", path, body=resource, if_match=etag, written=fields)

    async def _resource(self, service: Service, key: Key) -> tuple[dict[str, Any], str | None]:
        path = account_path(service.endpoint, key)
        answer = await self._requests.send("GET", path)
        resource = self._requests.json(answer, "GET", path)
        return resource, version(answer, resource)

    def _pages(
        self, service: Service, query: Mapping[str, str], after: str | None
    ) -> AsyncIterator[tuple[list[Any], str | None]]:
        how = self._options.paging
        by_cursor = service.pages_by_cursor if how == "auto" else how == "cursor"
        size = self._options.page_size
        return self._requests.pages(
            service.endpoint, query, after=after, by_cursor=by_cursor, size=size
        )

    def _write(self, resource: dict[str, Any], fields: Mapping[str, Value]) -> None:
        written = {name: self._places[name] for name in fields}
        for name, place in written.items():
            place.write(resource, to_wire(name, fields[name]))
        schemas = resource.get("schemas")
        listed = schemas if isinstance(schemas, list) else []
        used = [urn for urn in extensions_in(iter(written.values())) if resource.get(urn)]
        resource["schemas"] = list(dict.fromkeys([*listed, *used]))

    def _account(self, resource: Any) -> Account:
        key = resource.get("id") if isinstance(resource, dict) else None
        if not isinstance(key, int | str):
            raise TargetError("a resource of the target has no id")
        fields: dict[str, Value] = {
            name: from_wire(field, self._places[name].read(resource))
            for name, field in self._fields.items()
        }
        return Account(key, fields)

    def _compared(self, field: str, value: Value) -> Value:
        return folded(value) if field in self._shape.match else value

    def _explained(self, error: Conflict, service: Service, fields: Iterable[str]) -> Conflict:
        """Name the field of a conflict that the service does not name: the one that is unique."""
        if error.field is not None:
            return error
        unique = [name for name in fields if service.is_unique(self._places[name])]
        return Conflict(str(error), unique[0] if len(unique) == 1 else None)

    def _members_place(self) -> Place:
        return self._places[self._members_name()]

    def _members_name(self) -> str:
        members = self._shape.members
        if not isinstance(members, MembersField):
            raise TargetError(f'no field is named for the members of "{self._shape.object}"')
        return members.name

    def _gone(self, key: Key) -> Gone:
        return Gone(f"there is no {self._shape.object} with id {key}")


def _places(options: ScimOptions, shape: AccountShape) -> dict[str, Place]:
    renamed = (options.users if shape.section == "users" else options.groups).fields
    fields = list(shape.fields)
    if isinstance(shape.members, MembersField):
        fields.append(FieldShape(shape.members.name))
    try:
        return {each.name: read_path(renamed.get(each.name, each.name)) for each in fields}
    except FaultyText as error:
        raise TargetError(f"a field is no SCIM path: {error}") from error


def _set(path: str, value: Any) -> dict[str, Any]:
    if value is None or value == []:
        return {"op": "remove", "path": path}
    return {"op": "replace", "path": path, "value": value}
