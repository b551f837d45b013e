"""A SCIM endpoint in memory, whose bodies scim2-models reads and writes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDictProxy
from scim2_models import Context, EnterpriseUser, ListResponse, PatchOp, User

USER_NAME_FILTER = re.compile(r'userName eq ("(?:[^"\\]|\\.)*")')
Model = User[EnterpriseUser]


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: CIMultiDictProxy[str]
    body: Any


@dataclass(frozen=True)
class Scripted:
    """An answer that is given instead of the real one, once."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, body: Any, **headers: str) -> Scripted:
        return cls(status, orjson.dumps(body), {"Content-Type": "application/scim+json", **headers})


class ScimDirectory:
    """Users by id; ``scripted`` answers of a method come first, in order."""

    def __init__(self) -> None:
        self.users: dict[str, Any] = {}
        self.deleted: list[Any] = []
        self.seen: list[Seen] = []
        self.scripted: dict[str, deque[Scripted]] = {}
        self.app = web.Application()
        self.app.router.add_route("*", "/scim/Users", self._handle)
        self.app.router.add_route("*", "/scim/Users/{id}", self._handle)

    def script(self, method: str, *answers: Scripted) -> None:
        self.scripted.setdefault(method, deque()).extend(answers)

    def add(self, **attributes: Any) -> str:
        """Put a user there, as if from before."""
        return self._store(Model.model_validate(attributes))

    def requests(self) -> list[str]:
        """Return method and path of what was requested, probes left out; ids as ``{id}``."""
        lines = [f"{each.method} {each.target}" for each in self.seen if not self._probes(each)]
        return [re.sub(r"/Users/\w+", "/Users/{id}", line) for line in lines]

    def bodies(self, method: str) -> list[Any]:
        return [each.body for each in self.seen if each.method == method]

    def by_name(self) -> dict[str, Any]:
        return {user.user_name: user for user in self.users.values()}

    def forget(self) -> None:
        self.seen.clear()

    def _probes(self, seen: Seen) -> bool:
        return bool(re.search(r"%22[0-9a-f]{8}-[0-9a-f-]{27}%22", seen.target))

    async def _handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = orjson.loads(raw) if raw else None
        self.seen.append(Seen(request.method, request.raw_path, request.headers, body))
        waiting = self.scripted.get(request.method)
        if waiting:
            scripted = waiting.popleft()
            return web.Response(
                status=scripted.status, body=scripted.body, headers=scripted.headers
            )
        user_id = request.match_info.get("id")
        if user_id is None:
            return self._query(request) if request.method == "GET" else self._create(body)
        if user_id not in self.users:
            return _answer(404, {"status": "404", "detail": f"no user {user_id}"})
        if request.method == "PATCH":
            patch = PatchOp[Model].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
            patch.patch(self.users[user_id])
            return web.Response(status=204)
        if request.method == "DELETE":
            self.deleted.append(self.users.pop(user_id))
            return web.Response(status=204)
        return _answer(200, _wire(self.users[user_id]))

    def _query(self, request: web.Request) -> web.Response:
        match = USER_NAME_FILTER.fullmatch(request.query["filter"])
        assert match
        name = orjson.loads(match[1]).casefold()
        found = [user for user in self.users.values() if user.user_name.casefold() == name]
        page = ListResponse[Model](total_results=len(found), resources=found)
        body = page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
        return _answer(200, {**body, "Resources": body.get("Resources", [])})

    def _create(self, body: Any) -> web.Response:
        user = Model.model_validate(body, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        if user.user_name in self.by_name():
            detail = f"userName {user.user_name} exists"
            return _answer(409, {"status": "409", "scimType": "uniqueness", "detail": detail})
        return _answer(201, _wire(self.users[self._store(user)]))

    def _store(self, user: Any) -> str:
        user.id = f"u{len(self.users) + len(self.deleted) + 1}"
        self.users[user.id] = user
        return str(user.id)


def _wire(user: Any) -> Any:
    return user.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


def _answer(status: int, body: Any) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={"Content-Type": "application/scim+json"},
    )
