"""Versions in headers: ETag, If-Match, If-None-Match (RFC 7644 §3.14, RFC 9110 §8.8.3)."""

from __future__ import annotations

import re

from aiohttp import web

from scimweave.provisioning.lifecycle.expected import Expected, tag_of
from scimweave.scim.error import invalid_syntax
from scimweave.store.base import Record

# The comparison is weak, so W/ makes no difference; quotes are forgotten by some providers.
_TAG = re.compile(r'\s*(?:[Ww]/)?(?:"([^"]*)"|([^",\s]+))\s*(?:,|\Z)')


def etag(record: Record) -> str:
    """Return the ETag of a resource."""
    return f'W/"{tag_of(record)}"'


def if_match(request: web.BaseRequest) -> Expected | None:
    """Return the versions that the request may change. Raises ``ScimError``."""
    return _header(request, "If-Match")


def is_unchanged(request: web.BaseRequest, record: Record) -> bool:
    """Whether the provider has this version already (``If-None-Match``). Raises ``ScimError``."""
    known = _header(request, "If-None-Match")
    return known is not None and known.accepts(record)


def parse_tags(text: str, name: str) -> Expected:
    """Read ``*`` or a list of tags; ``name`` stands for it in a ``ScimError``."""
    if text.strip() == "*":
        return Expected(None)
    tags: set[str] = set()
    position = 0
    while position < len(text):
        found = _TAG.match(text, position)
        if found is None:
            raise invalid_syntax(f'{name} is * or a list of versions such as W/"1"')
        tags.add(found[1] if found[1] is not None else found[2])
        position = found.end()
    return Expected(frozenset(tags))


def _header(request: web.BaseRequest, name: str) -> Expected | None:
    values = request.headers.getall(name, ())
    text = ",".join(each for each in values if each.strip())
    return parse_tags(text, name) if text else None
