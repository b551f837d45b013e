"""Requests that did not do what they were sent for, in the words of Entra's provisioning log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from scimweave_server.simulate.transport import Answer

INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"
SEVERAL = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"
CODES = {
    400: INCOMPATIBLE,
    401: "Unauthorized",
    403: "InsufficientRights",
    404: "InvalidAnchor",
    405: "MethodNotAllowed",
    409: "EntryConflict",
    412: "UnprocessableEntity",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    501: "NotImplemented",
}
LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """What a request ended with. ``code`` is Entra's; ``status`` is None without an answer."""

    step: str
    code: str
    status: int | None
    scim_type: str | None
    detail: str

    def __str__(self) -> str:
        answer = " ".join(str(part) for part in (self.status, self.scim_type) if part is not None)
        return f"{self.step}: {answer or self.code}: {self.detail}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


class StepFailed(Exception):
    """One person's step failed; the others go on."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class InvalidAnchor(StepFailed):
    """The endpoint does not know the id that it was linked by."""


def refused(step: str, answer: Answer) -> StepFailed:
    """An answer that is no success."""
    body = answer.json()
    error = body if isinstance(body, dict) else {}
    scim_type = error.get("scimType")
    return StepFailed(
        Failure(
            step=step,
            code=code_of(answer.status),
            status=answer.status,
            scim_type=scim_type if isinstance(scim_type, str) else None,
            detail=readable(str(error.get("detail") or "") or describe(answer)),
        )
    )


def incompatible(step: str, answer: Answer, detail: str, code: str = INCOMPATIBLE) -> StepFailed:
    """A success whose body is not what SCIM says."""
    return StepFailed(Failure(step, code, answer.status, None, detail))


def code_of(status: int) -> str:
    """Return how Entra names a status (entra-facts 1.8)."""
    return CODES.get(status, "InternalServerError" if status >= 500 else INCOMPATIBLE)


def describe(answer: Answer) -> str:
    """Say what came where a SCIM body was expected."""
    if 300 <= answer.status < 400:
        return f"a redirect to {answer.headers.get('Location', '?')}, which is not followed"
    if not answer.body:
        return "no body"
    return f"a body of type {answer.content_type or 'unknown'}"


def readable(text: str) -> str:
    """Return text of others on one line, without control characters, not endless."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= LONGEST_DETAIL else line[:LONGEST_DETAIL] + "…"
