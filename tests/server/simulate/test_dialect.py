from __future__ import annotations

from typing import Any

import pytest

from scimweave_server.simulate.attributes import Change
from scimweave_server.simulate.dialect import Dialect, patch_body

EMPLOYEE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"
WORK = 'emails[type eq "work"].value'
MIXED = [
    Change("displayName", "Bjfe", known=True),
    Change(WORK, "t@example.com", known=True),
    Change("name.givenName", "Kkom", known=True),
    Change(EMPLOYEE, "Aklq", known=True),
    Change("nickName", "Babs", known=False),
    Change("active", value=False, known=True),
]
DISABLE = [Change("active", value=False, known=True)]


@pytest.mark.parametrize(
    ("dialect", "changes", "operations"),
    [
        pytest.param(
            Dialect.VERBOSE,
            MIXED,
            [
                {"op": "Replace", "path": "displayName", "value": "Bjfe"},
                {"op": "Replace", "path": WORK, "value": "t@example.com"},
                {"op": "Replace", "path": "name.givenName", "value": "Kkom"},
                {"op": "Replace", "path": EMPLOYEE, "value": "Aklq"},
                {"op": "Add", "path": "nickName", "value": "Babs"},
                {"op": "Replace", "path": "active", "value": "False"},
            ],
            id="A: Q1 capitals, Q2 string booleans, an operation each",
        ),
        pytest.param(
            Dialect.COMPACT,
            MIXED,
            [
                {"op": "replace", "path": WORK, "value": "t@example.com"},
                {"op": "add", "value": {"nickName": "Babs"}},
                {
                    "op": "replace",
                    "value": {
                        "displayName": "Bjfe",
                        "name.givenName": "Kkom",
                        EMPLOYEE: "Aklq",
                        "active": False,
                    },
                },
            ],
            id="B: value paths first, Q6 dotted and Q7 URN keys without a path",
        ),
        pytest.param(
            Dialect.VERBOSE,
            DISABLE,
            [{"op": "Replace", "path": "active", "value": "False"}],
            id="A: disable, shape 2",
        ),
        pytest.param(
            Dialect.COMPACT,
            DISABLE,
            [{"op": "replace", "path": "active", "value": False}],
            id="B: disable, shape 3",
        ),
        pytest.param(
            Dialect.VERBOSE,
            [Change("active", value=True, known=True)],
            [{"op": "Replace", "path": "active", "value": "True"}],
            id="A: restore",
        ),
        pytest.param(
            Dialect.VERBOSE,
            [Change("active", value=False, known=False)],
            [{"op": "Add", "path": "active", "value": "False"}],
            id="A: Q5 Add where active was not shown",
        ),
        pytest.param(
            Dialect.COMPACT,
            [Change("nickName", "Babs", known=False)],
            [{"op": "add", "value": {"nickName": "Babs"}}],
            id="B: one string added",
        ),
    ],
)
def test_patch_body(
    dialect: Dialect, changes: list[Change], operations: list[dict[str, Any]]
) -> None:
    assert patch_body(changes, dialect) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    }
