"""What is unsafe in how a target over HTTP is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from scimweave.connectors.addresses import is_here
from scimweave.connectors.kind import Problem


def check_http(options: Any) -> Iterator[Problem]:
    """Yield a warning where accounts or credentials would cross a network in clear."""
    addresses: dict[tuple[str, ...], str] = {("target", "url"): options.url}
    oauth2 = options.auth.oauth2 if options.auth is not None else None
    if oauth2 is not None:
        addresses["target", "auth", "oauth2", "token_url"] = oauth2.token_url
    for path, address in addresses.items():
        parts = urlsplit(address)
        if parts.scheme == "http" and not is_here(parts.hostname or ""):
            message = (
                f"{parts.hostname} is reached without TLS: everybody on the way can read along"
            )
            yield Problem("clear-text", path, message, help="give an address with https")
