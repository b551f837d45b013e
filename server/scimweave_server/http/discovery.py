"""What this integration takes, for providers that ask (RFC 7644 §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from scimweave.provisioning.integration import Integration
from scimweave.scim import discovery
from scimweave.scim.error import ScimError, not_found
from scimweave.scim.schema import LIST_RESPONSE
from scimweave_server.http.limits import Limits
from scimweave_server.http.search import DEFAULT_COUNT, MAX_COUNT

Documents = Callable[[Integration, str, Limits], list[dict[str, Any]]]


def _config(integration: Integration, base: str, limits: Limits) -> list[dict[str, Any]]:
    return [
        discovery.service_provider_config(
            base,
            max_results=MAX_COUNT,
            default_page_size=DEFAULT_COUNT,
            bulk_operations=limits.max_bulk_operations,
            bulk_payload=limits.max_bulk_payload,
            change_password="password"
            in integration.program.users.acceptance.accepted.core.attributes,
        )
    ]


def _schemas(integration: Integration, base: str, limits: Limits) -> list[dict[str, Any]]:
    types = [each.published for each in integration.program.objects]
    found = [schema for each in types for schema in (each.core, *each.extensions)]
    return discovery.schemas(base, found)


def _resource_types(integration: Integration, base: str, limits: Limits) -> list[dict[str, Any]]:
    found = [each.published for each in integration.program.objects]
    return discovery.resource_types(base, found)


DOCUMENTS: dict[str, Documents] = {
    "Schemas": _schemas,
    "ResourceTypes": _resource_types,
    "ServiceProviderConfig": _config,
    # Some read the plural in the RFC (erratum 4978).
    "ServiceProviderConfigs": _config,
}


def document(
    request: web.BaseRequest,
    integration: Integration,
    base: str,
    limits: Limits,
    name: str,
    item: str | None = None,
) -> dict[str, Any]:
    """Return one document, or a ListResponse of all; paging does not apply here.

    Raises ``ScimError``: 403 with a filter (RFC 7644 §4), 404 for an unknown item.
    """
    if "filter" in request.query:
        raise ScimError(403, f"/{name} takes no filter")
    found = DOCUMENTS[name](integration, base, limits)
    if DOCUMENTS[name] is _config and item is None:
        return found[0]
    if item is not None:
        for each in found:
            if str(each.get("id")).lower() == item.lower():
                return each
        raise not_found(f"/{name} has no item {item[:200]!r}")
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(found),
        "startIndex": 1,
        "itemsPerPage": len(found),
        "Resources": found,
    }
