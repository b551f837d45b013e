from __future__ import annotations

import pytest

from scimweave.mapping.expression.syntax import parse
from scimweave.mapping.expression.unparse import unparse


@pytest.mark.parametrize(
    "text",
    [
        "title",
        "name.givenName",
        '"x y".b',
        "emails[0].value",
        "emails[-1]",
        "emails[*].value",
        "emails[1:2:].value",
        "emails[].value",
        "emails[*][0]",
        "emails[?type == 'work'].value | [0]",
        "emails[?type == 'work' && primary].value",
        "*.value",
        "name.*",
        "[title, nickName]",
        "name.[givenName, familyName]",
        '{n: title, "x y": nickName}',
        "name.{n: givenName}",
        "title || nickName || 'none'",
        "(title || nickName).value",
        "!(a.b)",
        "!title && nickName",
        "(a && b) || c",
        "title < `5`",
        '`{"a": [1, "it\'s"]}`',
        "join(' ', [name.givenName, upper(title)])",
        "sort_by(emails, &value)[0]",
        "map(&(a || b), emails)",
        "@",
    ],
)
def test_text_parses_to_the_tree_that_it_was_made_from(text: str) -> None:
    tree = parse(text).tree
    assert parse(unparse(tree)).tree == tree
