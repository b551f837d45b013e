"""``ref: user``: the value is the id of a user here, and the key of their account is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.report import Report
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.error import ScimError
from scimweave.scim.path import parse_path
from scimweave.scim.schema import ENTERPRISE_USER

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel

_TEXTS = frozenset({"string", "reference"})
_ALONE = ("const", "values", "default", "reverse")


@dataclass(frozen=True, slots=True)
class AccountOf:
    """The key of the account of a user here, which only the store knows.

    ``keep`` says that the field is left as it is where there is no such account.
    """

    id: str
    keep: bool = False

    def __str__(self) -> str:
        return self.id


def referring(
    read: Callable[[dict[str, Any]], Any], absent: Callable[[dict[str, Any]], Any], *, keep: bool
) -> Callable[[dict[str, Any]], Any]:
    """Return the reader of a reference: of an id, or of an object that holds it as ``value``."""

    def find(resource: dict[str, Any]) -> Any:
        value = read(resource)
        if isinstance(value, dict):
            value = value.get("value")
        return AccountOf(value, keep) if isinstance(value, str) and value else absent(resource)

    return find


def check_reference(
    rule: AttributeModel, where: YamlPath, vocabulary: Vocabulary, report: Report
) -> None:
    """Report what can never be the id of a user, and keys that have no use beside ``ref``."""
    for key in _ALONE:
        if rule.has(key):
            report.at_key("conflicting-keys", f'"{key}" has no use beside "ref"', (*where, key))
    if where[0] == "groups":
        message = "a group refers to nobody but its members"
        report.at_key("not-a-reference", message, (*where, "ref"))
        return
    texts = rule.from_ or []
    for index, text in enumerate(texts):
        place = (*where, "from") if len(texts) == 1 else (*where, "from", index)
        if not _may_refer(text, vocabulary):
            message = f'"{text}" is not the id of a user'
            hint = "for example enterprise.manager.value"
            report.at_value("not-a-reference", message, place, help=hint)


def _may_refer(text: str, vocabulary: Vocabulary) -> bool:
    try:
        path = parse_path(text, aliases=vocabulary.aliases)
        resolved = vocabulary.resource_type.resolve(path)
    except ScimError:
        return True  # reported as what it is
    attribute, sub = resolved.attribute, resolved.sub_attribute
    if not resolved.is_extension or (attribute.multi_valued and path.filter is None):
        return False
    if resolved.schema.id == ENTERPRISE_USER:
        return attribute.name == "manager" and (sub is None or sub.name == "value")
    leaf = sub or attribute.sub_attributes.get("value") or attribute
    return leaf.type in _TEXTS
