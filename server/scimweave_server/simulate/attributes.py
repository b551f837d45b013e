"""Entra's default mapping onto SCIM targets, as far as Preciate takes them (entra-facts 3.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scimweave.scim.schema import ENTERPRISE_USER, USER
from scimweave_server.simulate.people import USER_NAME, Person

Value = str | bool
Targets = dict[str, Value]
"""What one side holds: target path → value; an attribute without a value is not in it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A SCIM target attribute: its path, where it stands in a resource, its source."""

    path: str
    keys: tuple[str, ...]
    source: Callable[[Person], Value | None]
    case_exact: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A target that is to be written; ``known`` when the endpoint has shown a value of it."""

    path: str
    value: Value
    known: bool


def _direct(attribute: str) -> Callable[[Person], str | None]:
    return lambda person: person.attributes.get(attribute)


def _not_soft_deleted(person: Person) -> bool:
    """``Switch([IsSoftDeleted], , "False", "True", "True", "False")``."""
    return person.enabled


def _formatted(person: Person) -> str | None:
    """``Join(" ", [givenName], [surname])``: empty parts are left out."""
    parts = (person.attributes.get("givenName"), person.attributes.get("surname"))
    return " ".join(filter(None, parts)) or None


MAPPING = (
    Target("userName", ("userName",), _direct(USER_NAME)),
    Target("active", ("active",), _not_soft_deleted),
    Target("displayName", ("displayName",), _direct("displayName")),
    Target("title", ("title",), _direct("jobTitle")),
    Target("externalId", ("externalId",), _direct("mailNickname"), case_exact=True),
    Target("name.givenName", ("name", "givenName"), _direct("givenName")),
    Target("name.familyName", ("name", "familyName"), _direct("surname")),
    Target("name.formatted", ("name", "formatted"), _formatted),
    Target(f"{ENTERPRISE_USER}:department", (ENTERPRISE_USER, "department"), _direct("department")),
)


def targets(person: Person) -> Targets:
    """Return what Entra wants the endpoint to hold of a person."""
    values = ((target.path, target.source(person)) for target in MAPPING)
    return {path: value for path, value in values if value is not None}


def held(resource: Mapping[str, Any]) -> Targets:
    """Return the mapped attributes that a representation shows, whatever case its names have."""
    shown = {}
    for target in MAPPING:
        value: Any = resource
        for key in target.keys:
            value = _member(value, key)
        if value is not None:
            shown[target.path] = value
    return shown


def differences(shown: Targets, wanted: Targets) -> list[Change]:
    """Return what has to be sent; a value that Entra does not have is never sent as null."""
    return [
        Change(target.path, wanted[target.path], known=target.path in shown)
        for target in MAPPING
        if target.path in wanted and not _equal(target, shown, wanted)
    ]


def new_resource(wanted: Targets) -> dict[str, Any]:
    """Return the body of a POST (entra-facts 1.5)."""
    resource: dict[str, Any] = {"schemas": [USER, ENTERPRISE_USER]}
    for target in MAPPING:
        if target.path in wanted:
            *parents, name = target.keys
            place = resource
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = wanted[target.path]
    resource["meta"] = {"resourceType": "User"}
    return resource


def _equal(target: Target, shown: Targets, wanted: Targets) -> bool:
    if target.path not in shown:
        return False
    ours, theirs = str(wanted[target.path]), str(shown[target.path])
    # A value that differs in case alone is a change only where case counts (entra-facts 3.2.4).
    return ours == theirs if target.case_exact else ours.casefold() == theirs.casefold()


def _member(value: Any, key: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    folded = key.casefold()
    return next((each for name, each in value.items() if name.casefold() == folded), None)
