"""Mapping files of a few lines, as tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scimweave.mapping import Diagnostic, MappingError, Program, load_text
from scimweave.scim.resource import Checker

NO_ENVIRONMENT: Mapping[str, str] = {}


def mapping_text(*attributes: str, users: str = "", more: str = "") -> str:
    """Return a mapping with these lines of attributes; ``email`` and ``is_active`` are there."""
    lines = "".join(
        f"    {line}\n" for line in ("email: userName", "is_active: active", *attributes)
    )
    return (
        "integration: small\n"
        "target: { connector: memory }\n"
        "users:\n"
        "  object: people\n"
        "  key: id\n"
        "  match: [email]\n"
        f"  attributes:\n{lines}{users}{more}"
    )


def program(*attributes: str, users: str = "", more: str = "") -> Program:
    """Compile such a mapping."""
    return load_text(
        mapping_text(*attributes, users=users, more=more), "small.yaml", NO_ENVIRONMENT
    )


def findings(text: str, env: Mapping[str, str] = NO_ENVIRONMENT) -> tuple[Diagnostic, ...]:
    """Return what is found in the text of a mapping, warnings too."""
    try:
        return load_text(text, "small.yaml", env).warnings
    except MappingError as error:
        return error.diagnostics


def codes(text: str, env: Mapping[str, str] = NO_ENVIRONMENT) -> list[str]:
    """Return the codes of what is found in the text of a mapping."""
    return [each.code for each in findings(text, env)]


def resource(mapping: Program, **attributes: Any) -> dict[str, Any]:
    """Return a user as the mapping takes it, with a userName."""
    body = {"userName": "ada", **attributes}
    users = mapping.users
    return Checker(users.resource_type, users.acceptance).check(body).resource
