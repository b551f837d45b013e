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
        ("length([title, nickName][0])", 0),
        ("to_number(join('', [title])) > length(nickName)", 1),
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


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("expr: length(active)", ["type-mismatch"]),
        ("expr: lower(length(userName))", ["type-mismatch"]),
        ("expr: length(userName)", []),
        ("expr: lower(title)", []),
        ("expr: lower(active && 'yes')", []),
        ("expr: lower(active == `true`)", ["type-mismatch"]),
        ("expr: lower(!title)", ["type-mismatch"]),
        ("""expr: "lower(enterprise.manager)" """, ["type-mismatch"]),
        ("""expr: "lower(enterprise.department)" """, []),
        ("""expr: "join(',', name.givenName || 'x')" """, ["type-mismatch"]),
        ("""expr: "join(',', emails[].value || `[]`)" """, []),
        ("""expr: "join(',', emails[*].[value][] || `[]`)" """, []),
        ("""expr: "join(',', [active, title])" """, []),
        ("""expr: "join(',', [active])" """, ["type-mismatch"]),
        ("""expr: "join(',', emails || `[]`)" """, ["type-mismatch"]),
        ("""expr: "lower(emails[?type == 'work'] | [0].value)" """, []),
        ("""expr: "lower(emails[0])" """, ["type-mismatch"]),
        ("""expr: "lower(emails[:1])" """, ["type-mismatch"]),
        ("""expr: "lower({ a: active, b: title }.a)" """, ["type-mismatch"]),
        ("""expr: "lower({ a: active, b: title }.b)" """, []),
        ("""expr: "lower(iif(active, `1`, `2`))" """, ["type-mismatch"]),
        ("""expr: "lower(iif(active, `1`, 'b'))" """, []),
        ("""expr: "lower(switch(title, 'a', 'b', `1`))" """, []),
        ("""expr: "lower(coalesce(length(userName) || `2`, `1`))" """, ["type-mismatch"]),
        ("""expr: "emails[?length(primary || `true`) > `1`]" """, ["type-mismatch"]),
        ("""expr: "sort_by(emails || `[]`, &length(`5`))" """, ["bad-expression"]),
        ("""expr: "map(&lower(`5`), emails || `[]`)" """, ["bad-expression"]),
        ("""expr: "map(&lower(length(@)), emails || `[]`)" """, ["type-mismatch"]),
        ("expr: length(userName), type: boolean", ["type-mismatch"]),
        ("expr: length(userName), type: integer", []),
        ("expr: active, type: datetime", ["type-mismatch"]),
        ("expr: 'emails[].value', type: string", ["type-mismatch"]),
        ("expr: 'emails[].value', type: json", []),
        ("expr: emails, values: { a: b }", ["type-mismatch"]),
        ("expr: userName, type: integer", []),
        ("""from: title, default: { expr: "lower(active)" }""", ["type-mismatch"]),
    ],
)
def test_type_that_never_fits(rule: str, expected: list[str]) -> None:
    assert codes(mapping_text(f"x: {{ {rule} }}")) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("expr: $number", []),
        ("expr: lower($number)", ["type-mismatch"]),
        ("expr: lower($more)", ["type-mismatch"]),
        ("expr: lower($text)", []),
        ("expr: lower($mails)", ["type-mismatch"]),
        ("expr: 'lower($mails[0])'", []),
        ("expr: 'emails[?length($number)]'", ["type-mismatch"]),
        ("expr: $number, type: boolean", ["type-mismatch"]),
        ("expr: $more, type: integer", []),
        ("expr: $mails, values: { a: b }", ["type-mismatch"]),
        ("from: title, default: { expr: lower($more) }", ["type-mismatch"]),
    ],
)
def test_type_that_never_fits_is_seen_through_a_named_expression(
    rule: str, expected: list[str]
) -> None:
    named = (
        "let: { number: length(userName), more: $number, text: lower(userName),"
        " mails: 'emails[*].value' }\n"
    )
    found = codes(mapping_text(f"x: {{ {rule} }}", more=named))
    assert [each for each in found if each == "type-mismatch"] == expected


def test_mistake_in_a_named_expression_is_told_where_it_stands() -> None:
    text = mapping_text("x: $a", "y: $a", more="let: { a: lower(length(userName)) }\n")
    (found,) = findings(
        text.replace("x: $a", "x: { expr: $a }").replace("y: $a", "y: { expr: $a }")
    )
    assert found.code == "type-mismatch"
    assert found.span is not None
    assert found.span.text.startswith("let:")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("switch(title, 'x', 'a', 'A', 'b', 'B')", 0),
        ("switch(title, 'x', 'a', 'A', 'b', 'B', 'a', 'C')", 1),
        ("switch(active, 'x', 'true', 'A')", 1),
        ("switch(active, 'x', `true`, 'A', '', 'B')", 0),
        ("switch(active, 'x', `1`, 'A', `true`, 'B')", 1),
        ("switch(title, 'x', userName, 'A', userName, 'B')", 0),
        ("coalesce(title, userName)", 0),
        ("coalesce(userName, title, nickName)", 1),
        ("coalesce('none', title)", 1),
        ("coalesce('', title)", 1),
        ("first_present('', title)", 0),
        ("first_present('none', title)", 1),
        ("coalesce(`null`, title)", 0),
        ("coalesce(enterprise.department, title)", 0),
    ],
)
def test_arm_that_is_never_reached(expression: str, expected: int) -> None:
    text = mapping_text(f'x: {{ expr: "{expression}" }}')
    assert codes(text) == ["unreachable-arm"] * expected


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


@pytest.mark.parametrize(
    ("rule", "is_shared"),
    [
        ("{ const: x }", True),
        ("active", True),
        ("title", True),
        ("{ from: title, required: true }", True),
        ("{ from: [title, userName] }", False),
        ("name.familyName", True),
        ("enterprise.department", True),
        ("enterprise.employeeNumber", False),
        ("""'addresses[type eq "work"].country'""", True),
        ("""'emails[type eq "work"].value'""", False),
        ("displayName", False),
        ("""{ from: userName, values: { ada: 1, "*": 2 } }""", True),
        ("{ from: userName, values: { ada: 1, eve: 1 } }", True),
        ("{ from: userName, values: { ada: 1, eve: 2 } }", False),
        ("{ from: title, values: { ada: 1, eve: 2 } }", True),
        ("""{ expr: "join('.', [name.givenName, name.familyName])" }""", True),
        ("""{ expr: "join('.', [name.givenName, externalId])" }""", False),
    ],
)
def test_match_field_that_many_share(rule: str, is_shared: bool) -> None:
    text = mapping_text(f"badge: {rule}").replace("[email]", "[email, badge]")
    assert codes(text) == ["match-not-unique"] * is_shared


def test_values_of_a_declared_attribute_are_known() -> None:
    urn = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
    schema = (
        f"schema: {{ {urn}: {{ attributes: "
        "{ code: { type: string, canonicalValues: [A1, B2] } } } }\n"
    )
    for key, expected in (("A1", []), ("C3", ["unreachable-value"])):
        line = f"x: {{ from: '{urn}:code', values: {{ {key}: one, '*': none }} }}"
        assert codes(mapping_text(line, more=schema)) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("{ connector: sql, url: 'mysql://scim:top@db/hr' }", 1),
        ("{ connector: sql, url: 'mysql://scim:${PW:-top}@db/hr' }", 1),
        ("{ connector: sql, url: '${URL:-mysql://scim:top@db/hr}' }", 1),
        ("{ connector: sql, url: 'mysql://scim:${PW:-}@db/hr' }", 0),
        ("{ connector: sql, url: '${URL:-mysql://scim@db/hr}' }", 0),
        ("{ connector: sql, url: 'mysql://db/hr?password=top' }", 1),
        ("{ connector: sql, url: 'sqlite:///x.db', password: top }", 1),
        ("{ connector: sql, url: 'sqlite:///x.db', headers: { Authorization: Bearer abc } }", 1),
        ("{ connector: sql, url: 'sqlite:///x.db', auth: { api_key: '${KEY:-}' } }", 0),
        ("{ connector: sql, url: 'sqlite:///x.db', auth: { token_url: 'https://x' } }", 0),
    ],
)
def test_secret_in_clear(target: str, expected: int) -> None:
    text = mapping_text().replace("{ connector: memory }", target)
    found = [each for each in findings(text) if each.code == "literal-secret"]
    assert len(found) == expected
    for each in found:
        assert "top" not in str(each).replace(".db", "")
        assert "abc" not in str(each)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{ from: password, default: Welcome1 }", ["literal-secret"]),
        ("{ const: Welcome1, sensitive: true }", ["literal-secret"]),
        ("{ const: Welcome1 }", []),
        ("{ from: title, sensitive: true, default: { expr: nickName } }", []),
        ("{ from: title, sensitive: true, default: '' }", []),
        ("{ from: title, sensitive: true, default: '${PW:-}' }", []),
    ],
)
def test_sensitive_text_in_clear(rule: str, expected: list[str]) -> None:
    found = findings(mapping_text(f"x: {rule}"))
    assert [each.code for each in found] == expected
    assert not any("Welcome1" in str(each) for each in found)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("""['emails[type eq "work"].value', emails]""", []),
        ("""[emails, 'emails[type eq "work"].value']""", ["unreachable-source"]),
        ("""[emails.value, 'emails[type eq "work"].value']""", ["unreachable-source"]),
        ("[name, name.givenName]", ["unreachable-source"]),
        ("[name.givenName, name]", []),
        ("[enterprise.manager, enterprise.manager.value]", ["unreachable-source"]),
        ("[enterprise.department, title]", []),
    ],
)
def test_source_behind_one_that_holds_it(sources: str, expected: list[str]) -> None:
    assert codes(mapping_text(f"x: {{ from: {sources} }}")) == expected


def test_match_field_may_be_empty_where_another_never_is() -> None:
    text = mapping_text("badge: externalId", "nick: nickName")
    assert codes(text.replace("[email]", "[badge, email]")) == []
    assert codes(text.replace("[email]", "[badge, nick]")) == ["match-empty"] * 2
