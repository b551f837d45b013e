"""The members of a JSON object: what each key is, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from scimweave.scim.coercion import (
    Findings,
    Take,
    checked_text,
    compile_scalar,
    is_empty,
    plain,
    shown_name,
    unwrapping,
    value_of,
    wrong_type,
)
from scimweave.scim.error import invalid_syntax
from scimweave.scim.quirks import quirk_of_key
from scimweave.scim.schema import Attribute

Unmapped = Literal["drop", "keep", "reject"]


class Entry(NamedTuple):
    """One member. ``name`` is the canonical name; None where the value is not stored.

    ``path`` is the SCIM path for messages; ``fields`` are the members of a complex value or of
    each of its elements.
    """

    name: str | None
    take: Take
    path: str
    attribute: Attribute | None = None
    fields: Fields | None = None


class Fields:
    """Reads an object whose keys come in any case (Q21)."""

    __slots__ = ("_by_lower_name", "_by_name", "_unknown")

    def __init__(
        self, entries: Iterable[tuple[str, Entry]], unknown: Callable[[str], Entry]
    ) -> None:
        self._by_name = dict(entries)
        self._by_lower_name = {name.lower(): entry for name, entry in self._by_name.items()}
        self._unknown = unknown

    def add(self, name: str, entry: Entry) -> None:
        """Add a member while compiling."""
        self._by_name[name] = entry
        self._by_lower_name[name.lower()] = entry

    def find(self, key: str) -> Entry | None:
        """Return the member that ``key`` names in any case."""
        return self._by_name.get(key) or self._by_lower_name.get(key.lower())

    def read(
        self, value: dict[str, Any], findings: Findings, clearing: bool = False
    ) -> dict[str, Any]:
        """Return the members in canonical case.

        Absent ones are None if ``clearing``, else left out. Raises ``ScimError``.
        """
        found: dict[str, Any] = {}
        odd_keys = False
        for key, each in value.items():
            entry = self._by_name.get(key)
            if entry is None:
                odd_keys = True
                entry = self._by_lower_name.get(lowered(key)) or self._unknown(key)
            name = entry[0]
            taken = entry[1](each, findings)
            if name is not None and (taken is not None or clearing):
                found[name] = taken
        if odd_keys:
            refuse_duplicates(value)
        return found


def lowered(key: Any) -> str:
    """Return a key of an object in lower case."""
    if not isinstance(key, str):
        raise invalid_syntax(f"the keys of an object are strings, not {type(key).__name__}")
    return key.lower()


def refuse_duplicates(value: Mapping[str, Any]) -> None:
    """Refuse keys that differ only in case: nobody could say which one is meant."""
    seen: dict[str, str] = {}
    for key in value:
        other = seen.setdefault(lowered(key), key)
        if other != key:
            raise invalid_syntax(
                f'"{shown_name(other)}" and "{shown_name(key)}" name the same attribute: send one'
            )


def compile_fields(
    known: Mapping[str, Attribute],
    accepted: Mapping[str, Attribute],
    prefix: str,
    unmapped: Unmapped,
    unknown: Callable[[str], Entry] | None = None,
) -> Fields:
    """Compile the attributes of a schema or of a complex attribute.

    ``known`` and ``accepted`` are keyed by lower-case name. ``prefix`` makes a path of a name.
    """

    def entry(attribute: Attribute) -> Entry:
        path = prefix + attribute.name
        is_secret = attribute.returned == "never"
        keeps = unmapped == "keep" and not is_secret
        taken = attribute if keeps else accepted.get(attribute.name.lower())
        # A provider sends a password whether or not anything takes it (entra-facts 8.1).
        if attribute.mutability == "readOnly" or path == "schemas" or (is_secret and not taken):
            return Entry(None, _ignore, path, attribute)
        if taken is None:
            return Entry(None, _dropper(attribute, path), path, attribute)
        return _accepted_entry(attribute, taken, path, unmapped)

    return Fields(
        [(attribute.name, entry(attribute)) for attribute in known.values()],
        unknown or unknown_entry(prefix, unmapped),
    )


def object_of(value: Any, attribute: Attribute, path: str, findings: Findings) -> dict[str, Any]:
    """Return a complex value as an object: ``x`` is ``{"value": x}`` (Q15, Q16), empty is {}."""
    if isinstance(value, dict):
        return value
    if is_empty(value):
        return {}
    if "value" in attribute.sub_attributes and not isinstance(value, list):
        findings.quirks.add("Q15" if attribute.multi_valued else "Q16")
        return {"value": value}
    raise wrong_type(path, attribute, value)


def dropping(path: str) -> Entry:
    """Return the member that is counted under ``path`` and not stored."""

    def drop(value: Any, findings: Findings) -> None:
        if not is_empty(value):
            findings.dropped.append(path)

    return Entry(None, drop, path)


def _ignore(value: Any, findings: Findings) -> None:
    return None


def _accepted_entry(
    attribute: Attribute, accepted: Attribute, path: str, unmapped: Unmapped
) -> Entry:
    fields = None
    if attribute.type == "complex":
        fields = compile_fields(
            attribute.sub_attributes, accepted.sub_attributes, path + ".", unmapped
        )
        one = _complex_reader(attribute, path, fields)
    else:
        one = compile_scalar(attribute, path)
    if attribute.multi_valued:
        take = _list_reader(one, simple=fields is None)
    elif fields is None:
        take = unwrapping(one, attribute, path)
    else:
        take = _first_reader(one)
    return Entry(attribute.name, take, path, attribute, fields)


def _complex_reader(attribute: Attribute, path: str, fields: Fields) -> Take:
    def take(value: Any, findings: Findings) -> Any:
        return fields.read(object_of(value, attribute, path, findings), findings) or None

    return take


def _first_reader(one: Take) -> Take:
    def take(value: Any, findings: Findings) -> Any:
        return one(only_element(value), findings)

    return take


def only_element(value: Any) -> Any:
    """Return ``x`` of ``[x]``; anything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _list_reader(one: Take, *, simple: bool) -> Take:
    def take(value: Any, findings: Findings) -> Any:
        found = []
        for each in value if isinstance(value, list) else (value,):
            taken = one(value_of(each) if simple else each, findings)
            if taken is not None:
                found.append(taken)
        return found or None

    return take


def _dropper(attribute: Attribute, path: str) -> Take:
    """Count an attribute that nothing maps; a complex one by what came of it."""

    def drop(value: Any, findings: Findings) -> None:
        if is_empty(value):
            return
        if attribute.multi_valued or not isinstance(value, dict):
            findings.dropped.append(path)
            return
        for key, each in value.items():
            sub = attribute.sub_attributes.get(lowered(key))
            if not is_empty(each) and (sub is None or sub.mutability != "readOnly"):
                findings.dropped.append(f"{path}.{sub.name if sub else shown_name(key)}")

    return drop


def keeping(name: str, path: str) -> Entry:
    """Return the member that is stored as it came, though no schema knows it."""

    def keep(value: Any, findings: Findings) -> Any:
        return None if is_empty(value) else plain(value, path)

    return Entry(checked_text(name, "a key"), keep, path)


def unknown_entry(prefix: str, unmapped: Unmapped) -> Callable[[str], Entry]:
    """Return what is done with keys that no schema knows."""

    def entry(key: str) -> Entry:
        path = prefix + shown_name(key)
        return keeping(key, path) if unmapped == "keep" else dropping(path)

    return entry


def flattening(prefix: str, marks: str, unmapped: Unmapped) -> Callable[[str], Entry]:
    """Like ``unknown_entry``, but a key with one of ``marks`` is a path (Q6, Q7, Q8)."""
    otherwise = unknown_entry(prefix, unmapped)

    def entry(key: str) -> Entry:
        if not any(mark in key for mark in marks):
            return otherwise(key)
        path, quirk = prefix + key, quirk_of_key(key)

        def note(value: Any, findings: Findings) -> None:
            findings.flattened.append((path, value, quirk))

        return Entry(None, note, path)

    return entry
