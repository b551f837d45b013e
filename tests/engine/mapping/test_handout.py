"""The page for the admin of the identity provider."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conftest import PRECIATE
from directory import DIRECTORY
from golden_file import matches_golden
from scimweave.mapping import Program, load
from scimweave.mapping.handout.markup import code, text, to_html
from scimweave.mapping.handout.page import markdown
from scimweave.mapping.handout.rows import Row, left_out, rows_of
from scimweave.scim.schema import ENTERPRISE_USER
from small_mapping import program

NASTY = "<script>alert('x')</script> `|` *a* [b](http://c) \\ &amp; #"
VOID = frozenset({"meta", "br", "hr", "link", "img"})


class _Page(HTMLParser):
    """Checks that every element is closed, and collects text and names of elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def row(made: Program, name: str) -> Row:
    return next(each for each in rows_of(made.users) if each.name == name)


@pytest.mark.parametrize("file", [PRECIATE, DIRECTORY], ids=lambda each: each.stem)
def test_page_of_a_shipped_mapping(file: Path) -> None:
    page = markdown(load(file, {}), "https://scim.example.com")
    matches_golden(f"handout/{file.stem}.md", page, file)
    html = to_html("Provisioning", page)
    matches_golden(f"handout/{file.stem}.html", html, file)
    parsed = _Page(html)
    assert parsed.names >= {"table", "ol", "h2", "code"}
    assert parsed.links == ["https://entra.microsoft.com"]


@pytest.mark.parametrize(
    ("rule", "name", "kind"),
    [
        ("title", "title", "String"),
        ("active", "active", "Boolean"),
        ("profileUrl", "profileUrl", "Reference"),
        ("enterprise.department", f"{ENTERPRISE_USER}:department", "String"),
        ("enterprise.manager.value", f"{ENTERPRISE_USER}:manager", "Reference"),
        ("enterprise.manager", f"{ENTERPRISE_USER}:manager", "Reference"),
        ("name", "name.honorificPrefix", "String"),
        ("emails", 'emails[type eq "work"].value', "String"),
        ("""'emails[type eq "home"]'""", 'emails[type eq "home"].value', "String"),
        ("""'addresses[type eq "x"].country'""", 'addresses[type eq "x"].country', "String"),
        ("addresses", 'addresses[type eq "work"].formatted', "String"),
        ("roles", 'roles[primary eq "True"].value', "String"),
        ("{ expr: lower(title) }", "title", "String"),
    ],
)
def test_attribute_is_spelled_as_entra_spells_it(rule: str, name: str, kind: str) -> None:
    made = program(f"x: {rule}")
    assert row(made, name).type == kind
    assert "x" in row(made, name).fields


@pytest.mark.parametrize(
    ("rule", "required", "remark"),
    [
        ("title", False, ""),
        ("{ from: title, required: true }", True, ""),
        ("{ from: [title, nickName], required: true }", False, "one of those"),
        ("{ from: title, apply: on_create }", False, "at creation only"),
        ("{ from: title, max_length: 20 }", False, "at most 20 characters"),
        ("{ from: title, sensitive: true }", False, "never in a log"),
    ],
)
def test_what_a_rule_asks_of_its_attribute(rule: str, required: bool, remark: str) -> None:
    found = row(program(f"x: {rule}"), "title")
    assert found.required is required
    assert remark in "; ".join(found.remarks)


def test_password_is_neither_filtered_nor_sent_by_entra() -> None:
    found = row(program("x: password"), "password")
    assert not found.filterable
    assert "Entra never sends passwords" in found.remarks


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("[email]", {"userName": 1}),
        ("[badge]", {"externalId": 1, "userName": 2}),
        ("[email, badge]", {"userName": 1, "externalId": 2}),
        ("[computed, email]", {"userName": 1}),
    ],
)
def test_precedence(match: str, expected: dict[str, int], tmp_path: Path) -> None:
    lines = "email: userName, is_active: active, badge: { from: externalId, required: true }, "
    computed = "computed: { expr: \"join('', [externalId, nickName])\" }"
    file = tmp_path / "m.yaml"
    file.write_text(
        "integration: m\ntarget: { connector: memory }\nusers: { object: o, key: id, "
        f"match: {match}, attributes: {{ {lines}{computed} }} }}\n"
    )
    found = {each.name: each.precedence for each in rows_of(load(file, {}).users)}
    assert {name: number for name, number in found.items() if number} == expected


def test_default_rows_of_entra_that_are_not_taken_are_listed() -> None:
    extra = [path for path, _ in left_out(program("title: title").users)]
    assert "displayName" in extra
    assert not {"title", "userName", "externalId"} & set(extra)
    assert left_out(load(DIRECTORY, {}).users) == []


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ("", "`is_active` follows `active`, which is false"),
        ("deactivate: { set: { is_active: false, left: 'yes' } }", '`left` becomes `"yes"`'),
        ("delete: ignore", "The account is left as it is"),
        ("delete: delete", "The account is deleted"),
        ("deactivate: delete, delete: delete", "becomes false | The account is deleted. |"),
        ("deactivate: delete, delete: delete", "An account is created anew"),
    ],
)
def test_what_becomes_of_a_leaver(operations: str, expected: str) -> None:
    users = f"  operations: {{ {operations} }}\n" if operations else ""
    assert expected in markdown(program(users=users))


@pytest.mark.parametrize(
    ("guard", "limits"),
    [
        ("{ leavers: 10, window: 1h }", "At most 10 leavers within 1h go through"),
        ("{ leavers: 1, window: 7d }", "At most 1 leaver within 7d go through"),
        (
            "{ percent: 2.5, window: 7d }",
            "At most 2.5 % of all people (or 5, where that is more) within 7d go through",
        ),
        (
            "{ leavers: 10, percent: 20, window: 1h }",
            "At most 10 leavers, and 20 % of all people (or 5, where that is more), within 1h",
        ),
    ],
)
def test_guard_is_told(guard: str, limits: str) -> None:
    page = markdown(program(more=f"guard: {guard}\n"))
    assert limits in page
    assert page.index("## Joiners, movers, leavers") < page.index("held") < page.index("## Groups")


def test_without_a_guard_nothing_is_told_of_it() -> None:
    assert "held" not in markdown(program())


def test_attributes_keep_their_words_whole_on_a_phone_and_their_columns_on_paper() -> None:
    page = to_html("Provisioning", markdown(load(PRECIATE, {})))
    assert "td:nth-child(-n+2):nth-last-child(n+7) { min-width: 10rem; }" in page
    assert "@page { size: landscape;" in page


def test_scope_is_told() -> None:
    scope = '  scope: \'userType eq "Employee" or title sw "a|b"\'\n'
    page = markdown(program("kind: userType", "title: title", users=scope))
    assert 'for whom `userType eq "Employee" or title sw "a\\|b"` holds' in page


def test_value_of_a_sensitive_field_is_not_shown() -> None:
    made = program(
        "pin: { from: title, sensitive: true }",
        users="  operations: { deactivate: { set: { pin: s3cr3t } } }\n",
    )
    page = markdown(made)
    assert "`pin` is set" in page
    assert "s3cr3t" not in page


def test_address_with_an_underscore_is_nothing_for_okta() -> None:
    made = program()
    assert "underscore" not in markdown(made, "https://scim.example.com")
    assert "underscore" in markdown(made, "https://my_scim.example.com/")


def test_texts_of_the_file_are_shown_as_they_are() -> None:
    quoted = NASTY.replace("'", "''")
    made = program(
        f"'{quoted}': title",
        users=f"  operations: {{ deactivate: {{ set: {{ is_active: false, '{quoted}': '{quoted}' "
        "} } }\n",
        more=f"title: '{quoted}'\n",
    )
    parsed = _Page(to_html(NASTY, markdown(made)))
    assert not parsed.names & {"script", "img"}
    assert parsed.links == ["https://entra.microsoft.com"]
    assert parsed.words.count(NASTY) >= 6


@pytest.mark.parametrize("value", [NASTY, "`", "``a", " a", "a|b", "-", "+ x", "1. x", "a\nb"])
def test_pieces_are_shown_as_they_are(value: str) -> None:
    table = f"| h |\n|---|\n| {text(value)} / {code(value)} |\n"
    (cell,) = re.findall(r"<td>(.*)</td>", to_html("", table))
    shown = " ".join(value.split())
    assert _Page(f"<p>{cell}</p>").words == f"{shown} / {shown}"
