from __future__ import annotations

from typing import Any

import pytest

from scimweave.mapping import Program
from scimweave.mapping.operation import Operation, operation, standing
from small_mapping import program

EVERYBODY = program()
SALES = program(users='  scope: title eq "Sales"\n')
REMOVES = program(users="  operations: { deactivate: delete }\n")


@pytest.mark.parametrize(
    ("mapping", "before", "after", "expected"),
    [
        (EVERYBODY, None, {}, Operation.CREATE),
        (EVERYBODY, None, {"active": False}, Operation.CREATE),
        (EVERYBODY, {}, None, Operation.DELETE),
        (EVERYBODY, {"active": True}, {"active": False}, Operation.DEACTIVATE),
        (EVERYBODY, {}, {"active": False}, Operation.DEACTIVATE),
        (EVERYBODY, {"active": False}, {"active": True}, Operation.REACTIVATE),
        (EVERYBODY, {"active": False}, {}, Operation.REACTIVATE),
        (EVERYBODY, {"active": False}, {"active": False, "title": "x"}, Operation.UPDATE),
        (EVERYBODY, {}, {"active": True}, Operation.UPDATE),
        (SALES, None, {"title": "Sales"}, Operation.CREATE),
        (SALES, None, {"title": "Legal"}, Operation.OUT_OF_SCOPE),
        (SALES, {"title": "Legal"}, {"title": "Sales"}, Operation.CREATE),
        (SALES, {"title": "Legal"}, {"title": "Law"}, Operation.OUT_OF_SCOPE),
        (SALES, {"title": "Sales"}, {"title": "Legal"}, Operation.DEACTIVATE),
        (SALES, {"title": "Sales", "active": False}, {"title": "Legal"}, Operation.OUT_OF_SCOPE),
        (SALES, {"title": "Legal"}, {"title": "Sales", "active": False}, Operation.UPDATE),
        (SALES, {"title": "Legal"}, None, Operation.DELETE),
        (REMOVES, {}, {"active": False}, Operation.DEACTIVATE),
        (REMOVES, {"active": False}, {}, Operation.CREATE),
        (REMOVES, {"active": False}, {"active": False, "title": "x"}, Operation.UPDATE),
    ],
)
def test_what_a_change_means(
    mapping: Program,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    expected: Operation,
) -> None:
    stood = None if before is None else standing(mapping.users, before)
    assert operation(mapping.users, stood, after) is expected
