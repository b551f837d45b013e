"""What each finding looks like: golden files, written anew with UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from scimweave.mapping import compiler
from scimweave.mapping.compiler import compile_text
from scimweave.mapping.diagnostics import CATALOGUE, Diagnostic, Related, Span, finding
from scimweave.mapping.functions.packages import Brought
from scimweave.mapping.lint import duplicates, lint
from scimweave.mapping.project import Program
from scimweave.mapping.target_check import check_target, target_finding
from scimweave.scim.schema import ENTERPRISE_USER, USER
from small_mapping import mapping_text, program
from target_fields import TargetField

GOLDEN = Path(__file__).parents[2] / "golden" / "diagnostics"
ENVIRONMENT = {"DATABASE_URL": "sqlite:///x.db"}
CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"


def extension_lines(urn: str, *attributes: str, more: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in ("costCode: string", *attributes) if line)
    return f"  {urn}:\n{more}    attributes:\n{lines}"


def extension_text(attribute: str, more: str = "    alias: contoso\n") -> str:
    """Return a mapping that declares an extension with ``costCode`` and this attribute."""
    return mapping_text(more="schema:\n" + extension_lines(CONTOSO, attribute, more=more))


FILES = {
    "active-unmapped": mapping_text().replace("is_active: active", "title: title"),
    "bad-schema-alias": extension_text("", more="    alias: name\n"),
    "bad-schema-name": extension_text('"cost code": string'),
    "bad-schema-nested": extension_text(
        "badge: { type: complex, attributes: { seat: { type: complex, attributes: { row: integer "
        "} } } }"
    ),
    "bad-schema-empty": extension_text("badge: complex"),
    "bad-schema-not-complex": extension_text("badge: { type: string, attributes: { a: string } }"),
    "bad-urn": mapping_text(more="schema: { costCode: { type: string } }\n"),
    "bad-urn-core": extension_text("").replace(CONTOSO, USER),
    "bad-urn-enterprise": extension_text("").replace(CONTOSO, ENTERPRISE_USER),
    "bad-urn-form": extension_text("").replace(CONTOSO, "urn:contoso"),
    "bad-urn-group": extension_text("").replace(":User", ":Group"),
    "bad-value-schema-type": extension_text("hired: datetime"),
    "bad-expression": mapping_text("""full: { expr: "join(' ', [name.givenName, title)" }"""),
    "bad-expression-date-format": mapping_text(
        """hired: { expr: "format_date_time(title, '', 'yyyy-MM-ddd-yyy', 'yyyy')" }"""
    ),
    "bad-expression-growth": mapping_text(f"""all: {{ expr: "{" | ".join(["[@, @]"] * 11)}" }}"""),
    "bad-expression-interval": mapping_text("""hired: { expr: "date_add('day', `1`, title)" }"""),
    "bad-expression-look-around": mapping_text(
        """first: { expr: "replace_regex(title, 'Dr(?=[.])', '')" }"""
    ),
    "bad-expression-pattern": mapping_text(
        """first: { expr: "replace_regex(title, '^(Dr|Prof[.]', '')" }"""
    ),
    "bad-filter": mapping_text("""work: 'emails[type eq "work" and].value'"""),
    "bad-filter-attribute": mapping_text("""work: 'emails[kind eq "work"].value'"""),
    "bad-filter-single": mapping_text("""first: 'name[givenName eq "a"].givenName'"""),
    "bad-path": mapping_text("title: title..x"),
    "bad-placeholder": mapping_text("title: ${title}${"),
    "bad-value-name": mapping_text().replace("small", "Small Company"),
    "bad-value-path": mapping_text(more="path: /scim/../v2\n"),
    "bad-value-type": mapping_text("hired: { from: title, type: dat }"),
    "bad-value-zero": mapping_text("title: { from: title, max_length: 0 }"),
    "conflicting-keys": mapping_text("title: { from: title, const: Analyst }"),
    "conflicting-requests": mapping_text(
        more="tests: [{ name: x, user: {}, delete: true, put: {}, operation: delete }]\n"
    ),
    "duplicate-attribute": extension_text("CostCode: string"),
    "duplicate-attribute-urn": extension_text("") + extension_lines(CONTOSO.upper()),
    "duplicate-field": mapping_text("Email: emails"),
    "duplicate-key": mapping_text("email: title"),
    "impure-function": mapping_text("""since: { expr: "c_date(now())" }"""),
    "impure-function-default": mapping_text("""code: { from: title, default: { expr: guid() } }"""),
    "key-mapped": mapping_text("id: { const: 7 }"),
    "literal-secret": mapping_text().replace(
        "{ connector: memory }", "{ connector: sql, url: 'mysql://scim:top@db/hr' }"
    ),
    "match-unmapped": mapping_text().replace("[email]", "[emial]"),
    "missing-env": mapping_text("title: ${DATABASE_URI}"),
    "missing-env-in-flow": mapping_text("title: { from: ${TITLE} }"),
    "missing-key": mapping_text().replace("  object: people\n", ""),
    "missing-key-source": mapping_text("title: { required: true }"),
    "missing-key-expectation": mapping_text(more="tests: [{ name: idle, user: {} }]\n"),
    "missing-key-url": mapping_text().replace("memory", "sql"),
    "never-matches": mapping_text(users="  filterable: [title]\n"),
    "not-indexable": mapping_text(users="  filterable: [active]\n"),
    "not-indexable-element": mapping_text(
        "mail: emails", users="""  filterable: ['emails[type eq "work"].value']\n"""
    ),
    "not-set-back": mapping_text(
        users="  operations: { deactivate: { set: { left_on: today } } }\n"
    ),
    "not-supported-call": mapping_text(users="  operations: { deactivate: { call: x } }\n"),
    "not-supported-connector": mapping_text().replace("memory", "ldap"),
    "not-supported-delete": mapping_text(users="  operations: { deactivate: delete }\n"),
    "not-supported-key": mapping_text("boss: { from: enterprise.manager.value, ref: user }"),
    "not-supported-table": mapping_text("country: { from: locale, values: countries.csv }"),
    "not-supported-top": mapping_text(more="guard: { leavers: 5 }\n"),
    "refused-function": mapping_text(
        """department: { expr: "IgnoreFlowIfNullOrEmpty(enterprise.department)" }"""
    ),
    "refused-function-redact": mapping_text("""badge: { expr: redact(externalId) }"""),
    "refused-function-roles": mapping_text("""role: { expr: SingleAppRoleAssignment(roles) }"""),
    "refused-function-tenant": mapping_text("""domain: { expr: default_domain() }"""),
    "refused-function-unique": mapping_text("""login: { expr: SelectUniqueValue(title) }"""),
    "syntax": mapping_text("title: a: b"),
    "syntax-tab": mapping_text().replace("    email", "\temail"),
    "type-mismatch": mapping_text("flag: { from: active, type: integer }"),
    "type-mismatch-constant": mapping_text("code: { const: 12345, type: string, max_length: 3 }"),
    "type-mismatch-length": mapping_text("flag: { from: active, max_length: 5 }"),
    "type-mismatch-list": mapping_text("mails: { from: emails, values: { a: b } }"),
    "type-mismatch-set": mapping_text(
        users="  operations: { deactivate: { set: { is_active: 'no' } } }\n"
    ),
    "unknown-attribute": mapping_text("department: enterprise.departmnt"),
    "unknown-attribute-filterable": mapping_text(users="  filterable: enterprise.departmnt\n"),
    "unknown-attribute-elsewhere": mapping_text("first: givenName"),
    "unknown-attribute-expression": mapping_text("""first: { expr: "lower(name.givenNam)" }"""),
    "unknown-attribute-schema": mapping_text(
        "x: urn:ietf:params:scim:schemas:extension:enterprise:1.0:User:department"
    ),
    "unknown-attribute-extension": extension_text("").replace(
        "  attributes:\n", "  attributes:\n    code: contoso.costcod\n", 1
    ),
    "unknown-key-schema": extension_text("level: { type: integer, multi: true }"),
    "unusual-urn": extension_text("").replace(CONTOSO, "urn:contoso:hr:1.0:Person"),
    "unknown-field": mapping_text(
        more="tests: [{ name: joins, user: { userName: a }, target: { emial: a } }]\n"
    ),
    "unknown-function": mapping_text("""first: { expr: "lowr(name.givenName)" }"""),
    "unknown-function-entra": mapping_text(
        """full: { expr: "Join(' ', name.givenName, name.familyName)" }"""
    ),
    "unknown-key": mapping_text("title: { form: title, from: title }"),
    "unknown-key-nothing-close": mapping_text(users="  operations: { zzz: 1 }\n"),
    "unreadable-attribute": mapping_text("number: id"),
    "unreadable-attribute-expression": mapping_text("""when: { expr: "lower(meta.created)" }"""),
    "wrong-type": mapping_text("title: { from: title, required: yes }"),
    "wrong-type-quotes": mapping_text().replace("people", "5"),
    "wrong-type-rule": mapping_text("title: [title]"),
}


def check(name: str, found: list[Diagnostic]) -> None:
    """Compare with the golden file."""
    shown = "\n\n".join(each.render() for each in found) + "\n"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_finding_is_shown_with_its_line(name: str) -> None:
    _, found = compile_text(FILES[name], "small.yaml", ENVIRONMENT)
    assert found
    check(name, found)


@pytest.mark.parametrize("key", ["integration", "path"])
def test_two_integrations_in_one_place_are_shown_together(key: str) -> None:
    texts = {
        "integration": [mapping_text(more=f"path: /{n}\n") for n in "ab"],
        "path": [mapping_text(more="path: /a\n").replace("small", n) for n in "ab"],
    }[key]
    programs = [compile_text(text, f"{n}.yaml", {})[0] for text, n in zip(texts, "ab", strict=True)]
    check(f"duplicate-{key}", duplicates([each for each in programs if each is not None]))


def test_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check("unreadable-file", lint([Path("nowhere.yaml")], {}))


def test_file_beyond_a_limit_is_named() -> None:
    _, found = compile_text("a: " + "[" * 51 + "]" * 51, "small.yaml", {})
    check("too-large", found)


def test_package_of_functions_with_a_clash_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = "the package acme-scim brings a function lower() that scimweave has too"
    monkeypatch.setattr(compiler, "installed", lambda: Brought({}, (problem,)))
    _, found = compile_text(mapping_text(), "small.yaml", {})
    check("function-package", found)


def _employees() -> Program:
    return program(
        "title: { from: title, max_length: 50 }",
        "badge: externalId",
        users="  operations: { deactivate: { set: { is_active: false, left: true } } }\n",
    )


def test_target_that_is_not_as_the_mapping_says() -> None:
    fields = [
        TargetField("ID"),
        TargetField("email"),
        TargetField("is_active"),
        TargetField("title", max_length=20, nullable=False),
        TargetField("bagde"),
        TargetField("site", nullable=False),
    ]
    check("target", check_target(_employees(), {each.name: each for each in fields}))


def test_target_without_the_object() -> None:
    check("unusable-target", [target_finding(_employees(), "there is no table people")])


def test_every_code_of_the_catalogue_has_a_golden_file() -> None:
    texts = [file.read_text(encoding="utf-8") for file in GOLDEN.glob("*.txt")]
    shown = {code for text in texts for code in re.findall(r"^\w+\[(.*?)\]:", text, re.MULTILINE)}
    assert shown == set(CATALOGUE)


def _carets(text: str, column: int, end_column: int) -> tuple[str, str]:
    """Return the line and the carets of a rendered finding, without the gutter."""
    span = Span("m.yaml", 7, column, end_column, text)
    lines = finding("bad-path", "x", span).render().splitlines()
    return lines[3].removeprefix("7 | "), lines[4].removeprefix("  | ")


@pytest.mark.parametrize(
    ("text", "column", "end_column", "shown", "carets"),
    [
        pytest.param("a: bc", 4, 6, "a: bc", "   ^^", id="plain"),
        pytest.param("中文: bc", 5, 7, "中文: bc", "      ^^", id="wide-characters-before"),
        pytest.param("a: 中文", 4, 6, "a: 中文", "   ^^^^", id="wide-characters-marked"),
        pytest.param("e\u0301: bc", 5, 7, "e\u0301: bc", "   ^^", id="combining-character"),
        pytest.param("\ta: bc", 5, 7, "    a: bc", "       ^^", id="tab"),
        pytest.param("a: \x1b[31m", 4, 5, "a: \ufffd[31m", "   ^", id="no-escape-sequences"),
        pytest.param("a:", 3, 4, "a:", "  ^", id="behind-the-end"),
    ],
)
def test_carets_stand_under_what_they_mean(
    text: str, column: int, end_column: int, shown: str, carets: str
) -> None:
    assert _carets(text, column, end_column) == (shown, carets)


@pytest.mark.parametrize("column", [1, 60, 119, 121, 300, 995])
def test_long_line_is_cut_around_the_carets(column: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(1000))
    shown, carets = _carets(text, column, column + 3)
    start = carets.index("^")
    assert len(shown) <= 122
    assert shown[start : start + 3] == text[column - 1 : column + 2]
    assert carets.strip() == "^^^"


def test_carets_of_a_long_piece_end_with_the_line_shown() -> None:
    shown, carets = _carets("x" * 1000, 11, 900)
    assert len(carets) <= len(shown)


def test_colors_change_nothing_but_colors() -> None:
    _, found = compile_text(FILES["duplicate-field"], "small.yaml", {})
    for each in found:
        colored = each.render(color=True)
        assert "\x1b[1;31m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == each.render()


def test_finding_writes_no_escape_sequences() -> None:
    _, found = compile_text(mapping_text(more='"\\e[2J": 1\n'), "small.yaml", {})
    assert [each.code for each in found] == ["unknown-key"]
    assert "\x1b" not in found[0].render()


def test_finding_for_programs_has_positions() -> None:
    span = Span("m.yaml", 3, 5, 9, "    email: x")
    found = finding("duplicate-key", "twice", span, "again", related=(Related(span, "first"),))
    place = {"file": "m.yaml", "line": 3, "column": 5, "end_column": 9}
    assert found.to_dict() == {
        "code": "duplicate-key",
        "severity": "error",
        "message": "twice",
        **place,
        "label": "again",
        "related": [{**place, "label": "first"}],
    }
