"""Sends the declared requests, and reads their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

from yarl import URL

from scimweave.connectors.base import (
    AccountShape,
    Gone,
    Rejected,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.http.answer import Answer, NotJson, Request
from scimweave.connectors.http.client import HttpClient
from scimweave.connectors.rest.errors import refusal
from scimweave.connectors.rest.operation import Operation
from scimweave.connectors.rest.options import RestOptions
from scimweave.connectors.rest.presets import CONTENT_TYPES
from scimweave.connectors.rest.template import FIELDS, NoPlace


class Requests:
    """The requests of users, or of groups, on one client."""

    def __init__(self, options: RestOptions, shape: AccountShape, client: HttpClient) -> None:
        self._shape = shape
        self._client = client
        self._idempotency_header = options.idempotency_header
        content_type = options.content_type or CONTENT_TYPES.get(options.preset)
        self._content_type = content_type or "application/json"

    async def send(
        self, operation: Operation, values: Mapping[str, Value], document: Mapping[str, Any]
    ) -> Answer:
        """Send a request that has to succeed. Raises ``TargetError``."""
        answer = await self.exchange(operation, values, document)
        if operation.name == "delete" and answer.repeated and answer.status in operation.gone:
            # The attempt before this one has done it.
            return answer
        self.check(operation, answer, values)
        if answer.is_html:
            raise Unreachable(
                f"{operation.name} is answered with a page of HTML: is the address right?",
                applied=None if operation.writes else False,
            )
        return answer

    async def pages(
        self, operation: Operation, values: Mapping[str, Value], after: str | None = None
    ) -> AsyncIterator[tuple[list[Any], str | None]]:
        """Yield the lists of pages, each with where the next begins.

        Raises ``TargetError``, ``NoPlace``.
        """
        position, seen = after, {after}
        previous: list[Any] = []
        while True:
            url = self._page_url(operation, values, position)
            answer = await self._request(operation, url, {})
            self.check(operation, answer, values)
            body = self.json(operation, answer)
            items = operation.items(body)
            following = operation.following(position, url, answer, body, len(items))
            if items and items == previous:
                raise TargetError(f"{operation.name} gives the same page again; see paging")
            if following in seen and following is not None:
                raise TargetError(f"the pages of {operation.name} go round in a circle; see paging")
            yield items, following
            if following is None:
                return
            seen.add(following)
            position, previous = following, items

    def _page_url(
        self, operation: Operation, values: Mapping[str, Value], position: str | None
    ) -> URL:
        address = operation.paging.address(position)
        if address is None:
            page = operation.paging.parameters(position)
            return self._client.url(operation.path(values), operation.query(values, page))
        url = URL(address, encoded=True)
        if not self._client.is_own(url):
            raise TargetError(
                f"the next page of {operation.name} is at another host, {url.host}; "
                "only the declared host is called"
            )
        return url

    async def exchange(
        self,
        operation: Operation,
        values: Mapping[str, Value],
        document: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return its answer, whatever its status is. Raises ``TargetError``."""
        try:
            url = self._client.url(operation.path(values), operation.query(values, {}))
        except NoPlace as error:
            if error.name == "key":
                raise self.gone(values["key"]) from None
            raise Rejected(str(error), error.name.removeprefix(FIELDS)) from None
        return await self._request(operation, url, document, headers=headers)

    async def _request(
        self,
        operation: Operation,
        url: URL,
        document: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        body = operation.body(document) if document else None
        sent = {"Accept": f"{self._content_type}, application/json;q=0.9"}
        if body is not None:
            sent["Content-Type"] = self._content_type
        repeatable = operation.idempotent
        if self._idempotency_header is not None and operation.writes:
            sent[self._idempotency_header] = str(uuid4())
            repeatable = True
        return await self._client.send(
            Request(
                operation.method,
                url,
                body,
                {**sent, **operation.headers, **(headers or {})},
                writes=operation.writes,
                repeatable=repeatable,
            )
        )

    def check(self, operation: Operation, answer: Answer, values: Mapping[str, Value]) -> None:
        """Refuse an answer without success; ``values`` are those of the request."""
        if operation.succeeded(answer.status):
            return
        written = {
            name.removeprefix(FIELDS): value
            for name, value in values.items()
            if name.startswith(FIELDS)
        }
        raise refusal(self._client, operation, answer, self._shape, written)

    def json(self, operation: Operation, answer: Answer) -> Any:
        """Return the JSON of an answer. Raises ``TargetError`` where it is something else."""
        try:
            return answer.json()
        except NotJson as error:
            reason = f"{operation.name} is answered with {error}"
            if operation.writes:
                raise Unreachable(reason, applied=None) from None
            raise TargetError(reason) from None

    def gone(self, key: Value) -> Gone:
        """Return the error that there is no account with a key."""
        return Gone(f"there is no {self._shape.object} with {self._shape.key} {key}")
