"""An identity provider, as far as tests need one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import RawTestServer, TestClient
from multidict import CIMultiDictProxy
from scim2_models import (
    BulkResponse,
    Context,
    EnterpriseUser,
    Error,
    Group,
    ListResponse,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    User,
)

Client = TestClient[web.BaseRequest, None]
Serve = Callable[[RawTestServer], Awaitable[Client]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    body: Any


class Provider:
    """Calls one integration as a provider does, and reads the answer.

    ``knows_all`` is False where answers hold what scim2-models has no schema for.
    """

    def __init__(self, client: Client, path: str, token: str) -> None:
        self.client = client
        self.path = path
        self.headers = {"Authorization": f"Bearer {token}"}
        self.knows_all = True

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        headers = {**self.headers, **options.pop("headers", {})}
        data = body if isinstance(body, bytes | None) else orjson.dumps(body)
        url = path if path.startswith("http") else self.path + path
        if data is not None:
            headers.setdefault("Content-Type", "application/scim+json; charset=utf-8")
        async with self.client.request(
            method, url, data=data, headers=headers, **options
        ) as response:
            raw = await response.read()
            answer = orjson.loads(raw) if raw else None
            if answer is not None and self.knows_all and "attributes" not in url.lower():
                assert_is_scim(answer)
            return Answer(response.status, response.headers, answer)


def assert_is_scim(answer: dict[str, Any]) -> None:
    """Let scim2-models read an answer: it refuses what the RFCs do not allow."""
    (kind,) = {_KINDS[urn] for urn in answer["schemas"] if urn in _KINDS}
    if kind is _LIST and "startIndex" not in answer:
        # A page behind a cursor need not say how many there are in all (RFC 9865 §2).
        answer = {"totalResults": len(answer["Resources"]), **answer}
    kind.model_validate(answer, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


_LIST = ListResponse[User[EnterpriseUser] | Group | Schema | ResourceType]
_KINDS: dict[str, Any] = {
    "urn:ietf:params:scim:schemas:core:2.0:User": User[EnterpriseUser],
    "urn:ietf:params:scim:schemas:core:2.0:ResourceType": ResourceType,
    "urn:ietf:params:scim:schemas:core:2.0:Schema": Schema,
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig": ServiceProviderConfig,
    "urn:ietf:params:scim:schemas:core:2.0:Group": Group,
    "urn:ietf:params:scim:api:messages:2.0:Error": Error,
    "urn:ietf:params:scim:api:messages:2.0:BulkResponse": BulkResponse[User[EnterpriseUser]],
    "urn:ietf:params:scim:api:messages:2.0:ListResponse": _LIST,
}
