"""Distinguished names: read, written, and made of a template with fields (RFC 4514)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\\[0-9A-Fa-f]{2}|\\.|\{[^{}\\]*\}|.", re.DOTALL)
_TYPE = re.compile(r"\A\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*\Z")
_SPECIAL = frozenset('"+,;<>\\=')
_SPACES = re.compile(r"\s+")


class BadDn(ValueError):
    """A text is no distinguished name; the message says why."""


class NoValue(ValueError):
    """A template needs a field that has no value; ``field`` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(f'the DN is made of "{field}", and it has no value')
        self.field = field


@dataclass(frozen=True, slots=True)
class Rdn:
    """One step of a name: its text, and the attribute types with their values."""

    text: str
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, *pairs: tuple[str, str]) -> Rdn:
        """Write a step; the values are escaped."""
        return cls("+".join(f"{name}={escaped(value)}" for name, value in pairs), pairs)

    @property
    def normal(self) -> frozenset[tuple[str, str]]:
        """What two writings of one step have in common."""
        return frozenset(
            (name.lower(), _SPACES.sub(" ", value.strip()).casefold()) for name, value in self.pairs
        )


@dataclass(frozen=True, slots=True)
class Dn:
    """A name, from the entry itself up to the root."""

    rdns: tuple[Rdn, ...]

    @classmethod
    def parse(cls, text: str) -> Dn:
        """Read a name. Raises ``BadDn``."""
        if not text.strip():
            return cls(())
        return cls(tuple(_rdn(step) for step in _split(text, ",")))

    def __str__(self) -> str:
        return ",".join(rdn.text for rdn in self.rdns)

    @property
    def leaf(self) -> Rdn:
        """The step that tells the entry from its siblings."""
        return self.rdns[0]

    @property
    def parent(self) -> Dn:
        """The name of the entry above."""
        return Dn(self.rdns[1:])

    @property
    def normal(self) -> tuple[frozenset[tuple[str, str]], ...]:
        """What two writings of one name have in common; letters of any case are the same."""
        return tuple(rdn.normal for rdn in self.rdns)


def escaped(value: str) -> str:
    """Write a value so that nothing of it is taken for a part of the name (RFC 4514 §2.4)."""
    last = len(value) - 1
    written = []
    for index, char in enumerate(value):
        if char < " " or char == "\x7f":
            written.append(f"\\{ord(char):02X}")
        elif (
            char in _SPECIAL or (char == " " and index in (0, last)) or (char == "#" and index == 0)
        ):
            written.append(f"\\{char}")
        else:
            written.append(char)
    return "".join(written)


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
        self._steps = tuple(_template_step(step) for step in _split(text, ","))
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
    return _Step(tuple(_template_pair(pair) for pair in _split(text, "+")))


def _template_pair(text: str) -> tuple[str, _Pattern]:
    name, value = _pair(text)
    return name, _pattern(value)


def _pattern(text: str) -> _Pattern:
    parts: list[str | _Slot] = []
    literal = ""
    for token in _TOKEN.findall(text):
        if token.startswith("{"):
            if literal:
                parts.append(_unescaped(literal))
            literal = ""
            parts.append(_Slot(token[1:-1].strip()))
        else:
            literal += token
    if literal:
        parts.append(_unescaped(literal))
    if any(part == _Slot("") for part in parts):
        raise BadDn(f"{text!r} has braces without a field")
    return tuple(parts)


def _rdn(text: str) -> Rdn:
    pairs = []
    for part in _split(text, "+"):
        name, value = _pair(part)
        pairs.append((name, _unescaped(value)))
    return Rdn(text.strip(), tuple(pairs))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    found = _TYPE.match(name)
    if not equals or found is None:
        raise BadDn(f"{text.strip()!r} is not attribute=value")
    return found[1], _trimmed(value)


def _trimmed(value: str) -> str:
    """Leave out spaces around a value, but for one that is escaped."""
    value = value.lstrip(" ")
    shorter = value.rstrip(" ")
    escape = len(shorter) - len(shorter.rstrip("\\"))
    return f"{shorter} " if escape % 2 and shorter != value else shorter


def _split(text: str, separator: str) -> Iterator[str]:
    piece = ""
    for token in _TOKEN.findall(text):
        if token == separator:
            yield piece
            piece = ""
        else:
            piece += token
    yield piece


def _unescaped(text: str) -> str:
    """Return what an escaped value stands for; bytes that are no UTF-8 stay apart from text."""
    found = bytearray()
    for token in _TOKEN.findall(text):
        if not token.startswith("\\"):
            found += token.encode(errors="surrogatepass")
        elif len(token) == 3:
            found.append(int(token[1:], 16))
        else:
            found += token[1:].encode(errors="surrogatepass")
    return found.decode(errors="surrogateescape")
