"""What a declared API lacks for the mapping that it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scimweave.connectors.http.check import check_http
from scimweave.connectors.kind import Problem
from scimweave.connectors.rest.body import compile_body
from scimweave.connectors.rest.template import FIELDS, Template

if TYPE_CHECKING:
    from scimweave.connectors.rest.options import RestOptions
    from scimweave.mapping.model import GroupsModel, MappingModel, UsersModel

_ALWAYS: tuple[str, ...] = ("create", "update", "read", "find")


def check_rest(model: MappingModel) -> Iterator[Problem]:
    """Yield what is missing under ``target``, or cannot be: operations, and fields in templates."""
    options: Any = model.target
    yield from check_http(options)
    yield from _section(options, "users", model.users, _ALWAYS)
    if model.groups is not None:
        wanted = _ALWAYS
        if model.groups.members is not None:
            wanted += ("add_members", "remove_members")
        yield from _section(options, "groups", model.groups, wanted)


def _section(
    options: RestOptions, section: str, objects: UsersModel | GroupsModel, wanted: tuple[str, ...]
) -> Iterator[Problem]:
    from scimweave.connectors.rest.operation import declared  # noqa: PLC0415

    found = declared(options, section, objects.key)
    if _deletes(objects):
        wanted += ("delete",)
    for name in wanted:
        if name not in found:
            yield Problem(
                "missing-key",
                ("target", section) if options.has(section) else ("target",),
                f'"{section}" needs the operation "{name}", and nothing declares its path',
            )
    update = found.get("update", {})
    if not update.get("whole"):
        for key in compile_body(update.get("body", "fields")).several:
            yield Problem(
                "bad-value",
                ("target", section, "update", "body"),
                f'"{key}" is made of several fields, and an update may hold one of them only',
                help="let an attribute of the mapping hold it, or send all with whole: true",
            )
    yield from _calls(section, objects, found)
    known = {*objects.attributes, *_set(objects)}
    for name, operation in found.items():
        for path, text in _templates(operation):
            for place in Template(text).names:
                field = place.removeprefix(FIELDS)
                if place.startswith(FIELDS) and field not in known:
                    where = ("target", section, *name.split(":"), *path)
                    where = tuple("calls" if step == "call" else step for step in where)
                    yield Problem("unknown-field", where, f'no attribute fills "{field}"')


def _templates(operation: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("path",), operation["path"]
    for name, text in (operation.get("query") or {}).items():
        if isinstance(text, str):
            yield ("query", name), text


def _set(objects: UsersModel | GroupsModel) -> Iterator[str]:
    for name in ("deactivate", "reactivate"):
        changes = getattr(objects.operations, name, None)
        yield from getattr(changes, "set", None) or ()


def _deletes(objects: UsersModel | GroupsModel) -> bool:
    operations = objects.operations
    deactivate = getattr(operations, "deactivate", None)
    if deactivate is not None and deactivate.delete:
        return True
    return operations.delete == "delete" or (operations.delete is None and deactivate is None)


def _calls(
    section: str, objects: UsersModel | GroupsModel, found: dict[str, dict[str, Any]]
) -> Iterator[Problem]:
    for name in ("deactivate", "reactivate"):
        called = getattr(getattr(objects.operations, name, None), "call", None)
        if called is not None and f"call:{called}" not in found:
            message = f'target.{section}.calls has no "{called}"'
            yield Problem("bad-value", (section, "operations", name, "call"), message)
