"""The real parts as fixtures: each is started once a session, by the first test that wants it.

Where a part cannot be installed its tests are skipped, and the end of the run says why; with
``CI=true`` they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from servers.database import Database
from servers.mariadb import MariaDB, running_mariadb
from servers.part import Unavailable, find_or_install
from servers.postgresql import PostgreSQL, running_postgresql
from servers.scim2 import Scim2, running_scim2
from servers.slapd import Directory, Slapd, directory, running_slapd

T = TypeVar("T")

_missing: dict[str, None] = {}


@contextmanager
def real_part(starting: AbstractContextManager[T]) -> Iterator[T]:
    """Start a real part for a fixture; skips, or fails under CI, where there is none."""
    try:
        part = starting.__enter__()
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"under CI nothing is skipped: {error}", pytrace=False)
        _missing[str(error)] = None
        pytest.skip(str(error))
    try:
        yield part
    finally:
        starting.__exit__(None, None, None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in _missing:
        terminalreporter.write_line(f"tests skipped: {reason}", yellow=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with real_part(running_postgresql()) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    with real_part(running_mariadb()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: PostgreSQL) -> Iterator[Database]:
    with postgresql_server.database() as database:
        yield database


@pytest.fixture
def postgresql(postgresql_database: Database) -> Database:
    """Return a database on PostgreSQL that is empty; making one takes longer than emptying it."""
    postgresql_database.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return postgresql_database


@pytest.fixture
def mariadb(mariadb_server: MariaDB) -> Iterator[Database]:
    """Return an empty database on MariaDB."""
    with mariadb_server.database() as database:
        yield database


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    with real_part(running_slapd()) as server:
        yield server


@pytest.fixture
def ldap_directory(slapd: Slapd) -> Iterator[Directory]:
    """Return a part of a real LDAP directory that has nobody in it."""
    with directory(slapd) as made:
        yield made


@pytest.fixture(scope="session")
def scim2_server() -> Iterator[Scim2]:
    with real_part(running_scim2()) as server:
        yield server


@pytest.fixture
async def scim2(scim2_server: Scim2) -> Scim2:
    """Return scim2-server with nobody in it."""
    await scim2_server.clear()
    return scim2_server


@pytest.fixture(scope="session")
def openssl() -> Iterator[Path]:
    """Return the program that makes certificates."""
    with real_part(_found("openssl")) as program:
        yield program


@contextmanager
def _found(program: str) -> Iterator[Path]:
    yield find_or_install(program, package=program)
