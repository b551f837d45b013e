"""What a target over HTTP answered: status, headers, and a body of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from yarl import URL

from scimweave.connectors.base import AccountShape, Value

MAX_SHOWN = 300


class NotJson(ValueError):
    """The body is something else; the message says what came."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; ``url`` has to be of the target's origin.

    ``writes`` says that it may change something; ``repeatable`` that sending it twice does no more
    than sending it once. ``body`` is JSON.
    """

    method: str
    url: URL
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    writes: bool = False
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read to its end.

    ``repeated`` says that an attempt before may have been carried out already. ``next_link`` is
    the target of ``Link: <…>; rel="next"``.
    """

    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    next_link: URL | None = None
    repeated: bool = False

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people: of a proxy, or a form to log in."""
        return self.content_type in {"text/html", "application/xhtml+xml"}

    def json(self) -> Any:
        """Return the body as JSON; None where it is empty. Raises ``NotJson``."""
        if not self.body.strip():
            return None
        if self.is_html:
            raise NotJson(f"{self.content_type} where JSON is expected")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise NotJson(f"{self.content_type or 'something'} that is not JSON") from None


def sensitive_texts(shape: AccountShape, written: Mapping[str, Value]) -> list[str]:
    """Return the written texts that no message may repeat."""
    names = [field.name for field in shape.fields if field.sensitive]
    return [text for name in names if isinstance(text := written.get(name), str) and text]


def one_line(text: str) -> str:
    """Return what a target says in a form that fits into a message."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"
