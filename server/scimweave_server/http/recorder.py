"""What a provider and an integration exchange, for an operator who records it.

Nothing is kept here: while nobody records, a request costs one look at an empty dict.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from scimweave.mapping import Program
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.store.base import Record, StoreError
from scimweave_server.http.body import BODY, BOM
from scimweave_server.http.masking import Masks, secret_names, sensitive_names
from scimweave_server.http.metrics import Handler

VERSION = 1
MOST_WAITING = 64 * 1024 * 1024
LONGEST_LINE = 8 * 1024 * 1024
# A list may name thousands: so many of those that a request meets first are noted with it.
MOST_MET = 200
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Line = dict[str, Any]


class FellBehind(Exception):
    """Whoever records does not take the lines in time; requests do not wait for that."""


class Recorder:
    """Gives what is exchanged with an integration to the one who records it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recordings: dict[str, Recording] = {}

    def recorded(self, handle: Handler) -> Handler:
        """Note what ``handle`` answers, while somebody records."""

        async def answer(request: web.BaseRequest) -> web.Response:
            recording = self._recording(request.rel_url.raw_path) if self._recordings else None
            if recording is None:
                return await handle(request)
            began = datetime.now(UTC)
            path = recording.path_of(request)
            await recording.meet(_ID.findall(path), began)
            response = await handle(request)
            if response.status != 401:
                await recording.note(request, path, response, began)
            return response

        return answer

    def is_recorded(self, integration: str) -> bool:
        """Whether somebody records an integration; one at a time may."""
        return integration in self._recordings

    async def record(
        self, integration: Integration, *, with_sensitive: bool, stop: asyncio.Event
    ) -> AsyncGenerator[Line, None]:
        """Return a head, then what comes, until ``stop``. Raises ``FellBehind``."""
        recording = Recording(integration, with_sensitive)
        self._recordings[integration.name] = recording
        try:
            yield recording.head()
            async for line in recording.lines(stop):
                yield line
        finally:
            del self._recordings[integration.name]

    def _recording(self, path: str) -> Recording | None:
        for recording in self._recordings.values():
            if path.startswith(f"{recording.base}/"):
                return recording
        return None


class Recording:
    """One recording. Resources that were there before are noted when a request first names them."""

    def __init__(self, integration: Integration, with_sensitive: bool) -> None:
        self._integration = integration
        self._with_sensitive = with_sensitive
        self._program: Program | None = None
        self._masks = Masks(secret_names())
        self._met: set[str] = set()
        # None ends it.
        self._waiting: asyncio.Queue[tuple[int, Line] | None] = asyncio.Queue()
        self._size = 0

    @property
    def base(self) -> str:
        """The path of the integration."""
        return self._integration.program.path

    def head(self) -> Line:
        """Return the first line."""
        program = self._integration.program
        return {
            "scimweave": VERSION,
            "integration": program.integration,
            "revision": program.revision,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "with_sensitive": self._with_sensitive,
        }

    def path_of(self, request: web.BaseRequest) -> str:
        """Return the path of a request behind that of the integration."""
        return request.rel_url.raw_path.removeprefix(self.base)

    async def lines(self, stop: asyncio.Event) -> AsyncGenerator[Line, None]:
        """Return what comes, until ``stop``. Raises ``FellBehind``."""
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._waiting.put_nowait(None))
        try:
            while (waiting := await self._waiting.get()) is not None:
                size, line = waiting
                self._size -= size
                yield line
        finally:
            stopping.cancel()
        if not stop.is_set():
            raise FellBehind("the recording fell behind what the provider sends")

    async def meet(self, ids: Iterable[str], began: datetime) -> None:
        """Note resources as they are, that this recording has not named and were there before."""
        unknown = [each for each in dict.fromkeys(ids) if each not in self._met][:MOST_MET]
        self._met.update(unknown)
        for each in unknown:
            record = await self._stored(each)
            if record is not None and record.created < began:
                (resource,) = self._masks_now().exchange(record.resource)
                self._put({"id": each, "type": record.resource_type, "resource": resource})

    async def note(
        self, request: web.BaseRequest, path: str, response: web.Response, began: datetime
    ) -> None:
        """Note one exchange; never its headers."""
        body, answer = _json(request.get(BODY)), _json(response.body)
        await self.meet(_ids(body), began)
        await self.meet(_ids(answer), began)
        masks = self._masks_now()
        query = [[_plain(name), masks.text(_plain(value))] for name, value in request.query.items()]
        body, answer = masks.exchange(body, answer)
        self._put(
            {
                "at": began.isoformat(timespec="milliseconds"),
                "method": request.method,
                "path": unquote(path),
                "query": query,
                "body": body,
                "status": response.status,
                "answer": answer,
            }
        )

    def _masks_now(self) -> Masks:
        """Return the masks, with what an edit of the mapping has made sensitive meanwhile."""
        program = self._integration.program
        if program is not self._program:
            self._program = program
            if not self._with_sensitive:
                self._masks.hide(sensitive_names(program))
        return self._masks

    async def _stored(self, resource_id: str) -> Record | None:
        store = self._integration.store
        for resources in self._integration.served():
            kind = resources.resource_type.name
            try:
                found = await store.get(self._integration.name, kind, resource_id)
            except StoreError:
                # The provider is told by its own request, if that needs the store.
                return None
            if found is not None:
                return found
        return None

    def _put(self, line: Line) -> None:
        size = len(orjson.dumps(line))
        if size > LONGEST_LINE:
            line, size = {**line, "answer": None, "cut": True}, len(orjson.dumps(line["body"]))
        self._size += size
        self._waiting.put_nowait((size, line) if self._size <= MOST_WAITING else None)


def _plain(text: str) -> str:
    """Return a text that JSON can hold: bytes that are no UTF-8 come as surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _json(raw: Any) -> Any:
    """Return what bytes say; None where they are no JSON: nobody knows what to mask in them."""
    if not isinstance(raw, bytes) or not raw:
        return None
    try:
        return orjson.loads(raw.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return None


def _ids(value: Any) -> Iterator[str]:
    """Return what looks like the id of a resource."""
    yield from _ID.findall(orjson.dumps(value).decode())
