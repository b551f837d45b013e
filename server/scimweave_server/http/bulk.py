"""Many operations in one request (RFC 7644 §3.7), each as if it had come alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web

from scimweave.provisioning.integration import Integration
from scimweave.scim.error import ScimError, invalid_syntax, not_found, unavailable
from scimweave.store.base import StoreError
from scimweave_server.http.body import read_json
from scimweave_server.http.bulk_operation import (
    BulkOperation,
    Outcome,
    carry_out,
    read_operation,
)
from scimweave_server.http.bulk_references import References, named_by
from scimweave_server.http.limits import Limits
from scimweave_server.http.responses import STORE_RETRY, json_response

log = structlog.get_logger("scimweave.http")

BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


async def bulk(
    request: web.BaseRequest, integration: Integration, base: str, limits: Limits
) -> web.Response:
    """POST /Bulk: 200 with an outcome for each operation that was tried. Raises ``ScimError``."""
    body = await read_json(request, limits, limits.max_bulk_payload)
    operations, errors_allowed = _read(body, base, limits.max_bulk_operations)
    job = _Job(integration, base, operations, errors_allowed)
    await job.run()
    return json_response({"schemas": [BULK_RESPONSE], "Operations": job.answers()})


def _read(body: Any, base: str, max_operations: int) -> tuple[list[BulkOperation], int]:
    if not isinstance(body, dict):
        raise invalid_syntax('the body of a bulk request is an object with "Operations"')
    members = {str(key).lower(): value for key, value in body.items()}
    operations = members.get("operations")
    if not isinstance(operations, list):
        raise invalid_syntax('"Operations" is missing or no array')
    if len(operations) > max_operations:
        raise ScimError(
            413, f"{len(operations)} operations are too many: at most {max_operations} in a request"
        )
    errors_allowed = members.get("failonerrors")
    if errors_allowed is None:
        errors_allowed = len(operations) + 1
    elif not isinstance(errors_allowed, int) or isinstance(errors_allowed, bool):
        raise invalid_syntax('"failOnErrors" is a whole number')
    return [read_operation(each, base) for each in operations], max(1, errors_allowed)


class _Job:
    """The operations of one request: who waits for whom, what is done, and how it went."""

    def __init__(
        self,
        integration: Integration,
        base: str,
        operations: list[BulkOperation],
        errors_allowed: int,
    ) -> None:
        self._integration = integration
        self._base = base
        self._operations = operations
        self._errors_left = errors_allowed
        self._references = References(operations)
        self._named = [named_by(each) for each in operations]
        self._outcomes: dict[int, Outcome] = {}
        self._incomplete: list[int] = []

    def answers(self) -> list[dict[str, Any]]:
        """Return the outcomes in the order of the request."""
        return [
            self._outcomes[each].to_dict(self._operations[each]) for each in sorted(self._outcomes)
        ]

    async def run(self) -> None:
        """Do what can be done; who refers to another comes after it.

        In a circle somebody has to be first: it is created without the reference, which is added
        as soon as the other is there (RFC 7644 §3.7.1). Nobody changes it before.
        """
        waiting = list(range(len(self._operations)))
        while waiting and self._errors_left > 0:
            number = next((each for each in waiting if self._is_ready(each)), None)
            if number is None:
                # Only what a POST creates is waited for, so one of them is left.
                number = next(each for each in waiting if self._operations[each].method == "POST")
                self._incomplete.append(number)
            waiting.remove(number)
            await self._do(number, complete=number not in self._incomplete)
            for each in [each for each in self._incomplete if self._is_known(each)]:
                await self._complete(each)
        # What is created is not left half done, however many errors there were.
        for number in list(self._incomplete):
            await self._complete(number)

    def _is_ready(self, number: int) -> bool:
        if not self._is_known(number):
            return False
        half_done = {self._operations[each].bulk_id for each in self._incomplete}
        is_creation = self._operations[number].method == "POST"
        return is_creation or half_done.isdisjoint(self._named[number])

    def _is_known(self, number: int) -> bool:
        """Whether it is known what becomes of all that an operation refers to."""
        return not self._references.waits(self._named[number])

    async def _do(self, number: int, *, complete: bool) -> None:
        operation = self._operations[number]
        try:
            if operation.error is not None:
                raise operation.error
            references = self._references
            found = (references.resolve if complete else references.without_waiting)(operation)
            outcome = await self._carry_out(found)
        except (ScimError, StoreError) as error:
            location = self._base + operation.path if operation.method != "POST" else None
            self._fail(number, error, location)
            self._references.settle(operation, None)
            return
        self._outcomes[number] = outcome
        self._references.settle(operation, outcome.resource_id)

    async def _complete(self, number: int) -> None:
        """Give a resource of a circle the references that it was created without."""
        self._incomplete.remove(number)
        created = self._outcomes[number]
        if created.error is not None:
            return
        try:
            found = self._references.resolve(self._operations[number])
            put = replace(found, method="PUT", resource_id=created.resource_id)
            outcome = await self._carry_out(put)
        except (ScimError, StoreError) as error:
            self._fail(number, error, created.location)
            return
        self._outcomes[number] = replace(outcome, status=created.status)

    async def _carry_out(self, operation: BulkOperation) -> Outcome:
        resources = self._integration.resources(operation.endpoint)
        if resources is None:
            raise not_found(f"{self._integration.name} has no endpoint /{operation.endpoint[:80]}")
        return await carry_out(operation, resources, self._base)

    def _fail(self, number: int, error: ScimError | StoreError, location: str | None) -> None:
        operation = self._operations[number]
        if isinstance(error, StoreError):
            log.error("store failed", method=operation.method, error=str(error))
            error = unavailable("the store cannot be read or written now; try again", STORE_RETRY)
        log.warning(
            "refused",
            method=operation.method,
            path=operation.path[:200],
            bulk=True,
            status=error.status,
            scim_type=error.scim_type,
            detail=error.detail,
        )
        self._errors_left -= 1
        self._outcomes[number] = Outcome(error.status, location, error=error)
