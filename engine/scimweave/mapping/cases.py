"""The entries of ``tests``, checked and ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from scimweave.mapping.diagnostics import did_you_mean
from scimweave.mapping.project import MappingTest
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import TestModel

Request = Literal["create", "patch", "put", "delete"]


def compile_test(test: TestModel, index: int, fields: list[str], report: Report) -> MappingTest:
    """Read one test; ``fields`` are the target fields that it may name."""
    where = ("tests", index)
    requests = _requests(test)
    if len(requests) > 1:
        message = f'"{requests[0][0]}" and "{requests[1][0]}" are two requests; a test has one'
        report.at_key("conflicting-keys", message, (*where, requests[1][0]))
    if not (test.operation or test.target or test.absent or test.error):
        hint = 'give "operation", "target", "absent" or "error"'
        message = f'the test "{test.name}" expects nothing'
        report.at_value("missing-key", message, (*where, "name"), help=hint)
    for name in test.target or {}:
        if name not in fields:
            _unknown(name, report, (*where, "target", name), fields, key=True)
    for at, name in enumerate(test.absent):
        if name not in fields:
            _unknown(name, report, (*where, "absent", at), fields, key=False)
    nothing: tuple[Request, Any] = ("create", None)
    request, body = requests[0] if requests else nothing
    return MappingTest(
        name=test.name,
        span=report.document.value((*where, "name")),
        user=test.user,
        request=request,
        body=body,
        operation=test.operation,
        target=test.target or {},
        absent=tuple(test.absent),
        error=test.error,
    )


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
