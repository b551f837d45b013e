"""Rules that compile and yet cannot mean what they say."""

from __future__ import annotations

import pytest

from small_mapping import codes, findings, mapping_text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(line, expected, id=line)
        for line, expected in [
            ("x: { from: [nickName, title] }", []),
            ("x: { from: [username, title] }", ["unreachable-source"]),
            ("x: { from: [title, active, nickName, locale] }", ["unreachable-source"] * 2),
            ("""x: { from: ['emails[type eq "a"].value', 'emails[type eq "b"].value'] }""", []),
            ("x: { from: title, default: none }", []),
            ("x: { from: [title, userName], default: none }", ["unreachable-default"]),
            ('x: { from: active, values: { "true": 1, "false": 0 } }', []),
            ('x: { from: active, values: { "yes": 1, "*": 0 } }', ["unreachable-value"]),
            ("x: { from: [active, title], values: { y: 1 } }", ["unreachable-source"]),
            ("x: { from: title, values: { y: 1 } }", []),
            ("""x: { from: 'emails[primary eq true].type', values: { work: 1 } }""", []),
            (
                """x: { from: 'emails[primary eq true].type', values: { office: 1 } }""",
                ["unusual-value"],
            ),
            ("x: { from: title, required: true, values: { y: 1 } }", []),
            ("x: { from: title, required: true, values: { y: ~ } }", ["required-empty"]),
            ("x: { from: title, values: { y: ~ } }", []),
        ]
    ],
)
def test_piece_that_cannot_be_reached_or_filled(line: str, expected: list[str]) -> None:
    assert codes(mapping_text(line)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("length(title)", 1),
        ("length(userName)", 0),
        ("length(coalesce(title, ''))", 0),
        ("title && length(title)", 0),
        ("nickName && length(title)", 1),
        ("lower(title)", 0),
        ("join(' ', [name.givenName, title])", 0),
        ("sum([title, nickName])", 2),
        ("title > 'm'", 1),
        ("title == 'm'", 0),
        ("emails[?value > 'm']", 0),
        ("emails[?length(value) > `3`].value | [0]", 0),
        ("length(name.givenName) > `3`", 1),
        ("sort_by(emails, &value)", 1),
        ("coalesce(emails, `[]`)[0:2]", 0),
        ("{ n: length(title) }", 1),
        ("length(title).x", 1),
    ],
)
def test_expression_that_forgets_absent_attributes(expression: str, expected: int) -> None:
    text = mapping_text(f'x: {{ expr: "{expression}" }}')
    assert codes(text) == ["null-ignored"] * expected


def test_default_expression_is_looked_at_too() -> None:
    text = mapping_text('x: { from: title, default: { expr: "length(nickName)" } }')
    assert codes(text) == ["null-ignored"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("externalId", ["match-empty"]),
        ("{ from: externalId, required: true }", []),
        ("{ from: externalId, default: none }", []),
        ("userName", []),
        ("{ from: [externalId, userName] }", []),
    ],
)
def test_match_field_that_may_be_empty(rule: str, expected: list[str]) -> None:
    text = mapping_text(f"badge: {rule}").replace("[email]", "[badge]")
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("name: displayName", []),
        ("name: { from: [displayName, externalId] }", ["unreachable-source"]),
        ("name: { from: displayName, default: none }", ["unreachable-default"]),
        ("name: externalId", ["match-empty"]),
        ("name: displayName, size: { expr: length(externalId) }", ["null-ignored"]),
        ("name: displayName, size: { expr: length(displayName) }", []),
    ],
)
def test_rules_of_groups_are_looked_at_too(attributes: str, expected: list[str]) -> None:
    groups = (
        f"groups: {{ object: teams, key: id, match: [name], attributes: {{ {attributes} }} }}\n"
    )
    found = findings(mapping_text(more=groups))
    assert [each.code for each in found] == expected
    assert not any("user" in each.message for each in found)


def test_match_field_may_be_empty_where_another_never_is() -> None:
    text = mapping_text("badge: externalId", "nick: nickName")
    assert codes(text.replace("[email]", "[badge, email]")) == []
    assert codes(text.replace("[email]", "[badge, nick]")) == ["match-empty"] * 2
