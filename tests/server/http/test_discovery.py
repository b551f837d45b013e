from __future__ import annotations

import re
from typing import Any

import pytest
from scim2_models import (
    EnterpriseUser,
    ListResponse,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    User,
)

from provider import Client, Provider

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def names(attributes: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {
        attribute["name"]: [sub["name"] for sub in attribute.get("subAttributes", [])]
        for attribute in attributes
    }


async def test_schemas_are_what_the_mapping_takes(call: Provider) -> None:
    answer = await call("GET", "/Schemas")
    found = ListResponse[Schema].model_validate(answer.body)
    assert found.total_results == 2
    core, enterprise = (names(each["attributes"]) for each in answer.body["Resources"])
    assert core.keys() >= {"userName", "active", "displayName", "title", "name"}
    assert set(core["name"]) == {"givenName", "familyName", "formatted"}
    assert "emails" not in core
    assert list(enterprise) == ["department"]


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ServiceProviderConfig/"])
async def test_service_provider_config(call: Provider, path: str) -> None:
    config = ServiceProviderConfig.model_validate((await call("GET", path)).body)
    assert config.patch is not None
    assert config.patch.supported is True


async def test_resource_types_and_one_by_id(call: Provider) -> None:
    answer = await call("GET", "/ResourceTypes")
    (user,) = ListResponse[ResourceType].model_validate(answer.body).resources or []
    assert str(user.endpoint) == "/Users"
    assert (await call("GET", "/ResourceTypes/User")).body == answer.body["Resources"][0]
    schema = (await call("GET", f"/Schemas/{ENTERPRISE}")).body
    assert schema["id"] == ENTERPRISE


async def test_q68_no_document_holds_a_null(call: Provider) -> None:
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        async with call.client.get(call.path + path, headers=call.headers) as answer:
            assert "null" not in await answer.text()


async def test_q68_schemas_are_a_list_of_what_has_camel_case_names(call: Provider) -> None:
    body = (await call("GET", "/Schemas")).body
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    keys = {key for schema in body["Resources"] for each in schema["attributes"] for key in each}
    assert {"multiValued", "caseExact", "subAttributes"} <= keys
    assert all(re.fullmatch("[a-z][A-Za-z]*", key) for key in keys)


async def test_every_answer_about_users_is_valid_scim(call: Provider) -> None:
    kind = User[EnterpriseUser]
    body = {"userName": "ada@contoso.com", "name": {"givenName": "Ada"}}
    created = await call("POST", "/Users", {**body, ENTERPRISE: {"department": "Engines"}})
    user = kind.model_validate(created.body)
    assert user.meta is not None
    assert user.meta.location == created.headers["Location"]
    one = f"/Users/{user.id}"
    for answer in (
        await call("GET", one),
        await call("PUT", one, body),
        await call("PATCH", one, {"Operations": [{"op": "add", "value": {"title": "Boss"}}]}),
    ):
        assert kind.model_validate(answer.body).id == user.id
    listed = ListResponse[kind].model_validate((await call("GET", "/Users")).body)
    assert listed.total_results == 1


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        ("", range(12)),
        ("startIndex=1&count=5", range(5)),
        ("startIndex=6&count=5", range(5, 10)),
        ("startIndex=11&count=5", range(10, 12)),
        ("startIndex=99&count=5", range(0)),
        ("startIndex=-3&count=2", range(2)),
        ("count=0", range(0)),
        ("count=-1", range(0)),
        ("filter=title+eq+%22x%22&startIndex=11&count=5", range(10, 12)),
    ],
)
async def test_pages_are_stable_and_complete(call: Provider, query: str, indexes: range) -> None:
    for number in range(12):
        await call("POST", "/Users", {"userName": f"u{number}", "title": "x"})
    answer = await call("GET", f"/Users?{query}")
    body = answer.body
    assert [user["userName"] for user in body["Resources"]] == [f"u{index}" for index in indexes]
    assert (body["totalResults"], body["itemsPerPage"]) == (12, len(indexes))


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("attributes=name.givenName", {"schemas", "id", "name"}),
        ("excludedAttributes=title,meta", {"schemas", "id", "userName", "name", "active"}),
    ],
)
async def test_selection_on_every_verb(call: Provider, query: str, keys: set[str]) -> None:
    body = {"userName": "ada", "title": "x", "name": {"givenName": "Ada"}}
    created = await call("POST", f"/Users?{query}", body)
    one = f"/Users/{created.body['id']}?{query}"
    listed = await call("GET", f"/Users?{query}")
    for resource in (
        created.body,
        (await call("GET", one)).body,
        (await call("PATCH", one, {"Operations": []})).body,
        *listed.body["Resources"],
    ):
        assert resource.keys() == keys


async def test_probes_need_no_key(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        async with client.get(path) as answer:
            assert answer.status == 200


DOCUMENTS = ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/ServiceProviderConfigs"]


@pytest.mark.parametrize("path", [*DOCUMENTS, "/ResourceTypes/User", f"/Schemas/{ENTERPRISE}"])
async def test_discovery_refuses_a_filter_and_nothing_else(call: Provider, path: str) -> None:
    refused = await call("GET", f'{path}?filter=name eq "User"')
    assert (refused.status, refused.body["status"]) == (403, "403")
    whole = await call("GET", path)
    assert whole.status == 200
    for query in ("count=1", "startIndex=2", "attributes=id", "sortBy=id", "aadOptscim062020"):
        assert (await call("GET", f"{path}?{query}")).body == whole.body


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_discovery_answers_head_and_refuses_the_rest(call: Provider, path: str) -> None:
    head = await call("HEAD", path)
    assert (head.status, head.body) == (200, None)
    assert head.headers["Content-Type"].startswith("application/scim+json")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await call(method, path, {})
        assert (answer.status, answer.headers["Allow"].startswith("GET, HEAD")) == (405, True)


async def test_plural_config_is_the_same(call: Provider) -> None:
    singular = (await call("GET", "/ServiceProviderConfig")).body
    assert (await call("GET", "/ServiceProviderConfigs")).body == singular


@pytest.mark.parametrize(
    "path", ["/ResourceTypes/USER", "/ResourceTypes/uSER", f"/Schemas/{ENTERPRISE.upper()}"]
)
async def test_single_documents_are_found_in_any_case(call: Provider, path: str) -> None:
    assert (await call("GET", path)).status == 200


@pytest.mark.parametrize(
    "path", ["/Schemas/nothing", "/ResourceTypes/Robot", "/ServiceProviderConfig/1", "/Schemas/a/b"]
)
async def test_documents_that_are_not_there(call: Provider, path: str) -> None:
    assert (await call("GET", path)).status == 404
