from typing import Any

import pytest
from scim2_models import Resource, Schema, ServiceProviderConfig
from scim2_models import ResourceType as ResourceTypeModel

from scimweave.scim.discovery import resource_types, schemas, service_provider_config
from scimweave.scim.path import parse_path
from scimweave.scim.resource import Acceptance
from scimweave.scim.schema import ENTERPRISE_USER, GROUP_TYPE, USER, USER_TYPE

BASE = "https://scim.example/api/v1/scim"


def everything(body: Any) -> list[Any]:
    """All the values in a document."""
    found = [body]
    for each in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        found += everything(each)
    return found


def test_config_says_what_is_there() -> None:
    body = service_provider_config(BASE, max_results=200, default_page_size=100)
    config = ServiceProviderConfig.model_validate(body)
    assert config.patch is not None
    assert config.patch.supported is True
    assert config.filter is not None
    assert config.filter.max_results == 200
    assert config.etag is not None
    assert config.etag.supported is True
    assert config.sort is not None
    assert config.sort.supported is True
    for feature in (config.bulk, config.change_password):
        assert feature is not None
        assert feature.supported is False
    assert config.authentication_schemes is not None
    (scheme,) = config.authentication_schemes
    assert (scheme.type, scheme.primary) == ("oauthbearertoken", True)
    assert body["meta"] == {
        "resourceType": "ServiceProviderConfig",
        "location": f"{BASE}/ServiceProviderConfig",
    }


def test_config_names_the_documentation() -> None:
    body = service_provider_config(
        BASE, max_results=1, default_page_size=1, documentation_uri="https://docs.example/"
    )
    assert str(ServiceProviderConfig.model_validate(body).documentation_uri) == (
        "https://docs.example/"
    )


def test_resource_types_name_their_schemas() -> None:
    user, group = resource_types(BASE, [USER_TYPE, GROUP_TYPE])
    model = ResourceTypeModel.model_validate(user)
    assert (model.id, str(model.endpoint), str(model.schema_)) == ("User", "/Users", USER)
    assert model.schema_extensions is not None
    assert [str(each.schema_) for each in model.schema_extensions] == [ENTERPRISE_USER]
    assert user["meta"]["location"] == f"{BASE}/ResourceTypes/User"
    ResourceTypeModel.model_validate(group)
    assert "schemaExtensions" not in group


def test_resource_type_has_the_extensions_that_are_mapped() -> None:
    (user,) = resource_types(BASE, [Acceptance.of(USER_TYPE, []).accepted])
    assert "schemaExtensions" not in user


@pytest.mark.parametrize("resource_type", [USER_TYPE, GROUP_TYPE], ids=lambda each: each.name)
def test_schemas_make_models(resource_type: Any) -> None:
    for body in schemas(BASE, Acceptance.everything(resource_type).schemas()):
        schema = Schema.model_validate(body)
        assert body["meta"] == {
            "resourceType": "Schema",
            "location": f"{BASE}/Schemas/{schema.id}",
        }
        if "extension" not in str(schema.id):
            made: Any = Resource.from_schema(schema)
            assert "external_id" in made.model_fields


def test_names_that_are_not_shared_are_said_to_be() -> None:
    unique = {
        (body["name"], attribute["name"])
        for kind in (USER_TYPE, GROUP_TYPE)
        for body in schemas(BASE, Acceptance.everything(kind).schemas())
        for attribute in body["attributes"]
        if attribute["uniqueness"] == "server"
    }
    assert unique == {("User", "userName"), ("Group", "displayName")}


def test_everything_is_described() -> None:
    for kind in (USER_TYPE, GROUP_TYPE):
        for body in schemas(BASE, Acceptance.everything(kind).schemas()):
            for attribute in body["attributes"]:
                for each in (attribute, *attribute.get("subAttributes", ())):
                    assert each["description"], (attribute["name"], each["name"])


def test_documents_hold_no_null() -> None:
    documents = [
        service_provider_config(BASE, max_results=1, default_page_size=1),
        resource_types(BASE, [USER_TYPE, GROUP_TYPE]),
        schemas(BASE, Acceptance.everything(USER_TYPE).schemas()),
    ]
    assert None not in everything(documents)  # Q68


def flattened(bodies: list[dict[str, Any]]) -> set[str]:
    """The attributes as the onboarding suite reads them from /Schemas (entra-facts 7.2)."""
    names = set()
    for body in bodies:
        prefix = f"{body['id']}:" if ":extension:" in body["id"] else ""
        for attribute in body["attributes"]:
            name = prefix + attribute["name"]
            subs = {sub["name"]: sub for sub in attribute.get("subAttributes", ())}
            labels = subs.get("type", {}).get("canonicalValues")
            if not subs or prefix:
                names.add(name)
            elif not attribute["multiValued"]:
                names |= {f"{name}.{sub}" for sub in subs}
            elif labels:
                names |= {f'{name}[type eq "{label}"].{sub}' for label in labels for sub in subs}
            else:
                names |= {f'{name}[primary eq "True"].{sub}' for sub in subs}
    return names


def test_every_mapped_attribute_is_discovered() -> None:
    mapped = {
        "userName",
        "active",
        "externalId",
        "name.givenName",
        'emails[type eq "work"].value',
        'phoneNumbers[type eq "mobile"].value',
        'addresses[type eq "other"].formatted',
        'roles[primary eq "True"].value',
        f"{ENTERPRISE_USER}:department",
        f"{ENTERPRISE_USER}:manager",
    }
    acceptance = Acceptance.of(USER_TYPE, [parse_path(path) for path in mapped])
    found = flattened(schemas(BASE, acceptance.schemas()))
    assert mapped <= found
    assert "title" not in found
    assert "name.familyName" not in found
