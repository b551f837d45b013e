"""HTTP as Entra speaks it (entra-facts 1.3)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
import orjson

from scimweave_server.simulate.tenant import Tenant

SCIM_JSON = "application/scim+json; charset=utf-8"
TIMEOUT_SECONDS = 30
MAX_RETRIES = 3
LONGEST_WAIT_SECONDS = 30.0
AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The media type without parameters, or ""."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as JSON, or None when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Throttling:
    """How often the endpoint asked to come back later, and how long that was waited for."""

    retries: int = 0
    seconds: float = 0.0
    shortened: int = 0
    """Waits that were cut to the longest one that is waited."""


class NoAnswer(Exception):
    """The endpoint could not be reached, or did not answer in time (``timed_out``)."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Transport:
    """Sends requests to one tenant; comes back later, a few times, when told to."""

    def __init__(self, tenant: Tenant, sleep: Sleep = asyncio.sleep) -> None:
        self.tenant = tenant
        self.throttling = Throttling()
        self._sleep = sleep
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=AUTOMATIC_HEADERS,
            headers={"Authorization": f"Bearer {tenant.token}"},
        )
        self.begin()

    def begin(self) -> None:
        """Start an activity: its id goes with every request, throttling is counted anew."""
        # The value is no protocol version: it carries a date and an activity id (entra-facts 1.3).
        self._activity = f"{datetime.now(UTC):%Y-%m-%d} {uuid4()}"
        self.throttling = Throttling()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Send one request; raises NoAnswer."""
        url = self.tenant.url + path
        if query:
            # Form encoding: a space is "+", a quote is "%22".
            url += f"?{urlencode(query)}"
        answer = await self._send_once(method, url, body)
        for _ in range(MAX_RETRIES):
            wait = _retry_after(answer)
            if wait is None:
                break
            await self._wait(wait)
            answer = await self._send_once(method, url, body)
        return answer

    async def _send_once(self, method: str, url: str, body: Any) -> Answer:
        headers = {"ADSCIMVersion": self._activity}
        if body is not None:
            headers["Content-Type"] = SCIM_JSON
        content = None if body is None else orjson.dumps(body)
        try:
            async with self._session.request(
                method, url, data=content, headers=headers, allow_redirects=False
            ) as response:
                return self._without_token(
                    Answer(response.status, dict(response.headers), await response.read())
                )
        except TimeoutError:
            raise NoAnswer(f"no answer within {TIMEOUT_SECONDS} s", timed_out=True) from None
        except aiohttp.ClientError as error:
            raise NoAnswer(_reason(error)) from None

    def _without_token(self, answer: Answer) -> Answer:
        """Return an error without the token that it may quote: details are printed."""
        if answer.ok:
            return answer
        token = self.tenant.token
        headers = {name: value.replace(token, "…") for name, value in answer.headers.items()}
        return replace(
            answer, headers=headers, body=answer.body.replace(token.encode(), "…".encode())
        )

    async def _wait(self, seconds: float) -> None:
        waited = min(seconds, LONGEST_WAIT_SECONDS)
        counted = self.throttling
        self.throttling = Throttling(
            counted.retries + 1,
            counted.seconds + waited,
            counted.shortened + (waited < seconds),
        )
        await self._sleep(waited)


def _retry_after(answer: Answer) -> float | None:
    """Return after how many seconds to come back, or None when that was not asked for."""
    text = answer.headers.get("Retry-After", "").strip()
    if answer.status not in {429, 503} or not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _reason(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientSSLError):
        return f"no TLS connection: {error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        # With several addresses the text says nothing; the number still does.
        number = error.os_error.errno
        known = os.strerror(number) if number and number > 0 else error.os_error.strerror
        reason = (known or str(error.os_error)).lower()
        return f"cannot connect to {error.host}:{error.port}: {reason}"
    return str(error) or type(error).__name__
