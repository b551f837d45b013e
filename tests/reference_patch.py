"""PATCH on plain dicts, slow and plain: RFC 7644 §3.5.2 with what Entra and Okta need on top.

Written from the RFC and the fact sheet, to compare with the compiled one. The grammar of paths is
taken over, and nothing of how changes are made.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.scim.path import PathError, parse_path
from scimweave.scim.schema import Attribute, ResourceType, common_attributes
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present

Resource = dict[str, Any]
READ_ONLY = {"id", "meta", "groups"}


class Refused(Exception):
    """The request cannot be done as a whole."""


def reference_patch(resource: Resource, operations: list[Any], of: ResourceType) -> Resource:
    """Apply operations one after the other to a copy; all or none. Raises ``Refused``."""
    draft = copy.deepcopy(resource)
    for operation in operations:
        op = str(operation.get("op")).lower()
        if op not in ("add", "replace", "remove"):
            raise Refused("op")
        if op != "remove" and "value" not in operation:
            raise Refused("no value")
        path, value = operation.get("path") or "", operation.get("value")
        _Patch(draft, of).do(op, path, value)
    if not draft.get("userName"):
        raise Refused("userName is required")
    return draft


@dataclass
class _Place:
    """Where an attribute is in a draft."""

    owner: Resource
    uri: str | None
    attribute: Attribute

    def get(self) -> Any:
        owner = self.owner if self.uri is None else self.owner.get(self.uri, {})
        return copy.deepcopy(owner.get(self.attribute.name))

    def set(self, value: Any) -> None:
        owner = self.owner if self.uri is None else self.owner.setdefault(self.uri, {})
        if value is None or value in ([], {}):
            owner.pop(self.attribute.name, None)
        else:
            owner[self.attribute.name] = value
        if self.uri is not None and not owner:
            del self.owner[self.uri]


class _Patch:
    """One operation on a draft."""

    def __init__(self, draft: Resource, of: ResourceType) -> None:
        self.draft = draft
        self.of = of

    def do(self, op: str, text: str, value: Any, *, inside: bool = False) -> None:
        """Do it where ``text`` points; ``inside``: it was a key, which may name what it likes."""
        lower = text.strip().lower()
        if lower in ("", self.of.core.id.lower()):
            return self.do_members(op, None, value)
        for extension in self.of.extensions:
            if lower == extension.id.lower():
                return self.do_extension(op, extension.id, value)
        try:
            path = parse_path(text)
        except PathError:
            if inside and "[" not in text:
                return None
            raise Refused("path") from None
        return self.do_path(op, path, value, inside)

    def do_members(self, op: str, uri: str | None, value: Any) -> None:
        if op == "remove":
            raise Refused("remove needs a path")
        if not isinstance(value, dict):
            raise Refused("no object")
        _no_twins(value)
        for key, each in value.items():
            self.do(op, f"{uri}:{key}" if uri else key, each, inside=True)

    def do_extension(self, op: str, uri: str, value: Any) -> None:
        if op == "remove" or _is_empty(value):
            self.draft.pop(uri, None)
        else:
            one = value[0] if isinstance(value, list) and len(value) == 1 else value
            self.do_members(op, uri, one)

    def do_path(  # noqa: PLR0912 - the cases of the RFC, one after the other
        self, op: str, path: AttributePath, value: Any, inside: bool
    ) -> None:
        schema = self.of.schema(path.uri)
        if schema is None:
            return
        attribute = schema.attributes.get(path.attribute.lower())
        if path.uri is None and path.attribute.lower() == "manager":
            schema = self.of.extensions[0]
            attribute = schema.attributes["manager"]
        if attribute is None and schema is self.of.core:
            attribute = common_attributes().get(path.attribute.lower())
        if attribute is None or attribute.name == "schemas":
            return
        if attribute.name in READ_ONLY:
            if inside:
                return
            raise Refused("read-only")
        if path.filter is not None and not attribute.multi_valued:
            raise Refused("nothing to select")
        sub = None
        simple = attribute.multi_valued and not attribute.sub_attributes
        itself = simple and str(path.sub_attribute).lower() == "value"
        if path.sub_attribute is not None and not itself:
            sub = attribute.sub_attributes.get(path.sub_attribute.lower())
            if sub is None:
                return
            if sub.mutability == "readOnly":
                if inside:
                    return
                raise Refused("read-only")
        uri = None if schema is self.of.core else schema.id
        place = _Place(self.draft, uri, attribute)
        if simple and path.filter is not None:
            _do_values(op, place, path.filter, value)
        elif attribute.multi_valued and (path.filter is not None or sub is not None):
            _Elements(place, sub, path.filter).do(op, value)
        elif attribute.multi_valued:
            _do_list(op, place, value)
        elif attribute.type == "complex":
            _do_complex(op, place, sub, value)
        else:
            _do_simple(op, place, value)


def _do_simple(op: str, place: _Place, value: Any) -> None:
    new = None if op == "remove" else _single(place.attribute, value)
    if new is None and place.attribute.required:
        raise Refused("required")
    place.set(new)


def _do_complex(op: str, place: _Place, sub: Attribute | None, value: Any) -> None:
    if sub is not None:
        given = {sub.name: None if op == "remove" else _single(sub, value)}
    elif op == "remove" or _is_empty(value):
        return place.set(None)
    else:
        given = _object(place.attribute, value)
        if not given:
            return None
    return place.set(_merge(place.get() or {}, given))


def _do_list(op: str, place: _Place, value: Any) -> None:
    old = place.get() or []
    if op == "remove" and value is None:
        return place.set(None)
    new = _list(place.attribute, value)
    if op == "remove":
        return place.set([each for each in old if not any(_meant(each, one) for one in new)])
    if op == "replace" or (not new and not isinstance(value, list)):
        return place.set(new)
    winners = []
    for element in new:
        at = _same(old, element)
        if at is None:
            old.append(element)
            at = len(old) - 1
        elif isinstance(element, dict):
            old[at] = _merge(old[at], element)
        if isinstance(element, dict) and element.get("primary") is True:
            winners.append(at)
    if winners:
        for at, each in enumerate(old):
            if at not in winners and each.get("primary") is True:
                each["primary"] = False
    return place.set(old)


def _do_values(op: str, place: _Place, found: Filter, value: Any) -> None:
    assert isinstance(found, Compare)
    wanted = str(found.value).lower()
    old = place.get() or []
    new = [] if op == "remove" else _list(place.attribute, value)
    if new and wanted not in map(str.lower, old):
        if set(map(str.lower, new)) != {wanted}:
            raise Refused("noTarget")
        return place.set(old + new)
    made: list[Any] = []
    for each in old:
        for one in new if each.lower() == wanted else [each]:
            if one not in made:
                made.append(one)
    return place.set(made)


class _Elements:
    """The elements of a list that a filter selects, or all; or one sub-attribute of them."""

    def __init__(self, place: _Place, sub: Attribute | None, found: Filter | None) -> None:
        self.place = place
        self.sub = sub
        self.labels = {} if found is None else _equalities(found, place.attribute)
        self.holds = (lambda _: True) if found is None else _condition(found, place.attribute)

    def do(self, op: str, value: Any) -> None:
        elements = self.place.get() or []
        if self.sub is None and (op == "remove" or _is_empty(value)):
            return self.place.set([each for each in elements if not self.holds(each)])
        if self.sub is not None:
            given = {self.sub.name: None if op == "remove" else _single(self.sub, value)}
        else:
            given = _object(self.place.attribute, value)
            if not given:
                return None
        selected = [at for at, each in enumerate(elements) if self.holds(each)]
        if selected:
            for at in selected:
                elements[at] = self.changed(elements[at], given, op)
        elif any(each is not None for each in given.values()):
            selected = [len(elements)]
            given = self.made(given)
            elements.append(given)
        else:
            return None
        if given.get("primary") is True:
            for at, each in enumerate(elements):
                if at != selected[0] and each.get("primary") is True:
                    each["primary"] = False
        return self.place.set([each for each in elements if each])

    def made(self, given: Resource) -> Resource:
        if self.labels is None:
            raise Refused("noTarget")
        element = _merge(self.labels, given)
        if not self.holds(element):
            raise Refused("noTarget")
        return element

    def changed(self, element: Resource, given: Resource, op: str) -> Resource:
        labels = self.labels or {}
        kept = element
        if self.sub is None and op == "replace":
            kept = {name: value for name, value in element.items() if name in labels}
        new = _merge(kept, given)
        says_something = set(new) - {"type", "primary"} - set(labels)
        return new if says_something or len(new) >= len(element) else {}


def _merge(old: Mapping[str, Any], given: Mapping[str, Any]) -> Resource:
    new = {**old, **given}
    if "value" in given and "$ref" not in given and given["value"] != old.get("value"):
        new.pop("$ref", None)
    return {name: value for name, value in new.items() if value is not None}


def _same(elements: list[Any], element: Any) -> int | None:
    """Return where an element is already: same value, and no other type."""

    def value(each: Any) -> Any:
        return each.get("value") if isinstance(each, dict) else each

    def kind(each: Any) -> Any:
        return each.get("type") if isinstance(each, dict) else None

    if value(element) is None:
        return elements.index(element) if element in elements else None
    equal = [at for at, each in enumerate(elements) if value(each) == value(element)]
    if kind(element) is None:
        return equal[0] if equal else None
    for wanted in (kind(element), None):
        for at in equal:
            if kind(elements[at]) == wanted:
                return at
    return None


def _meant(element: Any, wanted: Any) -> bool:
    """Whether ``remove`` with a value means this element."""
    if not isinstance(element, dict):
        return bool(element == wanted)
    if wanted.get("value") is not None:
        kinds = {element.get("type"), wanted.get("type")} - {None}
        return bool(element.get("value") == wanted["value"]) and len(kinds) < 2
    return bool(wanted.items() <= element.items())


def _list(attribute: Attribute, value: Any) -> list[Any]:
    found = []
    for each in value if isinstance(value, list) else [value]:
        if attribute.type == "complex":
            one = {n: v for n, v in _element(attribute, each).items() if v is not None}
        else:
            one = _scalar(attribute, _value_of(each))
        if one is not None and one != {}:
            found.append(one)
    return found


def _object(attribute: Attribute, value: Any) -> Resource:
    """Return the sub-attributes given; those to clear are None."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return _element(attribute, one)


def _element(attribute: Attribute, value: Any) -> Resource:
    if _is_empty(value):
        return {}
    if not isinstance(value, dict):
        if isinstance(value, list) or "value" not in attribute.sub_attributes:
            raise Refused("no object")
        value = {"value": value}
    _no_twins(value)
    given = {}
    for key, each in value.items():
        sub = attribute.sub_attributes.get(key.lower())
        if sub is not None and sub.mutability != "readOnly":
            given[sub.name] = _single(sub, each)
    return given


def _single(attribute: Attribute, value: Any) -> Any:
    if isinstance(value, list):
        if len(value) > 1:
            raise Refused("more than one value")
        value = _value_of(value[0]) if value else None
    return _scalar(attribute, value)


def _value_of(value: Any) -> Any:
    if isinstance(value, dict):
        for key, each in value.items():
            if key.lower() == "value":
                return each
    return value


def _scalar(attribute: Attribute, value: Any) -> Any:
    if value is None or value == "":
        return None
    if attribute.type == "boolean":
        return _boolean(value)
    if attribute.type == "integer":
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise Refused("no number")
    if isinstance(value, str) and "\0" not in value:
        return value
    raise Refused("no text")


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if isinstance(value, bool | int | str) and text in ("true", "false", "1", "0"):
        return text in ("true", "1")
    raise Refused("no boolean")


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _no_twins(value: Mapping[str, Any]) -> None:
    if len({key.lower() for key in value}) < len(value):
        raise Refused("two keys for one attribute")


def _equalities(found: Filter, attribute: Attribute) -> Resource | None:
    """Return what an element has to have; None where a filter says something else too."""
    if isinstance(found, And):
        left, right = _equalities(found.left, attribute), _equalities(found.right, attribute)
        return None if left is None or right is None else left | right
    if isinstance(found, Compare) and found.op == "eq":
        sub = attribute.sub_attributes[found.path.attribute.lower()]
        try:
            value = _scalar(sub, found.value)
        except Refused:
            return None
        return {} if value is None else {sub.name: value}
    return None


def _condition(found: Filter, attribute: Attribute) -> Callable[[Resource], bool]:
    def holds(found: Filter, element: Resource) -> bool:  # noqa: PLR0911 - one a kind
        match found:
            case And(left, right):
                return holds(left, element) and holds(right, element)
            case Or(left, right):
                return holds(left, element) or holds(right, element)
            case Not(operand):
                return not holds(operand, element)
            case Present(path):
                return _named(path).name in element
            case Compare(path, "eq", wanted):
                sub = _named(path)
                value = element.get(sub.name)
                if isinstance(value, bool):
                    return str(value).lower() == str(wanted).lower()
                if sub.case_exact or value is None:
                    return bool(value == wanted)
                return str(value).lower() == str(wanted).lower()
        raise NotImplementedError(found)

    def _named(path: AttributePath) -> Attribute:
        return attribute.sub_attributes[path.attribute.lower()]

    return lambda element: holds(found, element)
