import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.scim.error import ScimError
from scimweave.scim.filter import FilterError, compile_filter, parse_filter
from scimweave.scim.schema import ENTERPRISE_USER, USER_TYPE, ResourceType, schema_from_dict
from scimweave.scim.syntax import And, AttributePath, Compare, Filter, Not, Or, Present, ValuePath

ADA = {
    "userName": "Ada@contoso.com",
    "externalId": "Ada",
    "active": True,
    "name": {"familyName": "O'Malley"},
    "emails": [
        {"type": "work", "value": "ada@contoso.com", "primary": True},
        {"type": "home", "value": "ada@example.org"},
    ],
    "roles": [{"value": "Admin", "primary": True}],
    ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "42"}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('userName eq "ada@CONTOSO.com"', True, id="Q41-case"),
        pytest.param('externalId eq "ada"', False, id="external-id-is-case-exact"),
        pytest.param("userName eq ada@contoso.com", True, id="Q45-bare-word"),
        pytest.param('username EQ "ada@contoso.com"', True, id="Q1-case-of-names"),
        pytest.param('roles[primary eq "True"].value eq "Admin"', True, id="Q3-string-boolean"),
        pytest.param('emails[primary eq true].value sw "ada"', True, id="Q4-json-literal"),
        pytest.param('emails[type eq "work"].value eq "ada@contoso.com"', True, id="Q50"),
        pytest.param('emails co "example"', True, id="default-sub-attribute"),
        pytest.param('emails[type eq "work" and value co "example"]', False, id="one-element"),
        pytest.param('name.familyName eq "O\'Malley"', True, id="Q46-apostrophe"),
        pytest.param(f'{ENTERPRISE_USER}:department eq "engines"', True, id="extension"),
        pytest.param(f'{ENTERPRISE_USER}:manager eq "42"', True, id="manager-by-id"),
        pytest.param("title pr", False, id="absent"),
        pytest.param("not (title pr) and active eq true", True, id="not"),
        pytest.param('title pr or active eq "True" and userName pr', True, id="precedence"),
        pytest.param('title ne "x"', True, id="absent-is-not-equal"),
        pytest.param("title eq null", True, id="null"),
    ],
)
def test_filter_selects(text: str, expected: bool) -> None:
    assert compile_filter(parse_filter(text), USER_TYPE)(ADA) is expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("userName", 8),
        ("userName eq", 11),
        ('userName eq "a', 12),
        ('userName is "a"', 9),
        ('(userName eq "a"', 16),
        ('userName eq "a" b', 16),
        ("9x pr", 0),
        ('emails.value[type eq "work"]', 12),
        ('title pr and emails.value[type eq "work"].type pr', 25),
    ],
)
def test_bad_filter_says_where(text: str, position: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["(" * 5000 + "title pr" + ")" * 5000, "title pr and " * 5000])
def test_hostile_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_unknown_attribute_is_named() -> None:
    with pytest.raises(ScimError, match='did you mean "userName"'):
        compile_filter(parse_filter('usrName eq "a"'), USER_TYPE)


@pytest.mark.parametrize("literal", ['""', "many"])
def test_a_number_is_compared_with_numbers(literal: str) -> None:
    schema = schema_from_dict(
        {"id": "urn:x:2.0:Seat", "name": "Seat", "attributes": [{"name": "row", "type": "integer"}]}
    )
    seats = ResourceType("Seat", "/Seats", schema)
    assert compile_filter(parse_filter("row eq 0"), seats)({"row": 0})
    with pytest.raises(ScimError, match="row is a number"):
        compile_filter(parse_filter(f"row eq {literal}"), seats)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tags eq "RED"', True),
        ('tags[value sw "re"]', True),
        ('tags[value eq "blue"]', False),
        ("not (tags pr)", False),
        ("row eq 9007199254740993", True),
        ("row eq 9007199254740992", False),
        ("row gt 1.5e3 and row lt 9007199254740994", True),
        ('row eq "9007199254740993.0"', False),
    ],
)
def test_simple_values_are_compared_by_value(text: str, expected: bool) -> None:
    attributes = [
        {"name": "tags", "type": "string", "multiValued": True},
        {"name": "row", "type": "integer"},
    ]
    schema = schema_from_dict({"id": "urn:x:2.0:Seat", "name": "Seat", "attributes": attributes})
    seats = ResourceType("Seat", "/Seats", schema)
    seat = {"tags": ["green", "red"], "row": 9007199254740993}
    assert compile_filter(parse_filter(text), seats)(seat) is expected


@pytest.mark.parametrize(
    "text",
    [
        'password sw "a"',
        'roles[nothing eq "a"]',
        "active gt true",
        'emails[value[type eq "work"]]',
        'emails[not (value[type eq "work"])]',
    ],
)
def test_what_cannot_be_compared_is_refused(text: str) -> None:
    with pytest.raises(ScimError) as caught:
        compile_filter(parse_filter(text), USER_TYPE)
    assert caught.value.scim_type == "invalidFilter"


def test_dates_compare_by_instant() -> None:
    condition = compile_filter(parse_filter('meta.created gt "2026-01-01T00:00:00Z"'), USER_TYPE)
    assert condition({"meta": {"created": "2026-01-01T00:30:00+00:00"}})
    assert not condition({"meta": {"created": "2026-01-01T00:30:00+01:00"}})


names = st.from_regex(r"[a-z][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"not", "and", "or"}
)
paths = st.builds(
    AttributePath,
    st.sampled_from([None, ENTERPRISE_USER]),
    names,
    st.none() | names,
)
literals = (
    st.text()
    | st.booleans()
    | st.none()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
leaves = st.builds(Present, paths) | st.builds(
    Compare,
    paths,
    st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]),
    literals,
)
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(And, inner, inner)
        | st.builds(Or, inner, inner)
        | st.builds(Not, inner)
        | st.builds(ValuePath, st.builds(AttributePath, st.none(), names), inner)
    ),
    max_leaves=8,
)


@given(filters)
def test_printed_filter_parses_to_itself(found: Filter) -> None:
    assert parse_filter(str(found)) == found


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    for candidate in (text, f"userName eq {json.dumps(text)}"):
        try:
            parse_filter(candidate)
        except FilterError as error:
            assert 0 <= error.position <= len(candidate)  # noqa: PT017 - the value is optional
