"""The name of an entry as a template with fields, and which fields a name was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scimweave.connectors.ldap.dn import TOKEN, BadDn, Dn, Rdn, read_pair, split_name, unescaped


class NoValue(ValueError):
    """A template needs a field that has no value; ``field`` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(f'the DN is made of "{field}", and it has no value')
        self.field = field


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a template takes the value of a field."""

    field: str


_Pattern = tuple[str | _Slot, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a template, by attribute types."""

    pairs: tuple[tuple[str, _Pattern], ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(
            part.field for _, pattern in self.pairs for part in pattern if isinstance(part, _Slot)
        )

    def render(self, values: Mapping[str, str]) -> tuple[Rdn, ...]:
        return (Rdn.of(*((name, _filled(pattern, values)) for name, pattern in self.pairs)),)


@dataclass(frozen=True, slots=True)
class _Place:
    """A piece of a template that is a name itself: any number of steps."""

    field: str

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({self.field})

    def render(self, values: Mapping[str, str]) -> tuple[Rdn, ...]:
        return Dn.parse(_value(self.field, values)).rdns


class DnTemplate:
    """A name with fields in braces, such as ``uid={uid},ou={unit},dc=example,dc=com``.

    A step that is nothing but a field, ``{place}``, takes a name: any number of steps.
    """

    def __init__(self, text: str) -> None:
        """Read a template. Raises ``BadDn``."""
        self._steps = tuple(_template_step(step) for step in split_name(text, ","))
        first = self._steps[0]
        if not isinstance(first, _Step):
            raise BadDn("the first step names the entry: write an attribute before the field")
        if not first.fields:
            raise BadDn("the first step has no field in braces: all entries would have one name")
        if sum(isinstance(step, _Place) for step in self._steps) > 1:
            raise BadDn("only one step may be a whole name in braces")
        self._leaf = first
        self.leaf_fields = first.fields
        self.parent_fields = frozenset(name for step in self._steps[1:] for name in step.fields)

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields in braces."""
        return self.leaf_fields | self.parent_fields

    @property
    def places(self) -> frozenset[str]:
        """The fields that take a name of any number of steps."""
        return frozenset(step.field for step in self._steps if isinstance(step, _Place))

    @property
    def leaf_types(self) -> frozenset[str]:
        """The attributes that name an entry among its siblings, in small letters."""
        return frozenset(name.lower() for name, _ in self._leaf.pairs)

    @property
    def unique_field(self) -> str | None:
        """The field that alone tells entries of one parent apart, if there is one."""
        match self._leaf.pairs:
            case ((name, (_Slot(field),)),) if name.lower() == field.lower():
                return field if not self.parent_fields else None
        return None

    def leaf(self, values: Mapping[str, str]) -> Rdn:
        """Return the first step. Raises ``NoValue``."""
        return self._leaf.render(values)[0]

    def parent(self, values: Mapping[str, str]) -> Dn:
        """Return the name above the entry. Raises ``NoValue``, ``BadDn``."""
        return Dn(tuple(rdn for step in self._steps[1:] for rdn in step.render(values)))

    def read(self, dn: Dn) -> dict[str, str]:
        """Return the fields that stand alone in a step, as an existing name has them."""
        places = [index for index, step in enumerate(self._steps) if isinstance(step, _Place)]
        if not places:
            return _read_steps(self._steps, dn.rdns) or {}
        index, behind = places[0], len(self._steps) - places[0] - 1
        end = len(dn.rdns) - behind
        if end < index:
            return {}
        before = _read_steps(self._steps[:index], dn.rdns[:index])
        after = _read_steps(self._steps[index + 1 :], dn.rdns[end:])
        if before is None or after is None:
            return {}
        place = self._steps[index]
        assert isinstance(place, _Place)  # noqa: S101 - narrows the type
        return {**before, **after, place.field: str(Dn(dn.rdns[index:end]))}


def _read_steps(steps: tuple[_Step | _Place, ...], rdns: tuple[Rdn, ...]) -> dict[str, str] | None:
    """Return the fields of steps as a name has them; None where it is another kind of name."""
    if len(steps) != len(rdns):
        return None
    found: dict[str, str] = {}
    for step, rdn in zip(steps, rdns, strict=True):
        assert isinstance(step, _Step)  # noqa: S101 - places are left out by the caller
        here = {name.lower(): value for name, value in rdn.pairs}
        if here.keys() != {name.lower() for name, _ in step.pairs}:
            return None
        for name, pattern in step.pairs:
            value = here[name.lower()]
            match pattern:
                case (_Slot(field),):
                    found[field] = value
                case _ if any(isinstance(part, _Slot) for part in pattern):
                    continue
                case _ if "".join(map(str, pattern)).casefold() != value.casefold():
                    return None
    return found


def _value(field: str, values: Mapping[str, str]) -> str:
    if not values.get(field):
        raise NoValue(field)
    return values[field]


def _filled(pattern: _Pattern, values: Mapping[str, str]) -> str:
    return "".join(
        _value(part.field, values) if isinstance(part, _Slot) else part for part in pattern
    )


def _template_step(text: str) -> _Step | _Place:
    match _pattern(text.strip()):
        case (_Slot(field),):
            return _Place(field)
    return _Step(tuple(_template_pair(pair) for pair in split_name(text, "+")))


def _template_pair(text: str) -> tuple[str, _Pattern]:
    name, value = read_pair(text)
    return name, _pattern(value)


def _pattern(text: str) -> _Pattern:
    parts: list[str | _Slot] = []
    literal = ""
    for token in TOKEN.findall(text):
        if token.startswith("{"):
            if literal:
                parts.append(unescaped(literal))
            literal = ""
            parts.append(_Slot(token[1:-1].strip()))
        else:
            literal += token
    if literal:
        parts.append(unescaped(literal))
    if any(part == _Slot("") for part in parts):
        raise BadDn(f"{text!r} has braces without a field")
    return tuple(parts)
