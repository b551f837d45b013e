"""Runs the ``tests:`` of a mapping file: what the mapping makes of users and their changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from scimweave.mapping.diagnostics import Span
from scimweave.mapping.operation import Operation, gets_account, operation, standing
from scimweave.mapping.project import FieldFault, MappingTest, Program, UserProgram, to_json
from scimweave.mapping.rules.convert import Unfit, Value
from scimweave.mapping.rules.fitting import shown
from scimweave.mapping.rules.secret import without_secrets
from scimweave.scim.error import ScimError
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checker
from scimweave.scim.syntax import AttributePath

_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a test expected otherwise; both sides in the form that is printed."""

    what: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.actual}"


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went."""

    __test__: ClassVar[bool] = False

    name: str
    span: Span
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a request came to: an error, or an operation and the target fields."""

    operation: str | None = None
    values: dict[str, Value] | None = None
    error: str | None = None


def run_tests(program: Program) -> list[TestResult]:
    """Run all tests of a mapping file, in their order."""
    users = program.users
    checker = Checker(users.resource_type, users.acceptance, users.unmapped)
    return [
        TestResult(test.name, test.span, tuple(_differences(program.users, test, checker)))
        for test in program.tests
    ]


def _differences(users: UserProgram, test: MappingTest, checker: Checker) -> Iterator[Difference]:
    outcome = _run(users, test, checker)
    if outcome.error is not None:
        if test.error is None or test.error not in outcome.error:
            expected = shown(test.error) if test.error is not None else "none"
            yield Difference("error", expected, outcome.error)
        return
    if test.error is not None:
        yield Difference("error", shown(test.error), "none")
    if test.operation is not None and test.operation != outcome.operation:
        yield Difference("operation", test.operation, outcome.operation or _NOTHING)
    values = outcome.values or {}
    for name, expected in test.target.items():
        if name not in values:
            yield Difference(name, shown(expected), _NOTHING)
        elif not _equal(users, name, expected, values[name]):
            yield Difference(name, shown(expected), shown(to_json(values[name])))
    for name in test.absent:
        if name in values:
            yield Difference(name, _NOTHING, shown(to_json(values[name])))


def _run(users: UserProgram, test: MappingTest, checker: Checker) -> _Outcome:
    """Do the request of a test, after the user was created where it changes one."""
    try:
        user = checker.check(test.user).resource
        if test.request == "create":
            return _outcome(users, None, user, _touches(user))
        user = without_secrets(user)
        if test.request == "delete":
            return _deletion(users, user)
        if test.request == "put":
            replaced = checker.check(test.body).resource
            # A PUT that does not say so brings nobody back.
            replaced.setdefault("active", user.get("active", True))
            return _outcome(users, user, replaced, _touches(replaced))
        patch = parse_patch(test.body, checker)
        return _outcome(users, user, patch.apply(user), patch.touched)
    except ScimError as error:
        return _Outcome(error=error.detail)


def _outcome(
    users: UserProgram,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    touched: frozenset[str],
) -> _Outcome:
    stood = None if before is None else standing(users, before)
    what = operation(users, stood, after)
    creating = stood is None or not stood.has_account
    if creating and not gets_account(users, stood, after):
        return _Outcome("none" if what is Operation.UPDATE else what.value, {})
    projection = users.project(after, creating=creating)
    blocking = [
        fault
        for fault in projection.faults
        # What cannot be projected does not keep a leaver in, unless this request brought it.
        if users.in_scope(after)
        and (what is not Operation.DEACTIVATE or _is_touched(users, fault, touched))
    ]
    if blocking:
        reasons = (f"{each.source_text} → {each.field}: {each.reason}" for each in blocking)
        return _Outcome(error="; ".join(reasons))
    if what is Operation.OUT_OF_SCOPE or _removes(users, what):
        return _Outcome(what.value, {})
    values = projection.values
    if what is Operation.REACTIVATE:
        values = {**values, **users.operations.reactivate_set}
    if what is Operation.UPDATE and before is not None and values == users.project(before).values:
        return _Outcome("none", values)
    return _Outcome(what.value, values)


def _removes(users: UserProgram, what: Operation) -> bool:
    return what is Operation.DEACTIVATE and users.operations.removes_leavers


def _deletion(users: UserProgram, user: dict[str, Any]) -> _Outcome:
    if users.operations.delete != "deactivate":
        return _Outcome(Operation.DELETE.value, {})
    return _Outcome(Operation.DELETE.value, users.project({**user, "active": False}).values)


def _is_touched(users: UserProgram, fault: FieldFault, touched: frozenset[str]) -> bool:
    field = users.field(fault.field)
    return field is not None and any(_top_level(source) in touched for source in field.sources)


def _top_level(source: AttributePath) -> str:
    return source.uri or source.attribute


def _touches(resource: dict[str, Any]) -> frozenset[str]:
    return frozenset(resource)


def _equal(users: UserProgram, name: str, expected: Any, actual: Value) -> bool:
    if to_json(actual) == expected:
        # True equals 1 in Python, and not in a target.
        return isinstance(expected, bool) is isinstance(actual, bool)
    field = users.field(name)
    if field is None or field.type is None or expected is None:
        return False
    try:
        return bool(field.fit(expected) == actual)
    except Unfit:
        return False
