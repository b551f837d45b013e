"""A small SaaS in memory, as its API looks from outside: tokens, rate limits, pages by cursor.

    echo not-a-secret | python examples/rest-api/saas.py --port 8081

The secret of its one client, scimweave, comes on standard input. Employees have unique e-mail
addresses, in any case of letters, and teams have employees as members. Everything is forgotten at
the end.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MAX_PAGE = 100
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Settings:
    """How strict the service is; ``token_life`` in seconds, ``rate`` in requests a second."""

    client_id: str = "scimweave"
    client_secret: str = "not-a-secret"  # noqa: S105 - of an example
    token_life: float = 60
    rate: int = 200


@dataclass(frozen=True)
class Kind:
    """A collection: its fields with their types, the unique one, and how long a text may be."""

    name: str
    unique: str
    types: Mapping[str, type]
    lengths: Mapping[str, int] = field(default_factory=dict)


KINDS = {
    "employees": Kind(
        "employees",
        "email",
        {
            "email": str,
            "display_name": str,
            "job_title": str,
            "department": str,
            "is_active": bool,
            "profile": dict,
        },
        {"email": 255, "job_title": 250},
    ),
    "teams": Kind("teams", "name", {"name": str}, {"name": 255}),
}


class Refusal(Exception):
    """What the API answers where it does not do what is asked."""

    def __init__(self, status: int, message: str, field: str | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.field = field
        self.headers = headers


class Saas:
    """The service; ``records`` by collection and id, ``members`` of teams by id."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.records: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in KINDS}
        self.members: dict[int, dict[int, None]] = {}
        self.tokens: dict[str, float] = {}
        self._ids = itertools.count(1)
        self._answered: dict[str, tuple[int, Any]] = {}
        self._seen: list[float] = []

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[self._guard], client_max_size=2**20)
        app.router.add_post("/oauth/token", self._token)
        app.router.add_get("/v1/{kind}", self._list)
        app.router.add_post("/v1/{kind}", self._create)
        app.router.add_get("/v1/{kind}/{id}", self._get)
        app.router.add_patch("/v1/{kind}/{id}", self._update)
        app.router.add_delete("/v1/{kind}/{id}", self._delete)
        app.router.add_post("/v1/employees/{id}/sign-out", self._sign_out)
        app.router.add_get("/v1/teams/{id}/members", self._members)
        app.router.add_post("/v1/teams/{id}/members", self._add_members)
        app.router.add_post("/v1/teams/{id}/members/remove", self._remove_members)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path.startswith("/v1/"):
                self._check_token(request)
                self._check_rate()
            return await handler(request)
        except Refusal as refusal:
            error = {"message": str(refusal), "field": refusal.field}
            return web.json_response(
                {"error": error}, status=refusal.status, headers=refusal.headers
            )

    async def _token(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        wanted = f"{self.settings.client_id}:{self.settings.client_secret}"
        if given != base64.b64encode(wanted.encode()).decode():
            return web.json_response({"error": "invalid_client"}, status=401)
        if (await request.post()).get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_urlsafe(32)
        self.tokens[token] = time.monotonic() + self.settings.token_life
        life = self.settings.token_life
        body = {"access_token": token, "token_type": "Bearer", "expires_in": life}
        return web.json_response(body)

    def _check_token(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < time.monotonic():
            raise Refusal(401, "the token is unknown or has expired")

    def _check_rate(self) -> None:
        now = time.monotonic()
        self._seen = [each for each in self._seen if each > now - 1]
        if len(self._seen) >= self.settings.rate:
            raise Refusal(429, "too many requests", **{"Retry-After": "1"})
        self._seen.append(now)

    async def _list(self, request: web.Request) -> web.Response:
        kind = self._kind(request)
        limit = min(int(request.query.get("limit", MAX_PAGE)), MAX_PAGE)
        after = int(base64.urlsafe_b64decode(request.query.get("cursor", "") or "MA=="))
        asked = {name: text for name, text in request.query.items() if name in kind.types}
        found = [
            {"id": key, **record}
            for key, record in sorted(self.records[kind.name].items())
            if key > after and all(_same(kind, name, record, asked[name]) for name in asked)
        ]
        page = found[:limit]
        more = base64.urlsafe_b64encode(str(page[-1]["id"]).encode()).decode() if page else None
        cursor = more if len(found) > limit else None
        return web.json_response({"items": page, "next_cursor": cursor})

    async def _create(self, request: web.Request) -> web.Response:
        kind = self._kind(request)
        given = await self._body(request, kind)
        attempt = request.headers.get("Idempotency-Key")
        if attempt in self._answered:
            status, body = self._answered[attempt]
            return web.json_response(body, status=status)
        if given.get(kind.unique) is None:
            raise Refusal(422, f"{kind.unique} is missing", kind.unique)
        self._check_unique(kind, given, None)
        key = next(self._ids)
        record = self.records[kind.name][key] = {**dict.fromkeys(kind.types), **given}
        body = {"item": {"id": key, **record}}
        if attempt is not None:
            self._answered[attempt] = (201, body)
        return web.json_response(body, status=201)

    async def _get(self, request: web.Request) -> web.Response:
        key, record = self._found(request)
        return web.json_response({"item": {"id": key, **record}})

    async def _update(self, request: web.Request) -> web.Response:
        kind = self._kind(request)
        key, record = self._found(request)
        given = await self._body(request, kind)
        self._check_unique(kind, given, key)
        for name, value in given.items():
            inner = record.get(name)
            both = isinstance(value, dict) and isinstance(inner, dict)
            record[name] = {**inner, **value} if both and inner is not None else value
        return web.json_response({"item": {"id": key, **record}})

    async def _delete(self, request: web.Request) -> web.Response:
        kind = self._kind(request)
        key, _ = self._found(request)
        del self.records[kind.name][key]
        self.members.pop(key, None)
        for members in self.members.values():
            members.pop(key, None)
        return web.Response(status=204)

    async def _sign_out(self, request: web.Request) -> web.Response:
        key = int(request.match_info["id"])
        if key not in self.records["employees"]:
            raise Refusal(404, f"there is no employee {key}")
        return web.Response(status=204)

    async def _members(self, request: web.Request) -> web.Response:
        team = self._team(request)
        found = [{"employee_id": key} for key in self.members.get(team, ())]
        return web.json_response({"items": found, "next_cursor": None})

    async def _add_members(self, request: web.Request) -> web.Response:
        team = self._team(request)
        given = (await request.json())["employee_ids"]
        unknown = [each for each in given if each not in self.records["employees"]]
        if unknown:
            raise Refusal(422, f"there is no employee {unknown[0]}")
        self.members.setdefault(team, {}).update(dict.fromkeys(given))
        return web.Response(status=204)

    async def _remove_members(self, request: web.Request) -> web.Response:
        team = self._team(request)
        for each in (await request.json())["employee_ids"]:
            self.members.get(team, {}).pop(each, None)
        return web.Response(status=204)

    def _kind(self, request: web.Request) -> Kind:
        kind = KINDS.get(request.match_info["kind"])
        if kind is None:
            raise Refusal(404, "there is nothing of this name")
        return kind

    def _found(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        kind, text = self._kind(request), request.match_info["id"]
        record = (
            self.records[kind.name].get(int(text)) if text.isascii() and text.isdigit() else None
        )
        if record is None:
            raise Refusal(404, f"there is no {text} in {kind.name}")
        return int(text), record

    def _team(self, request: web.Request) -> int:
        team = int(request.match_info["id"])
        if team not in self.records["teams"]:
            raise Refusal(404, f"there is no team {team}")
        return team

    async def _body(self, request: web.Request, kind: Kind) -> dict[str, Any]:
        given = await request.json()
        for name, value in given.items():
            if name not in kind.types:
                raise Refusal(422, f"{kind.name} have no {name}", name)
            if value is None:
                continue
            if not isinstance(value, kind.types[name]):
                raise Refusal(422, f"{name} has the wrong type", name)
            if isinstance(value, str) and len(value) > kind.lengths.get(name, 20_000):
                raise Refusal(422, f"{name} is longer than {kind.lengths[name]} characters", name)
        checked: dict[str, Any] = given
        return checked

    def _check_unique(self, kind: Kind, given: Mapping[str, Any], own: int | None) -> None:
        wanted = given.get(kind.unique)
        if wanted is None:
            return
        for key, record in self.records[kind.name].items():
            if key != own and record[kind.unique].casefold() == wanted.casefold():
                raise Refusal(409, f"{kind.unique} is taken", kind.unique)


def _same(kind: Kind, name: str, record: Mapping[str, Any], text: str) -> bool:
    value = record[name]
    if value is None or isinstance(value, dict):
        return False
    if isinstance(value, bool):
        return text == str(value).lower()
    if name == kind.unique:
        return bool(value.casefold() == text.casefold())
    return bool(value == text)


async def serve(saas: Saas, port: int) -> None:
    """Serve until the process is told to end."""
    runner = web.AppRunner(saas.app(), handle_signals=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address = runner.addresses[0]
    print(f"ready http://127.0.0.1:{address[1]}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Read the command line and the secret, and serve."""
    parser = argparse.ArgumentParser(description="A small SaaS in memory.")
    parser.add_argument("--port", type=int, default=8081, help="0 takes one that is free")
    parser.add_argument("--rate", type=int, default=50, help="requests a second that it takes")
    given = parser.parse_args()
    secret = sys.stdin.readline().strip() or Settings.client_secret
    asyncio.run(serve(Saas(Settings(client_secret=secret, rate=given.rate)), given.port))


if __name__ == "__main__":
    main()
