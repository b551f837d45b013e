"""What of a mapping a SCIM target cannot hold: names of fields that are no paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scimweave.connectors.http.check import check_http
from scimweave.connectors.kind import Problem
from scimweave.connectors.scim.path import read_path
from scimweave.mapping.faulty_text import FaultyText

if TYPE_CHECKING:
    from scimweave.mapping.model import MappingModel


def check_scim(model: MappingModel) -> Iterator[Problem]:
    """Yield fields that are neither a SCIM path nor renamed to one, and renamings of nothing."""
    options: Any = model.target
    yield from check_http(options)
    for section in ("users", "groups"):
        objects = getattr(model, section)
        if objects is None:
            continue
        renamed = getattr(options, section).fields
        for name in objects.attributes:
            if name in renamed:
                continue
            try:
                read_path(name)
            except FaultyText as error:
                yield Problem(
                    "bad-path",
                    (section, "attributes", name),
                    f'"{name}" is no SCIM path: {error}',
                    help=f"say where it is: target.{section}.fields: {{ {name}: displayName }}",
                )
        known = {*objects.attributes, *_others(objects)}
        for name in renamed:
            if name not in known:
                message = f'{section} have no field "{name}"'
                yield Problem("unknown-field", ("target", section, "fields", name), message)


def _others(objects: Any) -> Iterator[str]:
    """Yield fields that are written though no attribute fills them."""
    for name in ("deactivate", "reactivate"):
        changes = getattr(objects.operations, name, None)
        yield from getattr(changes, "set", None) or ()
    members = getattr(objects, "members", None)
    if (field := getattr(members, "field", None)) is not None:
        yield field
