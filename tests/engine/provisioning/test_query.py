"""Queries over stored users, compared with the plain filter over all of them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.lookups import lookups_of
from scimweave.provisioning.search.indexes import Indexes, IndexesInUse
from scimweave.provisioning.search.pushdown import Planner
from scimweave.provisioning.search.query import Page, Query, query
from scimweave.provisioning.search.selecting import viewer
from scimweave.provisioning.search.source import Source
from scimweave.provisioning.users import Users
from scimweave.scim.comparison import microseconds
from scimweave.scim.error import ScimError
from scimweave.scim.filter import compile_filter, parse_filter
from scimweave.scim.path import parse_path
from scimweave.scim.schema import ENTERPRISE_USER, GROUP_TYPE, USER_TYPE, ResourceType
from scimweave.scim.syntax import AttributePath, Compare, Filter
from scimweave.store.base import Intent, Record
from scimweave.store.conditions import Any as AnyOf
from scimweave.store.conditions import Condition, HasId
from scimweave.store.sqlite import SqliteStore

BASE = "https://scim.example.com/v2"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INDEXES = Indexes(
    USER_TYPE,
    [AttributePath(None, "title"), AttributePath(ENTERPRISE_USER, "department")],
)


def user(number: int, **attributes: Any) -> Record:
    """Return a user made some seconds after noon."""
    made = NOON + timedelta(seconds=number)
    resource = {"userName": f"user{number}", **attributes}
    return Record(f"id{number}", "User", resource, 1, made, made)


async def save(store: SqliteStore, indexes: Indexes, records: Iterable[Record]) -> None:
    async def one(record: Record) -> None:
        intent = Intent("small", record.resource_type, record.id, "create", "", (), "r")
        lookups = lookups_of(record, None, indexes)
        await store.commit(await store.begin(intent), "done", put=record, lookups=lookups)

    for record in records:
        await one(record)


@asynccontextmanager
async def stored(
    records: Iterable[Record], indexes: Indexes = INDEXES
) -> AsyncIterator[tuple[SqliteStore, Source]]:
    with TemporaryDirectory() as folder:
        store = await SqliteStore.open(Path(folder) / "store.db")
        try:
            await save(store, indexes, records)
            yield store, Source(store, "small", indexes.resource_type, indexes)
        finally:
            await store.close()


def plain(records: Sequence[Record], text: str, kind: ResourceType = USER_TYPE) -> list[str]:
    """Return the ids that the closures select, with no store in between."""
    accepts = compile_filter(parse_filter(text), kind)
    view = viewer(kind, BASE, {"meta"})
    return [record.id for record in records if accepts(view(record))]


def ids(page: Page) -> list[str]:
    return [record.id for record in page.records]


PEOPLE = [
    user(1, userName="Ada@contoso.com", externalId="Ada", displayName="Ada Lovelace",
         title="Countess", active=True, name={"familyName": "Lovelace"},
         emails=[{"type": "work", "value": "ada@contoso.com", "primary": True},
                 {"type": "home", "value": "ada@example.org"}],
         **{ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "id2"}}}),
    user(2, userName="grace@contoso.com", externalId="ada", displayName="Grace Hopper",
         title="Admiral", active=False, name={"familyName": "Hopper"},
         emails=[{"type": "home", "value": "ada@contoso.com"}]),
    user(3, userName="straße@contoso.com", displayName="O'Malley & \"Sons\" + Zoë",
         roles=[{"value": "Admin", "primary": "True"}]),
    user(4, userName="user'4", title="admiral"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('id eq "4f6f0a5e-0000-4000-8000-000000000000"', [], id="Q40-guid-probe"),
        pytest.param('userName eq "ADA@CONTOSO.COM"', ["id1"], id="Q41-case"),
        pytest.param('userName eq "STRASSE@contoso.com"', ["id3"], id="Q41-unicode-case"),
        pytest.param('externalId eq "ada"', ["id2"], id="case-exact"),
        pytest.param('DisplayName eq "grace hopper"', ["id2"], id="Q42-name-in-any-case"),
        pytest.param('id eq "id1" and emails eq "ada@contoso.com"', ["id1"], id="Q43-and"),
        pytest.param('id eq "id1" and emails eq "nobody"', [], id="Q43-and-miss"),
        pytest.param("name.FamilyName eq Hopper", ["id2"], id="Q45-bare-word"),
        pytest.param("userName eq user'4", ["id4"], id="Q46-apostrophe"),
        pytest.param('displayName ew "& \\"Sons\\" + Zo\\u00eb"', ["id3"], id="Q46-escapes"),
        pytest.param('emails[type eq "work"].value eq "ada@contoso.com"', ["id1"], id="Q50-path"),
        pytest.param('emails[type eq "work" and value eq "ada@contoso.com"]', ["id1"], id="Q50-in"),
        pytest.param('emails.value eq "ADA@contoso.com"', ["id1", "id2"], id="Q50-value"),
        pytest.param('emails co "example"', ["id1"], id="default-sub-attribute"),
        pytest.param('title sw "AD"', ["id2", "id4"], id="starts-with"),
        pytest.param('title ge "b"', ["id1"], id="greater"),
        pytest.param('title le "admiral"', ["id2", "id4"], id="less"),
        pytest.param("title pr", ["id1", "id2", "id4"], id="present"),
        pytest.param("not (title pr)", ["id3"], id="not"),
        pytest.param("title eq null", ["id3"], id="null"),
        pytest.param('title ne "admiral"', ["id1", "id3"], id="not-equal"),
        pytest.param("active eq true", ["id1", "id3", "id4"], id="Q66-active-by-default"),
        pytest.param('active EQ "False"', ["id2"], id="Q3-string-boolean"),
        pytest.param(
            'title eq "x" or title eq "admiral" and active eq false', ["id2"], id="precedence"
        ),
        pytest.param(f'{ENTERPRISE_USER}:department eq "ENGINES"', ["id1"], id="extension"),
        pytest.param(f'{ENTERPRISE_USER.upper()}:DEPARTMENT sw "eng"', ["id1"], id="urn-case"),
        pytest.param(f'{ENTERPRISE_USER}:manager eq "id2"', ["id1"], id="manager"),
        pytest.param(
            'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"', ["id1"], id="core-urn"
        ),
        pytest.param(f'schemas eq "{ENTERPRISE_USER}"', ["id1"], id="schemas"),
        pytest.param('meta.resourceType eq "Group"', [], id="resource-type"),
        pytest.param('meta.version eq "W/\\"1\\"" and title ew "s"', ["id1"], id="version"),
        pytest.param(f'meta.location eq "{BASE}/Users/id2"', ["id2"], id="location"),
        pytest.param('meta.lastModified gt "2026-03-01T12:00:03Z"', ["id4"], id="time"),
        pytest.param('meta.created le "2026-03-01T14:00:01+02:00"', ["id1"], id="time-with-offset"),
        pytest.param('meta.created sw "2026-03-01T12:00:02"', ["id2"], id="time-as-text"),
        pytest.param('roles[value eq "admin"]', ["id3"], id="value-path"),
    ],
)  # fmt: skip
async def test_filter_selects(text: str, expected: list[str]) -> None:
    async with stored(PEOPLE) as (_, source):
        page = await query([source], Query(text, base_url=BASE))
        assert ids(page) == expected
        assert page.total == len(expected)


async def test_the_end_of_a_long_filter_counts() -> None:
    text = f'userName eq "grace@contoso.com"{" " * 1000} and active eq true'
    async with stored(PEOPLE) as (_, source):
        assert ids(await query([source], Query(text))) == []


@pytest.mark.parametrize("more", ["", " and active eq true", ' and emails[type eq "work"]'])
@pytest.mark.parametrize("many", [3, 30, 60])
async def test_all_that_share_a_value_are_counted(many: int, more: str) -> None:
    work = [{"type": "work", "value": "team@contoso.com"}]
    async with stored([user(number, title="x", emails=work) for number in range(many)]) as (
        _,
        source,
    ):
        page = await query([source], Query(f'title eq "X"{more}', start_index=3, count=2))
        assert (page.total, page.start_index) == (many, 3)
        assert ids(page) == [f"id{number}" for number in range(many)][2:4]


@pytest.mark.parametrize(
    ("text", "quirks"),
    [
        ('userName eq "a"', set()),
        ("userName eq a", {"Q45"}),
        ('userName eq "a" and active eq "True"', {"Q3"}),
        ("id eq a", {"Q45"}),
    ],
)
async def test_quirks_of_a_filter_are_noted(text: str, quirks: set[str]) -> None:
    noted: set[str] = set()
    async with stored(PEOPLE) as (_, source):
        await query([replace(source, noted=noted.update)], Query(text))
    assert noted == quirks


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("USERNAME", "userName"),
        ("urn:ietf:params:scim:schemas:CORE:2.0:User:userName", "userName"),
        ("emails", "emails.value"),
        ("Emails.Value", "emails.value"),
        ('emails[type eq "work"].value', "emails.value"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:emails", "emails.value"),
        (f"{ENTERPRISE_USER.upper()}:DEPARTMENT", f"{ENTERPRISE_USER}:department"),
        (f"{ENTERPRISE_USER}.department", f"{ENTERPRISE_USER}:department"),
        ("department", None),
        ("emails.type", None),
        ("userName.value", None),
        (f"{ENTERPRISE_USER}:userName", None),
    ],
)
def test_index_is_found_by_every_name(text: str, name: str | None) -> None:
    found = INDEXES.find(parse_path(text))
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ('userName eq "a"', True),
        ('userName eq "a" and title sw "b"', True),
        ('id eq "x" or emails eq "y"', True),
        ('meta.lastModified ge "2026-03-01T12:00:00Z"', True),
        ('userName eq "a" and name.familyName co "b"', False),
        ('emails[type eq "work"].value eq "x"', False),
    ],
)
def test_plan_uses_an_index(text: str, exact: bool) -> None:
    plan = Planner(INDEXES, lambda part: None).plan(parse_filter(text))
    assert plan.condition is not None
    assert plan.exact is exact


async def test_time_that_a_provider_was_shown_is_the_time_compared() -> None:
    made = NOON + timedelta(microseconds=123_456)
    async with stored([replace(user(1), last_modified=made)]) as (_, source):
        shown = viewer(USER_TYPE, BASE, {"meta"})(replace(user(1), last_modified=made))["meta"]
        for operator, total in (("eq", 1), ("ge", 1), ("le", 1), ("gt", 0), ("lt", 0)):
            text = f'meta.lastModified {operator} "{shown["lastModified"]}"'
            assert (await query([source], Query(text))).total == total


@pytest.mark.parametrize(
    ("asked", "scim_type"),
    [
        (Query(""), "invalidFilter"),
        (Query('usrName eq "a"'), "invalidFilter"),
        (Query('password sw "a"'), "invalidFilter"),
        (Query('name eq "a"'), "invalidFilter"),
        (Query("active gt true"), "invalidFilter"),
        (Query('meta.created gt "yesterday"'), "invalidFilter"),
        (Query(sort_by="usrName"), "invalidPath"),
        (Query(sort_by="name"), "invalidPath"),
        (Query(sort_by="a b"), "invalidPath"),
        (Query(cursor="", count=0), "invalidCount"),
        (Query(cursor="nonsense"), "invalidCursor"),
        (Query(cursor="é"), "invalidCursor"),
        (Query(cursor="x" * 5000), "invalidCursor"),
        (Query(cursor="W10"), "invalidCursor"),
    ],
)
async def test_what_cannot_be_asked_is_refused(asked: Query, scim_type: str) -> None:
    async with stored(PEOPLE) as (_, source):
        with pytest.raises(ScimError) as caught:
            await query([source], asked)
        assert (caught.value.status, caught.value.scim_type) == (400, scim_type)


@pytest.mark.parametrize("operator", ["and", "or"])
async def test_long_chains_are_answered(operator: str) -> None:
    text = f" {operator} ".join(['id eq "id1"', *["id pr"] * 190])
    async with stored(PEOPLE) as (_, source):
        assert ids(await query([source], Query(text)))[0] == "id1"


@pytest.mark.parametrize(
    ("sort_by", "descending", "expected"),
    [
        ("userName", False, ["id1", "id2", "id3", "id4"]),
        ("userName", True, ["id4", "id3", "id2", "id1"]),
        ("title", False, ["id2", "id4", "id1", "id3"]),
        ("title", True, ["id3", "id1", "id2", "id4"]),
        ("externalId", False, ["id1", "id2", "id3", "id4"]),
        ("name.familyName", False, ["id2", "id1", "id3", "id4"]),
        ("emails", False, ["id1", "id2", "id3", "id4"]),
        ("emails.type", False, ["id2", "id1", "id3", "id4"]),
        ("active", False, ["id2", "id1", "id3", "id4"]),
        ("meta.created", True, ["id4", "id3", "id2", "id1"]),
        (f"{ENTERPRISE_USER}:department", True, ["id2", "id3", "id4", "id1"]),
    ],
)
async def test_sorted_by_any_attribute(sort_by: str, descending: bool, expected: list[str]) -> None:
    async with stored(PEOPLE) as (_, source):
        page = await query([source], Query(sort_by=sort_by, descending=descending))
        assert ids(page) == expected
        assert page.total == 4


# Few values, so that random filters hit random users.
texts = st.sampled_from(
    ["", "a", "A", "ab", "aB", "ß", "ss", "z", "\U0010ffff", "\ud7ff", "\ue000", "é", "'"]
)
elements = st.lists(
    st.fixed_dictionaries(
        {}, optional={"type": st.sampled_from(["work", "home"]), "value": texts.filter(bool),
                      "primary": st.booleans()}
    ),
    min_size=1, max_size=3,
)  # fmt: skip
attributes = st.fixed_dictionaries(
    {},
    optional={
        "externalId": texts.filter(bool),
        "displayName": texts.filter(bool),
        "title": texts.filter(bool),
        "nickName": texts.filter(bool),
        "active": st.booleans(),
        "name": st.fixed_dictionaries({"givenName": texts.filter(bool)}),
        "emails": elements,
        ENTERPRISE_USER: st.fixed_dictionaries({"department": texts.filter(bool)}),
    },
)
moments = st.integers(-2500, 2500).map(lambda passed: NOON + timedelta(microseconds=passed))
TEXT_PATHS = [
    "userName", "externalId", "displayName", "title", "nickName", "name.givenName", "emails",
    "emails.value", "emails.type", 'emails[type eq "work"].value', "id", "meta.resourceType",
    'emails[primary eq true and not (value eq "a")].value', f"{ENTERPRISE_USER}:department",
]  # fmt: skip
quoted = texts.map(lambda text: json.dumps(text, ensure_ascii=False)) | st.sampled_from(
    ['"id1"', '"user1"', '"USER2"', '"User"', "7", "true"]
)
compared = st.builds(
    lambda path, op, value: f"{path} {op} {value}",
    st.sampled_from(TEXT_PATHS),
    st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]),
    quoted,
)
times = st.builds(
    lambda path, op, moment: f'{path} {op} "{moment.isoformat()}"',
    st.sampled_from(["meta.created", "meta.lastModified"]),
    st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
    moments,
)
others = st.sampled_from(
    ["title pr", "emails pr", "active eq true", "title eq null", "externalId ne null", "meta pr",
     'emails[value sw "a" or type eq "home"]', 'emails[value eq "a" and type eq "work"]']
)  # fmt: skip
filters = st.recursive(
    compared | times | others,
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=5,
)


@st.composite
def people(draw: st.DrawFn) -> list[Record]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        one = user(number, **draw(attributes))
        found.append(replace(one, created=draw(moments), last_modified=draw(moments)))
    return found


async def every_page(source: Source, asked: Query, count: int) -> list[list[str]]:
    """Read to the end by cursor, and then by index."""
    by_cursor: list[str] = []
    place: str | None = ""
    while place is not None:
        page = await query([source], replace(asked, cursor=place, count=count))
        assert len(page.records) <= count
        by_cursor += ids(page)
        place = page.next_cursor
    by_index: list[str] = []
    while page := await query([source], replace(asked, start_index=len(by_index) + 1, count=count)):
        by_index += ids(page)
        if len(by_index) >= (page.total or 0):
            break
    return [by_cursor, by_index]


@settings(deadline=None, max_examples=150)
@given(people(), st.lists(filters, min_size=5, max_size=15), st.integers(1, 4))
def test_indexes_select_what_the_filter_selects(
    records: list[Record], found: list[str], count: int
) -> None:
    async def compare() -> None:
        async with stored(records) as (_, source):
            for text in found:
                expected = plain(records, text)
                page = await query([source], Query(text))
                assert (ids(page), page.total) == (expected, len(expected)), text
                assert await every_page(source, Query(text), count) == [expected, expected], text

    asyncio.run(compare())


def sorted_plainly(records: Sequence[Record], path: str, descending: bool) -> list[str]:
    """Sort by one text that is not case-exact, with what is absent last, or first descending."""

    def key(record: Record) -> tuple[bool, str]:
        value: Any = record.resource
        for step in path.split("."):
            value = value.get(step) if value else None
        return (value is None, (value or "").casefold())

    return [record.id for record in sorted(records, key=key, reverse=descending)]


@settings(deadline=None, max_examples=60)
@given(
    people(),
    st.sampled_from(["title", "nickName", "displayName", "name.givenName", "userName"]),
    st.booleans(),
    st.integers(1, 4),
)
def test_pages_in_any_order_are_the_whole_once(
    records: list[Record], path: str, descending: bool, count: int
) -> None:
    async def compare() -> None:
        async with stored(records) as (_, source):
            asked = Query(sort_by=path, descending=descending)
            expected = sorted_plainly(records, path, descending)
            assert await every_page(source, asked, count) == [expected, expected]

    asyncio.run(compare())


async def test_cursor_goes_on_behind_what_was_removed() -> None:
    async with stored([user(number) for number in range(5)]) as (store, source):
        first = await query([source], Query(cursor="", count=2))
        entry = await store.begin(Intent("small", "User", "id1", "delete", "", (), "r"))
        await store.commit(entry, "done", remove="id1")
        rest = await query([source], Query(cursor=first.next_cursor, count=9))
        assert ids(first) + ids(rest) == ["id0", "id1", "id2", "id3", "id4"]


@pytest.mark.parametrize(
    "changed",
    [
        {"filter": "title pr"},
        {"sort_by": "title", "descending": True},
        {"sort_by": "meta.created"},
        {"sort_by": None},
    ],
)
async def test_cursor_is_for_its_own_query(changed: dict[str, Any]) -> None:
    async with stored([user(number, title="x") for number in range(3)]) as (_, source):
        asked = Query(sort_by="title", count=1)
        page = await query([source], replace(asked, cursor=""))
        assert page.next_cursor is not None
        assert set(page.next_cursor) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        )
        with pytest.raises(ScimError, match="another query"):
            await query([source], replace(asked, cursor=page.next_cursor, **changed))


@pytest.mark.parametrize(
    "place",
    [
        [1, 0, [0, "x"]],
        [-1, 0, [0, "x"]],
        [0, -1, [0, "x"]],
        [0, 2**63, [0, "x"]],
        [0, 1.5, [0, "x"]],
        [0, 0, None],
        [0, 0, [0, 7]],
        [0, 0, [0, {}]],
        [0, 0, [1, "x"]],
        [0, 0, "x"],
        [0],
    ],
)
async def test_forged_cursor_is_refused(place: list[Any]) -> None:
    async with stored([user(number, title="x") for number in range(3)]) as (_, source):
        asked = Query(sort_by="title", count=1, cursor="")
        given = (await query([source], asked)).next_cursor
        assert given is not None
        made_for = json.loads(base64.urlsafe_b64decode(given + "==="))[0]
        forged = base64.urlsafe_b64encode(json.dumps([made_for, *place]).encode()).decode()
        with pytest.raises(ScimError) as caught:
            await query([source], replace(asked, cursor=forged.rstrip("=")))
        assert caught.value.scim_type == "invalidCursor"


async def test_several_types_are_searched_together() -> None:
    groups = Indexes(GROUP_TYPE)
    made = [
        Record(f"g{number}", "Group", {"displayName": name}, 1, NOON, NOON)
        for number, name in enumerate(["Bees", "Ants"])
    ]
    async with stored([user(1, displayName="Bob"), user(2)]) as (store, users):
        await save(store, groups, made)
        sources = [users, Source(store, "small", GROUP_TYPE, groups)]

        async def found(asked: Query) -> list[str]:
            return ids(await query(sources, asked))

        assert await found(Query()) == ["id1", "id2", "g0", "g1"]
        assert await found(Query(start_index=2, count=2)) == ["id2", "g0"]
        assert await found(Query('displayName sw "b"')) == ["id1", "g0"]
        assert await found(Query('userName eq "user2" or displayName eq "ants"')) == ["id2", "g1"]
        assert await found(Query('meta.resourceType eq "Group"')) == ["g0", "g1"]
        assert await found(Query("not (userName pr)")) == ["g0", "g1"]
        assert await found(Query(sort_by="displayName")) == ["g1", "g0", "id1", "id2"]
        assert await found(Query(sort_by="userName")) == ["id1", "id2", "g0", "g1"]
        for asked in (Query(cursor="", count=1), Query(cursor="", count=1, sort_by="displayName")):
            collected, place = [], asked.cursor
            while place is not None:
                page = await query(sources, replace(asked, cursor=place))
                collected += ids(page)
                place = page.next_cursor
            assert collected == await found(replace(asked, cursor=None, count=9))
        with pytest.raises(ScimError, match="usrName"):
            await found(Query('usrName eq "a"'))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('members eq "x"', ["id1", "id3"]),
        ('members eq "x" and id eq "id3"', ["id3"]),
        ('members eq "x" and nickName pr', ["id1"]),
        ('members eq "x" or nickName pr', ["id1", "id2", "id3"]),
        ('not (members eq "x")', ["id0", "id2"]),
    ],
)
async def test_part_of_a_filter_may_be_answered_elsewhere(text: str, expected: list[str]) -> None:
    def members(part: Filter) -> Condition | None:
        if isinstance(part, Compare) and part.path.attribute == "members":
            return AnyOf((HasId("id1"), HasId("id3")))
        return None

    records = [user(0), user(1, nickName="a"), user(2, nickName="b"), user(3)]
    async with stored(records) as (_, source):
        assert ids(await query([replace(source, special=members)], Query(text))) == expected


async def test_another_list_of_indexes_is_made_for_what_is_stored() -> None:
    few = Indexes(USER_TYPE)
    async with stored(PEOPLE, few) as (store, _):
        in_use = IndexesInUse(few)
        await in_use.change(store, "small", INDEXES)
        assert await store.lookup_list("small", "User") == INDEXES.text
        assert [each.id for each in await store.find("small", "User", "title", "admiral")] == [
            "id2", "id4"
        ]  # fmt: skip
        await in_use.change(store, "small", few)
        assert await store.find("small", "User", "title", "admiral") == []
        assert in_use.asked is few


async def test_mapping_names_more_that_is_indexed(
    engine: Engine, users: Users, edit: Callable[[str, str], None]
) -> None:
    await users.create({"userName": "ada@contoso.com", "title": "Countess"})
    assert users.source().indexes.named("title") is None
    edit("users:\n", "users:\n  filterable: [title, enterprise.department]\n")
    assert (await engine.reload()).integrations == ("preciate",)
    assert users.source().indexes.named("title") is not None
    assert len(await engine.store.find("preciate", "User", "title", "countess")) == 1
    await users.create({"userName": "grace@contoso.com", "title": "Admiral"})
    page = await users.query(Query('title eq "ADMIRAL"'))
    assert [record.resource["userName"] for record in page.records] == ["grace@contoso.com"]


async def test_user_is_found_by_what_they_have_after_each_change_and_by_nothing_else(
    engine: Engine, users: Users, edit: Callable[[str, str], None]
) -> None:
    edit("users:\n", "users:\n  filterable: [title, enterprise.department]\n")
    await engine.reload()
    department = f"{ENTERPRISE_USER}:department"
    has = {"userName": "ada", "externalId": "a", "title": "analyst", department: "engines"}
    made = await users.create(
        {**has, department: None, ENTERPRISE_USER: {"department": has[department]}}
    )

    async def found(path: str, value: str) -> int:
        return (await users.query(Query(f'{path} eq "{value}"'))).total or 0

    for path in [*has, "displayName"]:
        old, new = has.get(path), f"new {path[-5:]}"
        await users.patch(made.id, [{"op": "replace", "path": path, "value": new}])
        has |= {} if old is None else {path: new}
        assert old is None or await found(path, old) == 0
        assert [await found(each, value) for each, value in has.items()] == [1] * len(has)


async def test_queries_while_an_index_is_made_do_without_it(
    engine: Engine,
    users: Users,
    edit: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await users.create({"userName": "ada@contoso.com", "title": "Countess"})
    write, found = engine.store.write_lookups, []

    async def write_lookups(*wanted: Any) -> None:
        page = await users.query(Query('title eq "countess"'))
        found.append((users.source().indexes.named("title"), page.total))
        await write(*wanted)

    monkeypatch.setattr(engine.store, "write_lookups", write_lookups)
    edit("users:\n", "users:\n  filterable: [title]\n")
    await engine.reload()
    assert (None, 1) in found
    assert users.source().indexes.named("title") is not None


def test_times_become_whole_microseconds() -> None:
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)) == -1
