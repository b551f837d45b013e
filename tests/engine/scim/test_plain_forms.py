"""The forms that are read without tokens are read as the parser reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scimweave.scim.filter import FilterError, parse_filter
from scimweave.scim.filter_parser import Parser, plain_comparison, plain_path
from scimweave.scim.path import PathError, parse_path
from scimweave.scim.syntax import AttributePath, Compare, Filter

# Much of what makes a difference to a filter, in pieces that often make a plain one.
blanks = st.sampled_from(["", " ", "  ", "\t", " \t ", "\n", "\u00a0"])
names = st.sampled_from(
    ["userName", "$ref", "a-b_9", "é", "aé", "9x", "not", "and", "urn:x:2.0:y:z", "ſ", "x:y", ""]
)
paths = (
    names | st.builds("{}.{}".format, names, names) | st.builds("{}[{} pr]".format, names, names)
)
operators = st.sampled_from(["eq", "EQ", "eQ", "ne", "pr", "e", "eqq", "ｅｑ"])
characters = st.sampled_from(
    ["a", "é", "\U0001f600", "\\", "\\u0041", "\\ud83d", "\\ude00", "\\n", '\\"', '"', "'", "\t",
     "\n", "\x00", "\ud83d", " ", ")", "]", ".", " and active eq true"]
)  # fmt: skip
quoted = st.lists(characters, max_size=4).map("".join).map('"{}"'.format)
values = quoted | st.sampled_from(["a", "true", "null", "7", '"a', ""])
ends = blanks | st.sampled_from([")", " and", " or title pr", ".x", '"', " x"])
filters = st.builds(
    lambda *parts: "".join(parts), blanks, paths, blanks, operators, blanks, values, ends
)


def outcome(parse: Callable[[str], object], text: str) -> object:
    """Return what comes of a text: the tree with the type of its value, or the error in full."""
    try:
        found = parse(text)
    except (FilterError, PathError) as error:
        return type(error), error.position, error.detail, error.scim_type
    return found, type(found.value) if isinstance(found, Compare) else None


def by_tokens(text: str) -> Filter:
    return Parser(text, lambda at, reason: FilterError(text, at, reason), 50).filter()


def path_by_tokens(text: str) -> AttributePath:
    return Parser(text, lambda at, reason: PathError(text, at, reason), 20).path()


@settings(max_examples=1500)
@given(filters | st.text(max_size=12))
@example('userName eq "\ud83d"')
@example('urn:x:2.0:y:z eq "a"')
def test_filter_is_what_the_parser_makes_of_it(text: str) -> None:
    assert outcome(parse_filter, text) == outcome(by_tokens, text)


@settings(max_examples=500)
@given(st.builds("{}{}{}".format, blanks, paths, blanks) | st.text(max_size=8))
def test_path_is_what_the_parser_makes_of_it(text: str) -> None:
    assert outcome(parse_path, text) == outcome(path_by_tokens, text)


@pytest.mark.parametrize(
    "text",
    ['userName eq "a"', ' name.familyName\tEQ  "O\'Malley" ', 'displayName eq ""', 'a eq"é\n"'],
)
def test_usual_comparison_needs_no_tokens(text: str) -> None:
    assert plain_comparison(text) == by_tokens(text)


@pytest.mark.parametrize("text", ["members", "name.givenName", " $ref "])
def test_usual_path_needs_no_tokens(text: str) -> None:
    assert plain_path(text) == path_by_tokens(text)
