"""One operation of a bulk request, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from scimweave.provisioning.lifecycle.expected import Expected
from scimweave.provisioning.resources import Resources
from scimweave.scim.error import ScimError, invalid_syntax, not_found
from scimweave.store.base import Record
from scimweave_server.http.etag import etag, parse_tags

METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """An operation as it was sent; ``error`` is why it cannot be done.

    ``path`` is below the Tenant URL; ``resource_id`` is empty for a POST.
    """

    method: str
    path: str
    bulk_id: str | None = None
    endpoint: str = ""
    resource_id: str = ""
    data: Any = None
    expected: Expected | None = None
    error: ScimError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation; ``location`` is absent only where nothing was created."""

    status: int
    location: str | None = None
    resource_id: str = ""
    version: str | None = None
    error: ScimError | None = None

    def to_dict(self, operation: BulkOperation) -> dict[str, Any]:
        """Return one of the ``Operations`` of a BulkResponse."""
        body: dict[str, Any] = {"method": operation.method}
        members = (
            ("bulkId", operation.bulk_id),
            ("version", self.version),
            ("location", self.location),
        )
        body |= {name: value for name, value in members if value is not None}
        body["status"] = str(self.status)
        if self.error is not None:
            body["response"] = self.error.to_dict()
        return body


def read_operation(value: Any, base: str) -> BulkOperation:
    """Read one of the ``Operations``; ``base`` is the Tenant URL, which paths may begin with.

    Raises ``ScimError`` for one that no answer could name.
    """
    if not isinstance(value, dict):
        raise invalid_syntax("an operation is an object")
    members = {str(key).lower(): each for key, each in value.items()}
    method, path, bulk_id = (_text(members, name) for name in ("method", "path", "bulkid"))
    method = method.upper()
    if method not in METHODS:
        raise invalid_syntax(f'the "method" of an operation is one of {", ".join(METHODS)}')
    try:
        endpoint, resource_id = _split(path.removeprefix(base), method)
        version = _text(members, "version")
        expected = parse_tags(version, "version") if version else None
        if method in {"PUT", "PATCH", "POST"} and "data" not in members:
            raise invalid_syntax(f'{method} takes "data"')
    except ScimError as error:
        return BulkOperation(method, path[:200], bulk_id or None, error=error)
    return BulkOperation(
        method, path, bulk_id or None, endpoint, resource_id, members.get("data"), expected
    )


async def carry_out(operation: BulkOperation, resources: Resources, base: str) -> Outcome:
    """Do an operation as if it had come alone. Raises ``ScimError``."""
    location = f"{base}{resources.resource_type.endpoint}/"
    resource_id, data, expected = operation.resource_id, operation.data, operation.expected
    status = 200
    match operation.method:
        case "POST":
            record: Record = await resources.create(data)
            status = 201
        case "PUT":
            record = await resources.replace(resource_id, data, expected)
        case "PATCH":
            record = await resources.patch(resource_id, data, expected)
        case _:
            await resources.delete(resource_id, expected)
            return Outcome(204, location + resource_id, resource_id)
    return Outcome(status, location + record.id, record.id, etag(record))


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _split(path: str, method: str) -> tuple[str, str]:
    endpoint, *more = path.strip("/").split("/")
    wanted = 0 if method == "POST" else 1
    if not endpoint or len(more) != wanted or not all(more):
        example = "/Users" if method == "POST" else "/Users/{id}"
        raise not_found(f'{method} takes a path such as {example}, not "{path[:80]}"')
    return endpoint, unquote(more[0]) if more else ""
