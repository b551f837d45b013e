"""For each finding a mapping that has it, and one that has not: golden files and docs use both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from scimweave.mapping import compiler
from scimweave.mapping.checks.provider import check_provider
from scimweave.mapping.checks.target import check_target, target_finding
from scimweave.mapping.compiler import compile_text
from scimweave.mapping.diagnostics import Diagnostic
from scimweave.mapping.functions.packages import Brought
from scimweave.mapping.lint import duplicates, lint
from scimweave.scim.schema import ENTERPRISE_USER, USER
from small_mapping import mapping_text
from target_fields import TargetField

ENVIRONMENT: Mapping[str, str] = {"DATABASE_URL": "sqlite:///x.db", "DB_PASSWORD": "x"}
Fields = tuple[TargetField, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The text of one or more files; none stands for a file that cannot be read.

    ``right`` is empty where another case of the code shows it. ``fields`` are those of the live
    target, ``right_fields`` as they should be; ``problems`` are those of packages that bring
    functions; ``remedy`` says what to do where that is not in the file; ``provider`` is whose
    attributes are looked for; ``beside`` are other files.
    """

    wrong: tuple[str, ...]
    right: str = ""
    fields: Fields | None = None
    right_fields: Fields | None = None
    remedy: str = ""
    problems: tuple[str, ...] = ()
    provider: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)

    def wrong_findings(self) -> list[Diagnostic]:
        """Return what the linter says about the wrong example."""
        with patch.object(compiler, "installed", lambda: Brought({}, self.problems)):
            return self._findings(self.wrong, self.fields)

    def right_findings(self) -> list[Diagnostic]:
        """Return what the linter says about the right one."""
        texts = (*self.wrong[:-1], self.right)
        return self._findings(texts, self.right_fields or self.fields)

    def _findings(self, texts: tuple[str, ...], fields: Fields | None) -> list[Diagnostic]:
        with TemporaryDirectory() as folder, chdir(folder):
            for name, text in self.beside.items():
                Path(name).write_text(text, encoding="utf-8")
            return findings(texts, fields, self.provider)


def findings(texts: tuple[str, ...], fields: Fields | None, provider: str = "") -> list[Diagnostic]:
    """Check files against each other, and against the fields of a target; ``()`` lacks all."""
    if not texts:
        return lint([Path("nowhere.yaml")], {})
    names = ["small.yaml"] if len(texts) == 1 else [f"{letter}.yaml" for letter in "ab"]
    compiled = [
        compile_text(text, name, ENVIRONMENT) for text, name in zip(texts, names, strict=True)
    ]
    programs = [program for program, _ in compiled if program is not None]
    found = [each for _, findings in compiled for each in findings] + duplicates(programs)
    if provider:
        found += [each for made in programs for each in check_provider(made, provider)]
    if fields is None or not programs:
        return found
    if not fields:
        return [*found, target_finding(programs[0], "there is no table people")]
    return found + check_target(programs[0], {each.name: each for each in fields})


def _one(wrong: str, right: str = "") -> Case:
    return Case((wrong,), right)


def _rule(wrong: str, right: str = "") -> Case:
    """A line of ``attributes``."""
    return _one(mapping_text(wrong), mapping_text(right) if right else "")


def _users(wrong: str, right: str = "") -> Case:
    """A line of ``users``."""
    return _one(mapping_text(users=wrong), mapping_text(users=right) if right else "")


def _tests(wrong: str, right: str = "") -> Case:
    """A line of ``tests``."""
    made = [f"tests:\n  - {{ {each} }}\n" if each else "" for each in (wrong, right)]
    return _one(mapping_text(more=made[0]), mapping_text(more=made[1]) if right else "")


_GROUPS = """\
groups:
  object: teams
  key: id
  match: name
  members: { object: team_people, group: x, member: y }
  attributes: { name: displayName }
"""
_IN_SQL = mapping_text(more=_GROUPS).replace(
    "{ connector: memory }", "{ connector: sql, url: 'sqlite:///hr.db' }"
)


def _replaced(old: str, wrong: str, right: str = "") -> Case:
    """A piece of the file that every mapping has."""
    text = mapping_text()
    assert old in text
    return _one(text.replace(old, wrong), text.replace(old, right) if right else "")


ID = TargetField("id")
EMAIL = TargetField("email", unique=True)
IS_ACTIVE = TargetField("is_active", type="boolean")
_PEOPLE = (ID, EMAIL, IS_ACTIVE)


def _target(wrong: str, right: str, *more: TargetField) -> Case:
    """A line of ``attributes`` against what the target has."""
    lines = [mapping_text(*([each] if each else [])) for each in (wrong, right)]
    return Case((lines[0],), lines[1], fields=(*_PEOPLE, *more))


CONTOSO = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"


def _declared(urn: str, *attributes: str, more: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in ("costCode: string", *attributes) if line)
    return f"  {urn}:\n{more}    attributes:\n{lines}"


def _extension_text(attribute: str, more: str = "    alias: contoso\n") -> str:
    """Return a mapping that declares an extension with ``costCode`` and this attribute."""
    return mapping_text(more="schema:\n" + _declared(CONTOSO, attribute, more=more))


def _top(wrong: str, right: str, *attributes: str) -> Case:
    """Lines before ``users``, and rules that may use them."""
    texts = [each + mapping_text(*attributes) for each in (wrong, right)]
    return Case((texts[0],), texts[1])


COUNTRIES = {"countries.csv": "code,name\nse,Sweden\n"}


def _csv(key: str, value: str, file: str = "countries.csv") -> str:
    return f"country: {{ from: locale, values: {{ csv: {file}, key: {key}, value: {value} }} }}"


def _extension(wrong: str, right: str = "") -> Case:
    """An attribute of an extension that the file declares."""
    return _one(_extension_text(wrong), _extension_text(right) if right else "")


def _urn(wrong: str, right: str = "") -> Case:
    """The URN of an extension that the file declares."""
    text = _extension_text("")
    return _one(text.replace(CONTOSO, wrong), text.replace(CONTOSO, right) if right else "")


# What Okta sends, but for what every mapping has.
_IGNORED = "  ignore: [name, displayName, locale, password, emails]\n"

CASES: dict[str, Case] = {
    "bad-table": Case(
        (mapping_text(_csv("cod", "name")),), mapping_text(_csv("code", "name")), beside=COUNTRIES
    ),
    "circular-extends": Case(
        ("extends: _base.yaml\n" + mapping_text(),),
        "extends: _common.yaml\n" + mapping_text(),
        beside={"_base.yaml": "extends: small.yaml\n", "_common.yaml": "title: Small\n"},
    ),
    "unreadable-file-extends": _one("extends: _bse.yaml\n" + mapping_text("x: enterprise.y")),
    "unknown-attribute-base": Case(
        ("extends: _base.yaml\n" + mapping_text(),),
        beside={"_base.yaml": "users: { attributes: { department: enterprise.departmnt } }\n"},
    ),
    "circular-let": _top(
        "let: { a: lower($b), b: upper($a) }\n",
        "let: { a: lower(title), b: upper($a) }\n",
        "title: { expr: $b }",
    ),
    "missing-key-table": _rule("country: { from: locale, values: { csv: x.csv, key: code } }"),
    "unknown-let": _top(
        "let: { full: displayName }\n",
        "let: { ful: displayName }\n",
        "title: { expr: $ful }",
    ),
    "unknown-let-behind-a-dot": _rule("boss: { expr: enterprise.manager.$ref }"),
    "unknown-table": _top(
        "tables: { countries: { se: Sweden } }\n",
        "tables: { country: { se: Sweden } }\n",
        "country: { from: locale, values: country }",
    ),
    "unknown-table-file": _rule("country: { from: locale, values: countries.csv }"),
    "unreadable-file-table": _rule(_csv("code", "name", "countris.csv")),
    "type-mismatch-table": _top(
        "tables: { sites: { a: 1, b: two } }\n",
        "tables: { sites: { a: 1, b: 2 } }\n",
        "site: { from: locale, values: sites, type: integer }",
    ),
    "impure-function-let": _top(
        "let: { id: lower(guid()) }\n", "let: { id: lower(title) }\n", "code: { expr: $id }"
    ),
    "unused-let": _top("let: { short: title }\n", "let: {}\n"),
    "unused-table": _top("tables: { sites: { a: b } }\n", "tables: {}\n"),
    "bad-schema-alias": _one(
        _extension_text("", more="    alias: name\n"), _extension_text("", more="    alias: own\n")
    ),
    "bad-schema-name": _extension('"cost code": string'),
    "bad-schema-nested": _extension(
        "badge: { type: complex, attributes: { seat: { type: complex, attributes: { row: integer "
        "} } } }"
    ),
    "bad-schema-empty": _extension(
        "badge: complex", "badge: { type: complex, attributes: { number: integer } }"
    ),
    "bad-schema-not-complex": _extension("badge: { type: string, attributes: { a: string } }"),
    "bad-urn": _one(
        mapping_text(more="schema: { costCode: { type: string } }\n"), _extension_text("")
    ),
    "bad-urn-core": _urn(USER),
    "bad-urn-enterprise": _urn(ENTERPRISE_USER),
    "bad-urn-form": _urn("urn:contoso"),
    "bad-urn-group": _one(_extension_text("").replace(":User", ":Group")),
    "bad-value-schema-type": _extension("hired: datetime", "hired: dateTime"),
    "duplicate-attribute": _extension("CostCode: string", "costCenter: string"),
    "duplicate-attribute-urn": _one(_extension_text("") + _declared(CONTOSO.upper())),
    "never-matches": _one(
        mapping_text(users="  filterable: [title]\n"),
        mapping_text("title: title", users="  filterable: [title]\n"),
    ),
    "not-indexable": _one(
        mapping_text(users="  filterable: [active]\n"),
        mapping_text("title: title", users="  filterable: [title]\n"),
    ),
    "not-indexable-element": _one(
        mapping_text("mail: emails", users="""  filterable: ['emails[type eq "work"].value']\n"""),
    ),
    "unknown-attribute-filterable": _users("  filterable: enterprise.departmnt\n"),
    "unknown-attribute-extension": _one(
        _extension_text("").replace(
            "  attributes:\n", "  attributes:\n    code: contoso.costcod\n", 1
        ),
    ),
    "unknown-key-schema": _extension("level: { type: integer, multi: true }"),
    "unusual-urn": _urn("urn:contoso:hr:1.0:Person", CONTOSO),
    "active-unmapped": _replaced("is_active: active", "title: title", "is_active: active"),
    "unused-key": _replaced(
        "{ connector: memory }",
        "{ connector: sql, url: 'sqlite:///var/people.db', pool: { size: 9 } }",
        "{ connector: sql, url: 'sqlite:///var/people.db' }",
    ),
    "clear-text": _replaced(
        "{ connector: memory }",
        "{ connector: rest, url: http://api.example.com }",
        "{ connector: rest, url: https://api.example.com }",
    ),
    "bad-expression": _rule(
        """full: { expr: "join(' ', [name.givenName, title)" }""",
        """full: { expr: "join(' ', [name.givenName, title])" }""",
    ),
    "bad-expression-of-a-target": _replaced(
        "{ connector: memory }",
        "{ connector: rest, url: https://api.example.com, answers: { items: 'data[' } }",
        "{ connector: rest, url: https://api.example.com, answers: { items: data } }",
    ),
    "bad-expression-date-format": _rule(
        """hired: { expr: "format_date_time(title, '', 'yyyy-MM-ddd-yyy', 'yyyy')" }""",
        """hired: { expr: "format_date_time(title, '', 'yyyy-MM-dd', 'yyyy')" }""",
    ),
    "bad-expression-growth": _rule(
        f"""all: {{ expr: "{" | ".join(["[@, @]"] * 11)}" }}""", """all: { expr: "[@, @]" }"""
    ),
    "bad-expression-interval": _rule(
        """hired: { expr: "date_add('day', `1`, title)" }""",
        """hired: { expr: "date_add('d', `1`, title)" }""",
    ),
    "bad-expression-look-around": _rule(
        """first: { expr: "replace_regex(title, 'Dr(?=[.])', '')" }""",
        """first: { expr: "replace_regex(title, 'Dr[.]', '')" }""",
    ),
    "bad-expression-pattern": _rule(
        """first: { expr: "replace_regex(title, '^(Dr|Prof[.]', '')" }""",
        """first: { expr: "replace_regex(title, '^(Dr|Prof)[.]', '')" }""",
    ),
    "bad-filter": _rule(
        """work: 'emails[type eq "work" and].value'""", """work: 'emails[type eq "work"].value'"""
    ),
    "bad-filter-scope": _users("  scope: department eq\n"),
    "bad-filter-scope-type": _users("  scope: active gt true\n"),
    "bad-filter-attribute": _rule("""work: 'emails[kind eq "work"].value'"""),
    "bad-filter-single": _rule("""first: 'name[givenName eq "a"].givenName'"""),
    "bad-path": _rule("title: title..x", "title: title"),
    "bad-placeholder": _rule("title: ${title}${", "title: title"),
    "bad-value-name": _replaced("small", "Small Company", "small-company"),
    "bad-value-path": _one(mapping_text(more="path: /scim/../v2\n")),
    "bad-value-type": _rule("hired: { from: title, type: dat }"),
    "bad-value-zero": _rule("title: { from: title, max_length: 0 }"),
    "conflicting-keys-delete": _users(
        "  operations: { deactivate: { delete: true, set: { is_active: false } } }\n"
    ),
    "conflicting-keys": _rule(
        "title: { from: title, const: Analyst }", "title: { from: title, default: Analyst }"
    ),
    "conflicting-requests": _tests(
        "name: x, user: { userName: a }, delete: true, put: { userName: a }, operation: delete"
    ),
    "duplicate-field": _rule("Email: emails", "all_emails: emails"),
    "duplicate-integration": Case(
        (mapping_text(more="path: /a\n"), mapping_text(more="path: /b\n")),
        mapping_text(more="path: /b\n").replace("small", "large"),
    ),
    "duplicate-key": _rule("email: title", "title: title"),
    "duplicate-key-row": _rule("site: { from: locale, values: { se: 1, fi: 2, se: 3 } }"),
    "duplicate-path": Case(
        (
            mapping_text(more="path: /a\n").replace("small", "a"),
            mapping_text(more="path: /a\n").replace("small", "b"),
        ),
        mapping_text(more="path: /b\n").replace("small", "b"),
    ),
    "bad-package": Case(
        (mapping_text(),),
        remedy="pip uninstall acme-scim",
        problems=("the package acme-scim brings a function lower() that scimweave has too",),
    ),
    "impure-function": _rule(
        """since: { expr: "c_date(now())" }""",
        """since: { expr: "c_date(now())", apply: on_create }""",
    ),
    "impure-function-default": _rule(
        """code: { from: title, default: { expr: guid() } }""",
        """code: { from: title, default: { expr: guid() }, apply: on_create }""",
    ),
    "key-mapped": _rule("id: { const: 7 }", "id: userName"),
    "length-unchecked": _target(
        "title: title",
        "title: { from: title, max_length: 20 }",
        TargetField("title", max_length=20),
    ),
    "literal-secret": _replaced(
        "{ connector: memory }",
        "{ connector: sql, url: 'mysql://scim:top@db/hr' }",
        "{ connector: sql, url: 'mysql://scim:${DB_PASSWORD}@db/hr' }",
    ),
    "literal-secret-sensitive": _rule("pin: { const: '4711', sensitive: true }"),
    "match-not-unique": _one(
        mapping_text("name: name.familyName").replace("[email]", "[email, name]"),
        mapping_text("badge: enterprise.employeeNumber").replace("[email]", "[email, badge]"),
    ),
    "match-empty": _one(
        mapping_text("badge: externalId").replace("[email]", "[badge]"),
        mapping_text("badge: { from: externalId, required: true }").replace("[email]", "[badge]"),
    ),
    "match-unmapped": _replaced("[email]", "[emial]", "[email]"),
    "missing-env": _rule("title: ${DATABASE_URI}", "title: ${TITLE_ATTRIBUTE:-title}"),
    "missing-env-in-flow": _rule("title: { from: ${TITLE} }"),
    "missing-field": _target("badge: externalId", "bagde: externalId", TargetField("bagde")),
    "missing-key": _replaced("  object: people\n", "", "  object: people\n"),
    "missing-key-source": _rule("title: { required: true }"),
    "missing-key-operation": _users("  operations: { deactivate: {} }\n"),
    "missing-key-expectation": _tests("name: idle, user: { userName: a }"),
    "missing-key-subject": _tests("name: idle, operation: none"),
    "missing-key-groups": _tests("name: t, group: { displayName: a }, operation: create"),
    "bad-value-status": _tests("name: t, user: { userName: a }, reply: { status: 20 }"),
    "missing-key-url": _replaced("memory", "sql"),
    "no-unique-match": Case(
        (mapping_text(),),
        mapping_text(),
        (ID, TargetField("email"), IS_ACTIVE),
        _PEOPLE,
        "CREATE UNIQUE INDEX people_email ON people (email)",
    ),
    "not-null-without-value": _target(
        "", "site: { const: Berlin }", TargetField("site", nullable=False)
    ),
    "not-set-back": _users("  operations: { deactivate: { set: { left_on: today } } }\n"),
    "not-set-back-call": _users("  operations: { deactivate: { call: suspend } }\n"),
    "not-set-back-flag": _users(
        "  operations: { deactivate: { set: { left: true } } }\n",
        "  operations: { deactivate: { set: { left: true } },"
        " reactivate: { set: { left: false } } }\n",
    ),
    "not-a-reference": _rule(
        "boss: { from: enterprise.department, ref: user }",
        "boss: { from: enterprise.manager.value, ref: user }",
    ),
    "not-a-reference-title": _rule("boss: { from: [enterprise.manager, title], ref: user }"),
    "not-a-reference-match": _one(
        mapping_text("boss: { from: enterprise.manager.value, ref: user }").replace(
            "[email]", "[email, boss]"
        )
    ),
    "not-a-reference-group": _one(
        mapping_text(
            more="groups: { object: teams, key: id, match: [name], attributes: "
            "{ name: displayName, boss: { from: externalId, ref: user } } }\n"
        )
    ),
    "conflicting-keys-reference": _rule(
        "boss: { from: enterprise.manager.value, ref: user, default: x }"
    ),
    "not-offered-call": _users("  operations: { deactivate: { call: suspend } }\n"),
    "not-offered": _one(
        _IN_SQL.replace("object: team_people, group: x, member: y", "field: x"), _IN_SQL
    ),
    "missing-key-guard": _one(
        mapping_text(more="guard: { window: 1h }\n"), mapping_text(more="guard: { leavers: 5 }\n")
    ),
    "bad-value-guard-window": _one(
        mapping_text(more="guard: { leavers: 5, window: 1 hour }\n"),
        mapping_text(more="guard: { leavers: 5, window: 1h }\n"),
    ),
    "bad-value-guard-percent": _one(
        mapping_text(more="guard: { percent: 200 }\n"),
        mapping_text(more="guard: { percent: 20 }\n"),
    ),
    "null-ignored": _rule(
        'digits: { expr: "length(title)" }', """digits: { expr: "length(coalesce(title, ''))" }"""
    ),
    "null-ignored-order": _rule("""late: { expr: "enterprise.costCenter > '500'" }"""),
    "null-possible": _target(
        "title: title",
        "title: { from: title, required: true }",
        TargetField("title", nullable=False),
    ),
    "refused-function": _rule(
        """department: { expr: "IgnoreFlowIfNullOrEmpty(enterprise.department)" }""",
        "department: { from: enterprise.department, absent: keep }",
    ),
    "refused-function-redact": _rule(
        """badge: { expr: redact(externalId) }""", "badge: { from: externalId, sensitive: true }"
    ),
    "refused-function-roles": _rule(
        """role: { expr: SingleAppRoleAssignment(roles) }""",
        """role: 'roles[primary eq true].value'""",
    ),
    "refused-function-tenant": _rule(
        """domain: { expr: default_domain() }""", "domain: { const: contoso.com }"
    ),
    "refused-function-unique": _rule(
        """login: { expr: SelectUniqueValue(title) }""", "login: userName"
    ),
    "required-empty": _rule(
        "site: { from: locale, required: true, values: { sv: Malmö, de: null } }",
        "site: { from: locale, required: true, values: { sv: Malmö, de: Kiel } }",
    ),
    "required-empty-const": _rule("site: { const: null, required: true }"),
    "scope-everybody": _users("  scope: userName pr\n", "  scope: externalId pr\n"),
    "scope-nobody": _users(
        "  scope: active eq true and active eq false\n", "  scope: active eq true\n"
    ),
    "scope-nobody-values": _users(
        """  scope: 'userType eq "Guest" and userType sw "Mem"'\n""",
    ),
    "reverse-differs": _rule(
        """name: { expr: "upper(displayName)", reverse: "join('', [name, '!'])" }""",
        """name: { expr: "upper(displayName)", reverse: name }""",
    ),
    "reverse-differs-refused": _rule(
        """mail: { expr: "join('@', [displayName, 'b.c'])", reverse: "split(mail, '@')[3]" }"""
    ),
    "reverse-lossy": _rule(
        """name: { expr: "mid(displayName, `1`, `3`)", reverse: name }""",
        """name: { expr: "mid(displayName, `1`, `3`)", reverse: false }""",
    ),
    "reverse-sources": _rule(
        """full: { expr: "join(' ', [name.givenName, name.familyName])", reverse: full }"""
    ),
    "reverse-target": _rule(
        """full: { expr: "name.givenName", reverse: { to: title, expr: full } }"""
    ),
    "reverse-filter": _rule(
        """work: { expr: "emails[0].value", reverse: { to: emails.value, expr: work } }"""
    ),
    "reverse-shape": _rule("full: { from: title, reverse: { too: title } }"),
    "reverse-type": _rule("full: { from: title, reverse: true }"),
    "reverse-field": _rule("""full: { expr: "upper(title)", reverse: "lower(fulll)" }"""),
    "reverse-secret": _rule("code: { from: password, reverse: code }"),
    "syntax": _rule("title: a: b", "title: title"),
    "syntax-tab": _replaced("    email", "\temail"),
    "too-large": _one("a: " + "[" * 51 + "]" * 51 + "\n", mapping_text("title: title")),
    "too-short": _target(
        "title: { from: title, max_length: 50 }",
        "title: { from: title, max_length: 20 }",
        TargetField("title", max_length=20),
    ),
    "too-short-constant": _target(
        "site: { const: Stockholm }", "", TargetField("site", max_length=3)
    ),
    "type-mismatch-argument": _rule('size: { expr: "length(active)" }'),
    "type-mismatch-expression": _rule('size: { expr: "length(userName)", type: boolean }'),
    "unfit-type": _target(
        "hired: enterprise.costCenter",
        "hired: { from: enterprise.costCenter, type: date }",
        TargetField("hired", type="date"),
    ),
    "unfit-type-boolean": _target("state: active", "", TargetField("state")),
    "unmapped-attribute": Case(
        (mapping_text(users=_IGNORED.replace("locale, ", "")),),
        mapping_text(users=_IGNORED),
        provider="okta",
    ),
    "unreachable-arm": _rule(
        """state: { expr: "switch(active, 'new', 'true', 'in', 'false', 'out')" }""",
        """state: { expr: "switch(active, 'new', `true`, 'in', `false`, 'out')" }""",
    ),
    "unreachable-arm-coalesce": _rule('login: { expr: "coalesce(userName, externalId)" }'),
    "type-mismatch": _rule(
        "flag: { from: active, type: integer }", "flag: { from: active, type: boolean }"
    ),
    "type-mismatch-constant": _rule("code: { const: 12345, type: string, max_length: 3 }"),
    "type-mismatch-length": _rule("flag: { from: active, max_length: 5 }"),
    "type-mismatch-list": _rule("mails: { from: emails, values: { a: b } }"),
    "type-mismatch-set": _users("  operations: { deactivate: { set: { is_active: 'no' } } }\n"),
    "unknown-attribute": _rule(
        "department: enterprise.departmnt", "department: enterprise.department"
    ),
    "unknown-attribute-scope": _users(
        """  scope: 'enterprise.departmnt eq "Sales" and active eq true'\n"""
    ),
    "unknown-attribute-elsewhere": _rule("first: givenName"),
    "unknown-attribute-expression": _rule("""first: { expr: "lower(name.givenNam)" }"""),
    "unknown-attribute-schema": _rule(
        "x: urn:ietf:params:scim:schemas:extension:enterprise:1.0:User:department"
    ),
    "unknown-field": _tests(
        "name: joins, user: { userName: a }, target: { emial: a }",
        "name: joins, user: { userName: a }, target: { email: a }",
    ),
    "unknown-function": _rule(
        """first: { expr: "lowr(name.givenName)" }""",
        """first: { expr: "lower(name.givenName)" }""",
    ),
    "unknown-function-entra": _rule(
        """full: { expr: "Join(' ', name.givenName, name.familyName)" }""",
        """full: { expr: "join(' ', [name.givenName, name.familyName])" }""",
    ),
    "unknown-key": _rule("title: { form: title, from: title }", "title: { from: title }"),
    "unknown-key-nothing-close": _users("  operations: { zzz: 1 }\n"),
    "unreachable-default": _rule("login: { from: userName, default: none }", "login: userName"),
    "unreachable-source": _rule(
        "login: { from: [userName, externalId] }", "login: { from: [externalId, userName] }"
    ),
    "unreachable-source-twice": _rule("title: { from: [title, nickName, TITLE] }"),
    "unreachable-value": _rule(
        'state: { from: active, values: { "True": in, "false": out } }',
        'state: { from: active, values: { "true": in, "false": out } }',
    ),
    "unreachable-value-empty": _rule('title: { from: title, values: { "": none, "*": some } }'),
    "unreadable-attribute": _rule("number: id", "number: externalId"),
    "unreadable-attribute-scope": _users("  scope: meta.created pr\n"),
    "unreadable-attribute-expression": _rule("""when: { expr: "lower(meta.created)" }"""),
    "unreadable-file": Case((), remedy="scimweave lint mappings"),
    "unusable-target": Case(
        (mapping_text(),), mapping_text(), (), _PEOPLE, "scimweave init-target small.yaml"
    ),
    "unusual-value": _rule(
        """kind: { from: 'phoneNumbers[primary eq true].type', values: { cell: 1, "*": 0 } }""",
        """kind: { from: 'phoneNumbers[primary eq true].type', values: { mobile: 1, "*": 0 } }""",
    ),
    "unusual-value-scope": _users("""  scope: 'emails[type eq "office"].value pr'\n"""),
    "wrong-type-deactivate": _users("  operations: { deactivate: remove }\n"),
    "wrong-type": _rule(
        "title: { from: title, required: yes }", "title: { from: title, required: true }"
    ),
    "wrong-type-quotes": _replaced("people", "5"),
    "wrong-type-rule": _rule("title: [title]"),
}
