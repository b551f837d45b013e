"""Answers as bytes: always ``application/scim+json`` (Q69)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from scimweave.scim.error import ScimError

# Seconds after which a provider may try again where the store failed.
STORE_RETRY = 30
SCIM_JSON = "application/scim+json; charset=utf-8"


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with ``body`` as JSON."""
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers={"Content-Type": SCIM_JSON, **(headers or {})},
    )


def error_response(error: ScimError, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a SCIM error (RFC 7644 §3.12)."""
    more = dict(headers or {})
    if error.retry_after is not None:
        more["Retry-After"] = str(error.retry_after)
    body = error.to_dict()
    # A detail repeats what was sent, be it no text at all.
    body["detail"] = error.detail.encode("utf-8", "backslashreplace").decode()
    return json_response(body, error.status, more)


def no_content(headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer 204."""
    return web.Response(status=204, headers={"Content-Type": SCIM_JSON, **(headers or {})})


def not_modified(headers: Mapping[str, str]) -> web.Response:
    """Answer 304: what the provider has is what is here."""
    return web.Response(status=304, headers=headers)
