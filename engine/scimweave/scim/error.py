"""SCIM errors as values (RFC 7644 §3.12)."""

from __future__ import annotations

from typing import Any

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A request that is answered with an error.

    ``detail`` is read by the admin of the identity provider: it says what was wrong, where, and
    what to do. ``scim_type`` is one of RFC 7644 table 9, or None; ``retry_after`` is in seconds.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        scim_type: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the body; ``status`` is a string (RFC 7644 §3.12)."""
        body: dict[str, Any] = {"schemas": [ERROR], "status": str(self.status)}
        if self.scim_type is not None:
            body["scimType"] = self.scim_type
        body["detail"] = self.detail
        return body


def invalid_value(detail: str) -> ScimError:
    """A value that the attribute does not take, or a required one that is missing."""
    return ScimError(400, detail, "invalidValue")


def invalid_path(detail: str) -> ScimError:
    """A path that does not parse or that names no attribute."""
    return ScimError(400, detail, "invalidPath")


def invalid_filter(detail: str) -> ScimError:
    """A filter that does not parse or that names no attribute."""
    return ScimError(400, detail, "invalidFilter")


def invalid_cursor(detail: str) -> ScimError:
    """A cursor that no reply to the same query has given (RFC 9865)."""
    return ScimError(400, detail, "invalidCursor")


def invalid_count(detail: str) -> ScimError:
    """A number of results that no page of a cursor can have (RFC 9865)."""
    return ScimError(400, detail, "invalidCount")


def invalid_syntax(detail: str) -> ScimError:
    """A body that is not what the request takes."""
    return ScimError(400, detail, "invalidSyntax")


def mutability(detail: str) -> ScimError:
    """A change of a read-only attribute by an explicit path."""
    return ScimError(400, detail, "mutability")


def no_target(detail: str) -> ScimError:
    """A path whose filter selects nothing where something has to be selected."""
    return ScimError(400, detail, "noTarget")


def not_found(detail: str) -> ScimError:
    """No such resource or endpoint."""
    return ScimError(404, detail)


def uniqueness(detail: str) -> ScimError:
    """A value that another resource has already."""
    return ScimError(409, detail, "uniqueness")


def unavailable(detail: str, retry_after: int) -> ScimError:
    """The target cannot be reached now; the resource is unchanged."""
    return ScimError(503, detail, retry_after=retry_after)
