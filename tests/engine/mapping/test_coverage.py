from __future__ import annotations

import pytest

from scimweave.mapping.coverage import Coverage, FieldCoverage, percent, run_with_coverage
from scimweave.mapping.tests import run_tests
from small_mapping import program

TESTS = """tests:
  - { name: full, user: { userName: a, title: a, locale: sv }, target: { title: a, site: 1 } }
  - { name: none, user: { userName: a }, absent: [kept] }
"""
MAPPING = program(
    "title: { from: [title, nickName], default: none }",
    "kept: { from: nickName, absent: keep }",
    "site: { from: locale, values: { sv: 1, fi: 2, '*': 0 } }",
    "code: { expr: \"switch(title, 'x', 'a', 'A', 'b', 'B')\" }",
    "full: { from: name.formatted, default: { expr: \"switch(title, 'x', 'a', 'A')\" } }",
    more=TESTS,
)


def covered(name: str) -> FieldCoverage:
    _, coverage = run_with_coverage(MAPPING)
    return next(each for each in coverage.fields if each.field == name)


def test_sources_and_defaults_are_branches() -> None:
    assert covered("title") == FieldCoverage(
        "title",
        is_expected=True,
        taken=("from title", "default used", "default not used"),
        missed=("from nickName",),
    )


def test_rows_are_branches() -> None:
    found = covered("site")
    assert (found.taken, found.missed) == (('row "sv"',), ('row "fi"', 'row "*"'))


def test_arms_of_a_switch_are_branches() -> None:
    found = covered("code")
    assert not found.is_expected
    assert [each.rpartition(": ")[2] for each in found.taken] == ["'a'", "default"]
    assert [each.rpartition(": ")[2] for each in found.missed] == ["'b'"]
    in_default = covered("full")
    assert in_default.missed == ("default not used",)
    assert len(in_default.taken) == 3


def test_rule_without_a_choice_has_no_branches() -> None:
    assert covered("kept") == FieldCoverage("kept", True, (), ())
    assert covered("email") == FieldCoverage("email", False, (), ())


def test_results_are_those_of_the_tests_alone() -> None:
    results, _ = run_with_coverage(MAPPING)
    assert results == run_tests(MAPPING)


def test_percent_counts_attributes_and_branches() -> None:
    half = Coverage((FieldCoverage("a", True, ("x",), ("y",)), FieldCoverage("b", False, (), ())))
    assert (half.reached, half.total) == (2, 4)
    assert percent([half]) == 50.0
    assert percent([half, Coverage(())]) == 50.0
    assert percent([]) == 100.0


def test_default_of_a_password_is_reached_by_a_creation_without_one() -> None:
    mapping = program(
        """x: { from: password, default: { expr: "switch(title, 'a', 'b', 'c')" } }""",
        more="tests: [{ name: joins, user: { userName: ada, title: b }, operation: create }]\n",
    )
    _, coverage = run_with_coverage(mapping)
    (found,) = [each for each in coverage.fields if each.field == "x"]
    assert found.taken == ("default used", "switch(title, 'a', 'b', 'c'): 'b'")


CHOICES = """tests:
  - { name: one, user: { userName: a, title: a }, target: { x: a } }
"""


@pytest.mark.parametrize(
    ("expression", "taken", "missed"),
    [
        ("iif(title == 'a', 'a', 'b')", ["condition true"], ["condition false"]),
        ("iif(title == 'b', 'b', 'a')", ["condition false"], ["condition true"]),
        ("coalesce(nickName, title, 'c')", ["title"], ["nickName", "'c'"]),
        ("first_present('', title, 'c')", ["title"], ["''", "'c'"]),
        ("not_null(title, 'c')", ["title"], ["'c'"]),
        ("title || 'c'", ["title"], ["'c'"]),
        ("nickName || title", ["title"], ["nickName"]),
        ("nickName && 'x' || title", ["nickName", "title"], ["'x'", "nickName && 'x'"]),
        ("switch(title, 'x', 'a', 'a')", ["'a'"], ["default"]),
        (
            "map(&switch(@, 'a', 'b', 'B'), [title])[0]",
            ["default"],
            ["'b'"],
        ),
    ],
)
def test_arms_of_whatever_chooses_are_branches(
    expression: str, taken: list[str], missed: list[str]
) -> None:
    mapping = program(f'x: {{ expr: "{expression}" }}', more=CHOICES)
    results, coverage = run_with_coverage(mapping)
    assert results[0].passed
    (found,) = [each for each in coverage.fields if each.field == "x"]
    assert sorted(each.rpartition(": ")[2] for each in found.taken) == sorted(taken)
    assert sorted(each.rpartition(": ")[2] for each in found.missed) == sorted(missed)


def test_groups_are_covered_too() -> None:
    mapping = program(
        more="groups: { object: g, key: id, match: [name], attributes: { name: displayName, "
        "code: { from: externalId, values: { a: 1, b: 2 } } } }\n"
        "tests: [{ name: t, group: { displayName: x, externalId: a }, target: { code: 1 } }]\n",
    )
    results, coverage = run_with_coverage(mapping)
    assert results == run_tests(mapping)
    found = {each.field: each for each in coverage.fields}
    assert found["groups.code"] == FieldCoverage("groups.code", True, ('row "a"',), ('row "b"',))
    assert not found["groups.name"].is_expected
