"""How the elements of multi-valued attributes are written (RFC 7644 §3.5.2)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from scimweave.scim.coercion import Findings, is_empty
from scimweave.scim.edit import Change, Slot, merged, read_members
from scimweave.scim.error import ScimError, no_target
from scimweave.scim.fields import Entry
from scimweave.scim.filter import Condition, compile_condition
from scimweave.scim.syntax import And, Compare, Filter

# Sub-attributes that say nothing without others.
_LABELS = frozenset({"type", "primary"})


@dataclass(frozen=True, slots=True)
class ListEdit:
    """A multi-valued attribute as a whole."""

    slot: Slot
    entry: Entry

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Append to the list, or replace it."""
        taken = self.entry.take(value, findings)
        slot = self.slot
        if taken is None:
            # To add an empty list is to add nothing; null and "" clear (entra-facts 7.2).
            return None if adding and isinstance(value, list) else slot.clear()
        if adding:
            return lambda draft: slot.put(draft, appended(_list(slot.get(draft)), taken))
        return lambda draft: slot.put(draft, taken)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the elements given; without a value all of them."""
        if value is None:
            return self.slot.clear()
        # Entra names the elements to remove here: not all of them are meant.
        findings.quirks.add("Q12")
        unwanted = self.entry.take(value, findings)
        if unwanted is None:
            return None
        slot = self.slot
        return lambda draft: slot.put(draft, _without(_list(slot.get(draft)), unwanted))


@dataclass(frozen=True, slots=True)
class ElementsEdit:
    """The elements that a filter selects, or one sub-attribute of them.

    ``condition`` None selects all. ``template`` holds what an element made for the filter has to
    have; None where the filter does not say.
    """

    slot: Slot
    entry: Entry
    sub: Entry | None
    condition: Condition | None
    template: dict[str, Any] | None
    text: str

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Write to the elements selected, or to one made for the purpose (Q9)."""
        if self.sub is None and is_empty(value):
            return self.remove(value, findings)
        given = read_members(self.entry, self.sub, value, findings)
        if not given:
            return None
        whole = self.sub is None and not adding
        return lambda draft: self._write(draft, given, whole, findings)

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the elements selected, or the sub-attribute of them."""
        if self.sub is not None:
            given = {str(self.sub.name): None}
            return lambda draft: self._write(draft, given, False, findings)

        def change(draft: dict[str, Any]) -> None:
            elements = _list(self.slot.get(draft))
            rest = [each for each in elements if not self._selects(each)]
            if len(rest) < len(elements):
                self.slot.put(draft, rest)

        return change

    def _write(
        self, draft: dict[str, Any], given: dict[str, Any], whole: bool, findings: Findings
    ) -> None:
        elements = list(_list(self.slot.get(draft)))
        found = [at for at, each in enumerate(elements) if self._selects(each)]
        if not found:
            if all(value is None for value in given.values()):
                return  # Nothing there to clear (entra-facts 7.2, Null_Update).
            given = self._created(given)
            findings.quirks.add("Q9")
            found = [len(elements)]
            elements.append(given)
        else:
            for at in found:
                elements[at] = self._updated(elements[at], given, whole)
        if given.get("primary") is True:
            _clear_primary(elements, {found[0]})
        self.slot.put(draft, [each for each in elements if each])

    def _selects(self, element: Any) -> bool:
        return isinstance(element, dict) and (self.condition is None or self.condition(element))

    def _created(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the element that Entra expects a filter without match to make (Q9)."""
        if self.template is not None:
            element = merged(self.template, given)
            if self._selects(element):
                return element
        raise _no_target(self.entry, self.text)

    def _updated(
        self, element: dict[str, Any], given: dict[str, Any], whole: bool
    ) -> dict[str, Any]:
        """Return the element with ``given`` in it; {} where nothing is left that says something."""
        fixed = self.template or {}
        if whole:
            kept = {name: value for name, value in element.items() if name in fixed}
            new = merged(kept, given)
        else:
            new = merged(element, given)
        bare = new.keys() <= _LABELS | fixed.keys()
        return {} if bare and len(new) < len(element) else new


@dataclass(frozen=True, slots=True)
class ValuesEdit:
    """The values that a filter selects of an attribute whose elements are simple."""

    slot: Slot
    entry: Entry
    condition: Condition
    text: str

    def assign(self, value: Any, adding: bool, findings: Findings) -> Change | None:
        """Put values in the place of those selected, or add them where none is (Q9)."""
        taken = self.entry.take(value, findings)
        if taken is None:
            return self.remove(value, findings)

        def change(draft: dict[str, Any]) -> None:
            old = _list(self.slot.get(draft))
            if not any(map(self.condition, old)):
                if not all(map(self.condition, taken)):
                    raise _no_target(self.entry, self.text)
                findings.quirks.add("Q9")
                return self.slot.put(draft, [*old, *taken])
            made = [new for each in old for new in (taken if self.condition(each) else (each,))]
            return self.slot.put(draft, list(dict.fromkeys(made)))

        return change

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the values selected."""

        def change(draft: dict[str, Any]) -> None:
            old = _list(self.slot.get(draft))
            self.slot.put(draft, [each for each in old if not self.condition(each)])

        return change


def compile_elements(
    slot: Slot, entry: Entry, sub: Entry | None, found: Filter | None
) -> ElementsEdit | ValuesEdit:
    """Compile the edit of a value path. Raises ``ScimError`` (invalidFilter)."""
    if found is None:
        return ElementsEdit(slot, entry, sub, None, {}, "")
    assert entry.attribute is not None  # noqa: S101 - only dropped entries have none
    condition = compile_condition(found, entry.attribute)
    if entry.fields is None:
        return ValuesEdit(slot, entry, condition, str(found))
    return ElementsEdit(slot, entry, sub, condition, _template(found, entry), str(found))


def _no_target(entry: Entry, text: str) -> ScimError:
    return no_target(
        f"no element of {entry.path} matches {text}, "
        "and none can be made that does; use a filter of equalities joined by and"
    )


def _template(found: Filter, entry: Entry) -> dict[str, Any] | None:
    """Return the equalities of a filter, in the types of the schema (Q3, Q9)."""
    match found:
        case And(left, right):
            first, second = _template(left, entry), _template(right, entry)
            return None if first is None or second is None else {**first, **second}
        case Compare(path, "eq", literal):
            member = entry.fields.find(path.attribute) if entry.fields else None
            if member is None or member.name is None:
                return None
            try:
                value = member.take(literal, Findings())
            except ScimError:
                return None
            return {} if value is None else {member.name: value}
    return None


def appended(old: list[Any], new: list[Any]) -> list[Any]:
    """Return ``old`` with the elements of ``new``; what is there already is not doubled (Q23).

    Elements are the same where ``value`` and ``type`` are, as far as both give a type; without
    ``value``, where they are equal.
    """
    result = list(old)
    places: defaultdict[Any, dict[Any, int]] = defaultdict(dict)
    for at, element in enumerate(result):
        places[_key(element)].setdefault(_type(element), at)
    primary: set[int] = set()
    for element in new:
        same, kind = places[_key(element)], _type(element)
        known = _place(same, kind)
        at = len(result) if known is None else known
        if known is None:
            result.append(element)
        elif isinstance(element, dict):
            result[at] = merged(result[at], element)
            if kind is not None and same.get(None) == at:
                del same[None]
        same.setdefault(kind, at)
        if isinstance(element, dict) and element.get("primary") is True:
            primary.add(at)
    if primary:
        _clear_primary(result, primary)
    return result


def _place(same: dict[Any, int], kind: Any) -> int | None:
    """Return where among elements of one value, by their type, the one of a type is."""
    if kind is None:
        return next(iter(same.values()), None)
    return same.get(kind, same.get(None))


def _clear_primary(elements: list[Any], keep: set[int]) -> None:
    """Only one element is the primary one (RFC 7644 §3.5.2)."""
    for at, element in enumerate(elements):
        if at not in keep and isinstance(element, dict) and element.get("primary") is True:
            elements[at] = {**element, "primary": False}


def _without(elements: list[Any], unwanted: list[Any]) -> list[Any]:
    """Return the elements but for those that are meant; what is the same is as in ``appended``."""
    kinds: defaultdict[Any, set[Any]] = defaultdict(set)
    for each in unwanted:
        kinds[_value(each)].add(_type(each))
    others = [each for each in unwanted if _value(each) is None]
    return [
        each
        for each in elements
        if not _is_named(each, kinds) and not any(_includes(each, other) for other in others)
    ]


def _is_named(element: Any, kinds: dict[Any, set[Any]]) -> bool:
    value, kind = _value(element), _type(element)
    named = kinds.get(value, ()) if value is not None else ()
    return bool(named) and (kind is None or None in named or kind in named)


def _includes(element: Any, part: dict[str, Any]) -> bool:
    return isinstance(element, dict) and part.items() <= element.items()


def _value(element: Any) -> Any:
    value = element.get("value") if isinstance(element, dict) else element
    return value if isinstance(value, str | int | float) else None


def _key(element: Any) -> Any:
    value = _value(element)
    if value is None and isinstance(element, dict):
        return (repr(sorted(element.items(), key=lambda member: member[0])),)
    return value


def _type(element: Any) -> Any:
    kind = element.get("type") if isinstance(element, dict) else None
    return kind if isinstance(kind, str) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
