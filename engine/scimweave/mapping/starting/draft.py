"""A mapping file that lints, made of the fields that a target has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scimweave.mapping.checks.target import FieldDescription
from scimweave.mapping.document.scalars import resolve
from scimweave.mapping.starting.guesses import Guess, guesses, words

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_USER_NAME, _ACTIVE = "userName", "active"
_MAIL, _MANAGER = 'emails[type eq "work"].value', "enterprise.manager.value"
_KEYS = ("id", "uid", "uuid", "guid", "key", "pk", "oid")
_TEXT = frozenset({"string", "any"})
_LISTS = frozenset({"json", "object"})
_WIDEST = 60


class NoDraft(Exception):
    """A target of which no mapping file can be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute: the field, its rule as YAML, and what to look at."""

    field: str
    rule: str
    remark: str


def draft(
    integration: str,
    target: Sequence[str],
    object_name: str,
    fields: Sequence[FieldDescription],
    rows: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write a mapping file; ``target`` are the lines below ``target:``.

    ``rows`` are the values that a field takes, where the target names them. Raises ``NoDraft``.
    """
    key = _key(object_name, fields)
    described = {each.name: each for each in fields if each.name != key.name}
    chosen = _chosen(described, key)
    lines = [_line(described[name], guess, rows or {}) for name, guess in chosen.items()]
    match = next(name for name, guess in chosen.items() if guess.path == _USER_NAME)
    # An integration may be called null.
    named = integration if isinstance(resolve(integration), str) else _quoted(integration)
    text = [
        "# A draft: look at each line that says review.",
        f"integration: {named}",
        "",
        "target:",
        *(f"  {line}" for line in target),
        "",
        "users:",
        f"  object: {_name(object_name)}",
        _remarked(f"  key: {_name(key.name)}", "review: the target's own identifier"),
        _remarked(f"  match: [{_name(match)}]", _about_match(described[match])),
        "  attributes:",
        *_aligned(lines),
        *_rest(described, chosen),
        *_operations(chosen),
        "",
    ]
    return "\n".join(text)


def _chosen(described: Mapping[str, FieldDescription], key: FieldDescription) -> dict[str, Guess]:
    """Return the guesses that fit the types, with what every mapping needs."""
    found = {
        name: guess
        for name, guess in guesses(list(described)).items()
        if _fits(described[name], guess, key)
    }
    if not any(guess.path == _USER_NAME for guess in found.values()):
        name = _user_name(described, found)
        is_mail = name in found and found[name].path == _MAIL
        found[name] = Guess(_USER_NAME, 1.0 if is_mail else 0.5)
    return {name: found[name] for name in described if name in found}


def _user_name(described: Mapping[str, FieldDescription], found: Mapping[str, Guess]) -> str:
    """Return the field that people sign in with: an address, else something unique."""
    for name, guess in found.items():
        if guess.path == _MAIL:
            return name
    texts = [name for name, each in described.items() if each.type in _TEXT]
    unique = [name for name in texts if described[name].unique]
    free = [name for name in unique if name not in found] or unique
    if not free:
        raise NoDraft("no field could hold a userName: text, and unique")
    return free[0]


def _fits(field: FieldDescription, guess: Guess, key: FieldDescription) -> bool:
    if guess.path == _MANAGER:
        # A reference holds the key of the manager's account.
        return field.type == key.type
    if guess.path == _USER_NAME:
        return field.type in _TEXT
    if guess.inverted:
        return field.type in {"boolean", "integer", "any"}
    if guess.path == _ACTIVE:
        return field.type in {"boolean", "integer", "any", "string"}
    return field.type not in {"boolean", *_LISTS}


def _key(object_name: str, fields: Sequence[FieldDescription]) -> FieldDescription:
    unique = [each for each in fields if each.unique and not each.nullable]
    if not unique:
        raise NoDraft("no field is unique and never null, by which accounts could be known")
    own = words(object_name)
    wanted = (*_KEYS, f"{own}_id", f"{own.rstrip('s')}_id")
    by_name = [each for each in unique if words(each.name) in wanted]
    made = [each for each in unique if each.has_default]
    return next(iter([*by_name, *made, *unique]))


def _line(field: FieldDescription, guess: Guess, rows: Mapping[str, Sequence[str]]) -> Line:
    remarks = ["review"]
    if guess.score < 0.95:
        remarks.append("a guess from afar" if guess.score > 0.5 else "nothing fits its name")
    path = f"'{guess.path}'" if "[" in guess.path else guess.path
    options: list[str] = []
    if guess.path == _MANAGER:
        options.append("ref: user")
        remarks.append("becomes the key of the manager's account")
    elif guess.path == _ACTIVE:
        options += _of_active(field, guess)
        if field.type == "string":
            remarks.append("which words does it take?")
    else:
        if field.type in {"integer", "decimal", "date", "datetime", "uuid"}:
            options.append(f"type: {field.type}")
        if field.max_length is not None and field.type in _TEXT:
            options.append(f"max_length: {field.max_length}")
        if not field.nullable and guess.path != _USER_NAME:
            options.append("required: true")
            remarks.append("it takes no null")
        if field.name in rows:
            same = ", ".join(f"{_quoted(each)}: {_quoted(each)}" for each in rows[field.name])
            options.append(f"values: {{ {same} }}")
            remarks.append("it takes these values only")
    rule = f"{{ {', '.join([f'from: {path}', *options])} }}" if options else path
    return Line(field.name, rule, ": ".join([remarks[0], "; ".join(remarks[1:])]).rstrip(": "))


def _of_active(field: FieldDescription, guess: Guess) -> list[str]:
    if guess.inverted:
        yes, no = ("1", "0") if field.type == "integer" else ("true", "false")
        return [f'values: {{ "true": {no}, "false": {yes} }}']
    if field.type == "string":
        return ['values: { "true": active, "false": inactive }']
    return []


def _about_match(field: FieldDescription) -> str:
    if field.unique:
        return "review: finds accounts that are there already"
    return "review: finds accounts that are there already; nothing says that it is unique"


def _rest(described: Mapping[str, FieldDescription], chosen: Mapping[str, Guess]) -> Iterator[str]:
    """Yield what has no guess, as comments."""
    left = [each for name, each in described.items() if name not in chosen]
    wanted = [each for each in left if not (each.nullable or each.has_default)]
    others = [each for each in left if each not in wanted]
    if wanted:
        yield ""
        yield "    # review: these want a value, and nothing fits; the target refuses who has none"
        yield from (f"    # {_name(each.name)}: …  ({each.type})" for each in wanted)
    if others:
        yield ""
        yield "    # Not filled:"
        yield from (f"    # {_name(each.name)}: …  ({each.type})" for each in others)


def _operations(chosen: Mapping[str, Guess]) -> Iterator[str]:
    if not any(guess.path == _ACTIVE for guess in chosen.values()):
        yield "  operations:"
        remark = "review: no field says whether somebody is active"
        yield _remarked("    deactivate: delete", remark)


def _aligned(lines: Sequence[Line]) -> Iterator[str]:
    width = max(len(_name(line.field)) for line in lines) + 1
    texts = [
        replace(line, rule=f"    {_name(line.field) + ':':<{width}} {line.rule}") for line in lines
    ]
    column = min(_WIDEST, max(len(line.rule) for line in texts))
    yield from (_remarked(line.rule, line.remark, column) for line in texts)


def _remarked(text: str, remark: str, width: int = 40) -> str:
    return f"{text:<{width}} # {remark}"


def _name(text: str) -> str:
    """Return a name of the target as YAML takes it for that text."""
    plain = _PLAIN.fullmatch(text) and isinstance(resolve(text), str)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
