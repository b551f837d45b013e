"""Where queries find the resources of one type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scimweave.provisioning.search.indexes import Indexes
from scimweave.provisioning.search.pushdown import Special
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import Filter
from scimweave.store.base import Record, Store


def _nothing_special(part: Filter) -> None:
    return None


def _nobody_cares(quirks: frozenset[str]) -> None:
    """Take no note."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A multi-valued attribute that records do not hold.

    ``read`` finds its elements by the ids of the records; it is given the Tenant URL too.
    """

    attribute: str
    read: Callable[[Sequence[str], str], Awaitable[Mapping[str, Sequence[dict[str, Any]]]]]


@dataclass(frozen=True, slots=True)
class Source:
    """The stored resources of one type in one integration.

    ``special`` answers parts of a filter that read no attribute of the stored resource, such as
    the members of a group. ``outside`` is read where that is not enough. ``noted`` is told of the
    quirks of a filter. ``missed`` looks elsewhere for what a filter did not find, and says whether
    to look here once more.
    """

    store: Store
    integration: str
    resource_type: ResourceType
    indexes: Indexes
    special: Special = _nothing_special
    outside: Outside | None = None
    noted: Callable[[frozenset[str]], None] = _nobody_cares
    missed: Callable[[Filter], Awaitable[bool]] | None = None

    @property
    def kind(self) -> str:
        """The name of the resource type."""
        return self.resource_type.name

    async def few(self, attribute: str, value: str, most: int) -> Sequence[Record] | None:
        """Return all that have an indexed value; None where they are more than ``most``."""
        found = await self.store.find(
            self.integration, self.resource_type.name, attribute, value, most + 1
        )
        return found if len(found) <= most else None
