"""From a request to the integration it is for, and back to an answer; errors end here."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import unquote

import structlog
from aiohttp import web

from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.keys import verify_key
from scimweave.scim.error import ScimError, not_found, unavailable
from scimweave.store.base import StoreError
from scimweave_server.http import discovery, resources, search
from scimweave_server.http.body import BodyTimeout, check_address, origin
from scimweave_server.http.bulk import bulk
from scimweave_server.http.exchange import Exchange
from scimweave_server.http.limits import Limits
from scimweave_server.http.metrics import ADDRESSED
from scimweave_server.http.responses import (
    STORE_RETRY,
    error_response,
    json_response,
    no_content,
)

log = structlog.get_logger("scimweave.http")

T = TypeVar("T")

SEARCH = ".search"
NOT_IMPLEMENTED = {"Me"}
READ_ONLY = {"GET": None, "HEAD": None}
BULK = {"POST": bulk}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="scimweave"'}


class MethodNotAllowed(ScimError):
    """A method that the resource does not take; ``allowed`` goes into the Allow header."""

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(405, f"{method} is not possible here; possible are {', '.join(allowed)}")
        self.allowed = allowed


class Endpoint:
    """All integrations of an engine under their paths."""

    def __init__(self, engine: Engine, public_url: str | None, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._public_url = public_url.rstrip("/") if public_url else None

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; every failure is a SCIM error with a detail."""
        try:
            return await self._answer(request)
        except MethodNotAllowed as error:
            headers = {"Allow": ", ".join(error.allowed)}
            if request.method == "OPTIONS":
                return no_content(headers)
            _log_refusal(request, error)
            return error_response(error, headers)
        except ScimError as error:
            _log_refusal(request, error)
            response = error_response(error, CHALLENGE if error.status == 401 else None)
            if isinstance(error, BodyTimeout):
                response.force_close()
            return response
        except StoreError as error:
            log.error("store failed", method=request.method, error=str(error))
            return error_response(
                unavailable("the store cannot be read or written now; try again", STORE_RETRY)
            )
        except Exception:
            # The last line: the provider gets a SCIM error, the operator the traceback.
            log.exception("unexpected error", method=request.method, path=request.path)
            return error_response(
                ScimError(500, "an error in scimweave; the log of the server has the details")
            )

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        check_address(request)
        path = request.rel_url.raw_path
        integration, rest = self._integration(path)
        request[ADDRESSED] = (integration.name, rest[0] if rest else "")
        await self._authorise(request, integration)
        if path.endswith("/"):
            integration.sight.saw_quirks(("Q44",))
        base = (self._public_url or origin(request)) + integration.program.path
        limits = self._limits
        served = integration.resources(rest[0]) if rest else None
        if rest and rest[-1] == SEARCH and (len(rest) == 1 or (served and len(rest) == 2)):
            _method(request, {"POST": None})
            searched = [served] if served else integration.served()
            return await search.by_body(
                [Exchange(request, each, base, limits) for each in searched]
            )
        if served is not None and len(rest) <= 2:
            exchange = Exchange(request, served, base, limits)
            if len(rest) == 1:
                return await _method(request, resources.COLLECTION)(exchange)
            return await _method(request, resources.RESOURCE)(exchange, unquote(rest[1]))
        match rest:
            case ["Bulk"]:
                return await _method(request, BULK)(request, integration, base, limits)
            case [name] if name in NOT_IMPLEMENTED:
                raise ScimError(501, f"/{name} is not implemented")
            case [name, *more] if name in discovery.DOCUMENTS and len(more) <= 1:
                _method(request, READ_ONLY)
                return json_response(
                    discovery.document(
                        request, integration, base, limits, name, *map(unquote, more)
                    )
                )
            case _:
                types = [each.resource_type.endpoint for each in integration.program.objects]
                raise not_found(
                    f"{integration.name} has no endpoint /{'/'.join(rest)[:200]}; it has "
                    f"{', '.join(types)}, /Schemas, /ResourceTypes and /ServiceProviderConfig"
                )

    def _integration(self, path: str) -> tuple[Integration, list[str]]:
        """Find the integration whose path is the longest prefix; the rest comes in segments."""
        by_path = self._engine.by_path
        prefix = path.rstrip("/")
        rest: list[str] = []
        while prefix:
            found = by_path.get(prefix)
            if found is not None:
                return found, rest
            prefix, _, segment = prefix.rpartition("/")
            if segment or rest:
                rest.insert(0, segment)
        raise not_found(f"no integration is served at {path[:200]}; compare the Tenant URL")

    async def _authorise(self, request: web.BaseRequest, integration: Integration) -> None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and await verify_key(
            self._engine.store, integration.name, secret.strip()
        ):
            return
        raise ScimError(
            401,
            "the secret token is missing, wrong or no longer valid; make a new one with "
            f"`scimweave key generate {integration.name}` and enter it at the provider",
        )


def _method(request: web.BaseRequest, methods: dict[str, T]) -> T:
    if request.method not in methods:
        raise MethodNotAllowed(request.method, [*methods, "OPTIONS"])
    return methods[request.method]


def _log_refusal(request: web.BaseRequest, error: ScimError) -> None:
    log.warning(
        "refused",
        method=request.method,
        path=request.path,
        status=error.status,
        scim_type=error.scim_type,
        detail=error.detail,
    )
