"""What a directory says of its attributes and object classes (RFC 4512 §4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldap3.protocol.rfc4512 import AttributeTypeInfo, DitContentRuleInfo, ObjectClassInfo

from scimweave.connectors.base import NoSuchObject, TargetError
from scimweave.connectors.ldap.session import Session
from scimweave.connectors.ldap.values import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: how its values are written, and how many it takes.

    ``names`` are all its names; values can be taken away one by one only where they are
    ``comparable``.
    """

    names: tuple[str, ...]
    kind: Kind
    single: bool
    comparable: bool
    read_only: bool = False


class Schema:
    """The schema of one directory, by the definitions in its subschema entry.

    ``rules`` are its content rules: what Active Directory lets entries of a class have besides.
    """

    def __init__(
        self, attributes: Sequence[str], classes: Sequence[str], rules: Sequence[str] = ()
    ) -> None:
        self._types: Mapping[str, Any] = AttributeTypeInfo.from_definition(list(attributes))
        self._classes: Mapping[str, Any] = ObjectClassInfo.from_definition(list(classes))
        self._rules: Mapping[str, Any] = DitContentRuleInfo.from_definition(list(rules)) or {}
        self._known: dict[str, Attribute] = {}
        # Active Directory does not say by which rules its values are compared.
        self._names_equality = any(each.equality for each in self._unique())

    def attribute(self, name: str) -> Attribute:
        """Return an attribute by one of its names; one that nobody knows holds texts."""
        if name not in self._known:
            self._known[name] = self._described(name)
        return self._known[name]

    def has(self, name: str) -> bool:
        """Whether the directory knows an attribute."""
        return name in self._types

    def classes(self, names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the attributes that entries of some classes must have, and those they may have.

        Raises ``NoSuchObject``.
        """
        must: set[str] = set()
        may: set[str] = set()
        waiting = list(names)
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name.lower() in seen:
                continue
            seen.add(name.lower())
            found = self._classes.get(name)
            if found is None:
                raise NoSuchObject(f'the directory has no object class "{name}"')
            for each in (found, *self._rules_of(found)):
                must.update(each.must_contain or ())
                may.update(each.may_contain or ())
                waiting += getattr(each, "auxiliary_classes", None) or ()
            # It allows everything (RFC 4512 §4.3), and lists nothing.
            if name.lower() == "extensibleobject":
                may.update(self._all_names())
            waiting += found.superior or ()
        return frozenset(must), frozenset(may - must)

    def operational(self) -> frozenset[str]:
        """Return the attributes that the directory keeps itself."""
        return frozenset(
            # Without a word about its usage, an attribute is for applications.
            name
            for each in self._unique()
            if each.usage
            for name in each.name
        )

    def _rules_of(self, found: Any) -> Iterable[Any]:
        rules = (self._rules.get(name) for name in found.name or ())
        return [rule for rule in rules if rule is not None]

    def _all_names(self) -> Iterable[str]:
        return [name for each in self._unique() for name in each.name]

    def _unique(self) -> Iterable[Any]:
        return [each for each in self._types.values() if each.name]

    def _described(self, name: str) -> Attribute:
        found = self._types.get(name)
        if found is None:
            return Attribute((name,), kind_of(name, None), single=False, comparable=True)
        names = tuple(found.name or (name,))
        return Attribute(
            names,
            kind_of(names[0], self._inherited(found, "syntax")),
            single=bool(found.single_value),
            comparable=not self._names_equality or bool(self._inherited(found, "equality")),
            read_only=bool(found.no_user_modification),
        )

    def _inherited(self, found: Any, part: str) -> Any:
        while found is not None:
            value = getattr(found, part)
            if value:
                return value
            superior = found.superior
            found = self._types.get(superior[0]) if superior else None
        return None


def read_schema(session: Session) -> Schema:
    """Read the schema of a directory. Raises ``TargetError``."""
    root = session.entry("", ["subschemaSubentry"])
    place = root.text("subschemaSubentry") if root else None
    if not place:
        raise TargetError("the directory does not say where its schema is (subschemaSubentry)")
    wanted = ["attributeTypes", "objectClasses", "dITContentRules"]
    found = session.search(place, "(objectClass=subschema)", wanted, scope="BASE")
    if not found or not found[0].values("objectClasses"):
        raise TargetError(f"the schema at {place} cannot be read; the bind may not see it")
    attributes, classes, rules = (
        [value.decode(errors="replace") for value in found[0].values(name)] for name in wanted
    )
    return Schema(attributes, classes, rules)
