from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from yarl import URL

from api_double import Answer, ApiDouble, api_double, dropped, html, json, redirect
from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Gone,
    MembersField,
    NoSuchObject,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.contract import refused
from scimweave.connectors.scim.connector import ScimConnector
from servers.own import running_own
from servers.scim2 import Scim2

WORK = 'emails[type eq "work"].value'
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
USERS = AccountShape(
    "User",
    "id",
    ("userName",),
    (
        FieldShape("userName", "string"),
        FieldShape("active", "boolean"),
        FieldShape("name.givenName", "string"),
        FieldShape(WORK, "string"),
        FieldShape(DEPARTMENT, "string"),
    ),
)
GROUPS = AccountShape(
    "Group", "id", ("displayName",), (FieldShape("displayName"),), MembersField("members"), "groups"
)
NOT_OFFERED = json({}, 404)


@asynccontextmanager
async def target(
    *answers: Answer,
    shape: AccountShape = USERS,
    config: Answer = NOT_OFFERED,
    options: dict[str, Any] | None = None,
) -> AsyncIterator[tuple[Connector, ApiDouble]]:
    """Open a service of which discovery says ``config``, and nothing of types and schemas."""
    async with api_double(config, NOT_OFFERED, NOT_OFFERED, *answers) as double:
        made = {"url": double.url, "retry": {"backoff": 0.001}, **(options or {})}
        connector = ScimConnector.open(made, shape)
        try:
            yield connector, double
        finally:
            await connector.close()


async def test_a_creation_is_a_resource_of_the_target() -> None:
    async with target(json({"id": "7"}, 201)) as (connector, double):
        key = await connector.create(
            {
                "userName": "ada",
                "active": True,
                "name.givenName": "Ada",
                WORK: "a@x",
                DEPARTMENT: "E",
            }
        )
    assert key == "7"
    sent = double.seen[3]
    assert sent.headers["Content-Type"] == "application/scim+json"
    assert sent.body == {
        "schemas": [CORE, ENTERPRISE],
        "userName": "ada",
        "active": True,
        "name": {"givenName": "Ada"},
        "emails": [{"type": "work", "value": "a@x"}],
        ENTERPRISE: {"department": "E"},
    }


async def test_a_patch_holds_what_changes() -> None:
    async with target(json({})) as (connector, double):
        await connector.update("7", {"active": False, "name.givenName": None, DEPARTMENT: "E"})
    assert double.requests()[3:] == ["PATCH /v1/Users/7"]
    assert double.seen[3].body["Operations"] == [
        {"op": "replace", "path": "active", "value": False},
        {"op": "remove", "path": "name.givenName"},
        {"op": "replace", "path": DEPARTMENT, "value": "E"},
    ]


@pytest.mark.parametrize(
    ("emails", "value", "operation"),
    [
        (
            [{"type": "home", "value": "h@x"}],
            "a@x",
            {
                "op": "replace",
                "path": "emails",
                "value": [{"type": "home", "value": "h@x"}, {"type": "work", "value": "a@x"}],
            },
        ),
        (
            [{"type": "Work", "value": "old@x", "primary": True}],
            "a@x",
            {
                "op": "replace",
                "path": "emails",
                "value": [{"type": "Work", "value": "a@x", "primary": True}],
            },
        ),
        ([{"type": "work", "value": "old@x"}], None, {"op": "remove", "path": "emails"}),
        (None, None, {"op": "remove", "path": "emails"}),
    ],
)
async def test_one_element_of_a_list_changes_and_the_others_stay(
    emails: Any, value: str | None, operation: dict[str, Any]
) -> None:
    before = json({"id": "7", "emails": emails, "meta": {"version": 'W/"3"'}})
    async with target(before, json({})) as (connector, double):
        await connector.update("7", {WORK: value})
    assert double.seen[4].body["Operations"] == [operation]
    assert double.seen[4].headers["If-Match"] == 'W/"3"'


async def test_a_service_without_patch_gets_the_whole_resource() -> None:
    config = json({"patch": {"supported": False}})
    resource = {"id": "7", "schemas": [CORE], "userName": "ada", "nickName": "A", "meta": {}}
    before = json(resource, ETag='"9"')
    async with target(before, json({}), config=config) as (connector, double):
        await connector.update("7", {"active": False})
    sent = double.seen[4]
    assert (sent.method, sent.headers["If-Match"]) == ("PUT", '"9"')
    expected = {key: value for key, value in resource.items() if key != "meta"}
    assert sent.body == {**expected, "active": False}


async def test_an_account_that_was_changed_meanwhile_is_tried_again_later() -> None:
    options = {"update": "put"}
    async with target(json({"id": "7"}), json({}, 412), options=options) as (connector, _):
        error = await refused(Unreachable, connector.update("7", {"active": False}))
    assert (error.applied, error.retry_after) == (False, 1)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("userName", 'a"b\\c', 'userName eq "a\\"b\\\\c"'),
        ("active", True, "active eq true"),
        ("name.givenName", "Ada", 'name.givenName eq "Ada"'),
        (WORK, "a@x", 'emails[type eq "work" and value eq "a@x"]'),
        (DEPARTMENT, "é", f'{DEPARTMENT} eq "é"'),
    ],
)
async def test_a_search_is_a_filter(field: str, value: Any, expected: str) -> None:
    async with target(json({"totalResults": 0})) as (connector, double):
        assert await connector.find(field, value) == []
    assert URL(double.seen[3].target).query["filter"] == expected


async def test_pages_follow_cursors_where_the_service_has_them() -> None:
    config = json({"pagination": {"cursor": True}})
    pages = [
        json({"Resources": [{"id": "1"}, {"id": "2"}], "nextCursor": "a+b"}),
        json({"Resources": [{"id": "3"}]}),
    ]
    async with target(*pages, config=config) as (connector, double):
        found = [page async for page in connector.scan()]
    assert [each.key for page in found for each in page.accounts] == ["1", "2", "3"]
    assert [page.cursor for page in found] == ["a+b", None]
    assert double.requests()[3:] == [
        "GET /v1/Users?cursor=&count=100",
        "GET /v1/Users?cursor=a%2Bb&count=100",
    ]


async def test_members_join_and_leave_by_what_changes() -> None:
    async with target(json({}), shape=GROUPS, options={"batch": 2}) as (connector, double):
        await connector.add_members("g", ["1", "2", "3"])
        await connector.remove_members("g", ["1", 'x"y'])
    assert [each.body["Operations"] for each in double.seen[3:]] == [
        [{"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}],
        [{"op": "add", "path": "members", "value": [{"value": "3"}]}],
        [
            {"op": "remove", "path": 'members[value eq "1"]'},
            {"op": "remove", "path": 'members[value eq "x\\"y"]'},
        ],
    ]


async def test_who_is_not_in_a_group_leaves_it_without_harm() -> None:
    refusal = json({"scimType": "noTarget", "detail": "nobody"}, 400)
    group = json({"id": "g", "members": [{"value": "1"}]})
    async with target(refusal, group, json({}), shape=GROUPS) as (connector, double):
        await connector.remove_members("g", ["1", "2"])
    removed = [{"op": "remove", "path": 'members[value eq "1"]'}]
    assert double.seen[5].body["Operations"] == removed


async def test_members_that_went_in_before_a_refusal_are_not_forgotten() -> None:
    refusal = json({"detail": "no"}, 400)
    async with target(json({}), refusal, shape=GROUPS, options={"batch": 1}) as (connector, _):
        error = await refused(Unreachable, connector.add_members("g", ["1", "2"]))
    assert error.applied is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "field"),
    [
        (409, {"scimType": "uniqueness", "detail": "userName taken"}, Conflict, "userName"),
        # The one attribute that RFC 7643 has unique.
        (409, {"detail": "One or more values are in use"}, Conflict, "userName"),
        (400, {"scimType": "uniqueness", "detail": "taken"}, Conflict, "userName"),
        (400, {"scimType": "invalidValue", "detail": "active: bad"}, Rejected, "active"),
        (
            400,
            {"scimType": "invalidValue", "detail": "Givenname is bad"},
            Rejected,
            "name.givenName",
        ),
        (400, {"detail": "no"}, Rejected, None),
        (404, {"detail": "gone"}, Gone, None),
        (401, {}, TargetError, None),
        (501, {}, TargetError, None),
    ],
)
async def test_a_refusal_says_what_is_at_fault(
    status: int, body: dict[str, str], kind: type[TargetError], field: str | None
) -> None:
    async with target(json(body, status)) as (connector, _):
        fields = {"userName": "a", "active": True, "name.givenName": "A"}
        error = await refused(kind, connector.update("7", fields))
    assert type(error) is kind
    assert getattr(error, "field", None) == field


async def test_a_sensitive_value_is_not_repeated_from_the_targets_message() -> None:
    shape = replace(USERS, fields=(*USERS.fields, FieldShape("password", sensitive=True)))
    answer = json({"detail": "hunter22 is too short a password"}, 400)
    async with target(answer, shape=shape) as (connector, _):
        error = await refused(Rejected, connector.create({"password": "hunter22"}))
    assert (str(error), error.field) == ("… is too short a password", "password")


async def test_html_and_redirects_are_clear_errors() -> None:
    async with target(html()) as (connector, _):
        error = await refused(Unreachable, connector.create({"userName": "ada"}))
        assert error.applied is None
        assert "is the url right?" in str(error)
        await refused(TargetError, connector.read("7"))
    async with api_double(json({})) as elsewhere:
        async with target(redirect(elsewhere.url)) as (connector, _):
            await refused(TargetError, connector.read("7"))
        assert not elsewhere.seen


async def test_a_creation_that_broke_off_is_of_unknown_outcome_and_a_patch_is_sent_again() -> None:
    async with target(dropped, json({})) as (connector, double):
        error = await refused(Unreachable, connector.create({"userName": "ada"}))
        assert error.applied is None
        assert len(double.seen) == 4
    async with target(dropped, json({})) as (connector, double):
        await connector.update("7", {"active": False})
        assert len(double.seen) == 5


async def test_what_the_service_says_of_itself_is_read_again_when_it_is_asked_for() -> None:
    types = json({"Resources": [{"name": "Person", "endpoint": "/People", "schema": "urn:p"}]})
    schema = {"id": "urn:p", "attributes": [{"name": "login", "type": "string", "required": True}]}
    shape = AccountShape("Person", "id", (), (FieldShape("login"), FieldShape("nick")))
    nick = {"name": "nick", "type": "string", "uniqueness": "server"}
    changed = {**schema, "attributes": [*schema["attributes"], nick]}
    answers = [NOT_OFFERED, types, json({"Resources": [schema]})]
    again = [NOT_OFFERED, types, json([changed])]
    async with api_double(*answers, *again, json({"id": "7"})) as double:
        connector = ScimConnector.open({"url": double.url}, shape)
        first = await connector.describe()
        second = await connector.describe()
        await connector.create({"login": "ada"})
        await connector.close()
    assert set(first) == {"login", "id"}
    assert not first["login"].nullable
    assert second["nick"].unique
    assert double.requests()[-1] == "POST /v1/People"


async def test_a_type_that_the_service_does_not_have_is_said() -> None:
    async with target(shape=replace(USERS, object="Robot")) as (connector, _):
        with pytest.raises(NoSuchObject, match='no resource type "Robot"; there are User, Group'):
            await connector.describe()


async def test_real_services_describe_their_fields(scim2: Scim2) -> None:
    connector = ScimConnector.open({"url": scim2.url}, USERS)
    described = await connector.describe()
    await connector.health()
    await connector.close()
    assert {field.name for field in USERS.fields} <= set(described)
    assert described["userName"].unique
    assert not described["userName"].nullable
    assert described["active"].type == "boolean"
    assert described["nickName"].nullable


async def test_a_wrong_key_is_no_health(directory: object, store_url: str) -> None:
    async with running_own(store_url) as own:
        connector = ScimConnector.open({"url": own.url, "auth": {"bearer": "wrong"}}, USERS)
        error = await refused(TargetError, connector.health())
        await connector.close()
    assert "refuses the credentials (401)" in str(error)
