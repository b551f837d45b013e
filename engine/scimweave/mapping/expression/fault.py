"""What can be wrong with an expression, before and while it runs."""

from __future__ import annotations


class MappingFault(Exception):
    """A mapping cannot say what the target's field should be; ``reason`` holds no values."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExpressionError(MappingFault):
    """An expression that does not compile; ``position`` counts characters from 0.

    ``code`` is one of the catalogue of diagnostics; ``hint`` says what to write instead.
    """

    def __init__(
        self,
        text: str,
        position: int,
        reason: str,
        *,
        code: str = "bad-expression",
        hint: str = "",
    ) -> None:
        whole = f"{reason}; {hint}" if hint else reason
        shown = text if len(text) <= 80 else text[:79] + "…"
        super().__init__(f"expression {shown!r}, character {position + 1}: {whole}", reason)
        self.text = text
        self.position = position
        self.code = code
        self.hint = hint


class EvaluationError(MappingFault):
    """An expression that has no result for this document.

    ``offset`` is the character of a pattern or format that is at fault, where that is known.
    """

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason, reason)
        self.offset = offset
