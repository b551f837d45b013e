"""Requests that providers send, and what becomes of them in hostile hands."""

from __future__ import annotations

import copy
import gzip
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote_plus

import orjson

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
ADA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "userName": "ada@contoso.com",
    "active": "True",
    "displayName": "Ada Lovelace",
    "title": "Analyst",
    "externalId": "ada",
    "locale": "en-US",
    "groups": [],
    "password": "1mz050nq",
    "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    "emails": [{"primary": True, "type": "work", "value": "ada@contoso.com"}],
    "roles": [{"primary": "True", "value": "Admin", "type": "WindowsAzureActiveDirectoryRole"}],
    ENTERPRISE: {"department": "Engines", "manager": {"value": "7", "$ref": "../Users/7"}},
    "meta": {"resourceType": "User"},
}
OPERATIONS: list[dict[str, Any]] = [
    {"op": "Replace", "path": "displayName", "value": "Ada King"},
    {"op": "Replace", "path": "active", "value": "False"},
    {"op": "replace", "value": {"active": True, "name.givenName": "Augusta"}},
    {"op": "Add", "path": 'emails[type eq "work"].value', "value": "a@b.c"},
    {"op": "Add", "path": MANAGER, "value": "7"},
    {"op": "Remove", "path": "title"},
    {"op": "Replace", "path": "userName", "value": "ada.king@contoso.com"},
    {"op": "replace", "path": "password", "value": "s3cret"},
    {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sums"},
    {"op": "Remove", "path": 'roles[primary eq "True"]'},
]
QUERIES = [
    'filter=userName+eq+"ada%40contoso.com"',
    "filter=externalId eq ada",
    'filter=title co "a" and not (active eq false) or name.familyName pr',
    'filter=emails[type eq "work" and value sw "a"]',
    'filter=meta.lastModified gt "2020-01-01T00:00:00Z"',
    f'filter={ENTERPRISE}:department ge "E"',
    "startIndex=1&count=2",
    "startIndex=2&count=100&attributes=userName,name.givenName",
    "excludedAttributes=members,emails",
    "sortBy=name.familyName&sortOrder=descending&count=3",
    "sortBy=groups.display&cursor=&count=2",
    "cursor=&count=1",
    'filter=groups[display sw "g" and not (type eq "indirect")]',
    "",
]
GROUP_QUERIES = [
    'excludedAttributes=members&filter=displayName eq "g1"',
    'filter=id eq "none" and members eq "7"&attributes=id',
    'filter=members[type eq "User" and display co "a"]',
    "sortBy=members.display&count=2&attributes=members.value",
    "cursor=&count=1&excludedAttributes=members.$ref",
    "",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MKCOL", "get", "X"]
TEXTS = [
    "", " ", "\0", "\r\n", "\u2028", "\u202e", "é", "🦩", "a\u0301", "İ", "ß", "%", "%00", "%ff",
    "%ED%A0%80", "..", "../..", "/", "//", "\\", "'", '"', "';--", "[", "]", "(", ")", "[[", "a[b",
    "null", "true", "1e999", "-0", "00", "9" * 30, "x" * 5000, "bulkId:a", "bulkId:", "urn:", "*",
    "urn:a:b", "emails[", 'emails[type eq "', "emails[type eq]", "a.b.c", ".", "$ref", "name.",
    "id", "meta", "schemas", f"{ENTERPRISE}:", ENTERPRISE, f"{ENTERPRISE}:manager.value", "((((",
    "not (", 'a eq "\\ud800"',
]  # fmt: skip
VALUES: list[Callable[[], Any]] = [
    lambda: None, lambda: True, lambda: False, lambda: 0, lambda: -1, lambda: 2**63, lambda: 1e308,
    lambda: 0.1, list, dict, lambda: [[]], lambda: [None], lambda: {"value": None}, lambda: [{}],
    lambda: {"": ""}, lambda: nested(20), lambda: nested(40), lambda: ["x"] * 200,
]  # fmt: skip
HEADERS = [
    ("Content-Type", ["text/plain", "application/json", "", "a/b/c;;=", "text/json; charset=é"]),
    ("Content-Encoding", ["gzip", "deflate", "br", "identity", "", "x, y"]),
    ("If-Match", ["*", 'W/"1"', '"', 'W/"', ",,,", 'W/"1", "2"', "x" * 4000]),
    ("If-None-Match", ["*", 'W/"1"', '"1', "\x80"]),
    ("Authorization", ["", "Bearer", "Basic x", "Bearer \xff", "bearer " + "x" * 4000]),
    ("Accept", ["text/html", "*/*", ""]),
    ("Expect", ["100-continue", "nothing"]),
    ("Host", ["", "::", "a:b", "xn--", "a" * 300, "[::1]:x"]),
    ("Transfer-Encoding", ["identity"]),
    ("Upgrade", ["websocket", "h2c"]),
    ("Range", ["bytes=0-"]),
    ("Cookie", ["a=b; c"]),
    ("X-HTTP-Method-Override", ["DELETE"]),
]  # fmt: skip


@dataclass(frozen=True)
class Message:
    """A request; ``body`` is JSON, unless it is bytes already."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self, token: str, prefix: str = "/api/v1/scim") -> bytes:
        """Return the bytes on the wire."""
        body = self.body if isinstance(self.body, bytes | None) else orjson.dumps(self.body)
        headers = {"Host": "localhost", "Authorization": f"Bearer {token}"}
        if body is not None:
            headers |= {
                "Content-Type": "application/scim+json",
                "Content-Length": str(len(body)),
            }
        headers |= self.headers
        query = quote(self.query, safe="&=+%,*~'\\x") if self.query else ""
        lines = [f"{self.method} {prefix}{self.path}{'?' + query if query else ''} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        return head + (body or b"")


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


class Mutator:
    """Makes requests out of a seed; ``ids`` and ``groups`` are those of what exists."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.ids: list[str] = ["none"]
        self.groups: list[str] = ["none"]
        self._number = 0

    def message(self) -> Message:
        """Return a request that is valid but for some mutations."""
        message = self._valid()
        for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3])):
            message = self._mutated(message)
        return message

    def garbled(self, raw: bytes) -> bytes:
        """Return the bytes of a request with some of them wrong, missing or twice."""
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(raw) + 1)
            to = min(len(raw), at + self.chance.choice([0, 1, 1, 2, 8, 50]))
            new = self.chance.choice([b"", raw[at:to] * 2, self.chance.randbytes(to - at), b"\r\n"])
            raw = raw[:at] + new + raw[to:]
        return raw

    def _valid(self) -> Message:
        """Return what a provider sends; usual requests come more often."""
        makers = (
            *[self._post] * 2, self._put, *[self._patch] * 3, self._read, self._query_users,
            self._post_bulk, self._discover, self._post_group, self._patch_group,
            self._put_group, self._query_groups, self._search,
        )  # fmt: skip
        message = self.chance.choice(makers)()
        if self.chance.random() < 0.1:
            name = "If-None-Match" if message.method == "GET" else "If-Match"
            return replace(message, headers={name: f'W/"{self.chance.randint(1, 3)}"'})
        return message

    def _one(self) -> str:
        return f"/Users/{self.chance.choice(self.ids[-50:])}"

    def _post(self) -> Message:
        return Message("POST", "/Users", body=self._user())

    def _put(self) -> Message:
        return Message("PUT", self._one(), body=self._user())

    def _patch(self) -> Message:
        operations = self.chance.sample(OPERATIONS, self.chance.randint(1, 4))
        return Message("PATCH", self._one(), body={"Operations": copy.deepcopy(operations)})

    def _read(self) -> Message:
        return Message("GET", self._one(), query=self.chance.choice(["", "attributes=title"]))

    def _query_users(self) -> Message:
        return Message("GET", "/Users", query=self.chance.choice(QUERIES))

    def _group(self) -> dict[str, Any]:
        members = [
            {"value": self._member(), "$ref": None} for _ in range(self.chance.randint(0, 3))
        ]
        return {"displayName": f"g{self.chance.randrange(200)}", "members": members}

    def _member(self) -> str:
        return self.chance.choice([*self.ids[-20:], *self.groups[-3:]])

    def _one_group(self) -> str:
        return f"/Groups/{self.chance.choice(self.groups[-20:])}"

    def _post_group(self) -> Message:
        return Message("POST", "/Groups", body=self._group())

    def _put_group(self) -> Message:
        return Message("PUT", self._one_group(), body=self._group())

    def _patch_group(self) -> Message:
        one, other = self._member(), self._member()
        operations = [
            {"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}]},
            {"op": "Remove", "path": "members", "value": [{"value": one}, {"value": other}]},
            {"op": "remove", "path": f'members[value eq "{one}"]'},
            {"op": "add", "path": "members", "value": one},
            {"op": "replace", "value": {"members": [one], "displayName": "g1", "id": "x"}},
            {"op": "replace", "path": "members", "value": []},
            {"op": "Replace", "path": "displayName", "value": f"g{self.chance.randrange(200)}"},
        ]
        chosen = self.chance.sample(operations, self.chance.randint(1, 3))
        return Message("PATCH", self._one_group(), body={"Operations": chosen})

    def _query_groups(self) -> Message:
        path = self.chance.choice(["/Groups", "/Groups", self._one_group()])
        return Message("GET", path, query=self.chance.choice(GROUP_QUERIES))

    def _search(self) -> Message:
        query = self.chance.choice([*QUERIES, *GROUP_QUERIES])
        pairs = (pair.partition("=") for pair in query.split("&") if pair)
        body: dict[str, Any] = {name: unquote_plus(value) for name, _, value in pairs}
        for name in body.keys() & {"attributes", "excludedAttributes"}:
            body[name] = body[name].split(",")
        for name in body.keys() & {"count", "startIndex"}:
            body[name] = int(body[name])
        path = self.chance.choice(["/.search", "/Users/.search", "/Groups/.search"])
        return Message("POST", path, body=body)

    def _post_bulk(self) -> Message:
        return Message("POST", "/Bulk", body={"Operations": self._bulk(self._one())})

    def _discover(self) -> Message:
        paths = ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Users"]
        return Message(self.chance.choice(["GET", "HEAD", "OPTIONS"]), self.chance.choice(paths))

    def _user(self) -> dict[str, Any]:
        self._number += 1
        # Few names, so that people meet.
        name = f"u{self.chance.randrange(1 + self._number // 2)}@contoso.com"
        return {**copy.deepcopy(ADA), "userName": name, "externalId": name}

    def _bulk(self, one: str) -> list[Any]:
        patch = {"Operations": [copy.deepcopy(self.chance.choice(OPERATIONS))]}
        boss = {"op": "add", "path": MANAGER, "value": "bulkId:a"}
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": self._user()},
            {"method": "PATCH", "path": one, "data": patch},
            {"method": "PATCH", "path": "/Users/bulkId:a", "data": {"Operations": [boss]}},
            {"method": "DELETE", "path": one, "version": 'W/"1"'},
        ]
        return self.chance.sample(operations, self.chance.randint(1, 4))

    def _mutated(self, message: Message) -> Message:
        if message.body is not None and self.chance.random() < 0.6:
            return self._mutated_body(message)
        chance = self.chance
        match chance.randrange(6):
            case 0:
                return replace(message, method=chance.choice(METHODS))
            case 1:
                path = message.path + chance.choice(["/", "//", "?", "%2f", "/x", "%"])
                return replace(message, path=path)
            case 2:
                base = message.path.rpartition("/")[0]
                return replace(message, path=f"{base}/{quote(chance.choice(TEXTS), safe='%/')}")
            case 3:
                name, values = chance.choice(HEADERS)
                headers = {**message.headers, name: chance.choice(values)}
                return replace(message, headers=headers)
        return replace(message, query=self._query(message.query))

    def _mutated_body(self, message: Message) -> Message:
        if isinstance(message.body, bytes) or self.chance.random() < 0.1:
            return replace(message, body=self.garbled(_bytes(message.body)))
        if self.chance.random() < 0.1:
            headers = {**message.headers, "Content-Encoding": "gzip"}
            return replace(message, body=gzip.compress(_bytes(message.body)), headers=headers)
        return replace(message, body=self._json(message.body))

    def _query(self, query: str) -> str:
        chance = self.chance
        names = ["filter", "count", "startIndex", "attributes", "excludedAttributes", "sortBy", "x"]
        names += ["cursor", "sortOrder"]
        match chance.randrange(4):
            case 0:
                return f"{query}&{chance.choice(names)}={chance.choice(TEXTS)}"
            case 1 if query:
                at = chance.randrange(len(query))
                return query[:at] + chance.choice(TEXTS) + query[at:]
            case 2 if query:
                at = chance.randrange(len(query))
                return query[:at] + query[at + chance.randint(1, 5) :]
        return f"{chance.choice(names)}={chance.choice(TEXTS)}&{chance.choice(QUERIES)}"

    def _json(self, body: Any) -> Any:
        body = copy.deepcopy(body)
        owner, key = self.chance.choice(list(_places(body)) or [(None, None)])
        if owner is None:
            return self._value()
        match self.chance.randrange(6):
            case 0 | 1:
                owner[key] = self._value()
            case 2:
                del owner[key]
            case 3:
                owner[key] = [owner[key], copy.deepcopy(owner[key])]
            case 4 if isinstance(owner, dict):
                owner[self.chance.choice([str(key).upper(), *TEXTS])] = owner.pop(key)
            case _ if isinstance(owner, list):
                owner += copy.deepcopy(owner)
            case _:
                owner[self.chance.choice(TEXTS)] = self._value()
        return body

    def _value(self) -> Any:
        if self.chance.random() < 0.5:
            return self.chance.choice(TEXTS)
        return self.chance.choice(VALUES)()


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a document with each of its keys."""
    if not isinstance(value, dict | list):
        return
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in members:
        yield value, key
        yield from _places(each)
