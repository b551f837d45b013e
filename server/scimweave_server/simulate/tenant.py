"""The Tenant URL and the secret token, as an admin enters them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from scimweave_server.simulate.dialect import Dialect

FLAG = "aadOptscim062020"


class TenantError(Exception):
    """A Tenant URL or a token that no request can be made with."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where to provision to. ``url`` has no query and no slash at its end."""

    url: str
    dialect: Dialect
    token: str = field(repr=False)


def parse_tenant(url: str, token: str) -> Tenant:
    """Check what the admin entered; the URL's flag chooses the dialect and is never sent."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise TenantError(f'"{url}" is no URL: {error}') from None
    if not usable:
        raise TenantError(f'"{url}" is no URL of the form https://host/path')
    if parts.username or parts.password:
        raise TenantError("the Tenant URL takes no user name or password; use the secret token")
    token = token.strip()
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        raise TenantError("the secret token is empty or has characters that no header can carry")
    return Tenant(
        url=urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", "")),
        dialect=Dialect.COMPACT if FLAG in parts.query else Dialect.VERBOSE,
        token=token,
    )
