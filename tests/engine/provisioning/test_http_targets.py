"""The mappings of the examples, through the whole life cycle at their real counterparts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scimweave.connectors.base import AccountShape, FieldShape, MembersField
from scimweave.connectors.scim.connector import ScimConnector
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.integration import Integration
from scimweave.scim.error import ScimError
from servers.saas import RunningSaas, running_saas
from servers.scim2 import Scim2

EXAMPLES = Path(__file__).parents[3] / "examples"
ADA: dict[str, Any] = {"userName": "ada@contoso.com", "title": "Analyst"}
LEAVE = [{"op": "Replace", "path": "active", "value": "False"}]
RETURN = [{"op": "Replace", "path": "active", "value": "True"}]


@pytest.fixture
async def saas(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningSaas]:
    async with running_saas() as saas:
        monkeypatch.setenv("TEAM_CHAT_URL", saas.url.removesuffix("/v1"))
        monkeypatch.setenv("TEAM_CHAT_SECRET", saas.service.settings.client_secret)
        yield saas


@pytest.fixture
async def chat(saas: RunningSaas, store_url: str) -> AsyncIterator[Integration]:
    async with Engine.open(EXAMPLES / "rest-api" / "team-chat.yaml", store=store_url) as engine:
        yield engine["team-chat"]


@pytest.fixture
async def relay(
    scim2: Scim2, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Integration]:
    monkeypatch.setenv("RELAY_URL", scim2.url)
    async with Engine.open(EXAMPLES / "scim-relay" / "relay.yaml", store=store_url) as engine:
        yield engine["relay"]


async def through_the_life_cycle(integration: Integration) -> tuple[str, str]:
    """Let Ada come, go, come back; returns the ids of her and of a group that she is in."""
    users, groups = integration.users, integration.groups
    assert groups is not None
    ada = await users.create(ADA)
    for patch in (LEAVE, LEAVE, RETURN, RETURN):
        await users.patch(ada.id, patch)
    grace = await users.create({"userName": "grace@contoso.com"})
    members = [{"value": ada.id}, {"value": grace.id}]
    crew = await groups.create({"displayName": "crew", "members": members})
    left = [{"op": "remove", "path": f'members[value eq "{grace.id}"]'}]
    await groups.patch(crew.id, left)
    renamed = [{"op": "replace", "path": "displayName", "value": "Crew"}]
    await groups.patch(crew.id, renamed)
    return ada.id, crew.id


async def test_people_and_teams_arrive_by_a_rest_api(chat: Integration, saas: RunningSaas) -> None:
    ada, crew = await through_the_life_cycle(chat)
    (team,) = saas.service.records["teams"]
    employees = saas.service.records["employees"]
    (key,) = [each for each in employees if employees[each]["email"] == ADA["userName"]]
    assert employees[key]["is_active"] is True
    assert saas.service.records["teams"][team]["name"] == "Crew"
    assert list(saas.service.members[team]) == [key]
    await chat.users.delete(ada)
    assert employees[key]["is_active"] is False
    assert chat.groups is not None
    await chat.groups.delete(crew)
    assert not saas.service.records["teams"]


async def test_a_taken_address_names_the_attribute(chat: Integration, saas: RunningSaas) -> None:
    await chat.users.create(ADA)
    other = await chat.users.create({"userName": "grace@contoso.com"})
    saas.service.records["employees"][999] = {"email": "hopper@contoso.com"}
    patch = [{"op": "replace", "path": "userName", "value": "hopper@contoso.com"}]
    with pytest.raises(ScimError) as raised:
        await chat.users.patch(other.id, patch)
    assert (raised.value.status, raised.value.scim_type) == (409, "uniqueness")
    assert "userName → email" in raised.value.detail


async def test_a_service_that_is_away_is_a_503(chat: Integration, saas: RunningSaas) -> None:
    ada = await chat.users.create(ADA)
    saas.service.settings = type(saas.service.settings)(client_secret="changed")
    saas.service.tokens.clear()
    with pytest.raises(ScimError) as raised:
        await chat.users.patch(ada.id, LEAVE)
    assert raised.value.status == 503
    assert "see client_id, client_secret and scope under auth" in raised.value.detail


async def test_people_and_groups_arrive_at_a_scim_service(relay: Integration, scim2: Scim2) -> None:
    ada, crew = await through_the_life_cycle(relay)
    fields = (FieldShape("displayName"), FieldShape("active"))
    users = ScimConnector.open({"url": scim2.url}, AccountShape("User", "id", (), fields))
    groups = ScimConnector.open(
        {"url": scim2.url},
        AccountShape("Group", "id", (), fields[:1], MembersField("members"), "groups"),
    )
    (group,) = [each async for page in groups.scan() for each in page.accounts]
    assert group.fields["displayName"] == "Crew"
    (member,) = await groups.members(group.key)
    account = await users.read(member)
    assert account is not None
    assert account.fields["active"] is True
    await relay.users.delete(ada)
    account = await users.read(member)
    assert account is not None
    assert account.fields["active"] is False
    assert relay.groups is not None
    await relay.groups.delete(crew)
    assert await groups.read(group.key) is None
    await users.close()
    await groups.close()


async def test_who_was_at_the_service_before_is_taken_over_page_by_page(
    chat: Integration, saas: RunningSaas
) -> None:
    for number in range(25):
        saas.service.records["employees"][number + 1] = {
            "email": f"{number}@contoso.com",
            "is_active": number % 2 == 0,
            "display_name": None,
            "job_title": "Clerk",
            "department": None,
            "profile": {"first_name": "Ada", "last_name": None},
        }
    users, _ = await chat.import_accounts()
    assert (users.read, users.created, dict(users.faults)) == (25, 25, {})
    saas.service.records["employees"][4]["job_title"] = "Countess"
    found, _ = await chat.reconcile()
    assert (found.checked, dict(found.fields)) == (25, {"job_title": 1})
    repaired, _ = await chat.reconcile(most=10)
    assert repaired.repaired == 1
    assert saas.service.records["employees"][4]["job_title"] == "Clerk"
