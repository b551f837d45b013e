"""Requests to one target over HTTP: never to another host, never endless, tried again with care."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from scimweave.connectors.base import TargetError, Unreachable
from scimweave.connectors.http.answer import Answer, NotJson, Request, one_line
from scimweave.connectors.http.auth import auth_of
from scimweave.connectors.http.retry import Pace, backoff, retry_after

if TYPE_CHECKING:
    from scimweave.connectors.http.options import HttpOptions, HttpTls

# The target has not done it, and says so.
_BUSY = frozenset({429, 503})
# Somebody on the way does not know what the target did.
_DOUBTFUL = frozenset({408, 500, 502, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEFAULT_RETRY = 30
# Many servers close an idle connection after 5 s; a write that meets that has no known outcome.
_KEPT_OPEN = 4.0


class _Failed(Exception):
    """One attempt that brought no answer of use.

    ``sent`` says that the target may have carried it out; ``wait`` is what the target asked for.
    """

    def __init__(self, reason: str, *, sent: bool, wait: int | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.wait = wait


class HttpClient:
    """Sends requests to the origin of ``options.url`` and nowhere else."""

    def __init__(self, options: HttpOptions) -> None:
        self.base = URL(options.url)
        self._options = options
        self._ssl = _context(options.tls)
        self._session: aiohttp.ClientSession | None = None
        self._places = asyncio.Semaphore(options.limits.concurrency)
        self._pace = Pace(options.limits.per_second)
        self._auth = auth_of(options.auth, self._fetch_token)
        self._closed = False

    def url(self, path: str, query: str = "") -> URL:
        """Return an address below the base; both parts are percent-encoded already."""
        text = f"{str(self.base).rstrip('/')}{path}"
        return URL(f"{text}?{query}" if query else text, encoded=True)

    def is_own(self, url: URL) -> bool:
        """Whether an address is of the declared host."""
        return url.is_absolute() and url.origin() == self.base.origin()

    async def send(self, request: Request) -> Answer:
        """Send a request, again where that is safe and the target may recover.

        Raises ``Unreachable`` where no answer came in time, ``TargetError`` where the target
        redirects or refuses the credentials.
        """
        if not self.is_own(request.url):
            raise TargetError(f"{request.url.host} is not the declared host {self.base.host}")
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._options.retry.budget
        doubtful = False
        attempt = 0
        while True:
            try:
                answer = await self._attempt(request, repeated=doubtful)
            except _Failed as failure:
                doubtful = doubtful or (failure.sent and request.writes)
                attempt += 1
                wait = backoff(attempt - 1, self._options.retry.backoff)
                wait = max(wait, failure.wait or 0)
                again = request.repeatable or not failure.sent
                late = loop.time() + wait > ends
                if not again or late or attempt >= self._options.retry.attempts:
                    raise self._unreachable(failure, doubtful) from failure
            else:
                return answer
            await asyncio.sleep(wait)

    def shown(self, text: str, hidden: Iterable[str] = ()) -> str:
        """Return what a target says without our credentials and ``hidden``, in one line."""
        for secret in (*self._auth.secrets, *hidden):
            text = text.replace(secret, "…")
        return one_line(text)

    async def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def __repr__(self) -> str:
        return f"HttpClient({str(self.base)!r})"

    def _unreachable(self, failure: _Failed, doubtful: bool) -> Unreachable:
        seconds = _DEFAULT_RETRY if failure.wait is None else max(1, failure.wait)
        return Unreachable(
            self.shown(str(failure)), retry_after=seconds, applied=None if doubtful else False
        )

    async def _attempt(self, request: Request, *, repeated: bool) -> Answer:
        proof = await self._auth.headers()
        answer = await self._exchange(request, proof, repeated=repeated)
        if answer.status == 401 and self._auth.refused(proof):
            proof = await self._auth.headers()
            answer = await self._exchange(request, proof, repeated=repeated)
        if answer.status in _BUSY | _DOUBTFUL:
            wait = retry_after(answer.headers.get("Retry-After"))
            reason = f"{self.base.host} answers {answer.status}"
            raise _Failed(reason, sent=answer.status in _DOUBTFUL, wait=wait)
        if answer.status in _REDIRECTS:
            place = answer.headers.get("Location", "nowhere")
            raise TargetError(
                f"{self.base.host} redirects to {self.shown(place)}; redirects are not followed: "
                "give the address that they lead to as url"
            )
        if answer.status == 401:
            raise TargetError(f"{self.base.host} refuses the credentials (401); see auth")
        return answer

    async def _exchange(
        self, request: Request, proof: Mapping[str, str], *, repeated: bool
    ) -> Answer:
        headers = {**self._options.headers, **(request.headers or {}), **proof}
        await self._pace.wait()
        async with self._places:
            try:
                async with self._open().request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers=headers,
                    allow_redirects=False,
                ) as response:
                    return await self._read(response, repeated=repeated)
            except aiohttp.ClientConnectorCertificateError as error:
                reason = f"{self.base.host} shows a certificate that is not trusted; see tls.ca"
                raise TargetError(reason) from error
            except aiohttp.ClientConnectorError as error:
                reason = f"{self.base.host}: {error.os_error.strerror or 'no connection'}"
                raise _Failed(reason, sent=False) from error
            except aiohttp.ConnectionTimeoutError as error:
                raise _Failed(f"{self.base.host}: no connection in time", sent=False) from error
            except TimeoutError as error:
                reason = f"{self.base.host}: no answer in {self._options.timeout.total:g} s"
                raise _Failed(reason, sent=True) from error
            except (aiohttp.ClientError, ConnectionError) as error:
                reason = f"{self.base.host}: the connection broke ({type(error).__name__})"
                raise _Failed(reason, sent=True) from error

    async def _read(self, response: aiohttp.ClientResponse, *, repeated: bool) -> Answer:
        limit = self._options.limits.answer
        body = bytearray()
        async for chunk in response.content.iter_chunked(2**16):
            body += chunk
            if len(body) > limit:
                response.close()
                raise Unreachable(
                    f"{self.base.host} answers with more than {limit} bytes (limits.answer)",
                    applied=None if response.method not in {"GET", "HEAD"} else False,
                )
        link = response.links.get("next")
        found = link.get("url") if link is not None else None
        return Answer(
            response.status,
            response.headers,
            response.content_type if "Content-Type" in response.headers else "",
            bytes(body),
            found if isinstance(found, URL) else None,
            repeated,
        )

    async def _fetch_token(
        self, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        oauth2 = self._options.auth and self._options.auth.oauth2
        assert oauth2  # noqa: S101 - who fetches a token has been told where
        url = (
            self.base.join(URL(oauth2.token_url))
            if "://" in oauth2.token_url
            else self.url(oauth2.token_url)
        )
        try:
            async with self._open().post(
                url, data=form, headers={**headers, "Accept": "application/json"},
                allow_redirects=False,
            ) as response:  # fmt: skip
                answer = await self._read(response, repeated=False)
        except (aiohttp.ClientError, TimeoutError, Unreachable) as error:
            raise _Failed(
                f"no token from {url.host}: {type(error).__name__}", sent=False
            ) from error
        if answer.status in _BUSY | _DOUBTFUL:
            wait = retry_after(answer.headers.get("Retry-After"))
            raise _Failed(f"no token from {url.host}: {answer.status}", sent=False, wait=wait)
        try:
            return answer.status, answer.json()
        except NotJson:
            return answer.status, None

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Unreachable("the connector is closed")
        if self._session is None:
            timeout = self._options.timeout
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._ssl, limit=0, keepalive_timeout=_KEPT_OPEN
                ),
                timeout=aiohttp.ClientTimeout(total=timeout.total, connect=timeout.connect),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def _context(tls: HttpTls) -> ssl.SSLContext:
    """Return a context that checks the target's certificate. Raises ``TargetError``."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise TargetError(f"the certificates under tls cannot be used: {error}") from error
    return context


class _Shared:
    """A client that several connectors use."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client
        self.users = 0


# By the loop that they belong to, and by all that is said of the target.
_shared: dict[tuple[asyncio.AbstractEventLoop, str], _Shared] = {}


class SharedClient:
    """A lease of the client of a target: users and groups share its limits and its token."""

    def __init__(self, options: HttpOptions, keys: frozenset[str]) -> None:
        plain = options.model_dump(include=set(keys))
        loop = asyncio.get_running_loop()
        self._key = (loop, json.dumps(plain, sort_keys=True))
        found = _shared.get(self._key)
        if found is None:
            found = _shared[self._key] = _Shared(HttpClient(options))
        found.users += 1
        self.client = found.client
        self._released = False

    async def release(self) -> None:
        """Give the lease back; the last closes the client. A second call does nothing."""
        if self._released:
            return
        self._released = True
        found = _shared[self._key]
        found.users -= 1
        if not found.users:
            del _shared[self._key]
            await found.client.close()
