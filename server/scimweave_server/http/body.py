"""Request bodies and query parameters, within limits."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from scimweave.scim.error import ScimError, invalid_syntax, invalid_value

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


def integer(request: web.Request, name: str, default: int) -> int:
    """Read a query parameter as an integer. Raises ``ScimError`` (invalidValue)."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        # Longer digits mean "everything", and cost time to convert.
        return int(text) if len(text) <= 18 else 10**18
    except ValueError:
        raise invalid_value(f"{name} is a whole number, not {text[:40]!r}") from None


def _within(value: Any, room: int) -> bool:
    if isinstance(value, dict):
        return room > 0 and all(_within(each, room - 1) for each in value.values())
    if isinstance(value, list):
        return room > 0 and all(_within(each, room - 1) for each in value)
    return True
