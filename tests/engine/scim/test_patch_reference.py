"""The compiled PATCH against the plain one: the same result, or both refuse."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_patch import Refused, reference_patch
from scimweave.scim.error import ScimError
from scimweave.scim.patch import parse_patch
from scimweave.scim.resource import Acceptance, Checker
from scimweave.scim.schema import (
    ENTERPRISE_USER,
    USER,
    USER_TYPE,
    ResourceType,
    schema_from_dict,
)

CUSTOM = "urn:ietf:params:scim:schemas:extension:custom:2.0:User"
CUSTOM_TYPE = ResourceType(
    "User",
    "/Users",
    USER_TYPE.core,
    (
        *USER_TYPE.extensions,
        schema_from_dict(
            {
                "id": CUSTOM,
                "name": "Custom",
                "attributes": [
                    {"name": "level", "type": "integer"},
                    {"name": "tags", "type": "string", "multiValued": True},
                ],
            }
        ),
    ),
)
CHECKER = Checker(CUSTOM_TYPE, Acceptance.everything(CUSTOM_TYPE))
MANAGER = f"{ENTERPRISE_USER}:manager"

PATHS = [
    *("userName", "active", "Title", "externalId", "name", "name.givenName", "name.foo", "foo"),
    *("emails", "emails.value", "emails.primary", "roles", "roles.value", "addresses"),
    *('emails[type eq "work"]', 'emails[type eq "work"].value', 'emails[type eq "work"].primary'),
    *('emails[type eq "work"].type', 'emails[TYPE eq "Home"].Value', "emails[primary eq true]"),
    *('emails[primary eq "True"].value', 'emails[value eq "a"]', 'roles[primary eq "True"].value'),
    *('emails[type eq "work" and primary eq true].value', 'emails[type eq "x" or value pr].type'),
    *("emails[not (primary eq true)].primary", 'addresses[type eq "work"].locality'),
    *('addresses[type eq "work"]', 'name[givenName eq "a"]', "emails[type eq null].value"),
    *(MANAGER, f"{MANAGER}.value", f"{MANAGER}.displayName", f"{ENTERPRISE_USER}.department"),
    *(ENTERPRISE_USER, USER, f"{USER}:name.givenName", f"{CUSTOM}:level", f"{CUSTOM}:tags", CUSTOM),
    *(f'{CUSTOM}:tags[value eq "a"]', f"{CUSTOM}:tags.type", f'{CUSTOM}:level[value eq "a"]'),
    *("id", "meta.created", "groups", "schemas", "emails[", "a..b", "urn:x:2.0:y:z"),
]
SCALARS = st.sampled_from(
    [None, True, False, "True", "false", "", "a", "b", "work", "home", "7", 0, 1, 7, "a\0"]
)
KEYS = st.sampled_from(
    [
        *("value", "type", "primary", "Primary", "$ref", "display", "givenName", "locality"),
        *("department", "manager", "manager.value", "level", "tags", "foo"),
    ]
)
OBJECTS = st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=2), max_size=3)
VALUES = (
    SCALARS
    | OBJECTS
    | st.lists(SCALARS | OBJECTS, max_size=3)
    | st.dictionaries(
        st.sampled_from(PATHS), SCALARS | OBJECTS | st.lists(OBJECTS, max_size=2), max_size=3
    )
)
WILD = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove", "move"])},
    optional={"path": st.sampled_from(PATHS), "value": VALUES},
)

# What fits, most of the time: sequences that are refused compare little.
TEXTS = st.sampled_from(["a", "b", "", None])
FLAGS = st.sampled_from([True, False, "True", "false", None])
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "value": TEXTS,
        "type": st.sampled_from(["work", "home"]),
        "Primary": FLAGS,
        "display": TEXTS,
        "foo": TEXTS,
    },
)
LISTS = st.lists(PARTS | st.sampled_from(["a", "b"]), max_size=3) | PARTS | TEXTS
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "active": FLAGS,
    "Title": TEXTS,
    "name": st.fixed_dictionaries({}, optional={"givenName": TEXTS, "FamilyName": TEXTS}),
    "name.givenName": TEXTS,
    "emails": LISTS,
    "roles": LISTS,
    "emails.value": TEXTS,
    'emails[type eq "work"]': PARTS | TEXTS,
    'emails[type eq "work"].value': TEXTS,
    'emails[type eq "Home"].Primary': FLAGS,
    "emails[primary eq true]": PARTS,
    'emails[value eq "a"].type': st.sampled_from(["work", "home", ""]),
    'roles[primary eq "True"].value': TEXTS,
    'emails[type eq "work" and primary eq true].value': TEXTS,
    "emails[not (primary eq true)].primary": FLAGS,
    'addresses[type eq "work"].locality': TEXTS,
    'addresses[type eq "work"].streetAddress': TEXTS,
    MANAGER: TEXTS
    | st.fixed_dictionaries({"value": TEXTS})
    | st.just([{"value": "a", "$ref": "x"}]),
    f"{MANAGER}.value": TEXTS,
    "manager": TEXTS,
    f"{ENTERPRISE_USER}.department": TEXTS,
    ENTERPRISE_USER: st.fixed_dictionaries({}, optional={"department": TEXTS, "manager": TEXTS}),
    f"{CUSTOM}:level": st.sampled_from([1, "7", None]),
    f"{CUSTOM}:tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3)
    | st.just([{"value": "c"}]),
    f"{CUSTOM}:tags.value": st.sampled_from(["a", "c", None]),
    f'{CUSTOM}:tags[value eq "a"]': st.sampled_from(
        ["a", "A", "c", ["b", "c"], "", {"value": "c"}]
    ),
    f'{CUSTOM}:Tags[Value eq "B"].value': st.sampled_from(["b", "c", None]),
}


def fitting(path: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return operations on a path with values that fit."""
    assign = {"op": st.sampled_from(["add", "Add", "replace", "Replace"]), "path": st.just(path)}
    pathless = st.fixed_dictionaries({path: FITTING[path]})
    return st.one_of(
        st.fixed_dictionaries({**assign, "value": FITTING[path]}),
        st.fixed_dictionaries({"op": assign["op"], "value": pathless}),
        st.fixed_dictionaries({"op": st.just("remove"), "path": st.just(path)}),
        st.fixed_dictionaries(
            {"op": st.just("Remove"), "path": st.just(path), "value": FITTING[path]}
        ),
    )


FITTING_OPERATIONS = st.sampled_from(list(FITTING)).flatmap(fitting)
ELEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "value": st.sampled_from(["a", "b"]),
        "type": st.sampled_from(["work", "home"]),
        "primary": st.booleans(),
    },
).filter(bool)
RESOURCES = st.fixed_dictionaries(
    {"userName": st.just("ada")},
    optional={
        "active": st.booleans(),
        "title": st.just("a"),
        "name": st.just({"givenName": "a", "familyName": "b"}),
        "emails": st.lists(ELEMENTS, min_size=1, max_size=3),
        "roles": st.lists(ELEMENTS, min_size=1, max_size=2),
        "addresses": st.just([{"type": "work", "locality": "a"}]),
        ENTERPRISE_USER: st.just({"manager": {"value": "a", "$ref": "r"}, "department": "b"}),
        CUSTOM: st.just({"tags": ["a", "b"], "level": 1}),
    },
)


def compiled(resource: dict[str, Any], operations: list[Any]) -> Any:
    try:
        return parse_patch({"Operations": operations}, CHECKER).apply(resource)
    except ScimError as error:
        assert 400 <= error.status < 500  # noqa: PT017 - a refusal is an outcome here
        return "refused"


def plain(resource: dict[str, Any], operations: list[Any]) -> Any:
    try:
        return reference_patch(resource, operations, CUSTOM_TYPE)
    except Refused:
        return "refused"


@settings(max_examples=200, deadline=None)
@given(RESOURCES, st.lists(FITTING_OPERATIONS, min_size=1, max_size=5))
def test_sequences_give_the_same(resource: dict[str, Any], operations: list[Any]) -> None:
    before = copy.deepcopy(resource)
    assert compiled(resource, operations) == plain(resource, operations)
    assert resource == before


@settings(max_examples=150, deadline=None)
@given(RESOURCES, st.lists(WILD, min_size=1, max_size=2))
def test_whatever_is_sent_gives_the_same(resource: dict[str, Any], operations: list[Any]) -> None:
    assert compiled(resource, operations) == plain(resource, operations)
