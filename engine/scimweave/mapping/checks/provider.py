"""What a provider sends by default, and a mapping neither maps nor ignores."""

from __future__ import annotations

import re

from scimweave.mapping.diagnostics import Diagnostic, finding
from scimweave.mapping.entra.field_names import field_name
from scimweave.mapping.project import Program
from scimweave.mapping.providers import PROFILES
from scimweave.mapping.suggestion import is_settled
from scimweave.scim.path import ALIASES

_FILTER = re.compile(r"\[.*\]")
_NAMES = {"entra": "Microsoft Entra ID", "okta": "Okta"}


def check_provider(program: Program, provider: str) -> list[Diagnostic]:
    """Return what of the default attributes of a provider nothing takes.

    ``provider`` is one of ``PROFILES``.
    """
    users = program.users
    return [
        finding(
            "unmapped-attribute",
            f"{_NAMES[provider]} sends {each.path} (from {each.source}), and nothing maps it",
            program.key_span_of("users", "attributes"),
            help=f"map it ({_line(each.path)}), name it under ignore:, or stop sending it",
        )
        for each in PROFILES[provider]
        if not is_settled(_FILTER.sub("", each.path), users)
    ]


def _line(path: str) -> str:
    """Return a line that maps a path, as one writes it."""
    written = path
    for alias, uri in ALIASES.items():
        written = written.replace(f"{uri}:", f"{alias}.")
    name = field_name(written, ())
    return f"{name}: '{written}'" if "[" in written else f"{name}: {written}"
