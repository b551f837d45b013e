from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import ldap3
import pytest

from engine.connectors.ldap_opening import open_people
from scimweave.connectors.base import Conflict, Connector, Gone, Rejected, TargetError, Unreachable
from scimweave.connectors.contract import refused
from scimweave.connectors.ldap.errors import translate
from scimweave.connectors.ldap.results import Refused
from servers.part import free_port
from servers.slapd import ADMIN, Directory, Slapd, directory, running_slapd

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def people(ldap_directory: Directory) -> AsyncIterator[Connector]:
    connector = open_people(ldap_directory, "title")
    yield connector
    await connector.close()


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """Answer on a port as ``serve`` does."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def opened_at(directory: Directory, port: int, **options: Any) -> AsyncIterator[Connector]:
    given = {"url": f"ldap://127.0.0.1:{port}", "timeout": 1, **options}
    connector = open_people(directory, "title", options=given)
    try:
        yield connector
    finally:
        await connector.close()


class Between:
    """Passes on what is said between a connector and the real directory, until told otherwise."""

    def __init__(self, directory: Directory) -> None:
        self._port = directory.server.port
        self.drops_answers = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", self._port)
        to = asyncio.create_task(self._copy(reader, requests))
        await self._copy(answers, writer, is_answer=True)
        to.cancel()

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_answer: bool = False
    ) -> None:
        while piece := await source.read(65536):
            if is_answer and self.drops_answers:
                break
            sink.write(piece)
        sink.close()


async def test_a_stopped_directory_is_unreachable_until_it_is_back(
    people: Connector, slapd: Slapd
) -> None:
    key = await people.create({"uid": "ada", "title": "Clerk"})
    slapd.stop()
    for attempt in (
        people.read(key), people.find("uid", "ada"), people.update(key, {"title": "Countess"}),
        people.create({"uid": "bob"}), people.delete(key), people.health(), people.describe(),
    ):  # fmt: skip
        error = await refused(Unreachable, attempt)
        assert error.applied is False
    slapd.start()
    await people.update(key, {"title": "Countess"})
    account = await people.read(key)
    assert account is not None
    assert account.fields["title"] == "Countess"


async def test_a_directory_started_anew_between_two_requests_goes_unnoticed(
    people: Connector, slapd: Slapd
) -> None:
    key = await people.create({"uid": "ada"})
    slapd.stop()
    slapd.start()
    await people.update(key, {"title": "Countess"})
    account = await people.read(key)
    assert account is not None
    assert account.fields["title"] == "Countess"


async def test_nobody_knows_of_a_change_whose_answer_is_lost(ldap_directory: Directory) -> None:
    between = Between(ldap_directory)
    async with (
        listening(between.serve) as port,
        opened_at(ldap_directory, port, timeout=10, pool=1) as people,
    ):
        await people.health()
        between.drops_answers = True
        error = await refused(Unreachable, people.create({"uid": "ada"}))
        assert error.applied is None
        assert "uid=ada,ou=people" in ldap_directory.entries()
        between.drops_answers = False
        (account,) = await people.find("uid", "ada")
        between.drops_answers = True
        error = await refused(Unreachable, people.read(account.key))
        assert error.applied is False


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def html(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>")
    writer.close()


async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"\x30\x0c\x02\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff" + b"\x00" * 20)
    writer.close()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("serve", [mute, html, noise, hangs_up])
async def test_what_is_no_directory_is_unreachable(ldap_directory: Directory, serve: Serve) -> None:
    async with listening(serve) as port, opened_at(ldap_directory, port) as people:
        error = await refused(Unreachable, people.create({"uid": "ada"}))
        assert error.applied is False
        assert f"ldap://127.0.0.1:{port}" in str(error)


async def test_nobody_listens(ldap_directory: Directory) -> None:
    async with opened_at(ldap_directory, free_port()) as people:
        await refused(Unreachable, people.health())


async def test_a_wrong_password_is_no_passing_fault_and_is_not_shown(
    ldap_directory: Directory,
) -> None:
    bind = {"dn": ADMIN, "password": "hunter2"}
    people = open_people(ldap_directory, options={"bind": bind})
    with pytest.raises(TargetError, match="refuses the bind") as caught:
        await people.health()
    assert not isinstance(caught.value, Unreachable)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(people._options)
    await people.close()


async def test_an_empty_password_is_no_bind(ldap_directory: Directory) -> None:
    people = open_people(ldap_directory, options={"bind": {"dn": ADMIN, "password": ""}})
    with pytest.raises(TargetError, match="password is empty"):
        await people.health()
    await people.close()


@pytest.mark.parametrize("address", ["ldaps", "starttls", "socket"])
async def test_every_kind_of_connection_works(
    ldap_directory: Directory, slapd: Slapd, address: str
) -> None:
    tls = {"ca": str(slapd.ca), "start": address == "starttls"}
    options: dict[str, dict[str, Any]] = {
        "ldaps": {"url": slapd.ldaps, "tls": tls},
        "starttls": {"url": f"ldap://localhost:{slapd.port}", "tls": tls},
        "socket": {"url": slapd.socket},
    }
    people = open_people(ldap_directory, options=options[address])
    await people.create({"uid": "ada"})
    assert len(await people.find("uid", "ada")) == 1
    await people.close()


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("ldaps://localhost:{ldaps}", None),
        ("ldaps://127.0.0.1:{ldaps}", {"ca": "{ca}"}),
        ("ldap://localhost:{ldap}", {"start": True}),
        ("ldap://127.0.0.1:{ldap}", {"start": True, "ca": "{ca}"}),
    ],
    ids=["unknown-ca", "other-name", "unknown-ca-starttls", "other-name-starttls"],
)
async def test_a_certificate_that_proves_nothing_is_refused(
    ldap_directory: Directory, slapd: Slapd, url: str, tls: dict[str, Any] | None
) -> None:
    ldaps = slapd.ldaps.rpartition(":")[2]
    options: dict[str, Any] = {"url": url.format(ldaps=ldaps, ldap=slapd.port)}
    if tls is not None:
        options["tls"] = {
            name: str(slapd.ca) if value == "{ca}" else value for name, value in tls.items()
        }
    people = open_people(ldap_directory, options=options)
    await refused(Unreachable, people.health())
    await people.close()


async def test_a_certificate_may_be_taken_unchecked(
    ldap_directory: Directory, slapd: Slapd
) -> None:
    people = open_people(ldap_directory, options={"url": slapd.ldaps, "tls": {"verify": False}})
    await people.health()
    await people.close()


async def test_a_missing_file_of_certificates_is_named(
    ldap_directory: Directory, slapd: Slapd
) -> None:
    tls = {"ca": "/nowhere/ca.pem"}
    people = open_people(ldap_directory, options={"url": slapd.ldaps, "tls": tls})
    with pytest.raises(TargetError, match=r"target\.tls.*/nowhere/ca\.pem"):
        await people.health()
    await people.close()


async def test_a_closed_connector_says_so(ldap_directory: Directory) -> None:
    people = open_people(ldap_directory)
    await people.close()
    await refused(Unreachable, people.health())


@pytest.mark.parametrize(("code", "name"), [(51, "busy"), (52, "unavailable"), (80, "other")])
async def test_a_directory_that_has_no_time_is_unreachable(
    ldap_directory: Directory, monkeypatch: pytest.MonkeyPatch, code: int, name: str
) -> None:
    answer = (False, {"result": code, "description": name, "message": ""}, None, None)
    people = open_people(ldap_directory)
    key = await people.create({"uid": "ada"})
    monkeypatch.setattr(ldap3.Connection, "add", lambda *_, **__: answer)
    monkeypatch.setattr(ldap3.Connection, "delete", lambda *_, **__: answer)
    for attempt in (people.create({"uid": "bob"}), people.delete(key)):
        error = await refused(Unreachable, attempt)
        assert error.applied is False
        assert name in str(error)
    assert await people.read(key) is not None
    await people.close()


async def test_an_attribute_that_the_directory_learns_meanwhile_is_taken() -> None:
    with running_slapd() as slapd, directory(slapd) as made:
        people = open_people(made, "badge")
        with pytest.raises(TargetError, match="badge"):
            await people.create({"uid": "ada", "badge": 7})
        slapd.stop()
        slapd.learn("badge", "1.3.6.1.4.1.1466.115.121.1.27")
        slapd.start()
        account = await people.read(await people.create({"uid": "ada", "badge": 7}))
        assert account is not None
        assert account.fields == {"uid": "ada", "badge": 7}
        await people.close()


def test_a_missing_package_is_an_error_with_the_command() -> None:
    program = """
import asyncio, sys
sys.modules["ldap3"] = None
from scimweave.connectors.base import AccountShape, TargetError
from scimweave.connectors.registry import open_connector
class Target:
    connector, options = "ldap", {}
try:
    asyncio.run(open_connector(Target(), AccountShape("a", "b", (), ())))
except TargetError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 'pip install "scimweave[ldap]"' in done.stdout


def test_lint_does_not_need_the_package() -> None:
    program = """
import sys
sys.modules["ldap3"] = None
from scimweave.mapping.target_kinds import kind
assert kind("ldap").name == "ldap"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("code", "message", "kind", "field"),
    [
        (19, "000021C8: AtrErr: DSID-03200BBA, #1: problem 1005", Conflict, "userPrincipalName"),
        (53, "0000052D: SvcErr: DSID-031A12D2, problem 5003", Rejected, None),
        (
            19,
            'Another entry with the same attribute value already exists (attribute: "uid")',
            Conflict,
            "uid",
        ),
        (21, "title: value #0 invalid per syntax", Rejected, "title"),
        (65, "attribute 'uid' not allowed", Rejected, "uid"),
        (64, "naming violation", Rejected, "uid"),
        (34, "invalid DN", Rejected, "uid"),
        (68, "", Conflict, "uid"),
        (32, "", Gone, None),
        (10, "ldap://other", TargetError, None),
        (50, "no write access to parent", TargetError, None),
        (12, "critical extension", TargetError, None),
        (17, "foo: attribute type undefined", TargetError, None),
    ],
)
def test_results_become_errors_of_the_protocol(
    code: int, message: str, kind: type[TargetError], field: str | None
) -> None:
    written = ["userPrincipalName", "uid", "title"]
    error = translate(Refused(code, "name", message), written=written, named=["uid"])
    assert type(error) is kind
    assert getattr(error, "field", None) == field
