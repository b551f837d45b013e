"""How the elements of multi-valued attributes are written (RFC 7644 §3.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scimweave.scim.coercion import Findings, is_empty
from scimweave.scim.edit import Change, Slot, merged, read_members
from scimweave.scim.error import ScimError, no_target
from scimweave.scim.fields import Entry
from scimweave.scim.filter import Condition, compile_condition
from scimweave.scim.lists import appended, as_list, clear_primary, value_of, without
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
        if not adding:
            return lambda draft: slot.put(draft, taken)

        def change(draft: dict[str, Any]) -> None:
            old = as_list(slot.get(draft))
            findings.look_at(len(old) + len(taken))
            slot.put(draft, appended(old, taken))

        return change

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

        def change(draft: dict[str, Any]) -> None:
            old = as_list(slot.get(draft))
            bare = sum(value_of(each) is None for each in unwanted)
            findings.look_at(len(old) * (1 + bare))
            slot.put(draft, without(old, unwanted))

        return change


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
            elements = self._elements(draft, findings)
            rest = [each for each in elements if not self._selects(each)]
            if len(rest) < len(elements):
                self.slot.put(draft, rest)

        return change

    def _write(
        self, draft: dict[str, Any], given: dict[str, Any], whole: bool, findings: Findings
    ) -> None:
        elements = list(self._elements(draft, findings))
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
            clear_primary(elements, {found[0]})
        self.slot.put(draft, [each for each in elements if each])

    def _elements(self, draft: dict[str, Any], findings: Findings) -> list[Any]:
        elements = as_list(self.slot.get(draft))
        findings.look_at(len(elements) * _comparisons(self.text))
        return elements

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
            old = self._values(draft, findings, len(taken))
            if not any(map(self.condition, old)):
                if not all(map(self.condition, taken)):
                    raise _no_target(self.entry, self.text)
                findings.quirks.add("Q9")
                return self.slot.put(draft, [*old, *taken])
            made: dict[Any, None] = {}
            new = iter((dict.fromkeys(taken),))
            for each in old:
                made |= next(new, {}) if self.condition(each) else {each: None}
            return self.slot.put(draft, list(made))

        return change

    def remove(self, value: Any, findings: Findings) -> Change | None:
        """Remove the values selected."""

        def change(draft: dict[str, Any]) -> None:
            old = self._values(draft, findings)
            self.slot.put(draft, [each for each in old if not self.condition(each)])

        return change

    def _values(self, draft: dict[str, Any], findings: Findings, more: int = 0) -> list[Any]:
        values = as_list(self.slot.get(draft))
        findings.look_at((len(values) + more) * _comparisons(self.text))
        return values


def _comparisons(text: str) -> int:
    """Return about how many comparisons a filter has."""
    return 1 + len(text) // 20


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
