from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from scimweave.scim.error import ScimError
from scimweave.scim.immutable import keep_immutable
from scimweave.scim.schema import ENTERPRISE_USER, USER_TYPE, Schema


def frozen(schema: Schema, name: str) -> Schema:
    """Return a schema in which one attribute is immutable."""
    attribute = replace(schema.attributes[name.lower()], mutability="immutable")
    attributes = {**schema.attributes, name.lower(): attribute}
    return replace(schema, attributes=MappingProxyType(attributes))


TYPE = replace(
    USER_TYPE,
    core=frozen(USER_TYPE.core, "nickName"),
    extensions=tuple(frozen(each, "employeeNumber") for each in USER_TYPE.extensions),
)
NUMBER = {ENTERPRISE_USER: {"employeeNumber": "7"}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({}, {"nickName": "a"}, {"nickName": "a"}, id="first-value"),
        pytest.param({"nickName": "a"}, {"nickName": "a"}, {"nickName": "a"}, id="same-value"),
        pytest.param({"nickName": "a"}, {}, {"nickName": "a"}, id="left-out"),
        pytest.param({"nickName": "a"}, {"nickName": "b"}, None, id="another-value"),
        pytest.param({}, NUMBER, NUMBER, id="extension-first-value"),
        pytest.param(NUMBER, {}, NUMBER, id="extension-left-out"),
        pytest.param(NUMBER, {ENTERPRISE_USER: {"employeeNumber": "8"}}, None, id="extension"),
        pytest.param({"title": "a"}, {"title": "b"}, {"title": "b"}, id="not-immutable"),
    ],
)
def test_put_keeps_what_is_immutable(
    before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    if expected is not None:
        assert keep_immutable(before, after, TYPE) == expected
        return
    with pytest.raises(ScimError) as caught:
        keep_immutable(before, after, TYPE)
    assert (caught.value.status, caught.value.scim_type) == (400, "mutability")
