"""Who is provisioned, and what the linter knows of a filter without looking at anybody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping.checks.scope import never
from scimweave.mapping.tests import run_tests
from scimweave.scim.filter import compile_filter
from scimweave.scim.schema import USER_TYPE
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath
from small_mapping import codes, mapping_text, program, resource

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def scoped(scope: str) -> str:
    return mapping_text(users=f"  scope: '{scope}'\n")


@pytest.mark.parametrize(
    ("scope", "user", "expected"),
    [
        ('enterprise.department eq "Sales"', {ENTERPRISE: {"department": "sales"}}, True),
        ('enterprise.department eq "Sales"', {ENTERPRISE: {"department": "Legal"}}, False),
        (f'{ENTERPRISE}:department eq "Sales"', {ENTERPRISE: {"department": "Sales"}}, True),
        ("active eq true", {}, True),
        ("active eq true", {"active": "False"}, False),
        (
            'emails[type eq "work"] and not (userType eq "Guest")',
            {"emails": [{"type": "work"}]},
            True,
        ),
        ("enterprise.manager.value pr", {ENTERPRISE: {"manager": "26118915"}}, True),
        ('groups[value eq "x"] or userName pr', {}, None),
    ],
)
def test_who_is_in_scope(scope: str, user: dict[str, Any], expected: bool | None) -> None:
    if expected is None:
        assert "unreadable-attribute" in codes(scoped(scope))
        return
    made = program(users=f"  scope: '{scope}'\n")
    assert made.users.in_scope(resource(made, **user)) is expected


def test_scope_takes_what_it_reads_though_no_rule_does() -> None:
    made = program(users="  scope: 'enterprise.division pr and name.givenName pr'\n")
    user = resource(made, name={"givenName": "Ada", "familyName": "L"}, title="x")
    assert user == {"userName": "ada", "name": {"givenName": "Ada"}}


def test_whoever_is_out_of_scope_is_projected_as_a_leaver() -> None:
    made = program(
        users="  scope: title pr\n  operations: { deactivate: { set: { left: true } } }\n"
    )
    assert made.users.project({"userName": "ada"}).values == {
        "email": "ada",
        "is_active": False,
        "left": True,
    }


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("active eq true and active eq false", "scope-nobody"),
        ('active eq "perhaps"', "scope-nobody"),
        ("not (active pr)", "scope-nobody"),
        ("not (userName pr)", "scope-nobody"),
        ('title eq "a" and title eq "b"', "scope-nobody"),
        ('title eq "a" and title ne "A"', "scope-nobody"),
        ('title eq "abc" and not (title sw "A")', "scope-nobody"),
        ("title pr and not (title pr)", "scope-nobody"),
        ("title eq null and title pr", "scope-nobody"),
        ('title gt "m" and title lt "c"', "scope-nobody"),
        ('emails[type eq "work" and type eq "home"]', "scope-nobody"),
        ('(title eq "a" or title eq "b") and title eq "c"', "scope-nobody"),
        ('not (title eq "a" or not (title eq "a"))', "scope-nobody"),
        ("userName pr", "scope-everybody"),
        ("active eq true or active eq false", "scope-everybody"),
        ("title pr or title eq null", "scope-everybody"),
        ('emails[type eq "office"]', "unusual-value"),
        ("active eq true", None),
        ('title ne "a" and title ne "b"', None),
        ('title eq "a" and title eq "A"', None),
        ('emails.value eq "a" and emails.value eq "b"', None),
        ('emails[type eq "work"] and emails[type eq "home"]', None),
        ('title gt "c" and title lt "m"', None),
        ('title ge "c" and title le "c"', None),
        ('not (title gt "c") and not (title lt "c")', None),
        ('x509Certificates[value eq "a" and not (value eq "A")]', None),
    ],
)
def test_what_the_linter_says_of_a_scope(scope: str, code: str | None) -> None:
    found = [each for each in codes(scoped(scope)) if each != "active-unmapped"]
    assert found == ([] if code is None else [code])


def test_a_scope_of_very_many_ways_is_taken_as_it_is() -> None:
    parts = " and ".join(f'(title eq "{n}" or nickName eq "{n}")' for n in range(20))
    assert codes(scoped(parts)) == []


@pytest.mark.parametrize(
    ("title", "change", "expected"),
    [
        ("Legal", "", "out-of-scope"),
        ("Sales", "", "create"),
        ("Sales", "patch: [{ op: replace, path: title, value: Legal }], ", "deactivate"),
        ("Legal", "patch: [{ op: replace, path: title, value: Sales }], ", "create"),
        ("Legal", "delete: true, ", "delete"),
    ],
)
def test_a_test_of_the_file_expects_what_the_scope_does(
    title: str, change: str, expected: str
) -> None:
    made = program(
        users='  scope: title eq "Sales"\n',
        more=f"tests:\n  - {{ name: t, user: {{ userName: a, title: {title} }}, {change}"
        f"operation: {expected} }}\n",
    )
    assert [each.passed for each in run_tests(made)] == [True]


_TEXTS = st.sampled_from(["", "a", "A", "ab", "b"])
_PATHS = st.sampled_from(
    [AttributePath(None, "title"), AttributePath(None, "active"), AttributePath(None, "userName")]
)
_INSIDE = st.sampled_from([AttributePath(None, "type"), AttributePath(None, "primary")])


def _conditions(paths: st.SearchStrategy[AttributePath]) -> st.SearchStrategy[Filter]:
    def compare(path: AttributePath, op: str, text: str, flag: bool) -> Filter:
        if path.attribute in {"active", "primary"}:
            return Compare(path, "eq" if op != "ne" else "ne", flag)
        return Compare(path, op, text)

    ops = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
    return st.builds(Present, paths) | st.builds(compare, paths, ops, _TEXTS, st.booleans())


def _trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(And, inner, inner) | st.builds(Or, inner, inner) | st.builds(Not, inner)
        ),
        max_leaves=6,
    )


_ELEMENTS = st.builds(
    ValuePath, st.just(AttributePath(None, "emails")), _trees(_conditions(_INSIDE))
)
_USERS = st.fixed_dictionaries(
    {"userName": _TEXTS.filter(bool), "active": st.booleans()},
    optional={
        "title": _TEXTS.filter(bool),
        "emails": st.lists(
            st.fixed_dictionaries({}, optional={"type": _TEXTS, "primary": st.booleans()})
        ),
    },
)


@given(_trees(_conditions(_PATHS) | _ELEMENTS), st.lists(_USERS, max_size=8))
def test_whoever_is_in_a_scope_disproves_that_nobody_can_be(
    tree: Filter, users: list[dict[str, Any]]
) -> None:
    holds = compile_filter(tree, USER_TYPE)
    if any(holds(user) for user in users):
        assert not never(tree, USER_TYPE, ("userName", "active"))
    if not all(holds(user) for user in users):
        assert not never(Not(tree), USER_TYPE, ("userName", "active"))
