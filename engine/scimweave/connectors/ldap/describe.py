"""The fields of a directory's entries, as a mapping is checked against them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from scimweave.connectors.base import AccountShape, FieldDescription
from scimweave.connectors.ldap.account import DN, AccountEntries
from scimweave.connectors.ldap.schema import Schema

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapUsers

_TYPES = {
    "boolean": "boolean",
    "integer": "integer",
    "time": "datetime",
    "guid": "uuid",
    "binary": "binary",
}

# Active Directory demands them, and fills them where nobody does (MS-ADTS 3.1.1.5.2).
_FILLED = frozenset(
    {
        "objectclass", "instancetype", "ntsecuritydescriptor", "objectcategory", "objectsid",
        "samaccountname", "grouptype",
    }
)  # fmt: skip


def describe(
    schema: Schema,
    entries: AccountEntries,
    shape: AccountShape,
    options: LdapUsers,
    *,
    filled: Collection[str] = (),
) -> Mapping[str, FieldDescription]:
    """Return what entries of the mapping's classes hold, under all names of an attribute.

    ``filled`` are attributes that the connector itself gives a value. Raises ``NoSuchObject``.
    """
    must, may = schema.classes(entries.classes)
    given = _FILLED | {name.lower() for name in filled} | entries.template.leaf_types
    wanted = {each.name for each in shape.fields} | {shape.key}
    described: dict[str, FieldDescription] = {}
    for name in must | may | schema.operational():
        attribute = schema.attribute(name)
        names = {each.lower() for each in attribute.names}
        # An attribute stands under the name that the mapping uses, or under its first.
        used = [each for each in attribute.names if each in wanted] or [attribute.names[0]]
        for each in used:
            described[each] = FieldDescription(
                each,
                _TYPES.get(attribute.kind, "string") if attribute.single else "json",
                nullable=not must.intersection(attribute.names),
                has_default=attribute.read_only or not given.isdisjoint(names),
                unique=each in (shape.key, entries.template.unique_field),
            )
    for name in entries.dn_only:
        described[name] = FieldDescription(name, "string")
    for name in options.flags:
        described[name] = FieldDescription(name, "boolean")
    if shape.key == DN:
        described[DN] = FieldDescription(DN, "string", has_default=True, unique=True)
    return described
