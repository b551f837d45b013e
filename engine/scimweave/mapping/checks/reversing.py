"""``reverse`` put to the test: rule and reverse run over generated values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimweave.mapping.checks.samples import samples
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import Field, ObjectProgram, to_json
from scimweave.mapping.report import Report
from scimweave.scim.coercion import Findings
from scimweave.scim.error import ScimError
from scimweave.scim.path import compile_path
from scimweave.scim.resource import Checker
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel, ObjectsModel

_MOST = 40
_SHOWN = 40


def check_reverse(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Report each ``reverse`` of the file that does not give back what its rule was made of."""
    for name, rule in model.attributes.items():
        field = objects.field(name)
        if field is None or not field.inverses or rule.reverse is None:
            continue
        where: YamlPath = (objects.section, "attributes", name, "reverse")
        _check(field, rule, _around(field, objects), where, report)


def _around(field: Field, objects: ObjectProgram) -> ObjectProgram:
    """Return the program as far as it has to do with a field: one may have thousands."""
    mine = {(source.uri, source.attribute) for source in field.sources}
    read = {name for back in field.inverses for name in back.reads}
    near = tuple(
        each
        for each in objects.fields
        if each.name in read
        or each is field
        or mine & {(source.uri, source.attribute) for source in each.sources}
    )
    return replace(objects, fields=near)


def _check(
    field: Field, rule: AttributeModel, objects: ObjectProgram, where: YamlPath, report: Report
) -> None:
    readers = [
        (back.to, compile_path(back.to, objects.resource_type), _is_exact(back.to, objects))
        for back in field.inverses
    ]
    lossy = ""
    for resource in _resources(field, rule, objects):
        made = objects.project(resource).values
        if made.get(field.name) is None:
            continue
        back = objects.reverse(made)
        reason = next((each.reason for each in back.faults if each.field == field.name), None)
        again = objects.project(back.resource)
        value, second = to_json(made[field.name]), to_json(again.values.get(field.name))
        chain = f"{_named(readers, resource)} → {field.name} {_shown(value)}"
        if reason is not None:
            report.at_value("reverse-differs", f"{chain} cannot be read back: {reason}", where)
            return
        chain += f" → {_named(readers, back.resource)}"
        if second != value:
            refused = next((each.reason for each in again.faults if each.field == field.name), None)
            end = f", which is refused: {refused}" if refused else f" → {_shown(second)}"
            message = f"reverse makes another value of what the rule made: {chain}{end}"
            report.at_value("reverse-differs", message, where)
            return
        if not lossy and any(
            _folded(read(resource), exact) != _folded(read(back.resource), exact)
            for _, read, exact in readers
        ):
            lossy = chain
    if lossy:
        message = f"reverse gives back another value than there was: {lossy}"
        hint = "the account stays as it is; only what a provider reads differs"
        report.at_value("reverse-lossy", message, where, help=hint)


def _resources(
    field: Field, rule: AttributeModel, objects: ObjectProgram
) -> Iterator[dict[str, Any]]:
    """Yield resources with values for all that the rule reads: together, then one by one."""
    editor = Checker(objects.resource_type, objects.acceptance).editor
    keys = [key for key in rule.values or () if key != "*"]
    columns = [
        (str(path), samples(path, objects.resource_type, keys)) for path in _top(field.sources)
    ]
    longest = min(_MOST, max((len(values) for _, values in columns), default=0))
    for alone in (None, *(range(len(columns)) if len(columns) > 1 else ())):
        for at in range(longest):
            resource: dict[str, Any] = {objects.label: "ada"}
            try:
                for index, (path, values) in enumerate(columns):
                    if alone in (None, index):
                        value = values[(at + index) % len(values)]
                        change = editor.edit(path).assign(value, False, Findings())
                        if change is not None:
                            change(resource)
            except ScimError:
                continue
            yield resource


def _top(sources: tuple[AttributePath, ...]) -> list[AttributePath]:
    """Return the sources without those that lie in another one."""
    whole = {(each.uri, each.attribute) for each in sources if each == _bare(each)}
    return [
        each for each in sources if each == _bare(each) or (each.uri, each.attribute) not in whole
    ]


def _bare(path: AttributePath) -> AttributePath:
    return AttributePath(path.uri, path.attribute)


def _is_exact(path: AttributePath, objects: ObjectProgram) -> bool:
    resolved = objects.resource_type.resolve(path)
    return (resolved.sub_attribute or resolved.attribute).case_exact


def _folded(value: Any, exact: bool) -> Any:
    return value.casefold() if isinstance(value, str) and not exact else value


def _named(readers: list[Any], resource: dict[str, Any]) -> str:
    return ", ".join(f"{path} {_shown(read(resource))}" for path, read, _ in readers)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
