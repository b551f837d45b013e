"""What brings one stored resource to another version of its mapping."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scimweave.mapping import Operation, Program, load_text
from scimweave.provisioning.lifecycle.difference import remember
from scimweave.provisioning.planning.lag import Lag, lag_of
from scimweave.store.base import Link, Record
from small_mapping import mapping_text, program, resource

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAVERS = "  operations: { deactivate: { set: { is_active: false } } }\n"
OLD = program("title: title", "name: displayName", users=LEAVERS)


def delivered(mapping: Program, **attributes: Any) -> Record:
    """Return a user as the mapping has delivered it."""
    user = resource(mapping, **attributes)
    values = mapping.users.project(user).values
    projection = {
        name: remember(mapping.users.field(name), value) for name, value in values.items()
    }
    return Record("id", "User", user, 1, NOW, NOW, Link(7, projection, mapping.revision))


def lag(new: Program, record: Record) -> Lag | None:
    return lag_of(new.users, new.revision, record)


@pytest.mark.parametrize(
    ("attribute", "user", "operation", "values"),
    [
        ("title: displayName", {"title": "a", "displayName": "b"}, "update", {"title": "b"}),
        ("title: displayName", {"title": "a"}, "update", {"title": None}),
        ("title: { from: displayName, absent: keep }", {"title": "a"}, None, None),
        ("title: { from: displayName, apply: on_create }", {"displayName": "b"}, None, None),
        ("title: { from: [title] }", {"title": "a"}, None, None),
        ("other: title", {"title": "a"}, "update", {"other": "a"}),
        ("other: displayName", {"title": "a"}, None, None),
    ],
    ids=["changed", "cleared", "kept", "on-create", "same-value", "new-field", "empty-new-field"],
)
def test_difference_is_what_would_be_written(
    attribute: str, user: dict[str, Any], operation: str | None, values: dict[str, Any] | None
) -> None:
    found = lag(program(attribute, users=LEAVERS), delivered(OLD, **user))
    assert (found and found.operation, found and found.difference.values) == (operation, values)


def test_what_the_same_revision_delivered_is_not_compared() -> None:
    record = delivered(OLD, title="a")
    record.resource["title"] = "b"
    assert lag(OLD, record) is None


@pytest.mark.parametrize(
    ("active", "operation"), [(True, Operation.DEACTIVATE), (False, None)], ids=["in", "out"]
)
def test_rule_that_puts_people_out_of_use_is_a_deactivation(
    active: bool, operation: Operation | None
) -> None:
    text = mapping_text("title: title", users=LEAVERS)
    text = text.replace("is_active: active", "is_active: { const: false }")
    found = lag(load_text(text, "small.yaml", {}), delivered(OLD, title="a", active=active))
    assert (found and found.operation) == operation


def test_rule_that_cannot_be_computed_refuses_and_writes_nothing() -> None:
    new = program("title: { from: title, max_length: 1 }", "more: { const: x }", users=LEAVERS)
    found = lag(new, delivered(OLD, title="ab"))
    assert found is not None
    assert [each.field for each in found.faults] == ["title"]
    assert not found.difference


@pytest.mark.parametrize(("active", "operation"), [(True, Operation.CREATE), (False, None)])
def test_whoever_has_no_account_gets_one_unless_they_left(
    active: bool, operation: Operation | None
) -> None:
    record = Record("id", "User", resource(OLD, title="a", active=active), 1, NOW, NOW)
    found = lag(OLD, record)
    assert (found and found.operation) == operation


def test_secret_that_is_not_stored_is_left_alone() -> None:
    new = program("title: title", "secret: { from: password, required: true }", users=LEAVERS)
    assert lag(new, delivered(OLD, title="a")) is None
