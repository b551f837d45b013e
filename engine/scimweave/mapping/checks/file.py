"""What is wrong with a mapping as a whole, though each of its lines is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimweave.mapping.checks.address import check_address
from scimweave.mapping.diagnostics import Related, did_you_mean
from scimweave.mapping.document.source import Document, MapNode, YamlPath
from scimweave.mapping.project import Operations, UserProgram
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import MappingModel, ObjectsModel

_ATTRIBUTES: YamlPath = ("users", "attributes")
_SECTIONS = ("users", "groups")
_OPERATIONS: YamlPath = ("users", "operations")


def check_file(model: MappingModel, report: Report) -> None:
    """Look at what does not need the rules to be compiled."""
    check_address(model, report)
    _check_empty_operations(model, report)
    _check_guard(model, report)
    for section, objects in zip(_SECTIONS, (model.users, model.groups), strict=True):
        if objects is not None:
            _check_objects(objects, section, report)


def _check_guard(model: MappingModel, report: Report) -> None:
    guard = model.guard
    if guard is None or guard.leavers is not None or guard.percent is not None:
        return
    if any(report.document.exactly(("guard", each)) for each in ("leavers", "percent")):
        return  # what is wrong with it is reported already
    message = '"guard" has neither "leavers" nor "percent": it would hold nobody'
    report.at_key("missing-key", message, ("guard",), help="for example leavers: 10")


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
        elif (found := model.attributes.get(name)) is not None and found.ref is not None:
            message = f'"{name}" is the key of another account, and finds nobody'
            report.at_value("not-a-reference", message, (section, "match", index))
    rule = model.attributes.get(model.key)
    if rule is not None and rule.has("const"):
        message = f'every account would get the same "{model.key}", which is its key'
        report.at_key("key-mapped", message, (*attributes, model.key))


def check_users(users: UserProgram, report: Report) -> None:
    """Look at what the compiled rules do together."""
    if not report.complete:
        return
    _check_operations(users.operations, report)
    if not _ends_use(users.operations) and not _reads_active(users):
        report.at_key(
            "active-unmapped",
            "no attribute reads active: whoever leaves would keep the account as it is",
            _ATTRIBUTES,
            help="map it (is_active: active), or give operations: { deactivate: … }",
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


def _check_empty_operations(model: MappingModel, report: Report) -> None:
    for key in ("deactivate", "reactivate"):
        given = getattr(model.users.operations, key)
        if given is not None and not (given.set or given.call or getattr(given, "delete", False)):
            where = (*_OPERATIONS, key)
            if any(report.document.exactly((*where, each)) for each in ("set", "call")):
                continue  # what is wrong with it is reported already
            also = ', or "delete" instead' if key == "deactivate" else ""
            message = f'"{key}" does nothing'
            report.at_key("missing-key", message, where, help=f'give "set" or "call"{also}')


def _ends_use(operations: Operations) -> bool:
    """Whether the file itself says what becomes of a leaver's account."""
    return bool(
        operations.deactivate_set or operations.deactivate_call or operations.removes_leavers
    )


def _check_operations(operations: Operations, report: Report) -> None:
    """Look at what operations do besides setting fields."""
    where: YamlPath = (*_OPERATIONS, "deactivate")
    if operations.removes_leavers:
        for key in ("set", "call"):
            if report.document.exactly((*where, key)) is not None:
                message = f'"delete" removes the account, and "{key}" would change it'
                report.at_key("conflicting-keys", message, (*where, key))
    elif operations.deactivate_call and not operations.reactivate_call:
        report.at_key(
            "not-set-back",
            f'"{operations.deactivate_call}" is called when somebody leaves, and nothing when '
            "they return",
            (*where, "call"),
            help="give operations: { reactivate: { call: … } }",
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
