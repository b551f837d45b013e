"""The SCIM endpoint as Entra sees it: the requests of entra-facts 1.4 and 1.5."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import orjson

from scimweave.scim.schema import LIST_RESPONSE
from scimweave_server.simulate.failure import (
    SEVERAL,
    Failure,
    InvalidAnchor,
    StepFailed,
    describe,
    incompatible,
    readable,
    refused,
)
from scimweave_server.simulate.transport import Answer, NoAnswer, Transport


class ConnectionTestFailed(Exception):
    """The endpoint does not answer the probe as Entra demands; nothing can be provisioned."""


class ScimEndpoint:
    """Requests for one person at a time; each raises StepFailed when it fails."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def probe(self) -> None:
        """Ask for a user who cannot exist; raises ConnectionTestFailed."""
        try:
            answer = await self._transport.send("GET", "/Users", query=_by_name(str(uuid4())))
        except NoAnswer as error:
            raise ConnectionTestFailed(str(error)) from None
        problem = _probe_problem(answer)
        if problem is not None:
            raise ConnectionTestFailed(problem)

    async def match(self, user_name: str) -> dict[str, Any] | None:
        """Find the user with a userName."""
        answer = await self._send("match", "GET", "/Users", query=_by_name(user_name))
        body = answer.json()
        resources = body.get("Resources", []) if isinstance(body, dict) else None
        if not isinstance(resources, list):
            raise incompatible("match", answer, f"expected a ListResponse, got {describe(answer)}")
        if len(resources) > 1:
            detail = f"{len(resources)} users have the userName {user_name}"
            raise incompatible("match", answer, detail, SEVERAL)
        return _resource("match", answer, resources[0]) if resources else None

    async def read(self, user_id: str) -> dict[str, Any]:
        """Read a linked user; raises InvalidAnchor when it is unknown."""
        answer = await self._send("read", "GET", _user(user_id))
        return _resource("read", answer, answer.json())

    async def create(self, resource: dict[str, Any]) -> str:
        """Create a user, and return the id that it got."""
        answer = await self._send("create", "POST", "/Users", body=resource)
        created: str = _resource("create", answer, answer.json())["id"]
        return created

    async def update(self, user_id: str, patch: dict[str, Any]) -> None:
        """Change a user; the answer may be 200 with a body or 204; raises InvalidAnchor."""
        await self._send("update", "PATCH", _user(user_id), body=patch)

    async def delete(self, user_id: str) -> None:
        """Delete a user; raises InvalidAnchor when it is unknown."""
        await self._send("delete", "DELETE", _user(user_id))

    async def _send(self, step: str, method: str, path: str, **options: Any) -> Answer:
        try:
            answer = await self._transport.send(method, path, **options)
        except NoAnswer as error:
            code = "Timeout" if error.timed_out else "ConnectionFailed"
            raise StepFailed(Failure(step, code, None, None, str(error))) from None
        if answer.status == 404 and path != "/Users":
            raise InvalidAnchor(refused(step, answer).failure)
        if not answer.ok:
            raise refused(step, answer)
        return answer


def _by_name(user_name: str) -> dict[str, str]:
    return {"filter": f"userName eq {orjson.dumps(user_name).decode()}"}


def _user(user_id: str) -> str:
    return f"/Users/{quote(user_id, safe='')}"


def _resource(step: str, answer: Answer, resource: Any) -> dict[str, Any]:
    if not isinstance(resource, dict):
        raise incompatible(step, answer, f"expected a user, got {describe(answer)}")
    if not isinstance(resource.get("id"), str) or not resource["id"]:
        raise incompatible(step, answer, "the user that came back has no id")
    return resource


def _probe_problem(answer: Answer) -> str | None:
    """Say why an answer to the probe would quarantine the job, or None."""
    body = answer.json()
    detail = body.get("detail") if isinstance(body, dict) else None
    said = f' ("{readable(str(detail))}")' if detail else ""
    match answer.status:
        case 200:
            return _empty_list_problem(answer, body)
        case 401 | 403:
            return f"the endpoint refuses the secret token: {answer.status}{said}"
        case 404:
            return (
                f"404 where an empty ListResponse is due{said}; "
                "the Tenant URL has to end where /Users begins"
            )
        case status if 300 <= status < 400:
            return f"{status}: {describe(answer)}; enter the address that it leads to"
        case status:
            return f"{status} where 200 is due{said or f': {describe(answer)}'}"


def _empty_list_problem(answer: Answer, body: Any) -> str | None:
    if not isinstance(body, dict):
        return f"200 with {describe(answer)} where a ListResponse is due: no SCIM endpoint"
    schemas = body.get("schemas")
    urns = [str(urn).lower() for urn in schemas] if isinstance(schemas, list) else []
    if LIST_RESPONSE.lower() not in urns:
        return "200 with JSON that is no ListResponse: no SCIM endpoint"
    if body.get("totalResults") != 0 or body.get("Resources"):
        return "the endpoint finds users with a random userName: it does not apply the filter"
    return None
