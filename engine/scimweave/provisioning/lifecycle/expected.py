"""Which version of a resource a request is about (RFC 7644 §3.14)."""

from __future__ import annotations

from dataclasses import dataclass

from scimweave.scim.error import ScimError
from scimweave.store.base import Record


@dataclass(frozen=True, slots=True)
class Expected:
    """The versions that a request may change; ``tags`` are opaque, None is whatever is there."""

    tags: frozenset[str] | None

    def accepts(self, record: Record) -> bool:
        """Whether the resource has one of the versions."""
        return self.tags is None or tag_of(record) in self.tags

    def check(self, record: Record) -> None:
        """Raise ``ScimError`` (412) where the resource has another version."""
        if not self.accepts(record):
            raise ScimError(
                412,
                f"the {record.resource_type} {record.id} has changed: its version is "
                f'W/"{tag_of(record)}" now; read it again',
            )


def tag_of(record: Record) -> str:
    """Return what stands between the quotes of the version."""
    return str(record.version)
