"""What providers send against the RFCs and is taken all the same, each by its number.

A request carries the numbers of what was met in it; who runs the endpoint sees them counted. What
the RFCs allow (names in any case, ``add`` on an attribute that is there) is no quirk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from scimweave.scim.error import ScimError
from scimweave.scim.lexer import BareWord
from scimweave.scim.schema import Attribute, ResourceType
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, ValuePath

# By the numbers of the fact sheet on what Entra sends; N5 is a rule of its PATCH normaliser,
# S1 stands in what it says of managers.
QUIRKS: Mapping[str, str] = {
    "Q1": "the op of a PATCH is not in lower case",
    "Q2": "a boolean is sent as a string or a number",
    "Q3": "primary is sent as a string, or compared with one in a filter",
    "Q6": "a key of an object is a dotted path",
    "Q7": "a key of an object is a path with the URN of a schema",
    "Q8": "a key of an object is a path with a filter",
    "Q9": "a value path selects nothing, and makes the element",
    "Q12": "remove carries a list of the elements to remove",
    "Q15": "an element of a multi-valued complex attribute is a bare value",
    "Q16": "a complex attribute is a bare value",
    "Q17": "schemas names a schema that nobody here knows",
    "Q18": "an extension is used that schemas does not name",
    "Q20": "a dot stands between the URN of an extension and its attribute",
    "Q24": "a PATCH has no operations",
    "Q28": "a value without path has attributes that are read-only",
    "Q44": "the address ends with a slash",
    "Q45": "a value in a filter stands without quotes",
    "S1": "the manager is named without its schema",
    "N5": "a number is sent as a string, or one value as a list of one",
}
NO_QUIRKS: frozenset[str] = frozenset()


def quirk_of_key(key: str) -> str:
    """Return the quirk that a key is which is a path."""
    if "[" in key:
        return "Q8"
    return "Q7" if key[:4].lower() == "urn:" else "Q6"


def has_legacy_dot(text: str, path: AttributePath) -> bool:
    """Whether a path has a dot where the last colon belongs (Q20)."""
    return path.uri is not None and text.strip()[len(path.uri) :][:1] == "."


def quirks_of_filter(found: Filter, resource_type: ResourceType) -> frozenset[str]:
    """Return the quirks of a filter."""
    return _quirks(found, lambda path: _is_boolean(path, resource_type))


def quirks_of_selection(found: Filter, owner: Attribute) -> frozenset[str]:
    """Return the quirks of what stands in brackets behind ``owner``."""

    def is_boolean(path: AttributePath) -> bool:
        sub = owner.sub_attributes.get(path.attribute.lower())
        return sub is not None and sub.type == "boolean"

    return _quirks(found, is_boolean)


def _quirks(found: Filter, is_boolean: Callable[[AttributePath], bool]) -> frozenset[str]:
    quirks = set()
    for path, value in _comparisons(found, None):
        if isinstance(value, BareWord):
            quirks.add("Q45")
        elif isinstance(value, str) and is_boolean(path):
            quirks.add("Q3")
    return frozenset(quirks) if quirks else NO_QUIRKS


def _comparisons(
    found: Filter, owner: AttributePath | None
) -> Iterator[tuple[AttributePath, object]]:
    match found:
        case Compare(path, _, value):
            yield _below(owner, path), value
            if path.filter is not None:
                yield from _comparisons(path.filter, path)
        case And(left, right) | Or(left, right):
            yield from _comparisons(left, owner)
            yield from _comparisons(right, owner)
        case Not(operand):
            yield from _comparisons(operand, owner)
        case ValuePath(path, inside):
            yield from _comparisons(inside, path)


def _below(owner: AttributePath | None, path: AttributePath) -> AttributePath:
    return path if owner is None else AttributePath(owner.uri, owner.attribute, path.attribute)


def _is_boolean(path: AttributePath, resource_type: ResourceType) -> bool:
    try:
        resolved = resource_type.resolve(path)
    except ScimError:
        return False
    return (resolved.sub_attribute or resolved.attribute).type == "boolean"
