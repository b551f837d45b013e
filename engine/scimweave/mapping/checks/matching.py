"""Whether the fields by which accounts are found tell people apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimweave.mapping.project import Field, ObjectProgram
from scimweave.mapping.report import Report
from scimweave.mapping.rules.fitting import REST
from scimweave.scim.schema import ENTERPRISE_USER
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel, ObjectsModel

# Attributes that colleagues share; of groups, displayName is their own.
_SHARED = frozenset(
    {
        "active",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "name.familyName",
        "name.givenName",
        "name.middleName",
        "name.honorificPrefix",
        "name.honorificSuffix",
        "addresses",
        "entitlements",
        "roles",
        f"{ENTERPRISE_USER}:costCenter",
        f"{ENTERPRISE_USER}:organization",
        f"{ENTERPRISE_USER}:division",
        f"{ENTERPRISE_USER}:department",
        f"{ENTERPRISE_USER}:manager",
    }
)


def check_matching(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Report match fields by which an account of somebody else would be taken over."""
    for index, name in enumerate(model.match):
        field = objects.field(name)
        if field is None:
            continue
        reason = _shared(model.attributes[name], field, objects)
        if reason:
            report.at_value(
                "match-not-unique",
                f'"{name}" finds accounts, and {reason}',
                (objects.section, "match", index),
                help="an account that it finds is taken over: match by what only one has",
            )


def _shared(rule: AttributeModel, field: Field, objects: ObjectProgram) -> str:
    """Return why many have the same value; empty where they may differ."""
    everyone = objects.section
    if rule.has("const"):
        return f"all {everyone} have the same"
    rows = list((rule.values or {}).values())
    if any(rows.count(each) > 1 for each in rows) or REST in (rule.values or {}):
        return "rows of its table give several the same"
    if field.sources and all(is_shared(path) for path in field.sources):
        return f"many {everyone} have the same {field.source_text}"
    return ""


def is_shared(path: AttributePath) -> bool:
    """Whether many people have the same value of an attribute in canonical case."""
    whole = AttributePath(path.uri, path.attribute)
    part = AttributePath(path.uri, path.attribute, path.sub_attribute)
    return not _SHARED.isdisjoint({str(whole), str(part)})
