"""How what a path names is written: changes to canonical resources (RFC 7644 §3.5.2).

A change replaces values at the top level of a draft; what lies deeper is copied, never modified.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from scimweave.scim.coercion import Findings, is_empty, shown_name, wrong_type
from scimweave.scim.error import invalid_value, no_target
from scimweave.scim.fields import Entry, object_of, only_element, refuse_duplicates
from scimweave.scim.quirks import quirk_of_key
from scimweave.scim.syntax import is_extension

Change = Callable[[dict[str, Any]], None]


class Edit(Protocol):
    """What can be done where a path points.

    Both methods read the value at once, raising ``ScimError``, and return the change; None where
    there is nothing to do.
    """

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """``add`` or ``replace``; an empty value clears."""
        ...

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """``remove``; ``value`` narrows it for a multi-valued attribute."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of an attribute: at the top level, or under the URN of an extension."""

    name: str
    uri: str | None = None
    required: bool = False

    def get(self, draft: dict[str, Any]) -> Any:
        """Return the value; None where it is absent."""
        owner = draft if self.uri is None else draft.get(self.uri)
        return owner.get(self.name) if isinstance(owner, dict) else None

    def put(self, draft: dict[str, Any], value: Any) -> None:
        """Store a value; an empty one removes the attribute."""
        if self.uri is None:
            _store(draft, self.name, value)
            return
        extension = draft.get(self.uri)
        extension = dict(extension) if isinstance(extension, dict) else {}
        _store(extension, self.name, value)
        _store(draft, self.uri, extension)

    def names(self, draft: dict[str, Any]) -> Collection[str]:
        """Return the names of all attributes where this one is."""
        owner = draft if self.uri is None else draft.get(self.uri)
        return owner if isinstance(owner, dict) else ()

    def as_stored(self, draft: dict[str, Any]) -> Slot:
        """Return the slot under the name that the draft has for it, in whatever case."""
        lower, names = self.name.lower(), self.names(draft)
        return replace(self, name=next((n for n in names if n.lower() == lower), self.name))

    def clear(self) -> Change:
        """Return the change that removes the attribute, unless it is required."""
        if self.required:
            raise invalid_value(f"{self.name} is required: it can be changed, not cleared")
        return lambda draft: self.put(draft, None)


@dataclass(frozen=True, slots=True)
class SimpleEdit:
    """A single-valued simple attribute."""

    slot: Slot
    entry: Entry

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Store the value."""
        taken = self.entry.take(value, findings)
        if taken is None:
            return self.slot.clear()
        slot = self.slot
        return lambda draft: slot.put(draft, taken)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the attribute; a value does not narrow that."""
        return self.slot.clear()


@dataclass(frozen=True, slots=True)
class ComplexEdit:
    """A single-valued complex attribute, or with ``sub`` one of its sub-attributes."""

    slot: Slot
    entry: Entry
    sub: Entry | None = None

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Merge the sub-attributes given; others stay (RFC 7644 §3.5.2.3)."""
        if is_empty(value):
            if value == "":
                findings.quirks.add("Q16")
            return self.remove(value, findings)
        given = read_members(self.entry, self.sub, value, findings)
        if not given:
            return None
        return self._merging(given)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the attribute or the sub-attribute."""
        if self.sub is None:
            return self.slot.clear()
        return self._merging({str(self.sub.name): None})

    def _merging(self, given: dict[str, Any]) -> Change:
        slot = self.slot
        return lambda draft: slot.put(draft, merged(slot.get(draft), given))


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """Many members at once: an extension as a whole (``uri``), or the resource itself."""

    path: str
    uri: str | None
    edit_of: Callable[[str], Edit]

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Write each member as if it came with its own path."""
        if self.uri is not None:
            if is_empty(value):
                return self.remove(value, findings)
            value = only_element(value)
        if not isinstance(value, dict):
            raise wrong_type(self.path, None, value)
        refuse_duplicates(value)
        changes = [self._member(key, each, adding, findings) for key, each in value.items()]
        return _together(change for change in changes if change is not None)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the extension."""
        if self.uri is None:
            raise no_target("remove takes a path: what to remove is not said")
        return Slot(self.uri).clear()

    def _member(self, key: str, value: Any, adding: bool, findings: Findings) -> Change | None:
        edit = self.edit_of(key)
        if isinstance(edit, ReadOnly):
            # Okta sends "id" with what it changes.
            if edit.refused:
                findings.quirks.add("Q28")
            return None
        if isinstance(edit, Dropped):
            return None if is_empty(value) else edit.assign(value, adding, findings)
        if not isinstance(edit, GroupEdit) and any(mark in key for mark in ".:["):
            findings.quirks.add(quirk_of_key(key))
        return edit.assign(value, adding, findings)


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """An attribute that no schema knows and that is stored as it came."""

    slot: Slot
    entry: Entry

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Store the value as it came."""
        taken = self.entry.take(value, findings)
        if ":" in self.slot.name and taken is not None and not isinstance(taken, dict):
            # An unknown extension is an object; this is an attribute of one.
            findings.dropped.append(self.entry.path)
            return None

        def change(draft: dict[str, Any]) -> None:
            findings.look_at(len(self.slot.names(draft)))
            self.slot.as_stored(draft).put(draft, taken)

        return change

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the attribute."""
        return self.assign(None, False, findings)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What nothing maps, or no schema knows; ``path`` is what it is counted under."""

    path: str

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Count it; of an extension that nobody here knows, what it holds."""
        if isinstance(value, dict) and is_extension(self.path):
            held = (shown_name(str(key)) for key, each in value.items() if not is_empty(each))
            findings.dropped += (f"{self.path}:{name}" for name in held)
        else:
            findings.dropped.append(self.path)
        return None

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Count it."""
        return self.assign(value, False, findings)


@dataclass(frozen=True, slots=True)
class Odd:
    """What a path names that is written in an odd way, which is the quirk ``quirk``."""

    edit: Edit
    quirk: str

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Note the quirk, and do it."""
        findings.quirks.add(self.quirk)
        return self.edit.assign(value, adding, findings)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Note the quirk, and do it."""
        findings.quirks.add(self.quirk)
        return self.edit.remove(value, findings)


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """What the provider may send and not change; ``refused`` where a path names it outright."""

    path: str
    refused: bool = True

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Leave it alone."""
        return None

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Leave it alone."""
        return None


def read_members(entry: Entry, sub: Entry | None, value: Any, findings: Findings) -> dict[str, Any]:
    """Read what is assigned to a complex value, or to ``sub`` of it; None stands for clearing."""
    if sub is not None:
        return {str(sub.name): sub.take(value, findings)}
    fields, attribute = entry.fields, entry.attribute
    assert fields is not None and attribute is not None  # noqa: S101, PT018 - complex by construction
    return fields.read(
        object_of(only_element(value), attribute, entry.path, findings), findings, clearing=True
    )


def merged(old: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put sub-attributes into a complex value; those given as None are cleared."""
    before = old if isinstance(old, dict) else {}
    result = {**before, **given}
    # A "$ref" belongs to its "value": Entra changes managers by the id alone.
    if (
        "$ref" in before
        and "value" in given
        and "$ref" not in given
        and given["value"] != before.get("value")
    ):
        del result["$ref"]
    return {name: value for name, value in result.items() if value is not None}


def _together(changes: Iterable[Change]) -> Change | None:
    steps = list(changes)
    if not steps:
        return None

    def change(draft: dict[str, Any]) -> None:
        for step in steps:
            step(draft)

    return change


def _store(owner: dict[str, Any], name: str, value: Any) -> None:
    if value is None or value in ([], {}):
        owner.pop(name, None)
    else:
        owner[name] = value
