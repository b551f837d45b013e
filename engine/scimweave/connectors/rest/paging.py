"""How a list that comes in pages is asked for, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yarl import URL

from scimweave.connectors.base import TargetError
from scimweave.connectors.http.answer import Answer
from scimweave.mapping.expression.compiled import Expression, compile_expression

if TYPE_CHECKING:
    from scimweave.connectors.rest.options import RestPaging

_COUNTED = {"page": 1, "offset": 0}


@dataclass(frozen=True, slots=True)
class Page:
    """Where to go on: a number, a cursor or an address, as text; None is the beginning."""

    position: str | None
    items: list[Any]


class Paging:
    """One style of paging."""

    def __init__(self, options: RestPaging) -> None:
        """Compile; raises ``ExpressionError``."""
        self.style = options.style
        self._parameter = options.parameter or ""
        self._first = options.first if options.first is not None else _COUNTED.get(self.style, 0)
        self._size = {options.size_parameter: str(options.size)} if options.size_parameter else {}
        self._next = _expression(options.next)
        self._total = _expression(options.total)

    def parameters(self, position: str | None) -> Mapping[str, str]:
        """Return what goes into the query for the page at ``position``."""
        if self.style in _COUNTED:
            return {self._parameter: position or str(self._first), **self._size}
        if self.style == "cursor" and position is not None:
            return {self._parameter: position, **self._size}
        return self._size

    def address(self, position: str | None) -> str | None:
        """Return the address of the page at ``position`` where that is all that is known of it."""
        return position if self.style in {"link", "url"} else None

    def following(
        self, position: str | None, url: URL, answer: Answer, body: Any, count: int
    ) -> str | None:
        """Return where the page behind this one begins; None where it is the last.

        Raises ``EvaluationError``, ``TargetError``.
        """
        match self.style:
            case "page" | "offset":
                return self._counted(position, body, count)
            case "cursor":
                found = self._next(body) if self._next is not None else None
                return str(found) if found not in (None, "", False) else None
            case "link":
                return None if answer.next_link is None else str(url.join(answer.next_link))
            case "url":
                found = self._next(body) if self._next is not None else None
                return _address(url, found)
            case _:
                return None

    def _counted(self, position: str | None, body: Any, count: int) -> str | None:
        if not count:
            return None
        at = int(position) if position is not None else self._first
        if self.style == "offset":
            total = self._total(body) if self._total is not None else None
            behind = at + count
            if isinstance(total, int) and behind - self._first >= total:
                return None
            return str(behind)
        pages = self._total(body) if self._total is not None else None
        if isinstance(pages, int) and at - self._first + 1 >= pages:
            return None
        return str(at + 1)


def _expression(text: str | None) -> Expression | None:
    return None if text is None else compile_expression(text)


def _address(url: URL, found: Any) -> str | None:
    if found in (None, ""):
        return None
    if not isinstance(found, str):
        raise TargetError("the address of the next page is not text; see paging.next")
    return str(url.join(URL(found, encoded=True)))
