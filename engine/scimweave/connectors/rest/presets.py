"""Requests that many APIs have in common, in the words of a mapping file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Operations = Mapping[str, Mapping[str, Any]]

# What an operation is where neither the file nor the preset says it.
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "create": "POST",
        "update": "PATCH",
        "delete": "DELETE",
        "read": "GET",
        "find": "GET",
        "scan": "GET",
        "members": "GET",
        "add_members": "POST",
        "remove_members": "DELETE",
        "call": "POST",
        "health": "GET",
    }
)
BODIES: Mapping[str, str] = MappingProxyType(
    {"create": "fields", "update": "fields", "add_members": "{members: members}"}
)

_ACCOUNT = "/{object}/{key}"
_MEMBER = "/{object}/{key}/{members_field}/{member}"
_REST: Operations = {
    "create": {"path": "/{object}"},
    "update": {"path": _ACCOUNT},
    "delete": {"path": _ACCOUNT},
    "read": {"path": _ACCOUNT},
    "find": {"path": "/{object}", "query": {"{field}": "{value}"}},
    "scan": {"path": "/{object}"},
    "add_members": {"method": "PUT", "path": _MEMBER, "body": "`{}`"},
    "remove_members": {"path": _MEMBER},
}

_RELATED = "/{object}/{key}/relationships/{members_field}"
_LINKED = "{data: members[].{type: 'users', id: to_string(@)}}"
_JSONAPI: Operations = {
    "create": {"path": "/{object}", "body": "{data: {type: object, attributes: fields}}"},
    "update": {
        "path": _ACCOUNT,
        "body": "{data: {type: object, id: to_string(key), attributes: fields}}",
    },
    "delete": {"path": _ACCOUNT},
    "read": {"path": _ACCOUNT},
    "find": {"path": "/{object}", "query": {"filter[{field}]": "{value}"}},
    "scan": {"path": "/{object}"},
    "members": {"path": _RELATED, "key": "id"},
    "add_members": {"path": _RELATED, "body": _LINKED},
    "remove_members": {"path": _RELATED, "body": _LINKED},
}
OPERATIONS: Mapping[str, Operations] = MappingProxyType(
    {"rest": _REST, "jsonapi": _JSONAPI, "none": {}}
)

_ANSWERS: Mapping[str, Any] = {
    "item": "@",
    "items": "@",
    "fields": "@",
    "message": "error_description || error.message || errors[0].message || message || detail "
    "|| error || title",
    "field": "field || error.field || errors[0].field",
    "conflict": [409],
    "gone": [404, 410],
}
ANSWERS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "rest": _ANSWERS,
        "none": _ANSWERS,
        "jsonapi": {
            **_ANSWERS,
            "item": "data",
            "items": "data",
            "key": "id",
            "fields": "attributes",
            "message": "errors[0].detail || errors[0].title",
            "field": "errors[0].source.pointer",
        },
    }
)
PAGING: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "rest": {"style": "none"},
        "none": {"style": "none"},
        "jsonapi": {
            "style": "url",
            "next": "links.next.href || links.next",
            "size_parameter": "page[size]",
        },
    }
)
CONTENT_TYPES: Mapping[str, str] = MappingProxyType({"jsonapi": "application/vnd.api+json"})
