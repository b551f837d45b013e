"""``init-target`` on PostgreSQL and MariaDB, ``lint --connect``, TLS, and the page about it all."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    FieldShape,
    MembersShape,
    TargetError,
)
from scimweave.connectors.contract import SHAPE
from scimweave.connectors.registry import open_connector
from scimweave.connectors.sql.ddl import create_statements, init_target
from scimweave.mapping import load
from scimweave.provisioning.running import shapes_of
from scimweave.provisioning.target import diagnose_target
from servers.database import Database
from servers.fixtures import real_part
from servers.mariadb import MariaDB, running_mariadb
from servers.part import free_port
from sql_servers import SqlTarget

PAGE = Path(__file__).parents[3] / "docs" / "targets" / "sql.md"

EVERY_TYPE = AccountShape(
    "employees",
    "id",
    ("email",),
    (
        FieldShape("email", "string", 255, required=True),
        FieldShape("display_name", "string"),
        FieldShape("is_active", "boolean"),
        FieldShape("logins", "integer"),
        FieldShape("salary", "decimal"),
        FieldShape("born", "date"),
        FieldShape("seen", "datetime"),
        FieldShape("badge", "uuid"),
        FieldShape("extra", "json"),
        FieldShape("order by", None),
    ),
)
VALUES = {
    "email": "ada@example.com",
    "display_name": "x" * 10_000,
    "is_active": True,
    "logins": 2**62,
    "salary": Decimal("1234.56"),
    "born": date(1815, 12, 10),
    "seen": datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC),
    "badge": UUID(int=7),
    "extra": {"a": ["b", None]},
    "order by": "'",
}


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


async def test_every_type_reads_back_from_a_table_that_was_made(database: Database) -> None:
    target = SqlTarget({"url": database.url})
    expected = create_statements(target, [EVERY_TYPE])
    assert init_target(target, [EVERY_TYPE]) == expected
    connector = await open_connector(target, EVERY_TYPE)
    account = await connector.read(await connector.create(VALUES))
    assert account is not None
    assert account.fields == VALUES
    with pytest.raises(Conflict) as raised:
        await connector.create({"email": "ADA@example.com"})
    assert raised.value.field == "email"
    assert len(await connector.find("email", "Ada@EXAMPLE.com")) == 1
    assert (await connector.describe())["email"].unique
    await connector.close()


def test_second_time_nothing_is_done(database: Database) -> None:
    target = SqlTarget({"url": database.url})
    assert init_target(target, [EVERY_TYPE])
    assert init_target(target, [EVERY_TYPE]) == []
    assert create_statements(target, [EVERY_TYPE]) == []


@pytest.mark.parametrize("type_", ["string", "integer", "uuid"])
async def test_key_that_the_mapping_fills_is_a_column_of_its_type(
    database: Database, type_: str
) -> None:
    key: Any = {"integer": 70, "uuid": UUID(int=7)}.get(type_, "ada")
    shape = AccountShape("employees", "number", ("number",), (FieldShape("number", type_),))
    target = SqlTarget({"url": database.url})
    init_target(target, [shape])
    connector = await open_connector(target, shape)
    account = await connector.read(await connector.create({"number": key}))
    assert account is not None
    assert account.fields == {"number": key}
    await connector.close()


async def test_schema_is_made_with_its_tables(postgresql: Database) -> None:
    postgresql.execute("DROP SCHEMA IF EXISTS hr CASCADE")
    members = MembersShape("hr.team_members", FieldShape("team"), FieldShape("person"))
    teams = AccountShape(
        "hr.teams", "id", ("name",), (FieldShape("name", "string"),), members, "groups"
    )
    target = SqlTarget({"url": postgresql.url})
    first, *_ = init_target(target, [replace(SHAPE, object="hr.employees"), teams])
    assert first == "CREATE SCHEMA hr"
    connector = await open_connector(target, teams)
    team = await connector.create({"name": "crew"})
    await connector.add_members(team, [3, 4])
    assert postgresql.execute("SELECT team, person FROM hr.team_members") == [(team, 3), (team, 4)]
    await connector.close()
    postgresql.execute("DROP SCHEMA hr CASCADE")


def test_statement_that_fails_takes_the_others_back(postgresql: Database) -> None:
    clash = AccountShape("people", "id", (), (FieldShape("name"), FieldShape("x" * 70)))
    clash = replace(clash, fields=(*clash.fields, FieldShape("x" * 71)))
    with pytest.raises(TargetError):
        init_target(SqlTarget({"url": postgresql.url}), [SHAPE, clash])
    assert postgresql.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_server_that_is_not_there_is_a_message(scheme: str) -> None:
    target = SqlTarget({"url": f"{scheme}://ada:secret@127.0.0.1:{free_port()}/x"})
    with pytest.raises(TargetError) as raised:
        init_target(target, [SHAPE])
    assert "secret" not in str(raised.value)


@pytest.fixture
def personnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Database], Path]:
    """Write the mapping of the page, without its TLS."""

    def write(database: Database) -> Path:
        found = re.search(r"```yaml\n(integration: .*?)```", PAGE.read_text(), re.DOTALL)
        assert found is not None
        file = tmp_path / "personnel.yaml"
        file.write_text(re.sub(r"  tls: .*\n", "", found[1]))
        monkeypatch.setenv("PERSONNEL_DATABASE_URL", database.url)
        return file

    return write


async def test_mapping_of_the_page_agrees_with_the_tables_that_it_makes(
    postgresql: Database, personnel: Callable[[Database], Path]
) -> None:
    program = load(personnel(postgresql))
    init_target(program.target, shapes_of(program))
    assert [each.code for each in await diagnose_target(program) if each.severity == "error"] == []
    postgresql.execute(
        "ALTER TABLE hr.employees RENAME COLUMN full_name TO name",
        "ALTER TABLE hr.employee_emails DROP COLUMN address",
    )
    messages = [each.message for each in await diagnose_target(program)]
    assert any('no column "address"' in each for each in messages), messages
    postgresql.execute("ALTER TABLE hr.employee_emails ADD COLUMN address text")
    messages = [each.message for each in await diagnose_target(program)]
    assert any('no field "full_name"' in each for each in messages), messages
    postgresql.execute("DROP SCHEMA hr CASCADE")


async def test_server_that_is_not_there_is_a_finding(
    personnel: Callable[[Database], Path],
) -> None:
    nowhere = Database(f"postgresql://ada@127.0.0.1:{free_port()}/x")
    (finding,) = await diagnose_target(load(personnel(nowhere)))
    assert finding.code == "unusable-target"
    assert "cannot be reached" in finding.message


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate of 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
            "-subj", "/CN=scimweave", "-addext", "subjectAltName=IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def encrypted(authority: Path) -> Iterator[MariaDB]:
    """Return a MariaDB that takes nobody who does not encrypt."""
    options = [
        f"--ssl-cert={authority / 'cert.pem'}",
        f"--ssl-key={authority / 'key.pem'}",
        "--require-secure-transport",
    ]
    with real_part(running_mariadb(options)) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tls", "works"),
    [
        ({"mode": "verify-full", "ca": "cert.pem"}, True),
        ({"mode": "require"}, True),
        ({"mode": "verify-full"}, False),
        ({"mode": "disable"}, False),
        (None, False),
    ],
)
async def test_connection_is_encrypted_as_the_file_says(
    encrypted: MariaDB, authority: Path, tls: dict[str, str] | None, works: bool
) -> None:
    if tls and "ca" in tls:
        tls = {**tls, "ca": str(authority / tls["ca"])}
    options = {"url": encrypted.url("mysql")} | ({"tls": tls} if tls else {})
    shape = AccountShape("time_zone", "Time_zone_id", (), (FieldShape("Use_leap_seconds"),))
    connector = await open_connector(SqlTarget(options), shape)
    if works:
        await connector.health()
    else:
        with pytest.raises(TargetError):
            await connector.health()
    await connector.close()
