from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Rejected,
    TargetError,
)
from scimweave.connectors.contract import SHAPE, ConnectorContract
from scimweave.connectors.memory import MemoryConnector
from scimweave.connectors.registry import open_connector


@dataclass(frozen=True)
class Target:
    connector: str
    options: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    connector = await open_connector(Target("memory"), SHAPE)
    yield connector
    await connector.close()


class TestMemoryContract(ConnectorContract):
    pass


async def test_a_match_field_is_compared_in_any_case(connector: Connector) -> None:
    key = await connector.create({"email": "Ada@Example.com", "job_title": "Clerk"})
    assert [account.key for account in await connector.find("email", "ADA@example.COM")] == [key]
    assert await connector.find("job_title", "clerk") == []
    with pytest.raises(Conflict):
        await connector.create({"email": "ada@example.com"})


async def test_nobody_can_change_an_account_from_outside(connector: Connector) -> None:
    fields = {"email": "ada@example.com"}
    key = await connector.create(fields)
    fields["email"] = "changed"
    account = await connector.read(key)
    assert account is not None
    assert isinstance(account.fields, dict)
    account.fields["email"] = "changed"
    assert len(await connector.find("email", "ada@example.com")) == 1


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("string", "x", 1),
        ("integer", 1, True),
        ("integer", -1, "1"),
        ("decimal", Decimal("1.5"), "1.5"),
        ("decimal", 1.5, True),
        ("boolean", False, 0),
        ("datetime", datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)),
        ("date", date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)),
        ("uuid", UUID(int=7), "7"),
    ],
)
async def test_a_field_takes_its_type(type_: str, good: object, bad: object) -> None:
    connector = MemoryConnector(AccountShape("x", "id", (), (FieldShape("f", type_),)))
    key = await connector.create({"f": good})
    account = await connector.read(key)
    assert account is not None
    assert account.fields["f"] == good
    with pytest.raises(Rejected) as raised:
        await connector.create({"f": bad})
    assert raised.value.field == "f"


@pytest.mark.parametrize("fields", [{"job_title": "Clerk"}, {"email": None}])
async def test_a_required_field_must_have_a_value(
    connector: Connector, fields: dict[str, str | None]
) -> None:
    with pytest.raises(Rejected) as raised:
        await connector.create(fields)
    assert raised.value.field == "email"


async def test_a_field_outside_the_shape_is_refused(connector: Connector) -> None:
    with pytest.raises(Rejected, match="there is no field nickname"):
        await connector.create({"email": "ada@example.com", "nickname": "Ada"})


async def test_a_key_that_is_given_is_kept(connector: Connector) -> None:
    assert await connector.create({"id": "ada", "email": "ada@example.com"}) == "ada"
    with pytest.raises(Conflict):
        await connector.create({"id": "ada", "email": "other@example.com"})
    with pytest.raises(Rejected, match="cannot be changed"):
        await connector.update("ada", {"id": "other"})


@pytest.mark.parametrize(
    ("name", "message"),
    [("memroy", 'did you mean "memory"'), ("soap", "there are ldap, memory, ")],
)
async def test_an_unknown_connector_is_refused(name: str, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        await open_connector(Target(name), SHAPE)
