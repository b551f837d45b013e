"""The attributes of a resource type that are found by an index instead of a scan."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scimweave.mapping import Field
from scimweave.provisioning.lifecycle.lookups import (
    DISPLAY_NAME,
    EXTERNAL_ID,
    USER_NAME,
    label_of,
    lookups_of,
)
from scimweave.provisioning.lifecycle.references import referred_ids
from scimweave.provisioning.search.names import as_asked, index_name, names_of
from scimweave.scim.comparison import Normal, is_text, sortable
from scimweave.scim.error import ScimError
from scimweave.scim.filter import Values, reading
from scimweave.scim.schema import Attribute, ResourceType
from scimweave.scim.syntax import AttributePath
from scimweave.store.base import REFERS, Store

# Of every type that has them.
ALWAYS = (
    AttributePath(None, USER_NAME),
    AttributePath(None, EXTERNAL_ID),
    AttributePath(None, DISPLAY_NAME),
    AttributePath(None, "emails", "value"),
)


@dataclass(frozen=True, slots=True)
class Index:
    """An indexed attribute under its canonical name, such as ``emails.value``.

    ``top`` is what holds it in a resource: its attribute, or the URN of its extension. ``narrow``:
    few resources share a value of it.
    """

    name: str
    top: str
    leaf: Attribute
    values: Values
    normal: Normal
    narrow: bool

    def of(self, resource: dict[str, Any]) -> list[str]:
        """Return the values of a resource in the form that is compared."""
        found = []
        for value in self.values(resource):
            text = self.normal(value)
            if text is not None:
                found.append(text)
        return found


class Indexes:
    """The indexes of one resource type. Equal lists have one ``text``."""

    def __init__(
        self,
        resource_type: ResourceType,
        more: Iterable[AttributePath] = (),
        references: Iterable[Field] = (),
    ) -> None:
        self.resource_type = resource_type
        self._references = tuple(references)
        found = (_index(path, resource_type) for path in (*ALWAYS, *more))
        self._take([each for each in found if each])
        # Lookups made by other rules of folding would not be found again.
        rules = f"unicode {unicodedata.unidata_version}"
        exact = (f"{each.name}{'=' * each.leaf.case_exact}" for each in self._by_name.values())
        refers = (f"{REFERS}={each.name}:{each.refers}" for each in self._references)
        self.text = " ".join((rules, *sorted(exact), *refers))

    def _take(self, indexes: Iterable[Index]) -> None:
        self._by_name = {each.name: each for each in indexes}
        self._tops = frozenset(each.top for each in self)
        self._by_text = {
            text: each for each in self for text in names_of(each.name, self.resource_type)
        }

    def referred(self, resource: dict[str, Any]) -> Iterable[str]:
        """Return the ids of the users that a resource refers to."""
        return set(referred_ids(self._references, resource)) if self._references else ()

    def same(self, one: dict[str, Any], other: dict[str, Any]) -> bool:
        """Whether two resources are found by the same values, as far as that is seen at once."""
        return not self._references and all(one.get(top) == other.get(top) for top in self._tops)

    def named(self, name: str) -> Index | None:
        """Return the index of an attribute, by ``index_name``."""
        return self._by_name.get(name)

    def find(self, path: AttributePath) -> Index | None:
        """Return the index of what a provider names, whatever the filter of a value path."""
        return self._by_text.get(as_asked(path))

    def __iter__(self) -> Iterator[Index]:
        return iter(self._by_name.values())

    def without(self, other: Indexes) -> Indexes:
        """Return those of these that ``other`` has too."""
        both = Indexes(self.resource_type)
        both._take(
            each
            for each in self
            if (same := other.named(each.name)) and same.leaf.case_exact == each.leaf.case_exact
        )
        return both


def _index(path: AttributePath, resource_type: ResourceType) -> Index | None:
    try:
        name, read = index_name(path, resource_type), reading(path, resource_type)
        resolved = resource_type.resolve(path)
    except ScimError:
        return None  # this type has no such attribute
    if not is_text(read.leaf):
        return None
    narrow = name in {label_of(resource_type.name), EXTERNAL_ID}
    top = resolved.schema.id if resolved.is_extension else resolved.attribute.name
    return Index(name, top, read.leaf, read.values, sortable(read.leaf), narrow)


class IndexesInUse:
    """Which indexes are written, and which of them are complete and may be asked."""

    def __init__(self, wanted: Indexes) -> None:
        self.written = wanted
        self.asked = wanted

    async def change(self, store: Store, integration: str, wanted: Indexes) -> None:
        """Take up another list; where the store has lookups of another one, they are made anew.

        Requests may come meanwhile: what is written from now on has the new lookups.
        """
        kind = wanted.resource_type.name
        before, self.written = self.written, wanted
        self.asked = before.without(wanted)
        if await store.lookup_list(integration, kind) != wanted.text:
            await store.write_lookups(
                integration,
                kind,
                wanted.text,
                lambda record: lookups_of(record, record.link.key if record.link else None, wanted),
            )
        self.asked = wanted
