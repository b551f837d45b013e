"""From the text of a path to the edit of what it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scimweave.scim.bare_names import with_schema
from scimweave.scim.coercion import shown_name
from scimweave.scim.edit import (
    ComplexEdit,
    Dropped,
    Edit,
    GroupEdit,
    KeptEdit,
    Odd,
    ReadOnly,
    SimpleEdit,
    Slot,
)
from scimweave.scim.elements import ListEdit, compile_elements
from scimweave.scim.error import invalid_path
from scimweave.scim.fields import Entry, Fields, Unmapped, keeping
from scimweave.scim.path import PathError, parse_path
from scimweave.scim.quirks import has_legacy_dot, quirks_of_selection
from scimweave.scim.schema import Attribute
from scimweave.scim.syntax import AttributePath

MAX_REMEMBERED = 1024


class Editor:
    """Compiles each path once. ``extensions`` are keyed by the URN as it is stored."""

    def __init__(
        self, core_uri: str, core: Fields, extensions: Mapping[str, Fields], unmapped: Unmapped
    ) -> None:
        self.whole = GroupEdit("a value without path", None, self.edit_member)
        self._core_uri = core_uri.lower()
        self._core = core
        self._extensions = {uri.lower(): (uri, fields) for uri, fields in extensions.items()}
        self._keep = unmapped == "keep"
        self._edits: dict[str, Edit] = {}

    def edit(self, text: str) -> Edit:
        """Return the edit of a path. Raises ``ScimError`` (invalidPath, invalidFilter)."""
        edit = self._edits.get(text)
        if edit is None:
            edit = self._compile(text)
            if len(self._edits) >= MAX_REMEMBERED:
                # Paths may hold ids, without end; the usual ones are back at once.
                self._edits.clear()
            self._edits[text] = edit
        return edit

    def edit_member(self, key: str) -> Edit:
        """Return the edit of a key that is a path (Q6, Q7, Q8) or just an odd name."""
        try:
            return self.edit(key)
        except PathError:
            if "[" in key:
                raise
            if self._keep and not {".", ":"} & set(key):
                return KeptEdit(Slot(key), keeping(key, shown_name(key)))
            return Dropped(shown_name(key))

    def _compile(self, text: str) -> Edit:
        lower = text.strip().lower()
        if lower == self._core_uri:
            return self.whole
        if lower in self._extensions:
            return self._extension(self._extensions[lower][0])
        path = parse_path(text)
        uri, fields = self._owner(path)
        entry = fields.find(path.attribute) if fields else None
        if entry is None:
            full = with_schema(path)
            if full is not path and self._owner(full)[1] is not None:
                edit = self._compile(str(full))
                return edit if isinstance(edit, Dropped | ReadOnly) else Odd(edit, "S1")
            return self._unknown(path, Slot(path.attribute, uri) if fields else None)
        edit = _known(path, uri, entry)
        if isinstance(edit, Dropped | ReadOnly):
            return edit
        for quirk in sorted(_quirks(text, path, entry)):
            edit = Odd(edit, quirk)
        return edit

    def _extension(self, uri: str) -> Edit:
        return GroupEdit(uri, uri, lambda key: self.edit_member(f"{uri}:{key}"))

    def _owner(self, path: AttributePath) -> tuple[str | None, Fields | None]:
        """Return the URN that the attribute is stored under, and the attributes there."""
        if path.uri is None or path.uri.lower() == self._core_uri:
            return None, self._core
        return self._extensions.get(path.uri.lower(), (None, None))

    def _unknown(self, path: AttributePath, slot: Slot | None) -> Edit:
        # Counted without the filter: its literals may be as many as there are members.
        name = shown_name(str(replace(path, filter=None)))
        if not self._keep or path.sub_attribute is not None or path.filter is not None:
            return Dropped(name)
        slot = slot or Slot(name)
        return KeptEdit(slot, keeping(slot.name, name))


def _quirks(text: str, path: AttributePath, entry: Entry) -> set[str]:
    quirks = {"Q20"} if has_legacy_dot(text, path) else set()
    if path.filter is not None and entry.attribute is not None:
        quirks |= quirks_of_selection(path.filter, entry.attribute)
    return quirks


def _known(path: AttributePath, uri: str | None, entry: Entry) -> Edit:
    attribute = entry.attribute
    if attribute is None:
        return Dropped(entry.path)
    if attribute.mutability == "readOnly" or entry.path == "schemas":
        return ReadOnly(entry.path, refused=entry.path != "schemas")
    if entry.name is None:
        return _unmapped(path, entry.path, attribute)
    if path.filter is not None and not attribute.multi_valued:
        raise invalid_path(f"{entry.path} has one value only: there is nothing to select by filter")
    slot = Slot(entry.name, uri, attribute.required)
    if path.sub_attribute is not None and not _is_itself(path.sub_attribute, attribute):
        return _sub_edit(path, slot, entry)
    if attribute.multi_valued:
        return (
            compile_elements(slot, entry, None, path.filter)
            if path.filter
            else ListEdit(slot, entry)
        )
    return ComplexEdit(slot, entry) if entry.fields else SimpleEdit(slot, entry)


def _is_itself(sub: str, attribute: Attribute) -> bool:
    """Whether ``value`` stands for an element that is a simple value (RFC 7643 §2.4)."""
    return attribute.multi_valued and not attribute.sub_attributes and sub.lower() == "value"


def _sub_edit(path: AttributePath, slot: Slot, entry: Entry) -> Edit:
    name = path.sub_attribute or ""
    sub = entry.fields.find(name) if entry.fields else None
    if sub is None or sub.attribute is None:
        return Dropped(f"{entry.path}.{shown_name(name)}")
    if sub.attribute.mutability == "readOnly":
        return ReadOnly(sub.path)
    if sub.name is None:
        return Dropped(sub.path)
    if entry.attribute is not None and entry.attribute.multi_valued:
        return compile_elements(slot, entry, sub, path.filter)
    return ComplexEdit(slot, entry, sub)


def _unmapped(path: AttributePath, name: str, attribute: Attribute) -> Edit:
    if attribute.returned == "never":
        return ReadOnly(name, refused=False)
    if path.sub_attribute is None or attribute.multi_valued:
        return Dropped(name)
    sub = attribute.sub_attributes.get(path.sub_attribute.lower())
    whole = f"{name}.{sub.name if sub else shown_name(path.sub_attribute)}"
    return ReadOnly(whole) if sub is not None and sub.mutability == "readOnly" else Dropped(whole)
