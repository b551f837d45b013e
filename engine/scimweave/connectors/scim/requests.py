"""Requests to a SCIM service, and what its refusals mean (RFC 7644 §3)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Gone,
    Key,
    Rejected,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.http.answer import Answer, NotJson, Request, sensitive_texts
from scimweave.connectors.http.client import HttpClient
from scimweave.connectors.http.json_values import dump
from scimweave.connectors.scim.path import Place

CONTENT_TYPE = "application/scim+json"
# Nothing of this kind is there, or is shown to us.
_NOT_OFFERED = frozenset({403, 404, 405, 501})

_BAD_VALUE = frozenset({400, 413, 422})


class NoTarget(Rejected):
    """A PATCH names an element that is not there (RFC 7644 §3.12)."""


class ScimRequests:
    """Sends what the protocol has; ``places`` are where the fields are, by name."""

    def __init__(
        self, client: HttpClient, shape: AccountShape, places: Mapping[str, Place]
    ) -> None:
        self._client = client
        self._shape = shape
        self._places = places

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        if_match: str | None = None,
        written: Mapping[str, Value] | None = None,
    ) -> Answer:
        """Send a request that has to succeed; ``written`` are the fields in it.

        Raises ``TargetError``.
        """
        answer = await self._exchange(method, path, query, body, if_match)
        if method == "DELETE" and answer.status == 404 and answer.repeated:
            # The attempt before this one has done it.
            return answer
        if answer.status >= 400:
            raise self._refusal(answer, method, path, written or {})
        if answer.is_html:
            raise self._unreadable(method, path, "a page of HTML")
        return answer

    async def offered(self, path: str) -> Any:
        """Return what the service says at a discovery address; None where it says nothing."""
        answer = await self._exchange("GET", path, None, None, None)
        if answer.status in _NOT_OFFERED:
            return None
        if answer.status >= 400:
            raise self._refusal(answer, "GET", path, {})
        return self._content(answer, "GET", path)

    async def pages(
        self, path: str, query: Mapping[str, str], *, after: str | None, by_cursor: bool, size: int
    ) -> AsyncIterator[tuple[list[Any], str | None]]:
        """Yield the resources of pages, each with where the next begins."""
        position = after if after is not None else ("" if by_cursor else "1")
        while True:
            where = {"cursor": position} if by_cursor else {"startIndex": position}
            asked = {**query, **where, "count": str(size)}
            body = self.json(await self.send("GET", path, query=asked), "GET", path)
            resources = body.get("Resources") or []
            if not isinstance(resources, list):
                raise TargetError(f"the list at {path} holds no Resources")
            following = (
                _text(body.get("nextCursor")) if by_cursor else _index(position, body, resources)
            )
            if following == position:
                raise TargetError(f"the pages at {path} do not go on")
            yield resources, following
            if following is None:
                return
            position = following

    def json(self, answer: Answer, method: str, path: str) -> dict[str, Any]:
        """Return an answer's object. Raises ``TargetError``."""
        found = self._content(answer, method, path)
        if not isinstance(found, dict):
            raise self._unreadable(method, path, "no object")
        return found

    def _content(self, answer: Answer, method: str, path: str) -> Any:
        try:
            return answer.json()
        except NotJson as error:
            raise self._unreadable(method, path, str(error)) from None

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        if_match: str | None,
    ) -> Answer:
        headers = {"Accept": f"{CONTENT_TYPE}, application/json;q=0.9"}
        if body is not None:
            headers["Content-Type"] = CONTENT_TYPE
        if if_match is not None:
            headers["If-Match"] = if_match
        try:
            url = self._client.url(path, urlencode(query or {}, quote_via=quote))
        except UnicodeEncodeError:
            raise Rejected("holds half a surrogate pair, which is not a character") from None
        return await self._client.send(
            Request(
                method,
                url,
                None if body is None else dump(body),
                headers,
                writes=method != "GET",
                # Our patches set, add members and take them away: twice is once.
                repeatable=method != "POST",
            )
        )

    def _refusal(
        self, answer: Answer, method: str, path: str, written: Mapping[str, Value]
    ) -> TargetError:
        status = answer.status
        detail, kind = _complaint(answer)
        reason = (
            self._client.shown(detail, sensitive_texts(self._shape, written)) or f"status {status}"
        )
        if status == 404 and path.count("/") > 1:
            return Gone(reason)
        if status == 412:
            applied = None if answer.repeated else False
            return Unreachable(
                "the account was changed at the same time", retry_after=1, applied=applied
            )
        about = self._mentioned(detail, written)
        if status == 409 or kind == "uniqueness":
            return Conflict(reason, about)
        if status in _BAD_VALUE:
            return (NoTarget if kind == "noTarget" else Rejected)(reason, about)
        if status >= 500 and status != 501:
            return Unreachable(reason, applied=None if method != "GET" else False)
        return TargetError(f"{method} {path} is answered with {status}: {reason}")

    def _mentioned(self, detail: str, written: Iterable[str]) -> str | None:
        """Return the written field that a message is about, by its path or by its attribute."""
        for words in (
            lambda p: str(p.path),
            lambda p: p.path.sub_attribute,
            lambda p: p.path.attribute,
        ):
            found = [
                name
                for name in written
                if (text := words(self._places[name])) and _is_in(text, detail)
            ]
            if len(found) == 1:
                return found[0]
        return None

    def _unreadable(self, method: str, path: str, what: str) -> TargetError:
        reason = f"{method} {path} is answered with {what}; is the url right?"
        return TargetError(reason) if method == "GET" else Unreachable(reason, applied=None)


def account_path(endpoint: str, key: Key) -> str:
    """Return the path of a resource. Raises ``Gone`` for a key that no path can hold."""
    text = str(key)
    try:
        encoded = quote(text, safe="")
    except UnicodeEncodeError:
        encoded = ""
    if not encoded or text in {".", ".."}:
        raise Gone(f"there is no resource with id {text!r}")
    return f"{endpoint}/{encoded}"


def version(answer: Answer, resource: Mapping[str, Any]) -> str | None:
    """Return the ETag of a resource, where the service has them."""
    meta = resource.get("meta")
    found = answer.headers.get("ETag") or (meta.get("version") if isinstance(meta, dict) else None)
    return found if isinstance(found, str) and found.isprintable() else None


def _complaint(answer: Answer) -> tuple[str, str]:
    try:
        body = answer.json()
    except NotJson as other:
        return f"status {answer.status}, {other}", ""
    if not isinstance(body, dict):
        return f"status {answer.status}", ""
    return _text(body.get("detail")) or f"status {answer.status}", _text(body.get("scimType")) or ""


def _text(found: Any) -> str | None:
    return found if isinstance(found, str) and found else None


def _index(position: str, body: Mapping[str, Any], resources: list[Any]) -> str | None:
    behind = int(position) + len(resources)
    total = body.get("totalResults")
    is_last = not resources or not isinstance(total, int) or behind > total
    return None if is_last else str(behind)


def _is_in(text: str, detail: str) -> bool:
    pattern = rf"(?<![\w.]){re.escape(text)}(?!\w)"
    return re.search(pattern, detail, re.IGNORECASE) is not None
