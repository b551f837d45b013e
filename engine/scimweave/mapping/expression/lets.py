"""Named expressions: each is computed once for a document, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.expression.growth import MAX_INNER, Growth

Evaluate = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Let:
    """A named expression; ``read`` gives its value for a document, or an ``EvaluationError``.

    ``functions`` are the names that it calls, also by way of others.
    """

    name: str
    text: str
    functions: frozenset[str]
    growth: Growth
    read: Evaluate = field(repr=False, compare=False)


class _Frame:
    """The values for one document, as far as they were asked for."""

    __slots__ = ("document", "small", "values")

    def __init__(self, document: Any) -> None:
        self.document = document
        self.values: dict[str, Any] = {}
        self.small: set[str] = set()

    def value(self, let: Let) -> Any:
        if let.name not in self.values:
            try:
                self.values[let.name] = let.read(self.document)
            except EvaluationError as error:
                self.values[let.name] = error
        found = self.values[let.name]
        if isinstance(found, EvaluationError):
            raise EvaluationError(f"${let.name}: {found.reason}")
        return found

    def small_value(self, let: Let) -> Any:
        found = self.value(let)
        if let.name not in self.small:
            if _size(found) > MAX_INNER:
                reason = f"${let.name} has more than {MAX_INNER} values, too many for each element"
                raise EvaluationError(reason)
            self.small.add(let.name)
        return found


_frame: ContextVar[_Frame | None] = ContextVar("scimweave_lets", default=None)


@contextmanager
def computing(document: Any) -> Iterator[None]:
    """Let named expressions be about ``document``; what they gave is forgotten at the end."""
    around = _frame.get()
    if around is not None and around.document is document:
        yield
        return
    token = _frame.set(_Frame(document))
    try:
        yield
    finally:
        _frame.reset(token)


def reading(let: Let, *, inner: bool) -> Evaluate:
    """Return what reads a named expression; ``inner`` is one that is read for each element."""

    def read(value: Any) -> Any:
        frame = _frame.get()
        if frame is None:
            # Whoever compiled the expression alone evaluates it alone.
            return let.read(value)
        return frame.small_value(let) if inner else frame.value(let)

    return read


def _size(value: Any) -> int:
    """Count the values of a value, as far as that is of interest."""
    count, stack = 0, [value]
    while stack and count <= MAX_INNER:
        each = stack.pop()
        count += 1
        if isinstance(each, list):
            stack += each[: MAX_INNER + 1]
        elif isinstance(each, dict):
            stack += list(each.values())[: MAX_INNER + 1]
    return count
