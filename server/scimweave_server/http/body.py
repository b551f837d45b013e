"""Request bodies, within limits."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from scimweave.scim.error import ScimError, invalid_syntax

MAX_DEPTH = 32
BOM = b"\xef\xbb\xbf"


async def read_json(request: web.Request) -> Any:
    """Read the body as JSON. Raises ``ScimError`` (400 or 413)."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        limit = request.client_max_size
        raise ScimError(413, f"the body is larger than {limit} bytes; send less at once") from None
    try:
        body = orjson.loads(raw.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise invalid_syntax(f"the body is not JSON: {error}") from None
    if not _within(body, MAX_DEPTH):
        raise invalid_syntax(f"the body is nested more than {MAX_DEPTH} levels deep")
    return body


def _within(value: Any, room: int) -> bool:
    if isinstance(value, dict):
        return room > 0 and all(_within(each, room - 1) for each in value.values())
    if isinstance(value, list):
        return room > 0 and all(_within(each, room - 1) for each in value)
    return True
