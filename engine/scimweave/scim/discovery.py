"""What an endpoint says of itself (RFC 7643 §5 to §7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scimweave.scim.schema import USER, ResourceType, Schema

SERVICE_PROVIDER_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def service_provider_config(
    base_url: str,
    *,
    max_results: int,
    default_page_size: int,
    bulk_operations: int = 0,
    bulk_payload: int = 0,
    change_password: bool = False,
    documentation_uri: str | None = None,
) -> dict[str, Any]:
    """Return /ServiceProviderConfig; ``max_results`` is the most that one page holds.

    ``bulk_operations`` and ``bulk_payload`` (in bytes) are the limits of /Bulk; 0 is no /Bulk.
    """
    body: dict[str, Any] = {"schemas": [SERVICE_PROVIDER_CONFIG]}
    if documentation_uri is not None:
        body["documentationUri"] = documentation_uri
    return {
        **body,
        "patch": {"supported": True},
        "bulk": {
            "supported": bulk_operations > 0,
            "maxOperations": bulk_operations,
            "maxPayloadSize": bulk_payload,
        },
        "filter": {"supported": True, "maxResults": max_results},
        "changePassword": {"supported": change_password},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": default_page_size,
            "maxPageSize": max_results,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Secret token",
                "description": "The secret key of this endpoint, as an OAuth bearer token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", f"{base_url}/ServiceProviderConfig"),
    }


def resource_types(base_url: str, types: Iterable[ResourceType]) -> list[dict[str, Any]]:
    """Return what /ResourceTypes lists."""
    return [_resource_type(base_url, each) for each in types]


def schemas(base_url: str, schemas: Iterable[Schema]) -> list[dict[str, Any]]:
    """Return what /Schemas lists."""
    return [
        {**_as_served(each), "meta": _meta("Schema", f"{base_url}/Schemas/{each.id}")}
        for each in schemas
    ]


def _as_served(schema: Schema) -> dict[str, Any]:
    body = schema.to_dict()
    if schema.id == USER:
        for attribute in body["attributes"]:
            # Every user has it, whatever was sent (Q66): it can be changed, and not removed.
            attribute["required"] |= attribute["name"] == "active"
    return body


def _resource_type(base_url: str, found: ResourceType) -> dict[str, Any]:
    body: dict[str, Any] = {
        "schemas": [RESOURCE_TYPE],
        "id": found.name,
        "name": found.name,
        "description": found.core.description or found.name,
        "endpoint": found.endpoint,
        "schema": found.core.id,
    }
    if found.extensions:
        body["schemaExtensions"] = [
            {"schema": each.id, "required": any(a.required for a in each.attributes.values())}
            for each in found.extensions
        ]
    body["meta"] = _meta("ResourceType", f"{base_url}/ResourceTypes/{found.name}")
    return body


def _meta(resource_type: str, location: str) -> dict[str, Any]:
    return {"resourceType": resource_type, "location": location}
