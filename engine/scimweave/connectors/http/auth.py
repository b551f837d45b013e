"""Proof of who sends a request: a header that is known, or a token that is fetched."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus

from scimweave.connectors.base import TargetError

if TYPE_CHECKING:
    from scimweave.connectors.http.options import Auth as AuthOptions
    from scimweave.connectors.http.options import OAuth2Auth

# The answer of the token's address: status and JSON.
Fetch = Callable[[Mapping[str, str], Mapping[str, str]], Awaitable[tuple[int, Any]]]

_MARGIN = 30.0
_DEFAULT_LIFE = 300.0


class Auth(Protocol):
    """Gives the header of a request."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""

    async def headers(self) -> Mapping[str, str]:
        """Return what proves who we are. Raises ``TargetError``."""
        ...

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Hear that the target refused ``headers`` (401); returns whether to try once more."""
        ...


class FixedAuth:
    """A header that does not change."""

    def __init__(self, headers: Mapping[str, str], *secrets: str) -> None:
        self._headers = dict(headers)
        self.secrets = tuple(secrets)

    async def headers(self) -> Mapping[str, str]:
        """Return the header."""
        return self._headers

    def refused(self, headers: Mapping[str, str]) -> bool:
        """There is no other header."""
        return False


class ClientCredentials:
    """A bearer token by OAuth 2.0 client credentials, kept until shortly before it expires."""

    def __init__(self, options: OAuth2Auth, fetch: Fetch) -> None:
        self._options = options
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._expires = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The client's secret, and the token."""
        secret = self._options.client_secret
        return (secret, _basic(self._options.client_id, secret), *([self._token or secret]))

    async def headers(self) -> Mapping[str, str]:
        """Return the token, fetched anew where the one at hand is about to expire."""
        async with self._lock:
            # Whoever waited here finds what the first has fetched.
            if self._token is None or asyncio.get_running_loop().time() >= self._expires:
                await self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Forget the token, unless another request has brought a newer one."""
        if headers.get("Authorization") == f"Bearer {self._token}":
            self._token = None
        return True

    async def _renew(self) -> None:
        options = self._options
        form = {"grant_type": "client_credentials"}
        for name in ("scope", "audience"):
            if (value := getattr(options, name)) is not None:
                form[name] = value
        headers = {}
        if options.client_auth == "basic":
            credentials = _basic(quote_plus(options.client_id), quote_plus(options.client_secret))
            headers["Authorization"] = f"Basic {credentials}"
        else:
            form |= {"client_id": options.client_id, "client_secret": options.client_secret}
        status, answer = await self._fetch(form, headers)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(token, str) or not token.isprintable():
            code = answer.get("error") if isinstance(answer, dict) else None
            reason = (
                f", {code}" if isinstance(code, str) and code.replace("_", "").isalnum() else ""
            )
            raise TargetError(
                f"no token from {options.token_url}: status {status}{reason}; "
                "see client_id, client_secret and scope under auth"
            )
        life = answer.get("expires_in", _DEFAULT_LIFE)
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _DEFAULT_LIFE
        self._token = token
        self._expires = asyncio.get_running_loop().time() + max(seconds / 2, seconds - _MARGIN)


def auth_of(options: AuthOptions | None, fetch: Fetch) -> Auth:
    """Return what the options under ``auth`` mean. Raises ``TargetError`` for an empty secret."""
    made = _auth(options, fetch)
    if "" in made.secrets:
        # Lint takes a file whose environment is another machine's: ${SECRET:-}.
        raise TargetError("a secret under auth is empty: is its environment variable set?")
    return made


def _auth(options: AuthOptions | None, fetch: Fetch) -> Auth:
    if options is None:
        return FixedAuth({})
    if options.bearer is not None:
        return FixedAuth({"Authorization": f"Bearer {options.bearer}"}, options.bearer)
    if options.header is not None:
        return FixedAuth({options.header.name: options.header.value}, options.header.value)
    if options.basic is not None:
        basic = options.basic
        credentials = _basic(basic.user, basic.password)
        return FixedAuth({"Authorization": f"Basic {credentials}"}, basic.password, credentials)
    assert options.oauth2 is not None  # noqa: S101 - one of the four is given
    return ClientCredentials(options.oauth2, fetch)


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
