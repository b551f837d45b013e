from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest
from scim2_models import Group, ListResponse, Schema, User

from directory import Directory
from provider import Answer, Provider
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.store import sqlite_members

PROPRIETARY = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
CORE = "urn:ietf:params:scim:schemas:core:2.0:Group"
NOBODY = "00000000-0000-0000-0000-000000000000"


class World:
    """Four users and a group with Ada and Bob in it, and whoever a test lets join or leave."""

    def __init__(self, call: Provider) -> None:
        self.call = call
        self.ids: dict[str, str] = {}
        self.group = ""

    async def fill(self) -> None:
        for name in ("ada", "bob", "cyd", "dan"):
            answer = await self.call("POST", "/Users", {"userName": name})
            self.ids[name] = answer.body["id"]
        members = [{"value": self.ids[name]} for name in ("ada", "bob")]
        answer = await self.call("POST", "/Groups", {"displayName": "Crew", "members": members})
        assert answer.status == 201
        self.group = answer.body["id"]

    async def patch(self, *operations: dict[str, Any], group: str | None = None) -> Answer:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
        named = [self._named(each) for each in operations]
        return await self.call(
            "PATCH", f"/Groups/{group or self.group}", {**body, "Operations": named}
        )

    async def members(self) -> list[str]:
        answer = await self.call("GET", f"/Groups/{self.group}")
        return [each["display"] for each in answer.body.get("members", [])]

    def _named(self, value: Any) -> Any:
        """Put in ids for names such as <ada>."""
        match value:
            case str():
                for name, id_ in self.ids.items():
                    value = value.replace(f"<{name}>", id_)
                return value
            case dict():
                return {key: self._named(each) for key, each in value.items()}
            case list():
                return [self._named(each) for each in value]
        return value


@pytest.fixture
async def world(call: Provider) -> World:
    made = World(call)
    await made.fill()
    return made


def add(value: Any, **more: Any) -> dict[str, Any]:
    return {"op": "Add", "path": "members", "value": value, **more}


ENTRA = {"$ref": None, "value": "<cyd>"}

PATCHES = [
    pytest.param([add([ENTRA])], "ada bob cyd", id="entra-add-Q14"),
    pytest.param([add([ENTRA, {"value": "<dan>"}])], "ada bob cyd dan", id="entra-add-two"),
    pytest.param([add([ENTRA]), add([{"value": "<dan>"}])], "ada bob cyd dan", id="two-adds"),
    pytest.param([add(ENTRA)], "ada bob cyd", id="one-object"),
    pytest.param([add(["<cyd>", "<dan>"])], "ada bob cyd dan", id="Q15-plain-strings"),
    pytest.param([add("<cyd>")], "ada bob cyd", id="Q15-single-string"),
    pytest.param(
        [add([{"value": "<cyd>", "displayName": "C", "type": "User"}])], "ada bob cyd",
        id="unknown-parts-of-a-member",
    ),
    pytest.param([add([{"Value": "<cyd>"}])], "ada bob cyd", id="Q21-case-of-value"),
    pytest.param([add([ENTRA], path=f"{CORE}:members")], "ada bob cyd", id="path-with-URN"),
    pytest.param([add([{"value": "<ada>"}])], "ada bob", id="add-again"),
    pytest.param([add([{"value": "<ada>", "display": "Other"}])], "ada bob", id="other-display"),
    pytest.param([add([ENTRA, ENTRA, "<cyd>"])], "ada bob cyd", id="twice-at-once"),
    pytest.param([add([])], "ada bob", id="add-nobody"),
    pytest.param(
        [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "<ada>"}]}], "bob",
        id="Q12-remove-listed-only",
    ),
    pytest.param(
        [{"op": "Remove", "path": "members", "value": ["<ada>", "<bob>"]}], "",
        id="Q12-remove-plain-strings",
    ),
    pytest.param(
        [{"op": "Remove", "path": "members", "value": {"value": "<ada>"}}], "bob",
        id="Q12-remove-one-object",
    ),
    pytest.param(
        [{"op": "Remove", "path": "members", "value": []}], "ada bob", id="Q12-remove-nobody"
    ),
    pytest.param(
        [{"op": "remove", "path": 'members[value eq "<ada>"]'}], "bob", id="Q13-value-path"
    ),
    pytest.param(
        [{"op": "remove", "path": 'Members[Value Eq "<ada>"]'}], "bob", id="Q13-any-case"
    ),
    pytest.param(
        [{"op": "remove", "path": 'members[value eq "<ada>" or value eq "<bob>"]'}], "",
        id="Q13-joined-by-or",
    ),
    pytest.param(
        [{"op": "remove", "path": 'members[display sw "b" and type eq "User"]'}], "ada",
        id="other-filter",
    ),
    pytest.param(
        [
            {"op": "replace", "path": "members", "value": ["<cyd>", "<bob>"]},
            {"op": "remove", "path": 'members[display eq "bob"]'},
        ],
        "cyd", id="other-filter-sees-the-operations-before",
    ),
    pytest.param([{"op": "remove", "path": "members"}], "", id="remove-all"),
    pytest.param(
        [{"op": "Remove", "path": "members", "value": [{"value": "<dan>"}]}], "ada bob",
        id="remove-who-is-not-in",
    ),
    pytest.param(
        [{"op": "remove", "path": f'members[value eq "{NOBODY}"]'}], "ada bob",
        id="remove-nobody-known",
    ),
    pytest.param(
        [{"op": "replace", "path": "members", "value": [{"value": "<cyd>"}, {"value": "<bob>"}]}],
        "bob cyd", id="okta-full-push",
    ),
    pytest.param([{"op": "replace", "path": "members", "value": []}], "", id="okta-empty-push"),
    pytest.param(
        [{"op": "replace", "value": {"id": "x", "displayName": "Crew", "members": []}}], "",
        id="okta-pathless-empty",
    ),
    pytest.param(
        [{"op": "replace", "value": {"members": [{"value": "<cyd>", "display": "cyd"}]}}], "cyd",
        id="okta-pathless",
    ),
    pytest.param(
        [
            {"op": "remove", "path": 'members[value eq "<ada>"]'},
            {"op": "add", "path": "members", "value": [{"value": "<cyd>", "display": "cyd"}]},
            {"op": "replace", "value": {"id": "x", "displayName": "Crew"}},
        ],
        "bob cyd", id="okta-mixed",
    ),
    pytest.param(
        [{"op": "add", "value": {"members": ["<cyd>"]}}], "ada bob cyd", id="pathless-add"
    ),
    pytest.param(
        [add(["<cyd>"]), {"op": "remove", "path": 'members[value eq "<cyd>"]'}], "ada bob",
        id="add-then-remove",
    ),
    pytest.param(
        [{"op": "remove", "path": 'members[value eq "<ada>"]'}, add(["<ada>"])], "ada bob",
        id="remove-then-add",
    ),
    pytest.param(
        [{"op": "remove", "path": "members"}, add(["<bob>"])], "bob", id="clear-then-add"
    ),
    pytest.param(
        [{"op": "replace", "path": 'members[value eq "<ada>"].display', "value": "X"}], "ada bob",
        id="display-is-the-members-own",
    ),
    pytest.param(
        [{"op": "add", "value": {CORE: {"members": ["<cyd>"], "displayName": "Crew"}}}],
        "ada bob cyd", id="pathless-under-the-URN",
    ),
    pytest.param([], "ada bob", id="no-operations"),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "expected"), PATCHES)
async def test_member_patch_in_any_dialect(
    world: World, directory: Directory, operations: list[dict[str, Any]], expected: str
) -> None:
    answer = await world.patch(*operations)
    assert (answer.status, answer.body) == (204, None)
    assert await world.members() == expected.split()
    assert directory.members("Crew") == expected.split()


@pytest.mark.parametrize("operations", [each.values[0] for each in PATCHES[:12]])
async def test_same_patch_again_changes_nothing(
    world: World, events: list[Event], operations: list[dict[str, Any]]
) -> None:
    await world.patch(*operations)
    before = (await world.call("GET", f"/Groups/{world.group}")).body
    count = len(events)
    assert (await world.patch(*operations)).status == 204
    assert (await world.call("GET", f"/Groups/{world.group}")).body == before
    assert len(events) == count


@pytest.mark.parametrize(
    ("operations", "scim_type", "words"),
    [
        pytest.param([add([{"value": NOBODY}])], "invalidValue", NOBODY, id="unknown-member"),
        pytest.param(
            [add(["<cyd>"]), add([{"value": NOBODY}])], "invalidValue", NOBODY, id="one-of-two"
        ),
        pytest.param([add([{"display": "Ada"}])], "invalidValue", "value", id="no-value"),
        pytest.param([add([["<cyd>"]])], "invalidValue", "Operations[0]", id="list-in-a-list"),
        pytest.param(
            [{"op": "add", "path": "members"}], "invalidValue", "takes a value", id="nothing"
        ),
        pytest.param(
            [{"op": "remove", "path": "members[value eq"}], "invalidPath", "members", id="bad-path"
        ),
        pytest.param(
            [{"op": "remove", "path": 'members[valu eq "x"]'}], "invalidFilter", "valu",
            id="bad-filter",
        ),
        pytest.param(
            [{"op": "add", "path": 'members[type eq "User"]', "value": {"value": "x"}}],
            "noTarget", "type", id="nobody-selected",
        ),
        pytest.param(
            [add(["<cyd>"]), {"op": "move", "path": "members"}], "invalidSyntax",
            "Operations[1]", id="bad-op",
        ),
        pytest.param(
            [add(["<cyd>"]), {"op": "remove", "path": "displayName"}], "invalidValue",
            "Operations[1]", id="name-taken-away",
        ),
    ],
)  # fmt: skip
async def test_refused_patch_does_nothing(
    world: World, operations: list[dict[str, Any]], scim_type: str, words: str
) -> None:
    answer = await world.patch(*operations)
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)
    assert words in answer.body["detail"]
    assert await world.members() == ["ada", "bob"]


async def test_name_of_somebody_who_is_not_in_makes_no_member(
    world: World, directory: Directory
) -> None:
    await world.patch({"op": "add", "path": 'members[value eq "<cyd>"].display', "value": "X"})
    await world.patch({"op": "remove", "path": "members"})
    assert await world.members() == directory.members("Crew") == []


async def test_create_as_entra_does(call: Provider, directory: Directory) -> None:
    answer = await call(
        "POST",
        "/Groups",
        {
            "schemas": [CORE, PROPRIETARY],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "displayName",
            "members": [],
            "meta": {"resourceType": "Group"},
        },
    )
    assert answer.status == 201
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    assert answer.body["schemas"] == [CORE]
    assert "members" not in answer.body
    (row,) = directory.query("SELECT name, external_id FROM groups")
    assert row == {
        "name": "displayName",
        "external_id": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
    }


@pytest.mark.parametrize("name", ["Crew", "CREW"])
async def test_second_group_of_a_name_is_a_conflict(world: World, name: str) -> None:
    answer = await world.call("POST", "/Groups", {"displayName": name})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    other = (await world.call("POST", "/Groups", {"displayName": "Other"})).body["id"]
    rename = {"op": "Replace", "path": "displayName", "value": name}
    answer = await world.patch(rename, group=other)
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")


async def test_group_without_a_name_is_refused(call: Provider) -> None:
    answer = await call("POST", "/Groups", {"externalId": "x"})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "Replace", "path": "displayName", "value": "Crew 2"}, id="entra"),
        pytest.param(
            {"op": "replace", "value": {"displayName": "Crew 2", "externalId": "x"}}, id="pathless"
        ),
        pytest.param({"op": "replace", "value": {"id": "x", "displayName": "Crew 2"}}, id="okta"),
    ],
)
async def test_rename_keeps_the_members(
    world: World, directory: Directory, operation: dict[str, Any]
) -> None:
    assert (await world.patch(operation)).status == 204
    assert directory.members("Crew 2") == ["ada", "bob"]
    assert await world.members() == ["ada", "bob"]


async def test_members_are_filled_in(world: World) -> None:
    world.ids["base"] = str(world.call.client.make_url(world.call.path))
    ada = world.ids["ada"]
    rename = [{"op": "add", "path": "displayName", "value": "Ada Lovelace"}]
    await world.call("PATCH", f"/Users/{ada}", rename)
    body = (await world.call("GET", f"/Groups/{world.group}")).body
    assert body["members"][0] == {
        "value": ada,
        "$ref": f"{world.ids['base']}/Users/{ada}",
        "type": "User",
        "display": "Ada Lovelace",
    }
    assert Group.model_validate(body).members is not None


async def test_display_that_was_sent_is_returned_and_stays_that_of_the_first_time(
    world: World,
) -> None:
    for display in ("Cyd of the night shift", "Cyd"):
        await world.patch(
            {"op": "add", "path": "members", "value": [{"value": "<cyd>", "display": display}]}
        )
    assert await world.members() == ["ada", "bob", "Cyd of the night shift"]


async def test_groups_of_a_user_are_filled_in(world: World) -> None:
    base = world.call.client.make_url(world.call.path)
    body = (await world.call("GET", f"/Users/{world.ids['ada']}")).body
    assert body["groups"] == [
        {
            "value": world.group,
            "$ref": f"{base}/Groups/{world.group}",
            "type": "direct",
            "display": "Crew",
        }
    ]
    assert User.model_validate(body).groups is not None
    assert "groups" not in (await world.call("GET", f"/Users/{world.ids['cyd']}")).body
    found = (await world.call("GET", "/Users?attributes=userName")).body["Resources"]
    assert all("groups" not in each for each in found)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/Groups/{}?excludedAttributes=members", id="Q49-single"),
        pytest.param("/Groups?excludedAttributes=members", id="Q49-list"),
        pytest.param(
            '/Groups?excludedAttributes=members&filter=displayName eq "crew"', id="Q49-filter"
        ),
        pytest.param("/Groups?attributes=displayName", id="others-asked-for"),
    ],
)
async def test_excluded_members_are_neither_shown_nor_read(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*_: Any) -> Any:
        raise AssertionError("the members were read")

    monkeypatch.setattr("scimweave.store.sqlite_members.members", touched)
    answer = await world.call("GET", path.format(world.group))
    assert answer.status == 200
    (found,) = answer.body.get("Resources", [answer.body])
    assert "members" not in found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param('displayName eq "CREW"', ["Crew"], id="displayName"),
        pytest.param('displayName eq "nobody"', [], id="Q60-none"),
        pytest.param('externalId eq "t"', ["Team"], id="externalId"),
        pytest.param('id eq "{crew}" and members eq "{ada}"', ["Crew"], id="Q43-is-in"),
        pytest.param('id eq "{crew}" and members eq "{dan}"', [], id="Q43-is-not-in"),
        pytest.param('members.value eq "{ada}" and id eq "{crew}"', ["Crew"], id="Q43-turned"),
        pytest.param('members.value eq "{ada}"', ["Crew", "Team"], id="members.value"),
        pytest.param('members[value eq "{bob}"]', ["Crew"], id="value-path"),
        pytest.param('members eq "{nobody}"', [], id="nobody"),
        pytest.param('not (members eq "{bob}")', ["Team", "Empty"], id="not"),
        pytest.param('members eq "{bob}" or displayName sw "E"', ["Crew", "Empty"], id="or"),
        pytest.param("members pr", ["Crew", "Team"], id="present"),
        pytest.param('members.display co "o"', ["Crew"], id="display"),
        pytest.param('displayName sw "T"', ["Team"], id="scan"),
    ],
)
async def test_filters(world: World, text: str, names: list[str]) -> None:
    ada = world.ids["ada"]
    team = {"displayName": "Team", "externalId": "t", "members": [ada]}
    assert (await world.call("POST", "/Groups", team)).status == 201
    await world.call("POST", "/Groups", {"displayName": "Empty"})
    ids = {**world.ids, "crew": world.group, "nobody": NOBODY}
    answer = await world.call("GET", "/Groups", params={"filter": text.format(**ids)})
    assert [each["displayName"] for each in answer.body["Resources"]] == names
    assert answer.body["totalResults"] == len(names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param('groups eq "{crew}"', ["ada", "bob"], id="groups"),
        pytest.param('groups.display eq "crew" and userName sw "b"', ["bob"], id="display"),
        pytest.param('userName eq "ada" and groups[value eq "{crew}"]', ["ada"], id="value-path"),
        pytest.param("not (groups pr)", ["cyd", "dan"], id="not-present"),
        pytest.param('groups eq "{nobody}"', [], id="no-such-group"),
    ],
)
async def test_filters_over_the_groups_of_users(world: World, text: str, names: list[str]) -> None:
    ids = {"crew": world.group, "nobody": NOBODY}
    answer = await world.call("GET", "/Users", params={"filter": text.format(**ids)})
    assert [each["userName"] for each in answer.body["Resources"]] == names


async def test_filter_by_members_is_paged(world: World) -> None:
    await world.call("POST", "/Groups", {"displayName": "T", "members": [world.ids["ada"]]})
    text = f'members eq "{world.ids["ada"]}"'
    answer = await world.call("GET", "/Groups", params={"filter": text, "startIndex": 2})
    assert [each["displayName"] for each in answer.body["Resources"]] == ["T"]
    assert (answer.body["totalResults"], answer.body["startIndex"]) == (2, 2)


async def test_list_has_the_members_of_all_groups_in_one_query(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Sequence[str]] = []
    read = sqlite_members.members

    def counted(connection: Connection, integration: str, group_ids: Sequence[str]) -> Any:
        reads.append(group_ids)
        return read(connection, integration, group_ids)

    await world.call("POST", "/Groups", {"displayName": "T", "members": [world.ids["cyd"]]})
    monkeypatch.setattr("scimweave.store.sqlite_members.members", counted)
    answer = await world.call("GET", "/Groups?startIndex=1&count=100")
    assert len(reads) == 1
    found = ListResponse[Group].model_validate(answer.body).resources or []
    shown = [[each.display for each in group.members or []] for group in found]
    assert shown == [["ada", "bob"], ["cyd"]]


async def test_put_is_the_whole_group(world: World, directory: Directory) -> None:
    body = {"displayName": "Crew", "members": [{"value": world.ids["dan"]}], "id": "x"}
    answer = await world.call("PUT", f"/Groups/{world.group}", body)
    assert answer.status == 200
    assert [each["display"] for each in answer.body["members"]] == ["dan"]
    assert directory.members("Crew") == ["dan"]
    await world.call("PUT", f"/Groups/{world.group}", {"displayName": "Crew"})
    assert directory.members("Crew") == []


async def test_deleted_group_is_gone_with_its_memberships(
    world: World, directory: Directory
) -> None:
    assert (await world.call("DELETE", f"/Groups/{world.group}")).status == 204
    assert (await world.call("DELETE", f"/Groups/{world.group}")).status == 404
    assert directory.query("SELECT * FROM groups") == []
    assert directory.query("SELECT * FROM group_members") == []
    assert "groups" not in (await world.call("GET", f"/Users/{world.ids['ada']}")).body
    again = await world.call("POST", "/Groups", {"displayName": "Crew"})
    assert again.status == 201


async def test_deleted_user_leaves_all_groups(world: World, directory: Directory) -> None:
    assert (await world.call("DELETE", f"/Users/{world.ids['ada']}")).status == 204
    assert await world.members() == ["bob"]
    assert len(directory.query("SELECT * FROM group_members")) == 1


async def test_disabled_user_stays_in_the_group(world: World, directory: Directory) -> None:
    leave = [{"op": "Replace", "path": "active", "value": "False"}]
    await world.call("PATCH", f"/Users/{world.ids['ada']}", leave)
    assert await world.members() == ["ada", "bob"]
    assert directory.members("Crew") == ["ada", "bob"]


async def test_nested_group_is_a_member_here_only(world: World, directory: Directory) -> None:
    inner = (await world.call("POST", "/Groups", {"displayName": "Inner"})).body["id"]
    assert (await world.patch(add([{"value": inner}]))).status == 204
    body = (await world.call("GET", f"/Groups/{world.group}")).body
    assert body["members"][-1]["type"] == "Group"
    assert body["members"][-1]["$ref"].endswith(f"/Groups/{inner}")
    assert directory.members("Crew") == ["ada", "bob"]
    assert (await world.call("DELETE", f"/Groups/{inner}")).status == 204
    assert await world.members() == ["ada", "bob"]


async def test_new_version_for_a_new_member(world: World) -> None:
    before = (await world.call("GET", f"/Groups/{world.group}")).body["meta"]
    await world.patch(add(["<cyd>"]))
    after = (await world.call("GET", f"/Groups/{world.group}")).body["meta"]
    assert (before["version"], after["version"]) == ('W/"1"', 'W/"2"')
    assert after["lastModified"] >= before["lastModified"]


@pytest.mark.parametrize(
    ("response", "query", "status"),
    [
        pytest.param("auto", "", 204, id="Q67-auto"),
        pytest.param("204", "", 204, id="Q67-204"),
        pytest.param("200", "", 200, id="chosen"),
        pytest.param("auto", "?attributes=displayName", 200, id="attributes-asked-for"),
    ],
)
async def test_patch_response(
    world: World, engine: Engine, directory_file: Path, response: str, query: str, status: int
) -> None:
    text = directory_file.read_text()
    edited = text.replace("object: groups\n", f"object: groups\n  patch_response: {response}\n")
    directory_file.write_text(edited)
    assert (await engine.reload()).findings == ()
    body = {"Operations": [add([world.ids["cyd"]])]}
    answer = await world.call("PATCH", f"/Groups/{world.group}{query}", body)
    assert answer.status == status
    assert (answer.body is None) is (status == 204)


async def test_discovery_has_groups(call: Provider) -> None:
    types = (await call("GET", "/ResourceTypes")).body["Resources"]
    assert [each["endpoint"] for each in types] == ["/Users", "/Groups"]
    group = Schema.model_validate((await call("GET", f"/Schemas/{CORE}")).body)
    assert {each.name for each in group.attributes or []} >= {"displayName", "members"}


async def test_unknown_endpoint_names_those_there_are(call: Provider) -> None:
    answer = await call("GET", "/Teams")
    assert answer.status == 404
    assert "/Users, /Groups, /Schemas" in answer.body["detail"]


async def test_quirks_of_members_are_counted(world: World, engine: Engine) -> None:
    await world.patch(
        {"op": "Add", "path": "members", "value": ["<cyd>"]},
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "<ada>"}]},
    )
    assert dict(engine["directory"].sight.quirks) == {"Q1": 1, "Q12": 1, "Q15": 1}


async def test_no_answer_is_called_unchanged_that_others_have_changed(world: World) -> None:
    one = f"/Users/{world.ids['ada']}"
    tag = (await world.call("GET", one)).headers["ETag"]
    await world.patch({"op": "remove", "path": 'members[value eq "<ada>"]'})
    again = await world.call("GET", one, headers={"If-None-Match": tag})
    assert (again.status, "groups" in again.body) == (200, False)
    without = f"{one}?excludedAttributes=groups"
    assert (await world.call("GET", without, headers={"If-None-Match": tag})).status == 304
