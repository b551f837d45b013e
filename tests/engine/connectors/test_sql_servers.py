"""The sql connector on a real PostgreSQL and a real MariaDB."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scimweave.connectors.base import Connector
from scimweave.connectors.contract import SHAPE, ConnectorContract
from scimweave.connectors.members_contract import GROUP_SHAPE, MembersContract
from scimweave.connectors.registry import open_connector
from scimweave.connectors.sql.ddl import init_target
from servers.database import Database
from sql_servers import SqlTarget


class OnServer:
    @pytest.fixture
    async def connector(self, database: Database) -> AsyncIterator[Connector]:
        target = SqlTarget({"url": database.url})
        init_target(target, [SHAPE])
        connector = await open_connector(target, SHAPE)
        yield connector
        await connector.close()


class TestPostgreSQLContract(OnServer, ConnectorContract):
    @pytest.fixture
    def database(self, postgresql: Database) -> Database:
        return postgresql


class TestMariaDBContract(OnServer, ConnectorContract):
    @pytest.fixture
    def database(self, mariadb: Database) -> Database:
        return mariadb


class OnServerMembers:
    @pytest.fixture
    async def connector(self, database: Database) -> AsyncIterator[Connector]:
        target = SqlTarget({"url": database.url})
        init_target(target, [SHAPE, GROUP_SHAPE])
        connector = await open_connector(target, GROUP_SHAPE)
        yield connector
        await connector.close()


class TestPostgreSQLMembers(OnServerMembers, MembersContract):
    @pytest.fixture
    def database(self, postgresql: Database) -> Database:
        return postgresql


class TestMariaDBMembers(OnServerMembers, MembersContract):
    @pytest.fixture
    def database(self, mariadb: Database) -> Database:
        return mariadb
