from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scimweave.mapping import MappingError, Program, load, load_text
from scimweave.mapping.compiler import compile_text
from scimweave.scim.path import ALIASES, parse_path
from scimweave.scim.schema import ENTERPRISE_USER, USER_TYPE
from small_mapping import NO_ENVIRONMENT, codes, findings, mapping_text, program

PRECIATE = Path(__file__).parents[3] / "mappings" / "preciate.yaml"


@pytest.fixture(scope="module")
def preciate() -> Program:
    return load(PRECIATE, NO_ENVIRONMENT)


def test_reference_mapping_compiles_without_findings(preciate: Program) -> None:
    users = preciate.users
    assert preciate.warnings == ()
    assert (preciate.integration, preciate.path) == ("preciate", "/api/v1/scim")
    assert preciate.target.options == {"url": "sqlite:///var/preciate.db"}
    assert (users.object, users.key, users.match) == ("employees", "id", ("email",))
    assert [field.name for field in users.fields] == [
        "email",
        "is_active",
        "display_name",
        "job_title",
        "first_name",
        "last_name",
        "full_name",
        "external_id",
        "department",
    ]
    assert users.operations.deactivate_set == {"is_active": False}
    assert users.operations.delete == "deactivate"


def test_address_comes_from_the_environment() -> None:
    loaded = load(PRECIATE, {"PRECIATE_DATABASE_URL": "sqlite:///other.db"})
    assert loaded.target.options == {"url": "sqlite:///other.db"}


def test_address_is_not_shown_when_a_program_is_printed(preciate: Program) -> None:
    assert "sqlite" not in repr(preciate)


def test_path_and_title_follow_from_the_name() -> None:
    made = program()
    assert (made.path, made.title) == ("/scim/small/v2", "small")


@pytest.mark.parametrize(
    ("line", "sources"),
    [
        pytest.param("x: Title", {"title"}, id="canonical-case"),
        pytest.param("x: enterprise.department", {f"{ENTERPRISE_USER}:department"}, id="alias"),
        pytest.param(
            "x: urn:ietf:params:scim:schemas:core:2.0:User:title", {"title"}, id="core-urn"
        ),
        pytest.param("x: { from: [nickName, title] }", {"nickName", "title"}, id="list"),
        pytest.param(
            """x: { from: title, default: { expr: "name.givenName" } }""",
            {"title", "name.givenName"},
            id="default-expression",
        ),
        pytest.param(
            """x: { expr: "join(' ', [title, enterprise.department])" }""",
            {"title", f"{ENTERPRISE_USER}:department"},
            id="expression",
        ),
        pytest.param(
            f"""x: {{ expr: '"{ENTERPRISE_USER}".department' }}""",
            {f"{ENTERPRISE_USER}:department"},
            id="expression-with-urn",
        ),
        pytest.param("""x: { expr: "emails[0].value" }""", {"emails"}, id="expression-list"),
        pytest.param("x: { const: 1 }", set(), id="constant"),
    ],
)
def test_field_knows_its_sources(line: str, sources: set[str]) -> None:
    field = program(line).users.field("x")
    assert field is not None
    assert {str(path) for path in field.sources} == sources


def test_expression_over_the_whole_resource_depends_on_everything() -> None:
    made = program("""x: { expr: "keys(@) | join(',', @)" }""")
    taken = made.users.acceptance
    for text in ("title", "emails", f"{ENTERPRISE_USER}:division"):
        assert taken.accepts(USER_TYPE.resolve(parse_path(text)))


def test_acceptance_is_what_the_fields_read(preciate: Program) -> None:
    taken = preciate.users.acceptance
    accepted = {
        text: taken.accepts(USER_TYPE.resolve(parse_path(text, aliases=ALIASES)))
        for text in (
            "title",
            "name.formatted",
            "enterprise.department",
            "name.middleName",
            "emails",
        )
    }
    assert accepted == {
        "title": True,
        "name.formatted": True,
        "enterprise.department": True,
        "name.middleName": False,
        "emails": False,
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("x: title", "string", id="string"),
        pytest.param("x: active", "boolean", id="boolean"),
        pytest.param("x: profileUrl", "string", id="reference"),
        pytest.param("x: emails", "json", id="multi-valued"),
        pytest.param("x: emails.value", "json", id="all-values"),
        pytest.param("""x: 'emails[type eq "work"].value'""", "string", id="one-of-several"),
        pytest.param("""x: 'emails[type eq "work"]'""", "json", id="one-element"),
        pytest.param("x: { from: [title, nickName] }", "string", id="list"),
        pytest.param("x: { from: [title, active] }", None, id="list-of-different-types"),
        pytest.param("x: { from: title, type: uuid }", "uuid", id="as-declared"),
        pytest.param("x: { from: title, values: { a: 1, '*': 0 } }", "integer", id="table"),
        pytest.param("x: { from: title, values: { a: 1, b: x } }", None, id="table-of-different"),
        pytest.param("x: { const: 1.5 }", "decimal", id="constant"),
        pytest.param("x: { const: true }", "boolean", id="constant-boolean"),
        pytest.param("""x: { expr: "upper(title)" }""", None, id="expression"),
    ],
)
def test_type_follows_from_the_source(line: str, expected: str | None) -> None:
    field = program(line).users.field("x")
    assert field is not None
    assert field.type == expected


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param("", "delete", id="without-operations"),
        pytest.param("deactivate: { set: { is_active: false } }", "deactivate", id="follows"),
        pytest.param(
            "deactivate: { set: { is_active: false } }, delete: ignore", "ignore", id="as-given"
        ),
    ],
)
def test_deletion_follows_from_deactivation(operations: str, expected: str) -> None:
    made = program(users=f"  operations: {{ {operations} }}\n")
    assert made.users.operations.delete == expected


def test_values_set_by_operations_get_the_type_of_the_field() -> None:
    made = program(
        "until: { from: title, type: date }",
        users="  operations: { deactivate: { set: { until: 2024-02-29, gone: 1 } },"
        " reactivate: { set: { until: null, gone: 0 } } }\n",
    )
    deactivate = made.users.operations.deactivate_set
    assert (str(deactivate["until"]), deactivate["gone"]) == ("2024-02-29", 1)
    assert made.users.operations.reactivate_set == {"until": None, "gone": 0}
    assert made.users.known_fields == {"email", "is_active", "until", "gone"}


REVISIONS = [
    pytest.param({"more": "title: Other\n"}, True, id="title"),
    pytest.param({"more": "path: /other\n"}, True, id="path"),
    pytest.param({"more": "tests: []\n"}, True, id="tests"),
    pytest.param({"more": "# a remark\n"}, True, id="comment"),
    pytest.param({"users": "  unmapped: keep\n"}, False, id="users"),
    pytest.param({"users": "  operations: { delete: ignore }\n"}, False, id="operations"),
]


@pytest.mark.parametrize(("change", "same"), REVISIONS)
def test_revision_changes_with_what_accounts_are_made_of(
    change: dict[str, str], same: bool
) -> None:
    assert (program(**change).revision == program().revision) is same


def test_revision_changes_with_the_environment_behind_a_rule() -> None:
    text = mapping_text("site: { const: '${SITE}' }")
    revisions = {load_text(text, "m.yaml", {"SITE": site}).revision for site in "abb"}
    assert len(revisions) == 2
    assert all(len(revision) == 12 for revision in revisions)


def test_programs_of_the_same_text_are_equal() -> None:
    assert program() == program()
    assert program() != program(more="# moved\n")


def test_program_knows_the_places_in_its_file() -> None:
    made = program("title: { from: title, max_length: 5 }")
    limit = made.span_of("users", "attributes", "title", "max_length")
    assert (limit.file, limit.line, limit.text[limit.column - 1]) == ("small.yaml", 10, "5")
    assert made.key_span_of("users", "match").line == 6


def test_all_findings_come_in_one_run_in_the_order_of_the_file() -> None:
    text = mapping_text(
        "a: enterprise.departmnt",
        "b: { from: title, typ: string }",
        "c: { expr: 'lowr(title)' }",
        "d: ${NOT_SET}",
        users="  unmapped: rejekt\n",
        more="guard: {}\ntests: [{ name: x, user: {}, operation: made }]\n",
    ).replace("small", "Small")
    assert codes(text) == [
        "bad-value",
        "unknown-attribute",
        "unknown-key",
        "unknown-function",
        "missing-env",
        "bad-value",
        "missing-key",
        "bad-value",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(mapping_text("is_active: activ"), id="active-is-misspelt"),
        pytest.param(mapping_text().replace("active\n", "${ACTIVE}\n"), id="active-from-nowhere"),
        pytest.param(mapping_text().replace("active\n", "{ form: active }\n"), id="key-misspelt"),
    ],
)
def test_finding_brings_no_others_that_follow_from_it(text: str) -> None:
    assert "active-unmapped" not in codes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(mapping_text(), [], id="fine"),
        pytest.param(mapping_text().replace("[email]", "email"), [], id="match-as-text"),
        pytest.param(mapping_text("x: { const: null }"), [], id="constant-null"),
        pytest.param(
            mapping_text().replace("active\n", '{ expr: "active && `1`" }\n'), [], id="expr-active"
        ),
        pytest.param(
            mapping_text().replace("active\n", "{ from: active, apply: on_create }\n"),
            ["active-unmapped"],
            id="active-at-creation-only",
        ),
        pytest.param(
            mapping_text().replace("active\n", "{ const: true }\n"),
            ["active-unmapped"],
            id="active-as-constant",
        ),
        pytest.param(mapping_text("id: externalId"), [], id="key-from-an-attribute"),
        pytest.param(
            mapping_text().replace("{ connector: memory }", "{ connector: sql, url: '${X}' }"),
            ["missing-env"],
            id="url-from-nowhere",
        ),
        pytest.param(
            mapping_text().replace("memory", "memory, url: x"), ["unknown-key"], id="url-of-memory"
        ),
        pytest.param(
            mapping_text(users="  ignore: [photos, foo, titel]\n"),
            ["unknown-attribute"],
            id="ignore",
        ),
        pytest.param(mapping_text("x: { values: { a: b } }"), ["missing-key"], id="table-alone"),
        pytest.param(
            mapping_text("x: { const: a, default: b }"), ["conflicting-keys"], id="const-default"
        ),
        pytest.param(
            mapping_text("x: { from: title, default: abcd, max_length: 3 }"),
            ["type-mismatch"],
            id="default-too-long",
        ),
        pytest.param(
            mapping_text("x: { from: title, default: { expr: 'title', type: date } }"),
            ["unknown-key"],
            id="default-with-more-keys",
        ),
        pytest.param(mapping_text("x: { from: groups.value }"), ["unreadable-attribute"], id="own"),
        pytest.param(mapping_text("x: enterprise.manager.displayName"), ["unreadable-attribute"]),
        pytest.param("{}", ["missing-key"] * 3, id="empty-mapping"),
        pytest.param(mapping_text(more="path: '/a?b'\n"), ["bad-value"], id="path-with-query"),
        pytest.param(mapping_text(more="path: /a/\n"), ["bad-value"], id="path-with-slash-behind"),
        pytest.param(mapping_text(more="path: a\n"), ["bad-value"], id="path-without-slash"),
        pytest.param(mapping_text(more="path: /\n"), ["bad-value"], id="path-of-nothing"),
    ],
)
def test_what_is_found(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        pytest.param("postgresql://scim:hunter2@db/hr", True, id="password"),
        pytest.param("postgresql://db/hr?user=scim&password=hunter2", True, id="query"),
        pytest.param("${DB:-postgresql://scim:hunter2@db/hr}", True, id="default"),
        pytest.param("postgresql://scim:${PASSWORD}@db/hr", False, id="from-the-environment"),
        pytest.param("postgresql://scim@db/hr", False, id="no-password"),
        pytest.param("sqlite:///var/a.db", False, id="no-user"),
    ],
)
def test_secret_in_clear_is_a_warning_that_hides_it(url: str, secret: bool) -> None:
    text = mapping_text().replace("{ connector: memory }", f"{{ connector: sql, url: '{url}' }}")
    found = findings(text, {"PASSWORD": "x"})
    assert [each.code for each in found] == ["literal-secret"] * secret
    assert "hunter2" not in "".join(each.render() for each in found)


def test_placeholder_stands_for_numbers_and_booleans_where_these_are_expected() -> None:
    made = load_text(
        mapping_text("x: { from: title, max_length: '${N}', required: '${R:-true}' }"),
        "m.yaml",
        {"N": "7"},
    )
    field = made.users.field("x")
    assert field is not None
    assert (field.max_length, field.required) == (7, True)


def test_placeholder_elsewhere_is_plain_text() -> None:
    made = load_text(
        mapping_text(
            "x: { const: '${N}' }",
            users="  operations: { deactivate: { set: { y: '${N}' } },"
            " reactivate: { set: { y: 1 } } }\n",
        ).replace("people", "${N}"),
        "m.yaml",
        {"N": "7"},
    )
    values = made.users.project({"userName": "ada", "active": False}).values
    texts = [made.users.object, values["x"], values["y"]]
    assert [(text, type(text)) for text in texts] == [("7", str)] * 3


def test_placeholder_of_the_wrong_kind_is_reported() -> None:
    text = mapping_text("x: { from: title, max_length: '${N}' }")
    assert codes(text, {"N": "many"}) == ["wrong-type"]


def test_error_message_holds_all_findings() -> None:
    with pytest.raises(MappingError, match=r"(?s)departmnt.*titel"):
        load_text(mapping_text("a: enterprise.departmnt", "b: titel"), "m.yaml", {})


@given(st.data())
def test_broken_file_is_a_finding_and_never_a_traceback(data: st.DataObject) -> None:
    text = PRECIATE.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 8))
        text = (
            text[:start]
            + data.draw(st.text("{}[]:,'\"\t\n -&*!|>#$?a1中\x07", max_size=4))
            + text[end:]
        )
    made, found = compile_text(text, "m.yaml", NO_ENVIRONMENT)
    assert (made is None) is any(each.severity == "error" for each in found)
    assert all(each.render() for each in found)
