"""What of a mapping its tests reach: fields that they expect, and branches that they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scimweave.mapping.explain import Trace, follow, rules_of
from scimweave.mapping.expression.explained import arms_of
from scimweave.mapping.project import Field, ObjectProgram, Program
from scimweave.mapping.rules.fitting import REST
from scimweave.mapping.tests import TestResult, run_tests

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel
from scimweave.mapping.rules.vocabulary import Vocabulary

MAX_ROWS = 50
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """One attribute: whether a test expects a value for it, and which branches were taken.

    Branches are named for a person, such as ``row "SE"`` or ``default used``.
    """

    field: str
    is_expected: bool
    taken: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """All attributes of a mapping file, in its order."""

    fields: tuple[FieldCoverage, ...]

    @property
    def total(self) -> int:
        """How much there is to reach: attributes and branches."""
        return len(self.fields) + sum(len(f.taken) + len(f.missed) for f in self.fields)

    @property
    def reached(self) -> int:
        """How much was reached."""
        return sum(each.is_expected + len(each.taken) for each in self.fields)


def percent(coverages: Iterable[Coverage]) -> float:
    """Return how much of several files was reached; of nothing, all."""
    everyone = list(coverages)
    total = sum(each.total for each in everyone)
    return 100.0 * sum(each.reached for each in everyone) / total if total else 100.0


def run_alone(program: Program) -> tuple[list[TestResult], Coverage]:
    """Run the tests of a mapping file, and measure nothing."""
    return run_tests(program), Coverage(())


def run_with_coverage(program: Program) -> tuple[list[TestResult], Coverage]:
    """Run the tests of a mapping file on a program that notes what they reach."""
    parts = [_Part.of(program, each) for each in program.objects]
    users, *groups = [each.noting for each in parts]
    results = run_tests(replace(program, users=users, groups=groups[0] if groups else None))
    return results, Coverage(tuple(row for part in parts for row in part.rows(program)))


@dataclass(frozen=True, slots=True)
class _Part:
    """Users, or groups: their rules, what was taken of each, and the program that notes it."""

    rules: Mapping[str, AttributeModel]
    taken: Mapping[str, set[str]]
    noting: Any

    @classmethod
    def of(cls, program: Program, objects: ObjectProgram) -> _Part:
        rules = rules_of(program, objects.section)
        taken: dict[str, set[str]] = {name: set() for name in rules}
        fields = tuple(
            _noting(each, rules[each.name], taken[each.name], objects.vocabulary)
            for each in objects.fields
        )
        return cls(rules, taken, replace(objects, fields=fields))

    def rows(self, program: Program) -> list[FieldCoverage]:
        """Return the coverage of each field; those of groups have that before their name."""
        section = self.noting.section
        expected = {
            name
            for test in program.tests
            if test.section == section
            for name in (*test.target, *test.absent)
        }
        prefix = "" if section == "users" else f"{section}."
        return [
            _covered(
                f"{prefix}{name}",
                rule,
                self.taken[name],
                name in expected,
                self.noting.vocabulary,
            )
            for name, rule in self.rules.items()
        ]


def _noting(
    target_field: Field, rule: AttributeModel, taken: set[str], vocabulary: Vocabulary
) -> Field:
    def read(resource: dict[str, Any]) -> Any:
        taken.update(_taken(rule, follow(rule, target_field, resource, vocabulary)))
        return target_field.read(resource)

    return replace(target_field, read=read)


def _covered(
    name: str, rule: AttributeModel, taken: set[str], is_expected: bool, vocabulary: Vocabulary
) -> FieldCoverage:
    branches = _branches(rule, vocabulary)
    return FieldCoverage(
        name,
        is_expected,
        tuple(each for each in branches if each in taken),
        tuple(each for each in branches if each not in taken),
    )


def _branches(rule: AttributeModel, vocabulary: Vocabulary) -> list[str]:
    """Return every branch of a rule; one without a choice has none."""
    found = []
    paths = rule.from_ or []
    if len(paths) > 1:
        found += [_source(text) for text in paths]
    if rule.expr is not None:
        found += _arms(rule.expr, vocabulary)
    found += [_row(key, rule) for key in rule.values or {}]
    if rule.default is not None and not rule.has("const"):
        found += ["default used", "default not used"]
        if isinstance(rule.default, dict) and "expr" in rule.default:
            found += _arms(rule.default["expr"], vocabulary)
    # One path may be given twice, and two expressions may be the same.
    return list(dict.fromkeys(found))


def _taken(rule: AttributeModel, trace: Trace) -> list[str]:
    found = [_source(each.path) for each in trace.sources if each.taken]
    if trace.row is not None:
        found.append(_row(trace.row, rule))
    for piece in (trace.expression, trace.default):
        found += [] if piece is None else [_arm(*each) for each in piece.choices]
    if trace.taken in {"source", "row"}:
        found.append("default not used")
    elif rule.default is not None:
        found.append("default used")
    return found


def _source(text: str) -> str:
    return f"from {text}"


def _row(key: str, rule: AttributeModel) -> str:
    # Of a long table one row stands for all but the rest.
    if key != REST and rule.values is not None and len(rule.values) > MAX_ROWS:
        return "a row of the table"
    return f'row "{key}"'


def _arms(text: str, vocabulary: Vocabulary) -> list[str]:
    found = arms_of(text, vocabulary.expressions)
    return [_arm(call, arm) for call, arms in found for arm in arms]


def _arm(call: str, arm: str) -> str:
    return f"{_cut(call)}: {_cut(arm)}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
