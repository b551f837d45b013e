from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from scimweave.connectors.base import Connector, Key, MembersField
from scimweave.connectors.contract import SHAPE, ConnectorContract
from scimweave.connectors.members_contract import GROUP_SHAPE, MembersContract
from scimweave.connectors.rest.connector import RestConnector
from servers.saas import RunningSaas, running_saas


@pytest.fixture
async def saas() -> AsyncIterator[RunningSaas]:
    async with running_saas() as saas:
        yield saas


class TestAccounts(ConnectorContract):
    rejected = ("job_title", "x" * 251)

    @pytest.fixture
    async def connector(self, saas: RunningSaas) -> AsyncIterator[Connector]:
        connector = RestConnector.open(saas.options(), SHAPE)
        yield connector
        await connector.close()


class TestMembers(MembersContract):
    shape = replace(GROUP_SHAPE, section="groups", members=MembersField("members"))

    @pytest.fixture
    async def connector(self, saas: RunningSaas) -> AsyncIterator[Connector]:
        for number in range(1, 2001):
            fields = {"email": f"{number}@example.com"}
            saas.service.records["employees"][number] = fields
        connector = RestConnector.open(saas.options(), self.shape)
        yield connector
        await connector.close()

    async def people(self, connector: Connector, count: int) -> Sequence[Key]:
        return range(1, count + 1)
