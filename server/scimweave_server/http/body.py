"""Request bodies, within limits."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from scimweave.scim.error import ScimError, invalid_syntax, invalid_value
from scimweave_server.http.limits import Limits

# What came, for whoever records it.
BODY = web.RequestKey("body", bytes)
BOM = b"\xef\xbb\xbf"
_ENCODINGS = {"", "identity", "gzip", "deflate"}
# As the providers write it; others are looked at more closely.
_USUAL_TYPES = {None, "application/scim+json", "application/scim+json; charset=utf-8"}
_CHARSETS = {None, "utf-8", "utf8", "us-ascii"}
# What the provider may say once; another value for the same name would be a guess.
_PARAMETERS = (
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
    "attributes",
    "excludedAttributes",
)


class BodyTimeout(ScimError):
    """A body that did not arrive in time; the connection is of no use any more."""

    def __init__(self, seconds: float) -> None:
        super().__init__(408, f"the body did not arrive within {seconds:g} seconds")


async def read_json(request: web.BaseRequest, limits: Limits, size: int | None = None) -> Any:
    """Read the body as JSON, of at most ``size`` bytes, or as many as ``limits`` says.

    Raises ``ScimError`` (400, 408, 413, 415).
    """
    _check_type(request)
    raw = await _read(request, limits.max_body if size is None else size, limits.body_seconds)
    request[BODY] = raw
    try:
        body = orjson.loads(raw.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise invalid_syntax(f"the body is not JSON: {error}") from None
    # With so few brackets nothing is nested deeply, whatever they are.
    depth = limits.max_json_depth
    if raw.count(b"{") + raw.count(b"[") > depth and not _within(body, depth):
        raise invalid_syntax(f"the body is nested more than {depth} levels deep")
    return body


def check_address(request: web.BaseRequest) -> None:
    """Refuse an address that no answer could repeat. Raises ``ScimError`` (400)."""
    address = request.raw_path
    if not address.isascii():
        try:
            str(request.rel_url).encode()
        except UnicodeEncodeError:
            raise invalid_syntax("the address has bytes that are not UTF-8") from None
    if "?" not in address:
        return
    query = request.query
    if len(query) == len(set(query)):
        return
    for name in _PARAMETERS:
        if len(set(query.getall(name, ()))) > 1:
            raise invalid_value(f"{name} is given more than once, with different values")


def origin(request: web.BaseRequest) -> str:
    """Return the scheme and host that the provider called. Raises ``ScimError`` (400)."""
    # Not ``request.host``: without the header it asks the name service for our own name.
    host = request.headers.get("Host")
    if not host:
        raise invalid_syntax("the request has no Host header")
    try:
        return _origin(request.scheme, host)
    except ValueError:
        raise invalid_syntax("the Host header names no host") from None


@lru_cache(maxsize=64)
def _origin(scheme: str, host: str) -> str:
    # aiohttp keeps bytes that are no UTF-8 as lone surrogates, which no JSON can hold.
    host.encode()
    parts = urlsplit(f"{scheme}://{host}")
    if parts.port == 0 or not parts.hostname or parts.netloc != host or "@" in host:
        raise ValueError(host)
    return f"{scheme}://{host}"


def _check_type(request: web.BaseRequest) -> None:
    """Refuse what is not JSON in UTF-8; a body without a type is taken for it."""
    headers = request.headers
    if headers.get("Content-Type") not in _USUAL_TYPES:
        if "json" not in request.content_type:
            raise ScimError(
                415, f"the body is {request.content_type[:80]}; send application/scim+json"
            )
        charset = request.charset
        if charset is not None and charset.lower() not in _CHARSETS:
            raise ScimError(415, f"the body is in {charset[:40]}; send JSON in UTF-8")
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise ScimError(415, f"the body is compressed with {encoding[:40]}; send it plain or gzip")


async def _read(request: web.BaseRequest, limit: int, seconds: float) -> bytes:
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    content = request.content
    body = bytearray()
    try:
        if content.is_eof():
            # It came with its head, as most do: there is nothing to wait for.
            whole = content.read_nowait()
            if len(whole) > limit:
                raise _too_large(limit)
            return whole
        async with asyncio.timeout(seconds):
            # The bytes come inflated, a piece at a time: a bomb is noticed before it goes off.
            while chunk := await content.readany():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise BodyTimeout(seconds) from None
    except ConnectionError:
        raise invalid_syntax("the connection broke before the body was there") from None
    except (web.RequestPayloadError, HttpProcessingError):
        reason = "the body cannot be read: its chunks or its compression are broken"
        raise invalid_syntax(reason) from None
    return bytes(body)


def _too_large(limit: int) -> ScimError:
    return ScimError(413, f"the body is larger than {limit} bytes; send less at once")


def _within(value: Any, room: int) -> bool:
    if isinstance(value, dict):
        return room > 0 and all(_within(each, room - 1) for each in value.values())
    if isinstance(value, list):
        return room > 0 and all(_within(each, room - 1) for each in value)
    return True
