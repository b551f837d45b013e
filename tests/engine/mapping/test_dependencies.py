from typing import Any

import pytest

from scimweave.mapping.expression.compiled import compile_expression

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGED: dict[str, Any] = {
    "name": {"givenName": "Ada", "enterprise": "of the name"},
    ENTERPRISE: {"department": "Engines", "manager": {"value": "42"}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("userName", {"userName"}),
        ("name.givenName", {"name.givenName"}),
        ("@.name.givenName", {"name.givenName"}),
        ("name | givenName", {"name.givenName"}),
        ("(@ | name).givenName", {"name.givenName"}),
        ("[name.givenName, title]", {"name.givenName", "title"}),
        ("name.givenName || name", {"name"}),
        ("name.[givenName]", {"name"}),
        ("name.{a: givenName}", {"name"}),
        ("{a: name.givenName}.a", {"name.givenName"}),
        ("name.length(givenName)", {"name.givenName"}),
        ("(a || b).c", {"a", "b"}),
        ("(a && b.c) == d.e", {"a", "b.c", "d.e"}),
        ("!(a.b)", {"a.b"}),
        ("emails[?type=='work'].value | [0]", {"emails"}),
        ("emails[0].value", {"emails"}),
        ("emails[*].value", {"emails"}),
        ("emails[].value", {"emails"}),
        ("emails[1:].value", {"emails"}),
        ("name.*", {"name"}),
        ("sort_by(emails, &rank)[0].value", {"emails"}),
        ("map(&name, roles)", {"roles"}),
        ("'text'", set()),
        ("'text'.userName", set()),
        ("lower(join('.', [name.givenName, title]))", {"name.givenName", "title"}),
        ("@", None),
        ("*", None),
        ("keys(@)", None),
        ("@[0]", None),
        ("map(&name, [@])", None),
        ("[userName, @]", None),
    ],
)
def test_fields_are_the_paths_that_it_may_read(text: str, expected: set[str] | None) -> None:
    found = compile_expression(text).fields
    assert (None if found is None else {".".join(path) for path in found}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("enterprise.department", "Engines"),
        ("@.enterprise.department", "Engines"),
        ("@ | enterprise | manager.value", "42"),
        ("[enterprise.department][0]", "Engines"),
        ("{a: enterprise.department}.a", "Engines"),
        ("upper(enterprise.department)", "ENGINES"),
        ("missing || enterprise.department", "Engines"),
        ("enterprise.enterprise", None),
        ("name.enterprise", "of the name"),
        ('`{"enterprise": 1}`.enterprise', 1),
        ('`[{"enterprise": 1}]`[*].enterprise', [1]),
        ('`[{"enterprise": 1}]`[?enterprise == `1`] | length(@)', 1),
        ('map(&enterprise, `[{"enterprise": 1}]`)', [1]),
    ],
)
def test_roots_rename_fields_of_the_document_only(text: str, expected: Any) -> None:
    assert compile_expression(text, roots={"enterprise": ENTERPRISE})(MANAGED) == expected


def test_fields_have_the_name_that_roots_give() -> None:
    expression = compile_expression("enterprise.department", roots={"enterprise": ENTERPRISE})
    assert expression.fields == frozenset({(ENTERPRISE, "department")})
