"""Values of every kind that an attribute takes, always the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scimweave.scim.schema import Attribute, ResourceType
from scimweave.scim.syntax import AttributePath

_TEXTS = (
    "Ada",
    "ada@contoso.com",
    "A b c",
    "O'Brien, Ann-Marie",
    "Ærø 中",
    "7",
    "0042",
    "2024-02-29",
    "8d8f3c2e-91d0-4222-8333-444455556666",
)
_OF_TYPE: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (0, 7, -3, 1234567),
    "decimal": (0, 7, -3, 1.5),
    "dateTime": ("2024-02-29T12:30:00Z", "1999-12-31T23:59:59Z"),
    "reference": ("https://contoso.com/ada", "urn:contoso:ada"),
    "binary": ("QWRh", "IQ=="),
}


def samples(
    path: AttributePath, resource_type: ResourceType, keys: Iterable[str] = ()
) -> tuple[Any, ...]:
    """Return values for what ``path`` names; ``keys`` of a table are among them."""
    resolved = resource_type.resolve(path)
    leaf = resolved.sub_attribute or resolved.attribute
    single = leaf if path.filter is not None or resolved.sub_attribute else resolved.attribute
    found = [*keys, *_values(single)]
    if resolved.attribute.multi_valued and path.filter is None and not resolved.sub_attribute:
        return ([found[0]], found[:2])
    return tuple(found)


def _values(attribute: Attribute) -> list[Any]:
    if attribute.type != "complex":
        return [*attribute.canonical_values, *_OF_TYPE.get(attribute.type, _TEXTS)]
    subs = [each for each in attribute.sub_attributes.values() if each.mutability != "readOnly"]
    columns = {each.name: _values(each) for each in subs}
    longest = max(map(len, columns.values()), default=0)
    return [
        {name: values[at % len(values)] for name, values in columns.items()}
        for at in range(longest)
    ]
