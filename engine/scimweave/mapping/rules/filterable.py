"""``filterable``: the attributes that filters find by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.report import Report
from scimweave.mapping.rules.attributes import Named, named
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.comparison import is_text
from scimweave.scim.resource import Acceptance
from scimweave.scim.schema import ResourceType
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import ObjectsModel


def filterable(
    model: ObjectsModel,
    vocabulary: Vocabulary,
    acceptance: Acceptance,
    report: Report,
) -> tuple[AttributePath, ...]:
    """Find the attributes that ``filterable`` names; what is wrong is reported."""
    paths = []
    resource_type = vocabulary.resource_type
    section = "groups" if resource_type.name == "Group" else "users"
    for index, text in enumerate(model.filterable):
        where: YamlPath = (section, "filterable", index)
        found = named(text, where, vocabulary, report)
        if found is None or not _fits(found, text, where, report, resource_type):
            continue
        if report.complete and not acceptance.accepts(found.resolved) and model.unmapped != "keep":
            message = f'nothing maps "{text}", so no filter on it will find anybody'
            report.at_value("never-matches", message, where, help="map it, or leave it out here")
        paths.append(found.path)
    return tuple(paths)


def _fits(
    found: Named, text: str, where: YamlPath, report: Report, resource_type: ResourceType
) -> bool:
    attribute = found.resolved.attribute
    leaf = found.resolved.sub_attribute or attribute.sub_attributes.get("value") or attribute
    if found.path.filter is not None:
        reason = "an index holds every element: leave out the brackets"
    elif "never" in {leaf.returned, attribute.returned}:
        reason = "it is never returned, and cannot be searched"
    elif not is_text(leaf):
        reason = f"only text is indexed, and this is {leaf.type}"
    else:
        return True
    each = f"every {resource_type.name.lower()}"
    report.at_value(
        "not-indexable",
        f'"{text}" cannot be filterable',
        where,
        reason,
        help=f"filters on other attributes work too; they look at {each}",
    )
    return False
