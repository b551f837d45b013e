"""Reads what ``scimweave record`` wrote, a line at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from scimweave_server.http.recorder import LONGEST_LINE, VERSION

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ENDPOINTS = {"User": "/Users", "Group": "/Groups"}


class RecordingError(Exception):
    """A file that is no recording; the message says where."""


@dataclass(frozen=True, slots=True)
class Head:
    """What was recorded, and when."""

    integration: str
    revision: str
    at: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was recorded, with the answer; ``path`` is behind that of the integration.

    ``met`` says that it stands for a resource that was there before: nobody sent it.
    """

    line: int
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    status: int
    answer: Any
    met: bool = False

    @property
    def title(self) -> str:
        """How people are told of it."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


def read_head(file: Path) -> Head:
    """Return the first line. Raises ``RecordingError`` and ``OSError``."""
    for number, value in _values(file):
        match value:
            case {"scimweave": int(version)} if version > VERSION:
                raise RecordingError(f"{file} was recorded by a newer scimweave")
            case {
                "scimweave": int(),
                "integration": str(name),
                "revision": str(revision),
                "at": str(at),
            }:
                return Head(name, revision, at)
            case _:
                raise RecordingError(f"{file}:{number}: is no recording of `scimweave record`")
    raise RecordingError(f"{file}: is empty")


def read_requests(file: Path) -> Iterator[Request]:
    """Return the requests in their order. Raises ``RecordingError`` and ``OSError``."""
    for number, value in _values(file):
        if number > 1:
            yield _request(file, number, value)


def _values(file: Path) -> Iterator[tuple[int, Any]]:
    number = 0
    with file.open("rb") as stream:
        while line := stream.readline(2 * LONGEST_LINE):
            number += 1
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise RecordingError(f"{file}:{number}: is not JSON: {error.msg}") from None


def _request(file: Path, number: int, value: Any) -> Request:
    match value:
        case {"id": str(id_), "type": str(kind), "resource": dict(resource)} if kind in ENDPOINTS:
            body, answer = resource, {"id": id_}
            return Request(number, "POST", ENDPOINTS[kind], (), body, 201, answer, met=True)
        case {
            "method": str(method),
            "path": str(path),
            "query": list(query),
            "body": body,
            "status": int(status),
            "answer": answer,
        } if method in METHODS and path.startswith("/") and all(map(_is_pair, query)):
            pairs = tuple((name, text) for name, text in query)
            return Request(number, method, path, pairs, body, status, answer)
        case _:
            raise RecordingError(f"{file}:{number}: is no request of a recording")


def _is_pair(value: Any) -> bool:
    match value:
        case [str(), str()]:
            return True
        case _:
            return False
