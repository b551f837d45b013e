"""The fields by which an account is found at the target, and what a filter says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scimweave.connectors.base import Value
from scimweave.mapping import Field
from scimweave.mapping.project import KEEP, FieldError
from scimweave.provisioning.running import Running
from scimweave.provisioning.search.names import as_asked, index_name, names_of
from scimweave.scim.coercion import Findings
from scimweave.scim.edit import Edit
from scimweave.scim.error import ScimError
from scimweave.scim.syntax import AttributePath
from scimweave.store.base import Resource


@dataclass(frozen=True, slots=True)
class MatchField:
    """A match field that is made of one attribute, and what providers may call that."""

    field: Field
    path: AttributePath
    names: frozenset[str]
    edit: Edit

    def is_asked_by(self, asked: AttributePath) -> bool:
        """Whether a filter's path reads the attribute; without brackets it reads every element."""
        if as_asked(asked) not in self.names:
            return False
        return asked.filter is None or str(asked.filter).lower() == str(self.path.filter).lower()

    def assign(self, resource: Resource, value: str) -> bool:
        """Give the attribute a value, as a provider would; returns whether it takes it."""
        try:
            change = self.edit.assign(value, False, Findings())
            if change is None:
                return False
            change(resource)
        except ScimError:
            return False
        return True

    def wanted(self, value: str) -> Value:
        """Return what the field would be; None where it would be nothing."""
        resource: Resource = {}
        if not self.assign(resource, value):
            return None
        try:
            wanted = self.field.read(resource)
        except FieldError:
            return None
        return None if wanted is KEEP else wanted


def match_fields(running: Running) -> Iterator[MatchField]:
    """Yield the match fields that a comparison can speak of."""
    objects = running.objects
    for name in objects.match:
        field = objects.field(name)
        # Of what is made of several attributes one value says too little.
        if field is None or len(field.sources) != 1 or field.secrets:
            continue
        (path,) = field.sources
        try:
            plain = index_name(replace(path, filter=None), objects.resource_type)
            edit = running.checker.editor.edit(str(path))
        except ScimError:
            continue
        yield MatchField(field, path, names_of(plain, objects.resource_type), edit)
