import json
from typing import Any

import jmespath
import pytest

from scimweave.mapping.expression.compiled import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA: dict[str, Any] = {
    "userName": "ada@contoso.com",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace", "honorific prefix": "Lady"},
    "emails": [
        {"type": "home", "value": "ada@example.org", "rank": 2},
        {"type": "work", "value": "ada@contoso.com", "rank": 1, "primary": True},
        {"type": "other", "rank": 3},
    ],
    "n": [0, 1, 2, 3, 4],
    "nested": [[1, [2]], [3], 4],
    "zero": 0,
    "no": False,
    "empty": {"text": "", "list": [], "object": {}},
    ENTERPRISE: {"department": "Engines", "manager": {"value": "42"}},
}


SPECIFICATION: dict[str, list[tuple[str, Any]]] = {
    "identifiers": [
        ("userName", "ada@contoso.com"),
        ("name.givenName", "Ada"),
        ("missing", None),
        ("userName.givenName", None),
        ("name.missing.deeper.still", None),
        ("username", None),
    ],
    "quoted-identifiers": [
        ('"userName"', "ada@contoso.com"),
        ('name."honorific prefix"', "Lady"),
        (f'"{ENTERPRISE}".department', "Engines"),
        (f'"{ENTERPRISE}".manager.value', "42"),
        ('"\\u0075serName"', "ada@contoso.com"),
    ],
    "index": [
        ("n[0]", 0),
        ("n[4]", 4),
        ("n[5]", None),
        ("n[-1]", 4),
        ("n[-6]", None),
        ("n[99999999999999999999]", None),
        ("userName[0]", None),
        ("nested[0][1][0]", 2),
        ("emails[1].value", "ada@contoso.com"),
    ],
    "slices": [
        ("n[1:3]", [1, 2]),
        ("n[:2]", [0, 1]),
        ("n[-2:]", [3, 4]),
        ("n[::2]", [0, 2, 4]),
        ("n[::-1]", [4, 3, 2, 1, 0]),
        ("n[10:]", []),
        ("userName[0:1]", None),
        ("userName[::0]", None),
        ("emails[:2].type", ["home", "work"]),
    ],
    "flatten": [
        ("nested[]", [1, [2], 3, 4]),
        ("nested[][]", [1, 2, 3, 4]),
        ("userName[]", None),
        ("[nested, n[:1]][]", [[1, [2]], [3], 4, 0]),
    ],
    "list-projections": [
        ("emails[*].value", ["ada@example.org", "ada@contoso.com"]),
        ("emails[*].missing", []),
        ("userName[*]", None),
        ("n[*]", [0, 1, 2, 3, 4]),
        ("emails[*].value[0]", []),
        ("(emails[*].value)[0]", "ada@example.org"),
        ("emails[*].value | [0]", "ada@example.org"),
        ("emails[*].value || 'none'", ["ada@example.org", "ada@contoso.com"]),
    ],
    "object-projections": [
        ("name.*", ["Ada", "Lovelace", "Lady"]),
        ("empty.* | [0]", ""),
        ("{a: name, b: empty}.*.givenName", ["Ada"]),
        ("n.*", None),
    ],
    "filter-projections": [
        ("emails[?type=='work'].value", ["ada@contoso.com"]),
        ("emails[?'work'==type].value | [0]", "ada@contoso.com"),
        ("emails[?rank > `1`].type", ["home", "other"]),
        ("emails[?primary].type", ["work"]),
        ("emails[?!primary].type", ["home", "other"]),
        ("emails[?type!='work' && value].type", ["home"]),
        ("n[?@]", [0, 1, 2, 3, 4]),
        ("name[?@]", None),
        ("emails[?type=='none']", []),
    ],
    "multi-select-lists": [
        ("[userName, name.givenName]", ["ada@contoso.com", "Ada"]),
        ("[zero]", [0]),
        ("name.[givenName, missing, familyName]", ["Ada", None, "Lovelace"]),
        ("missing.[a, b]", None),
        ("emails[*].[type, rank]", [["home", 2], ["work", 1], ["other", 3]]),
    ],
    "multi-select-hashes": [
        ("{user: userName, given: name.givenName}", {"user": "ada@contoso.com", "given": "Ada"}),
        ('name.{"a b": missing}', {"a b": None}),
        ("missing.{a: b}", None),
        ("{a: zero, a: no}", {"a": False}),
    ],
    "pipes": [
        ("name | givenName", "Ada"),
        ("emails | [0] | value", "ada@example.org"),
        ("missing | [a, b]", None),
        ("@ | @ | zero", 0),
    ],
    "or": [
        ("missing || userName", "ada@contoso.com"),
        ("zero || userName", 0),
        ("no || empty.text || empty.list || empty.object || 'none'", "none"),
        ("no || empty.text", ""),
    ],
    "and": [
        ("active && userName", "ada@contoso.com"),
        ("missing && userName", None),
        ("empty.list && userName", []),
        ("zero && 'zero is true'", "zero is true"),
        ("no && active || 'or is weaker'", "or is weaker"),
    ],
    "not": [
        ("!active", False),
        ("!missing", True),
        ("!zero", False),
        ("!(empty.object)", True),
        ("!empty.object", None),
        ("!userName", False),
        ("!!(empty.text)", False),
    ],
    "equality": [
        ("userName == 'ada@contoso.com'", True),
        ("userName != 'ada@contoso.com'", False),
        ("active == `true`", True),
        ("active == `1`", False),
        ("no == `0`", False),
        ("no != zero", True),
        ("zero == `0.0`", True),
        ("n == `[0, 1, 2, 3, 4]`", True),
        ("[active] == `[1]`", True),
        ("missing == `null`", True),
        ("zero == '0'", False),
    ],
    "ordering": [
        ("zero < `1`", True),
        ("zero >= `0`", True),
        ("n[1] > n[2]", False),
        ("n[1] <= n[2]", True),
        ("userName > 'ada'", True),
        ("missing < `1`", None),
        ("active > `0`", None),
        ("n > `0`", None),
    ],
    "literals": [
        ('`"text"`', "text"),
        ("`1.5`", 1.5),
        ("`null`", None),
        ('`{"a": [true]}`', {"a": [True]}),
        ('`"\\u00e9\\n"`', "é\n"),
        ('`"a\\`b"`', "a`b"),
        ("'raw'", "raw"),
        ("''", ""),
        ("'it\\'s'", "it's"),
        ("'\\n\\d'", "\\n\\d"),
        ("'\"'", '"'),
        ("`[1, 2]`[1]", 2),
    ],
    "current-node": [
        ("@.zero", 0),
        ("n[?@ > `2`]", [3, 4]),
        ("name | @.givenName", "Ada"),
        ("n | length(@)", 5),
    ],
    "functions": [
        ("length(userName)", 15),
        ("name.length(givenName)", 3),
        ("emails[*].length(type)", [4, 4, 5]),
        ("sort_by(emails, &rank)[0].type", "work"),
        ("map(&[0], nested)", [1, 3, None]),
        ("max_by(emails, &rank).type", "other"),
        ("not_null(missing, zero)", 0),
        ("join(' ', [name.givenName, name.familyName])", "Ada Lovelace"),
        ("to_number('1_000')", 1000),
        ("to_string(n[:2])", "[0,1]"),
        ("length(zero)", "an error"),
        ("sum(nested)", "an error"),
        ("sort_by(emails, &value)", "an error"),
        ("max_by(emails, &not_null(value, rank))", "an error"),
        ("contains(userName, zero)", "an error"),
        ("ceil(to_number('inf'))", "an error"),
        ("userName > zero", "an error"),
        ("n[::0]", "an error"),
    ],
}
CASES = [
    pytest.param(text, expected, id=f"{category}-{number}")
    for category, cases in SPECIFICATION.items()
    for number, (text, expected) in enumerate(cases)
]


def outcome(search: Any) -> str:
    """The result with the types of all that is in it, or that there was none."""
    try:
        return repr(search(ADA))
    except (EvaluationError, TypeError, ValueError, OverflowError):
        return "an error"


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_result_is_that_of_the_specification(text: str, expected: Any) -> None:
    found = outcome(compile_expression(text))
    assert found == (expected if expected == "an error" else repr(expected))


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_result_is_that_of_the_library(text: str, expected: Any) -> None:
    assert outcome(compile_expression(text)) == outcome(jmespath.compile(text).search)


def test_functions_are_those_that_it_calls() -> None:
    expression = compile_expression("map(&lower(@), emails[?length(value) > `3`])")
    assert expression.functions == {"map", "lower", "length"}


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "is empty"),
        ("  ", 2, "ends too early"),
        ("name.", 5, "ends too early"),
        ("join(' ', name", 14, "ends too early"),
        ("n[:", 3, "ends too early"),
        ("name.'x'", 5, "unexpected 'x'"),
        ("name givenName", 5, "unexpected 'givenName'"),
        ("a ? b", 2, "Unknown token"),
        ("a = 'b'", 2, "Unknown token '='"),
        ("lower('abc)", 6, "Unclosed ' delimiter"),
        ('a == `"b`', 5, "Bad token"),
        ("a == 1", 5, "a number stands in backticks: `1`"),
        ('a || "lower"(b)', 5, "is not quoted"),
        ("a || lwer(b)", 5, 'no function lwer(); did you mean "lower"?'),
        ("upper(lower(ToLower(a)))", 12, 'did you mean "lower"?'),
        ("a[?lower(b)].nope(zzz(c))", 13, "no function nope()"),
        ("a[?nope(b)].lower(zzz(c))", 3, "no function nope()"),
        ("(nope)(a)", 1, "no function nope()"),
        ("sort_by(a, b)", 11, "takes an expression, as in &name"),
        ("lower(&a)", 6, "takes no expression"),
        ("a || &b", 5, "an argument for functions"),
        ("map(&a, [&b])", 9, "an argument for functions"),
        ("n[" + "9" * 5000 + "]", 0, "4300"),
        ("(" * 5000, 0, "nested more than 100 deep"),
        ("!" * 150 + "a", 0, "nested more than 100 deep"),
        (" || ".join(["a"] * 150), 0, "nested more than 100 deep"),
        ("a" * 10_001, 10_000, "longer than 10000 characters"),
    ],
)
def test_bad_expression_says_where_and_why(text: str, position: int, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.position == position
    assert reason in str(caught.value)


def test_error_shows_the_expression() -> None:
    with pytest.raises(ExpressionError, match=r"^expression 'a = b', character 3: "):
        compile_expression("a = b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lower(n)", "argument 1 of lower(), text, takes string|null, got array"),
        ("sum([zero, userName])", "takes array[number], got array[number|string]"),
        ("sort_by(emails, &value)", "the keys of sort_by() are all numbers or all strings"),
        ("userName > zero", "a string and a number have no order"),
        ("n[::0]", "slice step cannot be zero"),
    ],
)
def test_fault_tells_the_reason_without_values(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        compile_expression(text)(ADA)
    assert reason in caught.value.reason
    assert "contoso" not in str(caught.value)


def test_document_is_left_as_it_is() -> None:
    before = json.dumps(ADA)
    compile_expression("merge(name, {a: sort(n), b: reverse(emails), c: nested[]})")(ADA)
    assert json.dumps(ADA) == before


def test_very_deep_document_is_a_fault_at_most() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EvaluationError):
        compile_expression("to_string(@)")(deep)


def test_deep_expression_runs() -> None:
    expression = compile_expression("lower(" * 90 + "userName" + ")" * 90)
    assert expression(ADA) == "ada@contoso.com"
