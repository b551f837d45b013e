"""The entries of ``tests``, checked and ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from scimweave.mapping.diagnostics import did_you_mean
from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import MappingTest, Reply
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import TestModel

Request = Literal["create", "patch", "put", "delete"]


def compile_test(
    test: TestModel, index: int, fields: Mapping[str, list[str]], report: Report
) -> MappingTest | None:
    """Read one test; ``fields`` are the target fields that it may name, by section of the file.

    None where something was reported without which it cannot be run.
    """
    where = ("tests", index)
    section = _section(test, where, fields, report)
    requests = _requests(test)
    if len(requests) > 1:
        message = f'"{requests[0][0]}" and "{requests[1][0]}" are two requests; a test has one'
        report.at_key("conflicting-keys", message, (*where, requests[1][0]))
    expected = (test.operation, test.target, test.absent, test.error, test.reply)
    if not any(expected) and test.members is None:
        hint = 'give "operation", "target", "absent", "members", "error" or "reply"'
        message = f'the test "{test.name}" expects nothing'
        report.at_value("missing-key", message, (*where, "name"), help=hint)
    if section is None:
        return None
    if section == "users" and test.members is not None:
        report.at_key("conflicting-keys", "a user has no members", (*where, "members"))
    known = fields[section]
    for name in test.target or {}:
        if name not in known:
            _unknown(name, report, (*where, "target", name), known, key=True)
    for at, name in enumerate(test.absent):
        if name not in known:
            _unknown(name, report, (*where, "absent", at), known, key=False)
    nothing: tuple[Request, Any] = ("create", None)
    request, body = requests[0] if requests else nothing
    return MappingTest(
        name=test.name,
        span=report.document.value((*where, "name")),
        section=section,
        resource=(test.user if section == "users" else test.group) or {},
        request=request,
        body=body,
        operation=test.operation,
        target=test.target or {},
        absent=tuple(test.absent),
        members=None if test.members is None else tuple(test.members),
        error=test.error,
        reply=None if test.reply is None else Reply(test.reply.status, test.reply.body),
    )


def _section(
    test: TestModel, where: YamlPath, fields: Mapping[str, list[str]], report: Report
) -> Literal["users", "groups"] | None:
    """Return what the test is about; None where something was reported."""
    if test.user is not None and test.group is not None:
        message = 'a test has a "user" or a "group", not both'
        report.at_key("conflicting-keys", message, (*where, "group"))
        return None
    if test.user is not None:
        return "users"
    if test.group is None:
        message = f'the test "{test.name}" has no "user" and no "group"'
        report.at_value("missing-key", message, (*where, "name"))
        return None
    if "groups" not in fields:
        message = 'a test on a group, and the file has no "groups"'
        report.at_key("missing-key", message, (*where, "group"))
        return None
    return "groups"


def _requests(test: TestModel) -> list[tuple[Request, Any]]:
    found: list[tuple[Request, Any]] = []
    if test.patch is not None:
        found.append(("patch", {"Operations": test.patch}))
    if test.put is not None:
        found.append(("put", test.put))
    if test.delete:
        found.append(("delete", None))
    return found


def _unknown(
    name: str, report: Report, path: tuple[str | int, ...], fields: list[str], *, key: bool
) -> None:
    document = report.document
    report.add(
        "unknown-field",
        f'the mapping fills no field "{name}"',
        document.key(path) if key else document.value(path),
        did_you_mean(name, fields),
    )
