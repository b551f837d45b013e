"""What is wrong with a mapping as a whole, though each of its lines is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimweave.mapping.checks.address import check_address
from scimweave.mapping.diagnostics import Related, did_you_mean
from scimweave.mapping.document.source import Document, MapNode, YamlPath
from scimweave.mapping.project import UserProgram
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import MappingModel, ObjectsModel

_ATTRIBUTES: YamlPath = ("users", "attributes")
_SECTIONS = ("users", "groups")
_OPERATIONS: YamlPath = ("users", "operations")


def check_file(model: MappingModel, report: Report) -> None:
    """Look at what does not need the rules to be compiled."""
    check_address(model, report)
    for section, objects in zip(_SECTIONS, (model.users, model.groups), strict=True):
        if objects is not None:
            _check_objects(objects, section, report)


def _check_objects(model: ObjectsModel, section: str, report: Report) -> None:
    attributes: YamlPath = (section, "attributes")
    names = _keys(report.document, attributes)
    _check_duplicate_fields(names, attributes, report)
    for index, name in enumerate(model.match):
        if name not in names and _is_known(name):
            report.at_value(
                "match-unmapped",
                f'"{name}" finds accounts, and no attribute fills it',
                (section, "match", index),
                did_you_mean(name, names),
            )
    rule = model.attributes.get(model.key)
    if rule is not None and rule.has("const"):
        message = f'every account would get the same "{model.key}", which is its key'
        report.at_key("key-mapped", message, (*attributes, model.key))


def check_users(users: UserProgram, report: Report) -> None:
    """Look at what the compiled rules do together."""
    if not report.complete:
        return
    if not users.operations.deactivate_set and not _reads_active(users):
        report.at_key(
            "active-unmapped",
            "no attribute reads active: whoever leaves would keep the account as it is",
            _ATTRIBUTES,
            help="map it (is_active: active), or give operations: { deactivate: { set: … } }",
        )
    for name in users.operations.deactivate_set.keys() - users.operations.reactivate_set.keys():
        field = users.field(name)
        if field is None or field.apply == "on_create":
            report.at_key(
                "not-set-back",
                f'"{name}" is set when somebody leaves, and not when they return',
                (*_OPERATIONS, "deactivate", "set", name),
                help=f"give operations: {{ reactivate: {{ set: {{ {name}: … }} }} }}",
            )


def _is_known(name: str) -> bool:
    """Whether a name stands in the file, and not for one that could not be read."""
    return name.isprintable()


def mapped_names(document: Document) -> list[str]:
    """Return the target fields that attributes fill, as the file has them."""
    return _keys(document, _ATTRIBUTES)


def written_names(document: Document, section: str = "users") -> list[str]:
    """Return the target fields that the mapping writes in any way."""
    operations = (section, "operations")
    sets = [_keys(document, (*operations, key, "set")) for key in ("deactivate", "reactivate")]
    mapped = _keys(document, (section, "attributes"))
    return list(dict.fromkeys(mapped + sets[0] + sets[1]))


def _keys(document: Document, path: YamlPath) -> list[str]:
    node = document.exactly(path)
    return list(node.entries) if isinstance(node, MapNode) else []


def _check_duplicate_fields(names: list[str], attributes: YamlPath, report: Report) -> None:
    first: dict[str, str] = {}
    for name in names:
        folded = name.casefold()
        if folded in first:
            earlier = report.document.key((*attributes, first[folded]))
            report.at_key(
                "duplicate-field",
                f'"{first[folded]}" and "{name}" are the same field of the target',
                (*attributes, name),
                related=(Related(earlier, "first here"),),
            )
        first.setdefault(folded, name)


def _reads_active(users: UserProgram) -> bool:
    return any(
        source.uri is None and source.attribute == "active"
        for field in users.fields
        if field.apply == "always"
        for source in field.sources
    )
