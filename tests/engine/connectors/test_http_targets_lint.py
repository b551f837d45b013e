from __future__ import annotations

import pytest

from small_mapping import findings, mapping_text

URL = "url: https://api.example.com"
DELETE = "  operations: { delete: delete }\n"
GROUPS = """\
groups:
  object: teams
  key: id
  match: [name]
  members: { field: members }
  attributes: { name: displayName }
"""


def found(target: str, users: str = "", more: str = "", attribute: str = "") -> list[str]:
    """Return the findings about a target, each as ``line:column message``."""
    text = mapping_text(*filter(None, [attribute]), users=users, more=more)
    text = text.replace("{ connector: memory }", target)
    return [
        f"{each.span.line}:{each.span.column} {each.message}"
        for each in findings(text)
        if each.span is not None
    ]


@pytest.mark.parametrize(
    ("keys", "finding"),
    [
        ("url: ftp://x", '2:33 "url": an address such as https://api.example.com/v1 is needed'),
        (
            "url: 'https://a:${P:-b}@x'",
            '"url": credentials have no place in an address; give them under auth',
        ),
        ("url: https://x/?a=b", '2:33 "url": an address without ? and # is needed'),
        (f"{URL}, auth: {{}}", '"auth": one of bearer, basic, header, oauth2 is needed'),
        (
            f"{URL}, auth: {{ bearer: '${{T:-t}}', basic: {{ user: a, password: '${{T:-t}}' }} }}",
            '"auth": one of bearer, basic, header, oauth2 is needed',
        ),
        (f"{URL}, auth: {{ bearer: t }}", '"bearer" is a secret in clear'),
        (f"{URL}, tls: {{ key: k.pem }}", '"tls": a key needs its certificate'),
        (f"{URL}, retry: {{ attempts: 0 }}", '"attempts" is at least 1'),
        (f"{URL}, timeout: {{ total: soon }}", '"total" is a number, not text'),
        (f"{URL}, preset: soap", '"preset" is "rest", "jsonapi" or "none", not "soap"'),
        (f"{URL}, users: {{ raed: {{ path: /x }} }}", 'unknown key "raed"'),
        (f"{URL}, users: {{ read: {{ path: x }} }}", '"path": a path begins with /'),
        (f"{URL}, users: {{ read: {{ path: '/x/{{kye}}' }} }}", '"kye" is none of field, key, '),
        (f"{URL}, users: {{ read: {{ path: '/x/{{' }} }}", '"path": a place is {name}'),
        (f"{URL}, users: {{ read: {{ path: '/x?a=b' }} }}", "a query stands under query"),
        (f"{URL}, users: {{ read: {{ path: '/x/../y' }} }}", "without . and .."),
        (f"{URL}, users: {{ find: {{ query: {{ q: '{{x}}' }} }} }}", '"x" is none of field, key'),
        (f"{URL}, users: {{ create: {{ body: '{{a: fild}}' }} }}", 'there is no "fild" to send'),
        (f"{URL}, users: {{ create: {{ body: '{{a: ' }} }}", "the expression ends too early"),
        (f"{URL}, answers: {{ item: lowr(x) }}", "there is no function lowr()"),
        (f"{URL}, answers: {{ gone: [44] }}", '"gone": a status code is between 200 and 599'),
        (f"{URL}, paging: {{ style: page }}", "style page needs a parameter"),
        (f"{URL}, paging: {{ style: url }}", "style url needs next"),
        (
            f"{URL}, users: {{ read: {{ path: '/x/{{fields.nick}}' }} }}",
            'no attribute fills "nick"',
        ),
        (
            f"{URL}, users: {{ update: {{ body: \"{{n: join(' ', [fields.a, fields.b])}}\" }} }}",
            '"n" is made of several fields, and an update may hold one of them only',
        ),
    ],
)
def test_what_is_wrong_in_a_rest_declaration_is_found_at_its_place(keys: str, finding: str) -> None:
    messages = found(f"{{ connector: rest, {keys} }}")
    assert any(finding in each for each in messages), messages
    assert all(each.startswith("2:") for each in messages)


@pytest.mark.parametrize(
    ("keys", "character"),
    [
        ("users: { read: { path: '/x/{kye}/y' } }", "kye}"),
        ("users: { read: { path: '/x/{/y' } }", "{/y"),
        ("answers: { items: 'data | lowr(@)' }", "lowr"),
        ("users: { create: { body: '{a: fields, b: fild}' } }", "fild}"),
    ],
)
def test_the_character_at_fault_is_shown(keys: str, character: str) -> None:
    target = f"{{ connector: rest, {URL}, {keys} }}"
    (message,) = found(target)
    column = len("target: ") + target.index(character) + 1
    assert message.startswith(f"2:{column} ")


@pytest.mark.parametrize(
    ("keys", "more", "missing"),
    [
        ("", "", ["create", "update", "read", "find", "delete"]),
        (
            ", users: { create: { path: /a }, find: { path: /a }, read: { path: '/a/{key}' }, "
            "update: { path: '/a/{key}' }, delete: { path: '/a/{key}' } }",
            "",
            [],
        ),
    ],
)
def test_operations_that_the_mapping_needs_have_to_be_declared(
    keys: str, more: str, missing: list[str]
) -> None:
    messages = found(f"{{ connector: rest, {URL}, preset: none{keys} }}", DELETE, more)
    needed = [f'needs the operation "{name}"' for name in missing]
    assert len(messages) == len(needed)
    assert all(words in each for words, each in zip(needed, messages, strict=True))


def test_an_action_has_to_be_declared() -> None:
    users = "  operations: { deactivate: { call: suspend }, reactivate: { call: suspend } }\n"
    messages = found(f"{{ connector: rest, {URL} }}", users)
    assert messages == [
        '10:31 target.users.calls has no "suspend"',
        '10:62 target.users.calls has no "suspend"',
    ]
    calls = "users: { calls: { suspend: { path: '/a/{key}/suspend' } } }"
    assert found(f"{{ connector: rest, {URL}, {calls} }}", users) == []


def test_a_deactivation_that_deletes_needs_the_operation_for_it() -> None:
    declared = (
        "users: { create: { path: /a }, find: { path: /a }, read: { path: '/a/{key}' }, "
        "update: { path: '/a/{key}' } }"
    )
    target = f"{{ connector: rest, {URL}, preset: none, {declared} }}"
    (message,) = found(target, "  operations: { deactivate: delete }\n")
    assert 'needs the operation "delete"' in message
    kept = "  operations: { deactivate: { set: { is_active: false } }, delete: deactivate }\n"
    assert found(target, kept) == []


def test_members_need_operations_too() -> None:
    target = f"{{ connector: rest, {URL}, preset: none }}"
    messages = found(target, more=GROUPS)
    assert any('"groups" needs the operation "add_members"' in each for each in messages)
    assert found(target.replace("none", "rest"), more=GROUPS) == []
    table = GROUPS.replace("field: members", "object: t, group: g, member: m")
    (message,) = found(target.replace("none", "rest"), more=table)
    assert "keeps no memberships in a table of pairs" in message


@pytest.mark.parametrize("connector", ["rest", "scim"])
@pytest.mark.parametrize(
    ("url", "is_clear"),
    [
        ("http://api.example.com", True),
        ("https://api.example.com", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.1/x", False),
        ("http://[::1]:80", False),
        ("http://127.0.0.1.example.com", True),
    ],
)
def test_accounts_do_not_cross_a_network_in_clear(connector: str, url: str, is_clear: bool) -> None:
    fields = ", users: { fields: { email: userName, is_active: active } }"
    more = fields if connector == "scim" else ""
    messages = found(f"{{ connector: {connector}, url: '{url}'{more} }}")
    assert [each for each in messages if "without TLS" in each] == messages
    assert bool(messages) is is_clear


@pytest.mark.parametrize(
    ("keys", "attribute", "finding"),
    [
        ("", "full name: title", '10:5 "full name" is no SCIM path'),
        (
            "users: { fields: { email: 'emails[type eq' } }",
            "",
            '"email": a value is missing here',
        ),
        (
            "users: { fields: { email: 'emails[type ne \"work\"].value' } }",
            "",
            'only conditions such as type eq "work"',
        ),
        (
            "users: { fields: { email: userName, is_active: active, nick: nickName } }",
            "",
            'users have no field "nick"',
        ),
    ],
)
def test_fields_of_a_scim_target_are_paths(keys: str, attribute: str, finding: str) -> None:
    target = f"{{ connector: scim, {URL}{', ' if keys else ''}{keys} }}"
    messages = found(target, attribute=attribute)
    assert any(finding in each for each in messages), messages
