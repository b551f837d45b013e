"""Runs the ``tests:`` of a mapping file: what it makes of users, groups and their changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from scimweave.mapping.blocking import blocking
from scimweave.mapping.diagnostics import Span
from scimweave.mapping.group_tests import run_group
from scimweave.mapping.operation import Operation, gets_account, operation, standing
from scimweave.mapping.outcome import Outcome, done, refused, refused_for
from scimweave.mapping.project import (
    GroupProgram,
    MappingTest,
    ObjectProgram,
    Program,
    Reply,
    UserProgram,
    to_json,
)
from scimweave.mapping.rules.convert import Unfit, Value
from scimweave.mapping.rules.fitting import shown
from scimweave.mapping.rules.secret import without_secrets
from scimweave.scim.error import ScimError
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Checker

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


def run_tests(program: Program) -> list[TestResult]:
    """Run all tests of a mapping file, in their order."""
    checkers = {
        each.section: (each, Checker(each.resource_type, each.acceptance, each.unmapped))
        for each in program.objects
    }
    return [
        TestResult(test.name, test.span, tuple(_differences(*checkers[test.section], test)))
        for test in program.tests
    ]


def _differences(
    objects: ObjectProgram, checker: Checker, test: MappingTest
) -> Iterator[Difference]:
    outcome = _run(objects, test, checker)
    if test.reply is not None:
        yield from _of_reply(test.reply, outcome)
    if outcome.error is not None:
        is_expected = test.error is not None and test.error in outcome.error
        if not is_expected and (test.error is not None or not _is_error(test.reply)):
            expected = shown(test.error) if test.error is not None else "none"
            yield Difference("error", expected, outcome.error)
        return
    if test.error is not None:
        yield Difference("error", shown(test.error), "none")
    if test.operation is not None and test.operation != outcome.operation:
        yield Difference("operation", test.operation, outcome.operation or _NOTHING)
    if test.members is not None and sorted(test.members) != sorted(outcome.members or ()):
        found = shown(sorted(outcome.members or ()))
        yield Difference("members", shown(sorted(test.members)), found)
    values = outcome.values or {}
    for name, expected in test.target.items():
        if name not in values:
            yield Difference(name, shown(expected), _NOTHING)
        elif not _equal(objects, name, expected, values[name]):
            yield Difference(name, shown(expected), shown(to_json(values[name])))
    for name in test.absent:
        if name in values:
            yield Difference(name, _NOTHING, shown(to_json(values[name])))


def _run(objects: ObjectProgram, test: MappingTest, checker: Checker) -> Outcome:
    """Do the request of a test, after the resource was created where it changes one."""
    try:
        if isinstance(objects, GroupProgram):
            return run_group(objects, test, checker)
        if isinstance(objects, UserProgram):
            return _run_user(objects, test, checker)
    except ScimError as error:
        return refused(error)
    raise AssertionError(objects.section)


def _run_user(users: UserProgram, test: MappingTest, checker: Checker) -> Outcome:
    user = checker.check(test.resource).resource
    if test.request == "create":
        return _outcome(users, test, None, user)
    user = without_secrets(user)
    if test.request == "delete":
        return _deletion(users, user)
    if test.request == "put":
        replaced = checker.check(test.body).resource
        # A PUT that does not say so brings nobody back.
        replaced.setdefault("active", user.get("active", True))
        return _outcome(users, test, user, replaced)
    patch = parse_patch(test.body, checker)
    return _outcome(users, test, user, patch.apply(user))


def _outcome(
    users: UserProgram,
    test: MappingTest,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> Outcome:
    stood = None if before is None else standing(users, before)
    what = operation(users, stood, after)
    creating = stood is None or not stood.has_account
    if creating and not gets_account(users, stood, after):
        name = "none" if what is Operation.UPDATE else what.value
        return done(users, test.request, name, {}, after)
    projection = users.project(after, creating=creating)
    faults = blocking(users, what, projection.faults, before, after)
    if faults:
        return refused_for(faults)
    if what is Operation.OUT_OF_SCOPE or _removes(users, what):
        return done(users, test.request, what.value, {}, after)
    values = projection.values
    if what is Operation.REACTIVATE:
        values = {**values, **users.operations.reactivate_set}
    is_same = before is not None and values == users.project(before).values
    name = "none" if what is Operation.UPDATE and is_same else what.value
    return done(users, test.request, name, values, after)


def _removes(users: UserProgram, what: Operation) -> bool:
    return what is Operation.DEACTIVATE and users.operations.removes_leavers


def _deletion(users: UserProgram, user: dict[str, Any]) -> Outcome:
    stays = users.operations.delete == "deactivate"
    values = users.project({**user, "active": False}).values if stays else {}
    return done(users, "delete", Operation.DELETE.value, values, user)


def _is_error(reply: Reply | None) -> bool:
    return reply is not None and reply.status is not None and reply.status >= 400


def _of_reply(expected: Reply, outcome: Outcome) -> Iterator[Difference]:
    if expected.status is not None and expected.status != outcome.status:
        yield Difference("reply status", str(expected.status), str(outcome.status))
    body = dict(outcome.body or {})
    for name, value in (expected.body or {}).items():
        if not _holds(value, body.get(name)):
            found = shown(body[name]) if name in body else _NOTHING
            yield Difference(f"reply {name}", shown(value), found)


def _holds(expected: Any, actual: Any) -> bool:
    """Whether something has all that is expected; objects may have more than that."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(_holds(value, actual.get(name)) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(_holds, expected, actual))
    # True equals 1 in Python, and not in JSON.
    return bool(expected == actual) and isinstance(expected, bool) is isinstance(actual, bool)


def _equal(objects: ObjectProgram, name: str, expected: Any, actual: Value) -> bool:
    if to_json(actual) == expected:
        # True equals 1 in Python, and not in a target.
        return isinstance(expected, bool) is isinstance(actual, bool)
    field = objects.field(name)
    if field is None or field.type is None or expected is None:
        return False
    try:
        return bool(field.fit(expected) == actual)
    except Unfit:
        return False
